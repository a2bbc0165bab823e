//! All of stdin, without a copy of it.

#[cfg(target_os = "linux")]
use std::fs::File;
use std::io::{self, Read};
#[cfg(target_os = "linux")]
use std::os::fd::AsFd;
use std::str::Utf8Error;

/// Room in pipes: what Linux gives an ordinary user at most.
#[cfg(target_os = "linux")]
const PIPE: usize = 1 << 20;
/// What is read into ordinary memory: more than this is worth a large page, which is all set to zero first.
#[cfg(target_os = "linux")]
const SMALL: usize = 1 << 17;

/// What came from stdin.
#[derive(Debug)]
pub(super) enum Input {
    /// In ordinary memory.
    Small(Vec<u8>),
    /// In memory with large pages: a page fault for each 4 kB would cost as much as reading them.
    #[cfg(target_os = "linux")]
    Large(memmap2::MmapMut, usize),
}

impl Input {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Small(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Self::Large(memory, length) => &memory[..*length],
        }
    }

    /// The text, where it is UTF-8.
    ///
    /// # Errors
    /// The line for stderr.
    pub(super) fn text(&self) -> Result<&str, String> {
        std::str::from_utf8(self.bytes()).map_err(|error| not_utf8(self.bytes(), error))
    }

    /// The text in ordinary memory.
    ///
    /// # Errors
    /// The line for stderr.
    pub(super) fn into_text(self) -> Result<String, String> {
        match self {
            Self::Small(bytes) => String::from_utf8(bytes).map_err(|error| not_utf8(error.as_bytes(), error.utf8_error())),
            #[cfg(target_os = "linux")]
            Self::Large(..) => self.text().map(str::to_owned),
        }
    }
}

fn not_utf8(bytes: &[u8], error: Utf8Error) -> String {
    let valid = error.valid_up_to();
    let line = 1 + memchr::memchr_iter(b'\n', &bytes[..valid]).count();
    format!("error: line {line}: the input must be UTF-8, but byte {valid} begins none\n")
}

/// Reads stdin to its end.
///
/// # Errors
/// The line for stderr.
pub(super) fn read() -> Result<Input, String> {
    read_to_end().map_err(|error| format!("error: stdin could not be read: {error}\n"))
}

#[cfg(target_os = "linux")]
fn read_to_end() -> io::Result<Input> {
    widen_pipes();
    let mut stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut bytes = Vec::with_capacity(SMALL);
    if stdin.by_ref().take(SMALL as u64).read_to_end(&mut bytes)? < SMALL {
        return Ok(Input::Small(bytes));
    }
    let Some(mut memory) = large() else {
        // The memory may be limited: as much as is needed then.
        stdin.read_to_end(&mut bytes)?;
        return Ok(Input::Small(bytes));
    };
    memory[..SMALL].copy_from_slice(&bytes);
    let mut length = SMALL;
    loop {
        match stdin.read(&mut memory[length..]) {
            Ok(0) if length == memory.len() => return Err(io::Error::other("it is larger than 64 GiB")),
            Ok(0) => return Ok(Input::Large(memory, length)),
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Room for any input: none of it is memory before something is written to it.
#[cfg(target_os = "linux")]
fn large() -> Option<memmap2::MmapMut> {
    let size = usize::try_from(1_u64 << 36).ok()?;
    let memory = memmap2::MmapOptions::new().len(size).no_reserve_swap().map_anon().ok()?;
    memory.advise(memmap2::Advice::HugePage).ok()?;
    Some(memory)
}

/// Pipes that hold more at a time need fewer turns between the programs at their ends. It may be refused, and stdin and
/// stdout may be no pipes: then nothing changes.
#[cfg(target_os = "linux")]
fn widen_pipes() {
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdin(), PIPE);
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdout(), PIPE);
}

#[cfg(not(target_os = "linux"))]
fn read_to_end() -> io::Result<Input> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(Input::Small(bytes))
}
