//! The function protocol: a ResourceList on stdin, its answer on stdout, what people must know on stderr.

use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

use crate::run::{self, Response};
use crate::text::{self, Edit};

/// Reads stdin to its end, and answers in one go: a host takes whatever it gets, so nothing is written before
/// everything has succeeded.
pub(super) fn main() -> ExitCode {
    let input = match read_stdin() {
        Ok(input) => input,
        Err(message) => return fail(&message),
    };
    answer(&input, run::function(&input))
}

/// Writes the output, what there is to say, and the exit code of a run.
pub(super) fn answer(input: &str, response: Response) -> ExitCode {
    let written = response.output.as_ref().map_or(Ok(()), |edits| write_stdout(input, edits));
    let _ = io::stderr().write_all(response.stderr.as_bytes());
    match written {
        Ok(()) => ExitCode::from(response.code),
        Err(error) => fail(&format!("error: the output could not be written: {error}\n")),
    }
}

/// Room in pipes, and for what is read first: what Linux gives an ordinary user at most.
const CHUNK: usize = 1 << 20;

/// All of stdin.
///
/// # Errors
/// The line for stderr.
pub(super) fn read_stdin() -> Result<String, String> {
    widen_pipes();
    let mut bytes = Vec::with_capacity(CHUNK);
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| format!("error: stdin could not be read: {error}\n"))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + memchr::memchr_iter(b'\n', &error.as_bytes()[..valid]).count();
        format!("error: line {line}: the input must be UTF-8, but byte {valid} begins none\n")
    })
}

/// Small pieces are gathered, large ones go out as they are.
fn write_stdout(input: &str, edits: &[Edit]) -> io::Result<()> {
    let mut stdout = BufWriter::with_capacity(CHUNK / 16, io::stdout().lock());
    for piece in text::pieces(input, edits) {
        stdout.write_all(piece.as_bytes())?;
    }
    stdout.flush()
}

/// Pipes that hold more at a time need fewer turns between the programs at their ends. It may be refused, and stdin and
/// stdout may be no pipes: then nothing changes.
#[cfg(target_os = "linux")]
fn widen_pipes() {
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdin(), CHUNK);
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdout(), CHUNK);
}

#[cfg(not(target_os = "linux"))]
fn widen_pipes() {}

/// Prints `text`.
pub(super) fn say(text: &str) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(2),
    }
}

/// Prints `message` to stderr: the program could not run.
pub(super) fn fail(message: &str) -> ExitCode {
    let _ = io::stderr().write_all(message.as_bytes());
    ExitCode::from(2)
}
