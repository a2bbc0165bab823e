//! Mutations of texts that are made of lines. libFuzzer's own know bytes only, and break YAML nearly always.

use crate::scan::mishaps::{Mishap, happen};

/// Mutates `data[..size]` in place, to at most `most` bytes; its new size.
pub fn mutate(data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let mut random = Random(u64::from(seed) | 1 << 40);
    if random.below(2) == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, most);
    }
    let Ok(text) = std::str::from_utf8(&data[..size]) else { return libfuzzer_sys::fuzzer_mutate(data, size, most) };
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    for _ in 0..=random.below(3) {
        change(&mut lines, &mut random);
    }
    let text = lines.join("\n");
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    data[..end].copy_from_slice(&text.as_bytes()[..end]);
    end
}

fn change(lines: &mut Vec<String>, random: &mut Random) {
    // A mishap addresses the first 256 lines; so it looks at a window of them.
    let from = random.below(lines.len().max(1));
    let to = (from + 1 + random.below(255)).min(lines.len());
    match random.below(4) {
        // A block of lines moves to another place.
        0 => {
            let to = (from + 1 + random.below(6)).min(lines.len());
            let block: Vec<_> = lines.drain(from.min(to)..to).collect();
            let at = random.below(lines.len() + 1);
            lines.splice(at..at, block);
        }
        // A word takes the place of another one.
        1 => {
            let words: Vec<String> = lines[from..to].iter().flat_map(|line| line.split([' ', ',', '"']).map(str::to_owned)).collect();
            if let (Some(line), false) = (lines.get_mut(from), words.is_empty()) {
                let old = line.split([' ', ',', '"']).nth(random.below(4)).unwrap_or_default().to_owned();
                if !old.is_empty() {
                    *line = line.replacen(&old, &words[random.below(words.len())], 1);
                }
            }
        }
        _ => {
            let mut window: Vec<_> = lines.drain(from..to).collect();
            let mishap: Mishap = (random.byte(), random.byte(), random.byte(), random.byte());
            happen(&mut window, mishap);
            lines.splice(from..from, window);
        }
    }
}

/// xorshift64
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn byte(&mut self) -> u8 {
        (self.next() >> 24) as u8
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() >> 16) as usize % count
    }
}
