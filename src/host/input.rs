//! All of stdin, without a copy of it.

use std::io;
use std::str::Utf8Error;

/// Room in pipes, and what is read into ordinary memory: what Linux gives an ordinary user at most.
const CHUNK: usize = 1 << 20;

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
    use rustix::buffer::spare_capacity;

    widen_pipes();
    let stdin = io::stdin();
    let mut bytes = Vec::with_capacity(CHUNK);
    while bytes.len() < bytes.capacity() {
        if retry(|| rustix::io::read(&stdin, spare_capacity(&mut bytes)))? == 0 {
            return Ok(Input::Small(bytes));
        }
    }
    let Some(mut memory) = large() else {
        // The memory may be limited: as much as is needed then.
        while retry(|| rustix::io::read(&stdin, spare_capacity(&mut bytes)))? > 0 {
            bytes.reserve(if bytes.len() == bytes.capacity() { bytes.len() } else { 0 });
        }
        return Ok(Input::Small(bytes));
    };
    memory[..bytes.len()].copy_from_slice(&bytes);
    let mut length = bytes.len();
    drop(bytes);
    loop {
        match retry(|| rustix::io::read(&stdin, &mut memory[length..]))? {
            0 if length == memory.len() => return Err(io::Error::other("it is larger than 64 GiB")),
            0 => return Ok(Input::Large(memory, length)),
            count => length += count,
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

#[cfg(target_os = "linux")]
fn retry(mut call: impl FnMut() -> rustix::io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// Pipes that hold more at a time need fewer turns between the programs at their ends. It may be refused, and stdin and
/// stdout may be no pipes: then nothing changes.
#[cfg(target_os = "linux")]
fn widen_pipes() {
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdin(), CHUNK);
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdout(), CHUNK);
}

#[cfg(not(target_os = "linux"))]
fn read_to_end() -> io::Result<Input> {
    let mut bytes = Vec::with_capacity(CHUNK);
    io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes)?;
    Ok(Input::Small(bytes))
}
