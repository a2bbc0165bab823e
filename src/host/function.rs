//! The function protocol: a ResourceList on stdin, its answer on stdout, what people must know on stderr.

#[cfg(unix)]
use std::fs::File;
#[cfg(unix)]
use std::io::IoSlice;
use std::io::{self, Write};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::process::ExitCode;

use super::input;
use crate::run::{self, Response};
use crate::text::{self, Edit};

/// Reads stdin to its end, and answers in one go: a host takes whatever it gets, so nothing is written before
/// everything has succeeded.
pub(super) fn main() -> ExitCode {
    with_stdin(|input| answer(input, run::function(input)))
}

/// Calls `answer` with all of stdin, if it is a text.
pub(super) fn with_stdin(answer: impl FnOnce(&str) -> ExitCode) -> ExitCode {
    let answered = input::read().and_then(|input| input.text().map(answer));
    answered.unwrap_or_else(|message| fail(&message))
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

/// The pieces go out as they are, many at a time: the output is never built.
#[cfg(unix)]
fn write_stdout(input: &str, edits: &[Edit]) -> io::Result<()> {
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut pieces: Vec<_> = text::pieces(input, edits).map(|piece| IoSlice::new(piece.as_bytes())).collect();
    let mut rest = pieces.as_mut_slice();
    while !rest.is_empty() {
        match stdout.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn write_stdout(input: &str, edits: &[Edit]) -> io::Result<()> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    for piece in text::pieces(input, edits) {
        stdout.write_all(piece.as_bytes())?;
    }
    stdout.flush()
}

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
