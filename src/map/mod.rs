//! Who says which range: every place of a package that carries a range of Pods or Services, a switch of an address
//! family, a feature gate or an address whose family counts; by family, with what stands there and where.
//!
//! Ranges come from the [facts](crate::facts). What is a switch, and what is missing, nobody says twice: it is what the
//! [systems](crate::systems) want to hold, looked up whether it does.

mod address;
mod range;
mod switch;
mod wish;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::checks::{self, Seen};
use crate::cidr::{Cidr, Family};
use crate::config::Config;
use crate::facts::Role;
use crate::package::{Package, Resource};
use crate::plan::{Finding, Rule, Severity};
use crate::results;
use crate::systems;
use crate::yaml::Path;

/// All that a package says about address families.
#[derive(Debug, Default)]
pub struct Map {
    /// The files of the package.
    pub files: Vec<String>,
    /// Places of one kind together; none without rows.
    pub sections: Vec<Section>,
    /// What is wrong, and is not about one of the rows.
    pub marks: Vec<Mark>,
}

/// Places of one kind.
#[derive(Debug)]
pub struct Section {
    /// What kind.
    pub about: About,
    /// The ranges that the places must agree with, if somebody says one: IPv4, IPv6.
    pub expected: [Option<Cidr>; 2],
    /// The places, who sets up the cluster first.
    pub rows: Vec<Row>,
}

/// What places are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Ranges.
    Ranges(Role),
    /// What must be on, or otherwise as dual-stack needs it.
    Switches,
    /// Addresses of nodes and API servers.
    Addresses,
}

/// A place; one that has a field for each family is one place.
#[derive(Debug)]
pub struct Row {
    /// Who says it: `kube-proxy`; of a switch its name.
    pub who: String,
    /// The object.
    pub object: String,
    /// Its position in the package; none for the functionConfig, which the cluster does not read.
    pub resource: Option<usize>,
    /// What it says, by family; at most one for each.
    pub cells: Vec<Cell>,
    /// Of two families, the one that stands first and so is the primary one, where that counts.
    pub primary: Option<Family>,
    /// What is wrong with it.
    pub marks: Vec<Mark>,
}

/// What a place says of a family.
#[derive(Debug)]
pub struct Cell {
    /// Which one; nothing: of both together.
    pub family: Option<Family>,
    /// How it stands to the others.
    pub state: State,
    /// The last words of the path, or the flag.
    pub name: String,
    /// What stands there, of a range no more than the range; nothing where that must not be shown, as in a Secret.
    pub text: Option<String>,
    /// The field.
    pub path: Path,
    /// The file.
    pub file: Option<String>,
    /// The line of the file, from 1; of what is missing, the line where it belongs.
    pub line: Option<usize>,
    /// Who misses it.
    pub rule: Option<&'static Rule>,
}

/// How a cell stands to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The expected range.
    Same,
    /// A part of it, which is enough here.
    Part,
    /// More than it, which is enough here.
    More,
    /// Another range: the how-manieth one of its family, from 0.
    Other(usize),
    /// As it must be.
    On,
    /// Not as it must be.
    Off,
    /// It is not there and need not be: what is meant without it is right, or it is not asked for.
    Unsaid,
    /// It must be there.
    Missing,
    /// Filled in later, or not to be read.
    Unread,
}

/// Something that is wrong.
#[derive(Debug)]
pub struct Mark {
    /// How bad it is.
    pub severity: Severity,
    /// Which rule says so.
    pub rule: &'static Rule,
    /// What, for a person: one line.
    pub message: String,
    /// The object that it is about.
    pub object: Option<String>,
}

/// How many places have a family, of those that need it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Places that have it, or must.
    pub places: usize,
    /// Those that have it.
    pub have: usize,
}

/// What a map comes to, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No place is about address families.
    Nothing,
    /// No place has IPv6.
    Ipv4Only,
    /// No place has IPv4.
    Ipv6Only,
    /// Some places lack a family.
    Half,
    /// No place lacks one.
    Dual,
}

/// How many places have what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Ranges; without switches, because IPv4 is on by itself.
    pub ipv4: Tally,
    /// Ranges and switches.
    pub ipv6: Tally,
    /// Places that are wrong in another way than by a family that they lack.
    pub wrong: usize,
    /// Places where something is filled in later.
    pub unread: usize,
}

/// The map of a package; `given` is its configuration.
pub fn map(package: &Package<'_>, given: &Config) -> Map {
    let facts = systems::facts(package);
    let config = given.clone().filled_in(&facts);
    let asked = wish::with_any_range(&config);
    let plan = systems::plan(package, &asked);
    let mut wishes = wish::wishes(package, &plan);

    let mut sections = Vec::new();
    for role in [Role::Pods, Role::Services] {
        let rows = range::rows(package, &facts, role, given, &asked, &mut wishes);
        let expected = [Family::V4, Family::V6].map(|family| range::expected(&facts, role, family, given));
        sections.push(Section { about: About::Ranges(role), expected, rows });
    }
    sections.push(Section { about: About::Switches, expected: [None; 2], rows: switch::rows(package, &facts, &wishes) });
    sections.push(Section { about: About::Addresses, expected: [None; 2], rows: address::rows(package, &facts) });
    range::add_objects(package, &plan, &asked, &mut sections);

    let mut map = Map { files: files(package), sections, marks: Vec::new() };
    let found = checks::check(&Seen { package, facts: &facts, config: &config, given }).findings;
    for finding in found.into_iter().chain(plan.findings).filter(|finding| finding.severity < Severity::Info) {
        map.mark(finding, package, &config);
    }
    map.sections.retain(|section| !section.rows.is_empty());
    map
}

fn files(package: &Package<'_>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let files = package.all().iter().filter_map(Resource::file);
    files.filter(|file| seen.insert(*file)).map(str::to_owned).collect()
}

impl Map {
    /// Puts a finding to the row that it is about.
    fn mark(&mut self, finding: Finding, package: &Package<'_>, config: &Config) {
        let resource = finding.place.resource.and_then(|index| package.all().get(index));
        // Messages quote what stands there.
        let is_secret = resource.is_some_and(|resource| resource.kind == "Secret");
        let tells_of_any = wish::tells_of_any(&finding.message, config);
        let message = if is_secret || tells_of_any { finding.rule.title.to_owned() } else { results::one_line(&finding.message) };
        let mark = Mark { severity: finding.severity, rule: finding.rule, message, object: resource.map(ToString::to_string) };
        let marks = match finding.place.path.as_ref().and_then(|path| self.row(finding.place.resource?, path)) {
            // What a stand-in for a range is not fit for is no news; that something is filled in later is.
            Some(row) if tells_of_any && !row.is_unread() => return,
            None if tells_of_any => return,
            Some(row) => &mut row.marks,
            None => &mut self.marks,
        };
        if !marks.iter().any(|other| other.rule == mark.rule && other.message == mark.message && other.object == mark.object) {
            marks.push(mark);
        }
    }

    fn row(&mut self, resource: usize, path: &Path) -> Option<&mut Row> {
        let mut rows = self.sections.iter_mut().flat_map(|section| &mut section.rows).filter(|row| row.resource == Some(resource));
        rows.find(|row| row.cells.iter().any(|cell| cell.state != State::Missing && meet(&cell.path, path)))
    }

    /// Counts the places; the functionConfig is none, because the cluster does not read it.
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for section in self.sections.iter().filter(|section| section.about != About::Addresses) {
            for row in section.rows.iter().filter(|row| row.resource.is_some()) {
                if section.about != About::Switches {
                    count.ipv4.add(row.has(Family::V4));
                }
                count.ipv6.add(row.has(Family::V6));
                count.wrong += usize::from(row.is_wrong());
                count.unread += usize::from(row.is_unread());
            }
        }
        count
    }
}

impl Row {
    /// Whether the place has the family; nothing where it need not, or where that is not known.
    pub fn has(&self, family: Family) -> Option<bool> {
        let mut cells = self.cells.iter().filter(|cell| cell.family.is_none_or(|of| of == family));
        match cells.next()?.state {
            State::Same | State::Part | State::More | State::Other(_) | State::On => Some(true),
            State::Off | State::Missing => Some(false),
            State::Unsaid | State::Unread => None,
        }
    }

    fn is_unread(&self) -> bool {
        self.cells.iter().any(|cell| cell.state == State::Unread)
    }

    /// Whether something is wrong with what the place says.
    pub fn is_wrong(&self) -> bool {
        let open = self.cells.iter().any(|cell| matches!(cell.state, State::Missing | State::Off | State::Unread));
        self.cells.iter().any(|cell| matches!(cell.state, State::Other(_))) || (!open && !self.marks.is_empty())
    }
}

impl Tally {
    fn add(&mut self, has: Option<bool>) {
        self.places += usize::from(has.is_some());
        self.have += usize::from(has == Some(true));
    }
}

impl Count {
    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        let Self { ipv4, ipv6, .. } = self;
        match (ipv4.have, ipv6.have) {
            _ if ipv4.places + ipv6.places == 0 => Verdict::Nothing,
            (_, 0) => Verdict::Ipv4Only,
            (0, _) if ipv4.places > 0 => Verdict::Ipv6Only,
            _ if ipv6.have < ipv6.places || ipv4.have < ipv4.places => Verdict::Half,
            _ => Verdict::Dual,
        }
    }

    /// One sentence: `half dual-stack: 3 of 9 places have IPv6; 1 disagrees`
    pub fn sentence(&self) -> String {
        let Self { ipv4, ipv6, .. } = self;
        let verdict = self.verdict();
        let why = match verdict {
            Verdict::Nothing => String::new(),
            Verdict::Ipv4Only => lacking(Family::V6, ipv6),
            Verdict::Ipv6Only => lacking(Family::V4, ipv4),
            Verdict::Half => {
                let (family, tally) = if ipv6.have < ipv6.places { (Family::V6, ipv6) } else { (Family::V4, ipv4) };
                let has = if tally.have == 1 { "has" } else { "have" };
                format!(": {} of {} {has} {family}", tally.have, places(tally.places))
            }
            Verdict::Dual if ipv4.places == 0 => format!(": IPv6 in all of {}; nothing says an IPv4 range", places(ipv6.have)),
            Verdict::Dual if ipv6.have == 1 => ": the one place has both families".to_owned(),
            Verdict::Dual => format!(": all {} have both families", places(ipv6.have)),
        };
        let mut sentence = format!("{}{why}", verdict.word());
        for (number, one, several) in [(self.wrong, "disagrees", "disagree"), (self.unread, "is filled in later", "are filled in later")] {
            if number > 0 {
                let _ = write!(sentence, "; {number} {}", if number == 1 { one } else { several });
            }
        }
        sentence
    }
}

impl Verdict {
    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing here says a range or switches an address family",
            Self::Ipv4Only => "IPv4 only",
            Self::Ipv6Only => "IPv6 only",
            Self::Half => "half dual-stack",
            Self::Dual => "dual-stack",
        }
    }
}

fn lacking(family: Family, tally: &Tally) -> String {
    match tally.places {
        0 => String::new(),
        1 => format!(": the one place has no {family}"),
        number => format!(": none of {} has {family}", places(number)),
    }
}

fn places(number: usize) -> String {
    format!("{number} place{}", if number == 1 { "" } else { "s" })
}

/// Whether one of the paths is the other, or leads to it.
fn meet(one: &Path, other: &Path) -> bool {
    let (one, other) = (one.steps(), other.steps());
    one.starts_with(other) || other.starts_with(one)
}
