//! Rows of places that say ranges, or must.

use super::wish::{Spot, Wish, family_of, first, name_of, ranges_in, scalars};
use super::{About, Cell, Mark, Row, Section, State, meet};
use crate::checks::Expected;
use crate::cidr::{Cidr, Family};
use crate::config::{Config, KIND};
use crate::facts::{Facts, RangeFact, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Plan, Rule, Severity};
use crate::yaml::Path;

/// The range that all places must agree with.
pub(super) fn expected(facts: &Facts, role: Role, family: Family, given: &Config) -> Option<Cidr> {
    Expected::of(facts, role, family, given.range(role, family)).map(|expected| expected.range)
}

/// The rows of the ranges of `role`: the functionConfig first, then in the order in which sources are believed.
pub(super) fn rows(package: &Package<'_>, facts: &Facts, role: Role, given: &Config, asked: &Config, wishes: &mut [Wish<'_>]) -> Vec<Row> {
    let mut rows: Vec<(Option<Source>, Row)> = Vec::new();
    let mut said: Vec<&RangeFact> = facts.ranges.iter().chain(&facts.unread).filter(|fact| fact.role == role).collect();
    said.sort_by_key(|fact| (fact.source.is_pool(), fact.source, fact.place.resource));
    for fact in said {
        let Some((resource, path)) = fact.place.resource.and_then(|index| package.all().get(index)).zip(fact.place.path.as_ref()) else {
            continue;
        };
        let cells: Vec<Cell> = match fact.ranges.as_slice() {
            [] => unread(resource, path).into_iter().collect(),
            ranges => ranges.iter().map(|range| cell(resource, path, *range, state(facts, fact, *range, given))).collect(),
        };
        let Some(first) = cells.first() else { continue };
        let first = first.family;
        // A field for each family makes one place.
        let is_other = |(source, row): &&mut (Option<Source>, Row)| {
            let free = row.cells.iter().all(|cell| cell.family.is_some() && cell.family != first);
            *source == Some(fact.source)
                && row.resource == Some(resource.index)
                && free
                && first.is_some()
                && cells.len() == 1
                && fact.whole
        };
        if let Some((_, row)) = rows.iter_mut().find(is_other) {
            row.cells.extend(cells);
            continue;
        }
        let families: Vec<_> = fact.ranges.iter().map(|range| range.family()).collect();
        let primary = first.filter(|_| families.iter().any(|family| Some(*family) != first) && !fact.source.is_pool());
        let row = Row {
            who: fact.source.name().to_owned(),
            object: resource.to_string(),
            resource: Some(resource.index),
            cells,
            primary,
            marks: Vec::new(),
        };
        rows.push((Some(fact.source).filter(|_| fact.whole), row));
    }
    gaps(role, asked, wishes, &mut rows);
    for (source, row) in &mut rows {
        alone(package, *source, row);
    }
    let mut rows: Vec<Row> = configured(package, role, given).into_iter().chain(rows.into_iter().map(|(_, row)| row)).collect();
    for row in &mut rows {
        row.cells.sort_by_key(|cell| cell.family);
    }
    number(&mut rows);
    rows
}

/// What stands at the place where `range` is written. A fact may name one place for two that stand beside each other: then
/// it is looked for around that.
fn cell(resource: &Resource<'_>, path: &Path, range: Cidr, state: State) -> Cell {
    let written = |path: &Path| {
        first(resource, path, |scalar| {
            let (at, word, _) = ranges_in(scalar.text).find(|(_, _, found)| *found == range)?;
            Some((word.to_owned(), scalar.offset(at)))
        })
    };
    let around = around(path).find_map(|path| Some((written(&path)?, path)));
    let (spot, text, path) = match around {
        Some(((word, offset), path)) => (Spot::of(resource, offset), word, path),
        None => (Spot::nearest(resource, path), range.to_string(), path.clone()),
    };
    Cell {
        family: Some(range.family()),
        state,
        name: name_of(resource, &path),
        text: Some(text),
        path,
        file: spot.file,
        line: spot.line,
        rule: None,
    }
}

/// The place, and the two around it.
fn around(path: &Path) -> impl Iterator<Item = Path> {
    let steps = path.steps();
    let lengths = (steps.len().saturating_sub(2).max(1)..=steps.len()).rev();
    lengths.map(|length| steps[..length].iter().fold(Path::root(), |path, step| path.step(step.clone())))
}

/// A place without a range that can be read, if there is something.
fn unread(resource: &Resource<'_>, path: &Path) -> Option<Cell> {
    let text = first(resource, path, |scalar| Some(scalar.text.trim().to_owned()).filter(|text| !text.is_empty()))?;
    let name = name_of(resource, path);
    let spot = Spot::nearest(resource, path);
    let value = text.strip_prefix(&format!("{name}=")).unwrap_or(&text).to_owned();
    let text = Some(value).filter(|_| resource.kind != "Secret");
    Some(Cell {
        family: family_of(&name),
        state: State::Unread,
        name,
        text,
        path: path.clone(),
        file: spot.file,
        line: spot.line,
        rule: None,
    })
}

fn state(facts: &Facts, fact: &RangeFact, range: Cidr, given: &Config) -> State {
    let (role, family) = (fact.role, range.family());
    match Expected::of(facts, role, family, given.range(role, family)) {
        None => State::Same,
        Some(expected) if expected.range == range => State::Same,
        Some(expected) if !expected.is_met_by(fact, range) => State::Other(0),
        Some(expected) if expected.range.contains(range) => State::Part,
        Some(_) => State::More,
    }
}

/// What the functionConfig says.
fn configured(package: &Package<'_>, role: Role, given: &Config) -> Option<Row> {
    let object = package.all().iter().find(|resource| resource.kind == KIND);
    let mut cells = Vec::new();
    for (_, family, range) in given.ranges().into_iter().filter(|(of, ..)| *of == role) {
        let (Some(range), name) = (range, Config::field(role, family)) else { continue };
        let path = Path::of(&["spec", name]);
        let is_there = |object: &&Resource<'_>| first(object, &path, |scalar| ranges_in(scalar.text).next().map(|_| ())).is_some();
        cells.push(match object.filter(is_there) {
            Some(object) => cell(object, &path, range, State::Same),
            None => Cell {
                family: Some(family),
                state: State::Same,
                name: name.to_owned(),
                text: Some(range.to_string()),
                path,
                file: None,
                line: None,
                rule: None,
            },
        });
    }
    (!cells.is_empty()).then(|| Row {
        who: "functionConfig".to_owned(),
        object: object.map(ToString::to_string).unwrap_or_default(),
        resource: None,
        cells,
        primary: None,
        marks: Vec::new(),
    })
}

/// Puts what is missing into the rows, or into rows of its own.
fn gaps(role: Role, asked: &Config, wishes: &mut [Wish<'_>], rows: &mut Vec<(Option<Source>, Row)>) {
    for wish in wishes {
        for family in [Family::V4, Family::V6] {
            if !asked.range(role, family).is_some_and(|range| wish.ranges.contains(&range)) {
                continue;
            }
            wish.is_shown = true;
            if !wish.holds {
                gap(family, wish, rows);
            }
        }
    }
}

fn gap(family: Family, wish: &Wish<'_>, rows: &mut Vec<(Option<Source>, Row)>) {
    let path = &wish.change.op.path;
    let mine = |row: &Row| row.resource == Some(wish.resource.index);
    let says = |row: &Row| row.cells.iter().any(|cell| cell.family.is_none_or(|of| of == family));
    let at_place = rows.iter().position(|(_, row)| mine(row) && row.cells.iter().any(|cell| meet(&cell.path, path)));
    let beside = || rows.iter().position(|(source, row)| mine(row) && !says(row) && source.is_some_and(has_each_family));
    match at_place.or_else(beside) {
        Some(index) if says(&rows[index].1) => {
            let row = &mut rows[index].1;
            let is_there = row.cells.iter().any(|cell| meet(&cell.path, path) && cell.family == Some(family));
            // The same range of a place with both families is no news.
            if is_there && wish.ranges.len() == 1 {
                row.marks.push(mark(wish.change.rule));
            }
        }
        Some(index) => rows[index].1.cells.push(missing(Some(family), wish.resource, path, wish.change.rule)),
        None => {
            let who = wish.name();
            let cells = vec![Cell { name: who.clone(), ..missing(Some(family), wish.resource, path, wish.change.rule) }];
            let row = Row {
                who,
                object: wish.resource.to_string(),
                resource: Some(wish.resource.index),
                cells,
                primary: None,
                marks: Vec::new(),
            };
            rows.push((None, row));
        }
    }
}

/// A place with one family where both belong has a gap, whoever misses it. calico-node takes an IPv4 pool that it is not told
/// from kubeadm, or its own default.
fn alone(package: &Package<'_>, source: Option<Source>, row: &mut Row) {
    let ([cell], Some(resource)) = (row.cells.as_slice(), row.resource.and_then(|index| package.all().get(index))) else { return };
    let is_whole = !matches!(cell.state, State::Missing | State::Unread);
    if let Some(family) = cell.family.filter(|_| is_whole && source.is_some_and(has_each_family)) {
        let spot = Spot::nearest(resource, &cell.path);
        let (name, path) = (cell.name.clone(), cell.path.clone());
        let is_default = source == Some(Source::CalicoNode) && family == Family::V6;
        let gap = Cell {
            family: Some(family.other()),
            state: if is_default { State::Unsaid } else { State::Missing },
            name,
            text: None,
            path,
            file: spot.file,
            line: spot.line,
            rule: None,
        };
        row.cells.push(gap);
    }
}

/// Whether a place of this source has a range of each family; others say one, and another place the other.
fn has_each_family(source: Source) -> bool {
    !matches!(source, Source::IpPool | Source::CniConfig | Source::BgpConfiguration | Source::Gardener)
}

/// A gap, at the place where something must be.
pub(super) fn missing(family: Option<Family>, resource: &Resource<'_>, path: &Path, rule: &'static Rule) -> Cell {
    let spot = Spot::nearest(resource, path);
    let name = name_of(resource, path);
    Cell { family, state: State::Missing, name, text: None, path: path.clone(), file: spot.file, line: spot.line, rule: Some(rule) }
}

/// Something there must be as the rule says.
pub(super) fn mark(rule: &'static Rule) -> Mark {
    Mark { severity: Severity::Warning, rule, message: rule.remedy.to_owned(), object: None }
}

/// Numbers the ranges that are not the expected one, those of each family by themselves.
fn number(rows: &mut [Row]) {
    for family in [Family::V4, Family::V6] {
        let mut others: Vec<Cidr> = Vec::new();
        for cell in rows.iter_mut().flat_map(|row| &mut row.cells).filter(|cell| cell.family == Some(family)) {
            let State::Other(number) = &mut cell.state else { continue };
            let Some((_, _, range)) = cell.text.as_deref().and_then(|text| ranges_in(text).next()) else { continue };
            *number = others.iter().position(|other| *other == range).unwrap_or_else(|| {
                others.push(range);
                others.len() - 1
            });
        }
    }
}

/// Objects that must be in the package, as gaps.
pub(super) fn add_objects(package: &Package<'_>, plan: &Plan, asked: &Config, sections: &mut [Section]) {
    for addition in &plan.additions {
        let Some(beside) = package.all().get(addition.beside) else { continue };
        let texts = scalars(&addition.object);
        let ranges: Vec<Cidr> = texts.iter().flat_map(|text| ranges_in(text)).map(|(_, _, range)| range).collect();
        let text = |keys: &[&str]| keys.iter().try_fold(&addition.object, |value, key| value.get(key)).and_then(|value| value.as_str());
        let object = [text(&["kind"]), text(&["metadata", "name"])].into_iter().flatten().collect::<Vec<_>>().join(" ");
        for section in &mut *sections {
            let About::Ranges(role) = section.about else { continue };
            for family in [Family::V4, Family::V6] {
                if !asked.range(role, family).is_some_and(|range| ranges.contains(&range)) {
                    continue;
                }
                let cells = vec![missing(Some(family), beside, &Path::of(&["spec"]), addition.rule)];
                let who = text(&["kind"]).unwrap_or_default().to_owned();
                section.rows.push(Row {
                    who,
                    object: object.clone(),
                    resource: Some(addition.beside),
                    cells,
                    primary: None,
                    marks: Vec::new(),
                });
            }
        }
    }
}
