//! What can go wrong with a line: it is moved, cut or doubled, or quotes, brackets and dashes come where they do not belong.

/// What a line can say.
pub(crate) const SAYINGS: [&str; 56] = [
    "",
    "# c",
    "- ",
    "-",
    "- apiVersion: v1",
    "apiVersion: v1",
    "kind: A",
    "kind: B # c",
    "kind: C,",
    "- kind: D",
    "metadata:",
    "name: n",
    "namespace: m",
    "x: \"",
    "\"",
    "y: '",
    "'",
    "''",
    "x: {",
    "}",
    "x: [",
    "]",
    ",",
    "x: [a",
    "b]",
    "x: {a",
    "b}",
    "x: a}",
    "- a: b}",
    "- {a: b}",
    "x: |",
    "x: >-",
    "- |+",
    "text",
    "\t",
    "x: &a b",
    "x: *a",
    "<<: *a",
    "? k",
    ": v",
    "---",
    "...",
    "items:",
    "functionConfig:",
    "results:",
    "kind: List",
    "kind: AList",
    "!!str x: y",
    "%YAML 1.2",
    "x: \"a\\\\\"",
    "x: \"a\\\"",
    "\"kind\": E",
    "kind : F",
    "- - a",
    "x: 'it''s",
    "k: {\"a\": 'b'}",
];

/// What can come into a line.
const PIECES: [&str; 20] =
    ["\"", "'", "''", "{", "}", "[", "]", ",", " ", "  ", "\t", "-", "- ", ": ", "#", " #", "\\", "&a ", "*a", "\u{feff}"];

/// A change of one line: where, which, with what, and how deep.
pub(crate) type Mishap = (u8, u8, u8, u8);

/// Changes the lines of a text.
pub(crate) fn happen(lines: &mut Vec<String>, (place, what, with, depth): Mishap) {
    let at = usize::from(place) % (lines.len() + 1);
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let around = lines.get(at).or(lines.last()).map_or(0, |line| indent(line));
    let saying = SAYINGS[usize::from(with) % SAYINGS.len()];
    let Some(line) = lines.get_mut(at) else { return lines.push(saying.to_owned()) };
    match what % 8 {
        0 | 1 => lines.insert(at, format!("{:1$}{saying}", "", (around + usize::from(depth) % 5).saturating_sub(2))),
        2 => drop(lines.remove(at)),
        3 => *line = format!("{:1$}{saying}", "", around),
        4 => line.insert(0, ' '),
        5 => *line = line[indent(line).min(1 + usize::from(depth) % 2)..].to_owned(),
        6 => {
            let place = usize::from(depth) % (line.len() + 1);
            if line.is_char_boundary(place) {
                line.insert_str(place, PIECES[usize::from(with) % PIECES.len()]);
            }
        }
        _ => {
            let copy = line.clone();
            lines.insert(usize::from(with) % lines.len(), copy);
        }
    }
}
