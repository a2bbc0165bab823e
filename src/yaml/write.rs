//! Text for new values. Everything else in the output is a slice of the input.

use super::style::{Look, Quotes};
use super::{Kind, Layout, Node, Style, Value, is_plain_safe, quoted};

/// A scalar, or a whole value in flow style on one line; `key`: the key that it will be the value of.
pub(super) fn flow(value: &Value, key: Option<&str>, look: &Look<'_>) -> String {
    match value {
        Value::Map(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{}: {}", self::key(key, look, true), flow(value, Some(key), look))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::List(items) => format!("[{}]", items.iter().map(|item| flow(item, None, look)).collect::<Vec<_>>().join(", ")),
        scalar => self::scalar(scalar, look.quotes(key), look, true),
    }
}

/// The text of a scalar; a collection is written in flow style.
pub(super) fn scalar(value: &Value, quotes: Quotes, look: &Look<'_>, in_flow: bool) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) => text.clone(),
        Value::Str(text) => string(text, quotes, look, in_flow),
        collection => flow(collection, None, look),
    }
}

fn string(text: &str, quotes: Quotes, look: &Look<'_>, in_flow: bool) -> String {
    if look.json {
        return quoted(text);
    }
    let safe = is_plain_safe(text, in_flow);
    match if safe { quotes.free } else { Some(quotes.needed) } {
        None => text.to_owned(),
        Some('\'') if !text.chars().any(char::is_control) => format!("'{}'", text.replace('\'', "''")),
        Some(_) => quoted(text),
    }
}

/// The text of a key.
pub(super) fn key(key: &str, look: &Look<'_>, in_flow: bool) -> String {
    if look.json || !is_plain_safe(key, in_flow) { quoted(key) } else { key.to_owned() }
}

/// What follows the `:` of `key`, which stands at `column`.
pub(super) fn after_key(key: &str, value: &Value, column: usize, look: &Look<'_>) -> String {
    let mut out = String::new();
    push_after_key(&mut out, key, value, column, look);
    out
}

/// A line break, then `key: value` at `column`.
pub(super) fn block_entry(key: &str, value: &Value, column: usize, look: &Look<'_>) -> String {
    let mut out = String::new();
    begin_line(&mut out, column, look);
    push_entry(&mut out, key, value, column, look);
    out
}

/// A line break, then `- item` with the dash at `column`.
pub(super) fn block_item(item: &Value, column: usize, look: &Look<'_>) -> String {
    let mut out = String::new();
    push_item(&mut out, item, column, look);
    out
}

/// A line break, then `text` behind a dash at `column`.
pub(super) fn block_line(text: &str, column: usize, look: &Look<'_>) -> String {
    format!("{}{:column$}-{:gap$}{text}", look.newline, "", "", gap = look.gap)
}

fn begin_line(out: &mut String, column: usize, look: &Look<'_>) {
    out.push_str(look.newline);
    out.extend(std::iter::repeat_n(' ', column));
}

fn push_entry(out: &mut String, key: &str, value: &Value, column: usize, look: &Look<'_>) {
    out.push_str(&self::key(key, look, false));
    out.push(':');
    push_after_key(out, key, value, column, look);
}

fn push_after_key(out: &mut String, key: &str, value: &Value, column: usize, look: &Look<'_>) {
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                begin_line(out, column + look.step, look);
                push_entry(out, key, value, column + look.step, look);
            }
        }
        Value::List(items) if !items.is_empty() => items.iter().for_each(|item| push_item(out, item, column + look.dash, look)),
        scalar => {
            out.push(' ');
            out.push_str(&self::scalar(scalar, look.quotes(Some(key)), look, false));
        }
    }
}

fn push_item(out: &mut String, item: &Value, column: usize, look: &Look<'_>) {
    let Value::Map(entries) = item else { return out.push_str(&block_line(&scalar(item, look.quotes(None), look, false), column, look)) };
    let inner = column + 1 + look.gap;
    out.push_str(&block_line(if entries.is_empty() { "{}" } else { "" }, column, look));
    for (position, (key, value)) in entries.iter().enumerate() {
        if position > 0 {
            begin_line(out, inner, look);
        }
        push_entry(out, key, value, inner, look);
    }
}

/// A new item of a sequence whose last item is a mapping in braces: on one line, or over lines, as that one is.
pub(super) fn like_last_item(item: &Value, sequence: Node<'_>, look: &Look<'_>) -> Option<String> {
    let Value::Map(entries) = item else { return None };
    if entries.is_empty() {
        return None;
    }
    let last = sequence.items().last().filter(|last| last.kind() == Kind::Mapping(Layout::Flow) && !last.is_pair())?;
    let text = last.source();
    let members: Vec<_> = last.entries().collect();
    let ((first, first_value), (key, value)) = (*members.first()?, *members.last()?);
    let open = &text[last.span().start + 1..first.start()];
    let close = &text[value.span().end..last.span().end - 1];
    let between = match members.get(1) {
        Some((second, _)) => text[first_value.span().end..second.start()].to_owned(),
        None if open.contains('\n') => format!(",{open}"),
        None => ", ".to_owned(),
    };
    let colon = Some(&text[key.span().end..value.start()]).filter(|colon| colon.trim() == ":").unwrap_or(": ");
    if !open.trim().is_empty() || between.trim() != "," || !matches!(close.trim(), "" | ",") {
        return None;
    }
    let mut look = look.clone();
    look.json |= first.kind() == Kind::Scalar(Style::Double);
    let look = &look;
    let entries: Vec<_> =
        entries.iter().map(|(key, value)| format!("{}{colon}{}", self::key(key, look, true), flow(value, Some(key), look))).collect();
    Some(format!("{{{open}{}{close}}}", entries.join(&between)))
}
