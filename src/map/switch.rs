//! Rows of switches: what must be on, or otherwise as dual-stack needs it, and the feature gate.

use super::range::{mark, missing};
use super::wish::{Spot, Wish, family_of, name_of, scalars};
use super::{Cell, Row, State, meet};
use crate::cidr::Family;
use crate::facts::Facts;
use crate::package::Package;
use crate::yaml::{self, Value, Want};

/// Longer values are not shown as a whole.
const LONG: usize = 60;
/// Lists of so many words are.
const FEW: usize = 4;

/// The rows, by object; one that has a switch for each family is one row.
pub(super) fn rows(package: &Package<'_>, facts: &Facts, wishes: &[Wish<'_>]) -> Vec<Row> {
    let mut rows: Vec<(String, Row)> = Vec::new();
    for gate in &facts.gates {
        let Some((resource, path)) = gate.place.resource.and_then(|index| package.all().get(index)).zip(gate.place.path.clone()) else {
            continue;
        };
        let spot = Spot::nearest(resource, &path);
        let state = match gate.on {
            Some(true) => State::On,
            Some(false) => State::Off,
            None => State::Unread,
        };
        let text = gate.on.map(|on| format!("IPv6DualStack={on}"));
        let cell = Cell { family: None, state, name: name_of(resource, &path), text, path, file: spot.file, line: spot.line, rule: None };
        rows.push((String::new(), row(format!("feature gate of {}", gate.reader), resource, cell)));
    }
    for wish in wishes.iter().filter(|wish| !wish.is_shown) {
        let path = &wish.change.op.path;
        let at_place = |row: &Row| row.resource == Some(wish.resource.index) && row.cells.iter().any(|cell| meet(&cell.path, path));
        if let Some((_, row)) = rows.iter_mut().find(|(stem, row)| stem.is_empty() && at_place(row)) {
            if !wish.holds {
                row.marks.push(mark(wish.change.rule));
                for cell in &mut row.cells {
                    cell.state = State::Off;
                }
            }
            continue;
        }
        let Some(cell) = cell(wish) else { continue };
        let stem = stem(&cell.name);
        let free = |row: &Row| row.cells.iter().all(|other| other.family.is_some() && other.family != cell.family);
        let mut others = rows.iter_mut().filter(|(other, row)| *other == stem && row.resource == Some(wish.resource.index));
        match others.find(|(_, row)| cell.family.is_some() && free(row)) {
            Some((_, row)) => {
                row.who = format!("{}, {}", row.who, cell.name);
                row.cells.push(cell);
            }
            None => rows.push((stem, row(cell.name.clone(), wish.resource, cell))),
        }
    }
    let mut rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    rows.sort_by_key(|row| row.resource);
    for row in &mut rows {
        row.cells.sort_by_key(|cell| cell.family);
    }
    rows
}

fn row(who: String, resource: &crate::package::Resource<'_>, cell: Cell) -> Row {
    Row { who, object: resource.to_string(), resource: Some(resource.index), cells: vec![cell], primary: None, marks: Vec::new() }
}

/// What stands at the place of a wish; nothing where nothing must stand there, and nothing does.
fn cell(wish: &Wish<'_>) -> Option<Cell> {
    let (resource, path) = (wish.resource, &wish.change.op.path);
    let is_gone = wish.holds && matches!(wish.change.op.want, Want::Absent | Want::Named(_));
    if is_gone {
        return None;
    }
    let name = wish.name();
    let family = family_of(&name);
    let mut there = Vec::new();
    let is_there = yaml::visit(resource.root(), path, &mut |scalar| there.push(scalar.text.to_owned()));
    let text = match &wish.change.op.want {
        // A list is shown as it stands if it is one of words, else by what it must have.
        Want::Contains(Value::Str(word)) if there.len() <= FEW && !word.starts_with('-') => Some(there.join(", ")),
        Want::Contains(value) => wish.holds.then(|| scalars(value).join(" ")),
        _ => there.into_iter().next(),
    };
    let Some(text) = text.filter(|_| is_there) else {
        // Pods have IPv4 where nobody switches it off.
        let gap = Cell { name, ..missing(family, resource, path, wish.change.rule) };
        let is_ipv4 = family == Some(Family::V4);
        return Some(if is_ipv4 { Cell { state: State::Unsaid, rule: None, ..gap } } else { gap });
    };
    let text = Some(short(&text)).filter(|_| resource.kind != "Secret");
    let state = if wish.holds { State::On } else { State::Off };
    let spot = Spot::nearest(resource, path);
    let rule = Some(wish.change.rule).filter(|_| !wish.holds);
    Some(Cell { family, state, name, text, path: path.clone(), file: spot.file, line: spot.line, rule })
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(LONG) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None if text.lines().nth(1).is_some() => format!("{line} …"),
        None => line.to_owned(),
    }
}

/// The name without the digit of its family: what `assign_ipv4` and `assign_ipv6` have in common.
fn stem(name: &str) -> String {
    name.to_ascii_lowercase().replace("v4", "").replace("v6", "").replace("ip4", "ip").replace("ip6", "ip")
}
