//! A string for a shell, such as `kube-proxy --cluster-cidr=10.1.0.0/16 1>>/var/log/kube-proxy.log 2>&1`.
//!
//! It is not interpreted. A flag is edited where the string has it once, as one word that a shell takes literally.

use std::ops::Range;

/// A word between blanks, outside of comments.
pub(super) struct Word<'t> {
    pub text: &'t str,
    start: usize,
}

/// The words of a script, as far as blanks separate them.
pub(super) fn words(script: &str) -> impl Iterator<Item = Word<'_>> {
    let lines = script.split_inclusive('\n').scan(0, |offset, line| {
        let start = *offset;
        *offset += line.len();
        Some((start, line))
    });
    lines.flat_map(|(offset, line)| {
        let words = line.split_ascii_whitespace().take_while(|word| !word.starts_with('#'));
        words.map(move |text| Word { text, start: offset + (text.as_ptr() as usize - line.as_ptr() as usize) })
    })
}

/// The flags of a script: name and value, also of those that are not literal words.
pub(super) fn flags(script: &str) -> Vec<(String, String)> {
    let mut flags = Vec::new();
    let mut words = words(script).peekable();
    while let Some(word) = words.next() {
        let Some(flag) = word.text.strip_prefix("--") else { continue };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, value),
            None => (flag, words.peek().map_or("", |next| next.text)),
        };
        let value = value.trim_matches(['"', '\'']);
        let value = value.find([';', '|', '&', ')']).map_or(value, |end| &value[..end]);
        flags.push((name.replace('_', "-"), value.to_owned()));
    }
    flags
}

/// The script with the flag `name` as `word`, or without it where `word` is empty. Nothing where it is not there once, as
/// one literal word.
pub(super) fn with_flag(script: &str, name: &str, word: &str) -> Option<String> {
    let of_name = |flag: &str| flag.split('=').next().is_some_and(|of| of.replace('_', "-") == name);
    let mut found = words(script).filter(|word| word.text.contains("--") && word.text.split("--").any(of_name));
    let (only, None) = (found.next()?, found.next()) else { return None };
    let is_literal = |c: char| c.is_ascii_alphanumeric() || "-_=.,:/".contains(c);
    if !only.text.starts_with("--") || !only.text.contains('=') || !only.text.chars().all(is_literal) {
        return None;
    }
    let span = if word.is_empty() { without(script, &only) } else { only.start..only.start + only.text.len() };
    Some(format!("{}{word}{}", &script[..span.start], &script[span.end..]))
}

/// What goes with a word: its whole line, where that has nothing else and continues; else the blanks in front of it.
fn without(script: &str, word: &Word<'_>) -> Range<usize> {
    let end = word.start + word.text.len();
    let line = script[..word.start].rfind('\n').map_or(0, |newline| newline + 1);
    let rest = script[end..].find('\n').map_or(&script[end..], |newline| &script[end..=end + newline]);
    let blanks = script[line..word.start].trim_end_matches(' ').len();
    if blanks == 0 && rest.trim() == "\\" { line..end + rest.len() } else { line + blanks..end }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "exec kube-proxy --cluster-cidr=10.1.0.0/16 \\\n  --v=2 # --v=4\n";

    #[test]
    fn one_literal_word_is_edited_and_nothing_else() {
        let edited = with_flag(SCRIPT, "cluster-cidr", "--cluster-cidr=10.1.0.0/16,fd00::/56");
        assert_eq!(edited.as_deref(), Some("exec kube-proxy --cluster-cidr=10.1.0.0/16,fd00::/56 \\\n  --v=2 # --v=4\n"));
        assert_eq!(with_flag(SCRIPT, "v", "").as_deref(), Some("exec kube-proxy --cluster-cidr=10.1.0.0/16 \\\n # --v=4\n"));
        assert_eq!(with_flag("a \\\n  --x=1 \\\n  --y", "x", "").as_deref(), Some("a \\\n  --y"));
        assert_eq!(with_flag("a \\\n  --x=1\n", "x", "").as_deref(), Some("a \\\n\n"));
        assert_eq!(with_flag("a --x_y=1", "x-y", "--x-y=2").as_deref(), Some("a --x-y=2"));
    }

    #[test]
    fn what_a_shell_could_take_otherwise_is_not_edited() {
        for script in [
            "kube-proxy --cluster-cidr=10.1.0.0/16 || kube-proxy --cluster-cidr=10.1.0.0/16",
            "kube-proxy --cluster-cidr=\"10.1.0.0/16\"",
            "kube-proxy --cluster-cidr=${CIDR}",
            "kube-proxy --cluster-cidr=$(cat /cidr)",
            "kube-proxy --cluster-cidr 10.1.0.0/16",
            "kube-proxy \"--cluster-cidr=10.1.0.0/16\"",
            "A=--cluster-cidr=10.1.0.0/16; kube-proxy $A",
            "kube-proxy --cluster-cidr=10.1.0.0/16;ls",
            "kube-proxy # --cluster-cidr=10.1.0.0/16",
        ] {
            assert_eq!(with_flag(script, "cluster-cidr", "--cluster-cidr=x"), None, "{script}");
        }
    }

    #[test]
    fn all_flags_are_seen() {
        let flags = flags("sh -c kube-proxy --a=1; --b_c '2' --d\n# --e=1");
        let expected = [("a", "1"), ("b-c", "2"), ("d", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(flags, expected);
    }
}
