//! Values without their text: what a reader makes of a node, and how a string must be written to stay one.

use super::{Kind, Node, Style};

/// What a node means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Nothing, `~`, `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A string.
    Str(String),
    /// A sequence.
    List(Vec<Value>),
    /// A mapping, in order.
    Map(Vec<(String, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Number(value.to_string())
    }
}

impl Value {
    /// A mapping of these entries.
    pub fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// A list of these items.
    pub fn list<const N: usize>(items: [Self; N]) -> Self {
        Self::List(items.into())
    }

    /// What `node` means, aliases followed. Aliases can nest and multiply without end: beyond a nesting of 200, or after
    /// a million nodes, the rest is null.
    pub fn of(node: Node<'_>) -> Self {
        Self::of_nested(node, 0, &mut 1_000_000)
    }

    fn of_nested(node: Node<'_>, depth: usize, budget: &mut usize) -> Self {
        let node = node.resolved();
        *budget = budget.saturating_sub(1);
        match node.kind() {
            _ if depth > super::parse::NESTING_LIMIT || *budget == 0 => Self::Null,
            Kind::Mapping(_) => Self::Map(
                node.entries()
                    .map(|(key, value)| (key.text().unwrap_or_default().to_owned(), Self::of_nested(value, depth + 1, budget)))
                    .collect(),
            ),
            Kind::Sequence(_) => Self::List(node.items().map(|item| Self::of_nested(item, depth + 1, budget)).collect()),
            Kind::Scalar(_) | Kind::Alias(_) => of_scalar(node).unwrap_or(Self::Null),
        }
    }

    /// The entry `key` of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }
}

/// What a scalar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Bool(bool),
    Number,
    Str,
}

/// What a scalar means; `None` for a node of another kind.
fn of_scalar(node: Node<'_>) -> Option<Value> {
    let text = node.text().unwrap_or_default();
    Some(match type_of(node)? {
        Type::Null => Value::Null,
        Type::Bool(value) => Value::Bool(value),
        Type::Number => Value::Number(text.to_owned()),
        Type::Str => Value::from(text),
    })
}

/// What a scalar is; `None` for a node of another kind.
pub(super) fn type_of(node: Node<'_>) -> Option<Type> {
    let Kind::Scalar(style) = node.kind() else { return None };
    let is_string = style != Style::Plain || node.tag().is_some_and(is_str_tag);
    Some(if is_string { Type::Str } else { type_of_plain(node.text().unwrap_or_default()) })
}

/// Whether the tag says that a scalar is a string, however it is written.
pub(super) fn is_str_tag(tag: &str) -> bool {
    matches!(tag, "!!str" | "!" | "!<tag:yaml.org,2002:str>")
}

/// What an unquoted scalar means to `yaml.v3` of Go, which kustomize, kpt and kubectl read with.
fn type_of_plain(text: &str) -> Type {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Type::Null,
        "true" | "True" | "TRUE" => Type::Bool(true),
        "false" | "False" | "FALSE" => Type::Bool(false),
        _ if is_number(text) => Type::Number,
        _ => Type::Str,
    }
}

/// Whether YAML 1.1 or 1.2 reads the plain scalar as a number.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix) || c == '_');
        }
    }
    // Most scalars are words: the first character tells.
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    let digits: String = unsigned.chars().filter(|&c| c != '_').collect();
    digits.contains(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        && digits.parse::<f64>().is_ok()
}

/// Whether `text` can stand unquoted and is a string to every YAML 1.1 and 1.2 reader; `flow`: inside brackets.
pub fn is_plain_safe(text: &str, flow: bool) -> bool {
    const WORDS: [&str; 15] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "~", "=", "<<", ""];
    let plain_character = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '_' | '-' | '.' | '/' | ':' | '+' | '=' | '@' | '%' | '(' | ')' | '$' | ' ')
            || (!flow && matches!(c, ',' | '{' | '}' | '[' | ']' | '|' | '*' | '!' | '<' | '>' | '?' | ';' | '&' | '"' | '\'' | '\\' | '~'))
    };
    // A flag such as `--cluster-cidr=a,b` or `-bird-live`, too: a dash begins a list item only in front of a blank.
    let first = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).unwrap_or(text);
    let starts_well = first.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '$' | '('));
    // Digits, signs, dots and colons alone: numbers, dates, and the base-60 numbers of YAML 1.1.
    let could_be_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
        && !text.contains(['/', ','])
        && text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '_' | '.' | ':' | '+' | '-' | 'x' | 'o' | 'b' | 'T' | 'Z' | ' '));
    !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        && text.chars().all(plain_character)
        && starts_well
        && !could_be_number
        && !is_number(text)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains("  ")
        && !text.ends_with([':', ' '])
        && !text.starts_with("---")
        && !text.starts_with("...")
}

/// `text` in double quotes, readable as YAML and as JSON.
pub fn quoted(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Line breaks to YAML 1.1 readers, or not printable: JSON and YAML share this form.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;
    use crate::yaml::Tree;
    use crate::yaml::parse::NESTING_LIMIT;

    #[test]
    fn what_holds_itself_ends_somewhere() {
        for text in ["&x {a: *x}", "&x [*x]"] {
            let tree = Tree::parse(text, Span::new(0, text.len())).unwrap();
            let value = Value::of(tree.roots().next().unwrap());
            let (mut deep, mut next) = (0, &value);
            loop {
                next = match next {
                    Value::Map(entries) => &entries[0].1,
                    Value::List(items) => &items[0],
                    _ => break,
                };
                deep += 1;
            }
            assert_eq!((deep, next), (NESTING_LIMIT + 1, &Value::Null), "{text}");
        }
    }

    #[test]
    fn strings_that_a_reader_could_take_for_something_else_are_not_plain() {
        for text in [
            "",
            "true",
            "Yes",
            "on",
            "n",
            "~",
            "null",
            "1e3",
            "0755",
            "1_000",
            "1:30",
            "0x1F",
            "0o7",
            ".5",
            "1.0",
            "2001-01-01",
            "2001-01-01T00:00:00Z",
            "-1",
            "+1",
            ".inf",
            ".NaN",
            "=",
            "<<",
            "a: b",
            "a #b",
            "a:",
            "fd00::",
            "- a",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a",
            "#a",
            "a\nb",
            "a\tb",
            "\u{2028}",
            "'a",
            "\"a",
            "::1",
            "{a",
            "[a",
            "ä",
            " a",
            "a ",
            "---",
            "? a",
            "---a",
            "--",
            "-- a",
            "--1:30",
            "~a",
            "\\a",
        ] {
            assert!(!is_plain_safe(text, false), "{text:?}");
        }
    }

    #[test]
    fn ordinary_values_stay_plain() {
        for text in [
            "autodetect",
            "fd00:10:244::/56",
            "10.244.0.0/16,fd00::/56",
            "kubernetes-internal-ip",
            "Never",
            "all()",
            "a=b",
            "--cluster-cidr=10.244.0.0/16,fd00::/56",
            "-bird6-live",
            "kube-proxy --a='b \"c\"' \\d ~e 1>>/var/log/f 2>&1",
        ] {
            assert!(is_plain_safe(text, false), "{text:?}");
        }
        assert!(!is_plain_safe("10.244.0.0/16,fd00::/56", true));
        assert!(is_plain_safe("fd00:10:244::/56", true));
    }

    #[test]
    fn numbers_of_both_yaml_versions() {
        for text in ["0", "-12", "0644", "1e3", "1.5", ".5", "0x1f", "0o17", "1_000", "+1", ".inf"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["1.2.3", "10.244.0.0/16", "v1", "e3", "-", ".", "0xg", "1a"] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn quoting_is_json() {
        for text in ["a\"b\\c\nd\te\u{1}", "é\u{2028}\u{feff}"] {
            assert_eq!(serde_json::from_str::<String>(&quoted(text)).ok().as_deref(), Some(text));
        }
    }

    #[test]
    fn an_alias_bomb_is_not_expanded_without_end() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..30 {
            let items = vec![format!("*a{}", n - 1); 10].join(", ");
            text = format!("{text}a{n}: &a{n} [{items}]\n");
        }
        let tree = super::super::Tree::parse(&text, crate::text::Span::new(0, text.len())).unwrap();
        let root = tree.roots().next().unwrap();
        assert!(matches!(Value::of(root), Value::Map(_)));
    }
}
