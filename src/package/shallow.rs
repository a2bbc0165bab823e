//! The next line that is not indented deep, at the speed that memory is read with.

use memchr::{memchr, memchr_iter};

/// Bytes that are looked at together.
const BLOCK: usize = 128;

/// The start of the first line at or after `from`, a start of a line, that does not begin with more than `deepest`
/// blanks; the length of `bytes` if there is none.
pub(super) fn next(bytes: &[u8], from: usize, deepest: usize) -> usize {
    match deepest {
        0 => next_of::<1>(bytes, from),
        1 => next_of::<2>(bytes, from),
        2 => next_of::<3>(bytes, from),
        3 => next_of::<4>(bytes, from),
        4 => next_of::<5>(bytes, from),
        5 => next_of::<6>(bytes, from),
        6 => next_of::<7>(bytes, from),
        _ => one_by_one(bytes, from, deepest),
    }
}

/// As [`next`], for lines that do not begin with `DEEP` blanks.
fn next_of<const DEEP: usize>(bytes: &[u8], from: usize) -> usize {
    let is_deep = |start: usize| bytes[start..].starts_with(&[b' '; DEEP]);
    if !is_deep(from.min(bytes.len())) {
        return from;
    }
    let mut at = from;
    while let Some(block) = bytes.get(at..at + BLOCK + DEEP) {
        // Without branches, so that the compiler makes vector instructions of it.
        let mut found = 0;
        for at in 0..BLOCK {
            let not_blank = (1..=DEEP).fold(0, |not_blank, column| not_blank | (block[at + column] ^ b' '));
            found |= u8::from(block[at] == b'\n') & u8::from(not_blank != 0);
        }
        if found != 0
            && let Some(newline) = memchr_iter(b'\n', &block[..BLOCK]).find(|&newline| !is_deep(at + newline + 1))
        {
            return at + newline + 1;
        }
        at += BLOCK;
    }
    memchr_iter(b'\n', &bytes[at..]).map(|newline| at + newline + 1).find(|&start| !is_deep(start)).unwrap_or(bytes.len())
}

fn one_by_one(bytes: &[u8], from: usize, deepest: usize) -> usize {
    let mut start = from;
    while let Some(line) = bytes.get(start..).filter(|line| !line.is_empty()) {
        let blanks = line.iter().take(deepest.saturating_add(1)).take_while(|&&byte| byte == b' ').count();
        if blanks <= deepest {
            return start;
        }
        start = memchr(b'\n', line).map_or(bytes.len(), |newline| start + newline + 1);
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_find_the_same_lines() {
        for depth in 0..9 {
            for width in [1, 7, 126, 127, 128, 129, 130, 255, 256, 300] {
                let deep = format!("{:depth$} {:x<width$}\n", "", "");
                let text = format!("{deep}{deep}{deep}{:depth$}y\n{deep}\n{deep}", "");
                let (bytes, mut start) = (text.as_bytes(), 0);
                let mut found = Vec::new();
                while start < bytes.len() {
                    assert_eq!(next(bytes, start, depth), one_by_one(bytes, start, depth), "{text:?} from {start}");
                    start = next(bytes, start, depth);
                    found.push(text[start..].lines().next().unwrap_or_default());
                    start = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |newline| start + newline + 1);
                }
                assert_eq!(found, [format!("{:depth$}y", "").as_str(), "", ""], "{depth} {width}");
            }
        }
    }
}
