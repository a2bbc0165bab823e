//! `--output text`: for the terminal. Each place is a line with a column for each family, and below it where it is and
//! what is wrong.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{FAMILIES, Place, both, cell, heading, headline, looked_at, places, plain, symbol, telling, title, value};
use crate::host::run_files::Outcome;
use crate::map::{Cell, Map, Mark, Row, Section, State, Verdict};
use crate::plan::Severity;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();

/// Names are given no more columns than this.
const NAME: usize = 30;
/// Columns of a table.
#[derive(Clone, Copy)]
struct Columns {
    /// Of the whole.
    width: usize,
    name: usize,
    families: [usize; 2],
}

/// The maps of all packages; `width` is how many columns there are.
pub(in crate::host) fn render(outcome: &Outcome, width: usize) -> String {
    let maps = telling(outcome);
    let mut text = String::new();
    for map in &maps {
        if maps.len() > 1 {
            let sentence = map.count().sentence();
            let _ = writeln!(text, "{BOLD}{}{BOLD:#}\n{}{sentence}{:#}\n", plain(&title(map)), color(map), color(map));
        }
        text += &one(map, width);
    }
    let color = if let [only] = maps.as_slice() { color(only) } else { BOLD };
    let _ = writeln!(text, "{color}{}{color:#}\n{DIM}{}{DIM:#}", headline(&maps), looked_at(outcome));
    if maps.iter().any(|map| marks(map).next().is_some()) {
        let _ = writeln!(text, "{DIM}`enable-dual-stack explain RULE` says what the word in brackets means{DIM:#}");
    }
    text
}

fn color(map: &Map) -> Style {
    let count = map.count();
    match count.verdict() {
        Verdict::Dual if count.wrong + count.unread == 0 => GREEN.bold(),
        Verdict::Nothing => BOLD,
        _ => RED,
    }
}

/// All rules that are shown.
fn marks(map: &Map) -> impl Iterator<Item = ()> {
    let rows = map.sections.iter().flat_map(|section| &section.rows);
    let of_rows = rows.flat_map(|row| row.marks.iter().map(|_| ()).chain(row.cells.iter().filter_map(|cell| cell.rule.map(|_| ()))));
    of_rows.chain(map.marks.iter().map(|_| ()))
}

fn one(map: &Map, width: usize) -> String {
    let rows = || map.sections.iter().flat_map(|section| &section.rows);
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or_default();
    let name = widest(&mut rows().map(|row| length(&row.who)).filter(|length| *length <= NAME)).max("Addresses".len());
    let of_family = |family| {
        let cells = rows().filter_map(|row| cell(row, family)).map(|cell| 2 + length(&value(cell)));
        widest(&mut cells.chain([20])).min(48)
    };
    let columns = Columns { width: width.max(60), name, families: FAMILIES.map(of_family) };
    let mut text: String = map.sections.iter().map(|section| table(section, columns) + "\n").collect();
    if !map.marks.is_empty() {
        let _ = writeln!(text, "{BOLD}Beside{BOLD:#}");
        for mark in &map.marks {
            let object = mark.object.as_ref().map(|object| format!("{}: ", plain(object))).unwrap_or_default();
            text += &said(&format!("{object}{}", plain(&mark.message)), mark, columns);
        }
        text.push('\n');
    }
    text
}

fn table(section: &Section, columns: Columns) -> String {
    let Columns { name, families: [ipv4, _], .. } = columns;
    let mut text = format!("{BOLD}{:name$}  {:ipv4$}  IPv6{BOLD:#}\n", heading(section.about), "IPv4");
    if section.expected.iter().any(Option::is_some) {
        let [four, six] = section.expected.map(|range| range.map_or("nobody says one".to_owned(), |range| range.to_string()));
        let _ = writeln!(text, "{DIM}{:name$}  {four:ipv4$}  {six}{DIM:#}", "");
    }
    for row in &section.rows {
        text += &line(row, columns);
    }
    text
}

fn line(row: &Row, columns: Columns) -> String {
    let who = plain(&row.who);
    let mut text = format!("{BOLD}{who}{BOLD:#}");
    // Blanks are written only in front of something.
    let mut gap = columns.name.saturating_sub(length(&who)) + 2;
    if length(&who) > columns.name {
        text.push('\n');
        gap = columns.name + 2;
    }
    if let Some(cell) = both(row) {
        let _ = write!(text, "{:gap$}{}", "", painted(cell));
    } else {
        for (family, width) in FAMILIES.into_iter().zip(columns.families) {
            let Some(cell) = cell(row, family) else {
                gap += width + 2;
                continue;
            };
            let first = if row.primary == Some(family) && row.cells.len() > 1 { " 1st" } else { "" };
            let _ = write!(text, "{:gap$}{}{DIM}{first}{DIM:#}", "", painted(cell));
            gap = (width + 2).saturating_sub(2 + length(&value(cell)) + first.len()).max(2);
        }
    }
    text.push('\n');
    text += &where_it_is(row, columns);
    for cell in &row.cells {
        if let Some(rule) = cell.rule {
            text += &wrapped(&format!("wanted: {} [{}]", rule.title, rule.id), RED, columns);
        }
    }
    let mut told: Vec<&str> = Vec::new();
    for mark in &row.marks {
        if !told.contains(&mark.rule.id) {
            told.push(mark.rule.id);
            text += &said(mark.rule.title, mark, columns);
        }
    }
    text
}

fn painted(cell: &Cell) -> String {
    let style = match cell.state {
        State::Same | State::On => GREEN,
        State::Part | State::More => CYAN,
        State::Other(_) | State::Off | State::Missing => RED,
        State::Unsaid => DIM,
        State::Unread => YELLOW,
    };
    format!("{style}{} {}{style:#}", symbol(cell.state), value(cell))
}

/// The object, and the place of each field.
fn where_it_is(row: &Row, columns: Columns) -> String {
    let object = plain(&row.object);
    let places = places(row);
    let mut text = String::new();
    if let [only] = places.as_slice() {
        let front = words(&[&only.at, &object]);
        let field = words(&[&only.name, &only.path]);
        if length(&front) + length(&field) + 3 <= columns.width {
            return format!("  {DIM}{front} {field}{DIM:#}\n");
        }
        return format!("  {DIM}{front}{DIM:#}\n    {DIM}{}{DIM:#}\n", end_of(&field, columns.width - 4));
    }
    let _ = writeln!(text, "  {DIM}{object}{DIM:#}");
    for Place { at, name, path } in places {
        let front = words(&[&at, &name]);
        let room = columns.width.saturating_sub(length(&front) + 5);
        if length(&path) <= room {
            let _ = writeln!(text, "    {DIM}{front} {path}{DIM:#}");
        } else {
            let _ = writeln!(text, "    {DIM}{front}{DIM:#}\n      {DIM}{}{DIM:#}", end_of(&path, columns.width - 6));
        }
    }
    text
}

fn words(parts: &[&str]) -> String {
    parts.iter().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The text, or its end with a mark in front, in so many columns: the end of a path tells more.
fn end_of(text: &str, width: usize) -> String {
    let count = length(text);
    if count <= width {
        return text.to_owned();
    }
    let end: String = text.chars().skip(count + 1 - width).collect();
    format!("…{end}")
}

fn said(what: &str, mark: &Mark, columns: Columns) -> String {
    let style = if mark.severity == Severity::Error { RED } else { YELLOW };
    wrapped(&format!("{what} [{}]", mark.rule.id), style, columns)
}

/// Lines behind a mark.
fn wrapped(words: &str, style: Style, columns: Columns) -> String {
    let (mut text, mut used) = (format!("  {style}!{style:#}"), 3);
    for word in words.split(' ') {
        let more = 1 + length(word);
        if used + more > columns.width && used > 4 {
            text += "\n   ";
            used = 3;
        }
        let _ = write!(text, " {word}");
        used += more;
    }
    text + "\n"
}

fn length(text: &str) -> usize {
    text.chars().count()
}
