//! A run over files: [`crate::run`] for every package that they make, in parallel.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;

use super::entry::Entry;
use super::files::{SourceFile, Unreadable};
use super::packages::{self, Identity};
use crate::config::{self, Action, Config, ConfigError, Field, KIND};
use crate::map::{self, Map};
use crate::package::{self, Package, PackageError, Resource};
use crate::plan::{Rule, Severity};
use crate::text::{self, Edit, Span};
use crate::yaml::{Node, Tree};
use crate::{run, systems};

static UNREADABLE: Rule = Rule {
    id: "file-unreadable",
    title: "A file cannot be read",
    why: "What is in it is not known, so nothing is said about it; the other files are done.",
    remedy: "Correct the path, the permissions, or the encoding: files must be UTF-8.",
    source: "README, Command line",
};
static NOT_YAML: Rule = Rule {
    id: "file-not-yaml",
    title: "A file of objects is not YAML",
    why: "kubectl cannot read it either; nothing in it is looked at. The other files are done.",
    remedy: "Correct the line. A template, such as of Helm, must be rendered first.",
    source: "README, Command line",
};

static UNWRITTEN: Rule = Rule {
    id: "file-unwritten",
    title: "A file cannot be written",
    why: "It is as it was before; the other files are edited.",
    remedy: "Give yourself write permission for the file and its folder: a file is replaced in one step. Run again over one that was changed meanwhile.",
    source: "README, Command line",
};

/// The rules of runs over files.
pub(super) static RULES: &[&Rule] = &[&UNREADABLE, &NOT_YAML, &UNWRITTEN];

/// The file at this position could not be written.
pub(super) fn unwritten(file: usize, reason: &str) -> Entry {
    Entry { file: Some(file), ..Entry::general(Severity::Error, &UNWRITTEN, reason) }
}

/// How a run is configured.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// The file that `--config` names. Without it, each package is asked for an object of our kind.
    pub config: Option<SourceFile>,
    /// The flags, which speak first.
    pub flags: Vec<Field>,
    /// What the command does, whatever the configuration says; without it, that decides.
    pub action: Option<Action>,
    /// Whether packages are only mapped.
    pub map: bool,
}

/// What came of a run.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// All files with objects, and the one of the configuration.
    pub files: Vec<SourceFile>,
    /// The position of the configuration's file, if it is not one of those that the run is over.
    pub config_file: Option<usize>,
    /// The edits of each file, in order.
    pub edits: Vec<Vec<Edit>>,
    /// The map of each package, if that is asked for.
    pub maps: Vec<Map>,
    /// What there is to say, by file and line; errors about no file come first, advice about no file last.
    pub entries: Vec<Entry>,
    /// How many packages the files make.
    pub packages: usize,
    /// How many files hold no objects of Kubernetes, or patches of some.
    pub skipped: usize,
    /// Whether a file or a configuration could not be read.
    pub could_not: bool,
}

/// What is in a file.
enum Content {
    Objects {
        identities: Vec<Identity>,
        patches: Vec<PathBuf>,
    },
    /// No objects of Kubernetes, or a template that would make some.
    Foreign,
    Broken(PackageError),
}

/// Runs over the packages that `files` make; `tick` is called with the number of files done and of all.
pub(super) fn run(
    files: Vec<SourceFile>,
    unreadable: Vec<Unreadable>,
    settings: &Settings,
    tick: &(dyn Fn(usize, usize) + Sync),
) -> Outcome {
    let mut outcome = Outcome { could_not: !unreadable.is_empty(), ..Outcome::default() };
    outcome
        .entries
        .extend(unreadable.into_iter().map(|file| Entry::general(Severity::Error, &UNREADABLE, format!("{}: {}", file.name, file.reason))));
    let contents: Vec<_> = files.par_iter().map(content).collect();
    let patches: HashSet<PathBuf> = contents.iter().flat_map(Content::patches).cloned().collect();
    let mut objects = Vec::new();
    for (file, content) in files.into_iter().zip(contents) {
        match content {
            Content::Foreign => outcome.skipped += 1,
            Content::Objects { .. } if patches.contains(&normal(Path::new(&file.name))) => outcome.skipped += 1,
            Content::Objects { identities, .. } => {
                objects.push((outcome.files.len(), identities));
                outcome.files.push(file);
            }
            Content::Broken(error) => {
                outcome.could_not = true;
                outcome.entries.push(Entry::at(outcome.files.len(), &file.text, Some(error.offset), &NOT_YAML, error.message));
                outcome.files.push(file);
            }
        }
    }
    let given = settings.config.as_ref().map(|config| {
        let known = outcome.files.iter().position(|file| file.name == config.name);
        known.unwrap_or_else(|| {
            outcome.files.push(config.clone());
            outcome.config_file = Some(outcome.files.len() - 1);
            outcome.files.len() - 1
        })
    });
    outcome.edits = vec![Vec::new(); outcome.files.len()];
    run_packages(&mut outcome, objects, given, settings, tick);
    outcome.sort();
    outcome
}

fn run_packages(
    outcome: &mut Outcome,
    objects: Vec<(usize, Vec<Identity>)>,
    given: Option<usize>,
    settings: &Settings,
    tick: &(dyn Fn(usize, usize) + Sync),
) {
    let all = &outcome.files;
    let (positions, with): (Vec<_>, Vec<_>) =
        objects.into_iter().map(|(file, identities)| (file, (Path::new(all[file].name.as_str()), identities))).unzip();
    let groups = packages::group(&with);
    let total = positions.len();
    let done: Vec<_> = groups
        .into_par_iter()
        .map(|group| {
            let members: Vec<_> = group.into_iter().map(|member| positions[member]).collect();
            let done = run_package(all, &members, given, settings);
            tick(members.len(), total);
            done
        })
        .collect();
    outcome.packages = done.len();
    let concerned = done.iter().any(|package| package.concerned);
    let strict = done.iter().any(|package| package.strict);
    for package in done {
        outcome.could_not |= package.could_not;
        outcome.maps.extend(package.map);
        outcome.entries.extend(package.entries);
        for (file, edits) in package.edits {
            outcome.edits[file] = edits;
        }
    }
    if !concerned && !outcome.could_not {
        let severity = if strict { Severity::Error } else { Severity::Info };
        outcome.entries.push(Entry::general(severity, &run::NOTHING, "nothing to enable: no object switches an address family on"));
    }
}

/// What came of one package.
#[derive(Default)]
struct Done {
    edits: Vec<(usize, Vec<Edit>)>,
    entries: Vec<Entry>,
    /// Whether something in it has to do with address families.
    concerned: bool,
    strict: bool,
    could_not: bool,
    map: Option<Map>,
}

fn run_package(all: &[SourceFile], members: &[usize], given: Option<usize>, settings: &Settings) -> Done {
    let files: Vec<_> = members.iter().map(|&member| (all[member].name.as_str(), all[member].text.as_str())).collect();
    let (file, error) = match package::with_files(&files, |package| run_joined(package, all, members, given, settings)) {
        Ok(done) => return done,
        Err(broken) => broken,
    };
    // The others are done without it.
    let others: Vec<_> = members.iter().copied().filter(|&member| member != members[file]).collect();
    let mut done = if others.is_empty() { Done::default() } else { run_package(all, &others, given, settings) };
    done.entries.push(Entry::at(members[file], &all[members[file]].text, Some(error.offset), &NOT_YAML, error.message));
    Done { could_not: true, concerned: true, ..done }
}

fn run_joined(package: &Package<'_>, all: &[SourceFile], members: &[usize], given: Option<usize>, settings: &Settings) -> Done {
    let file_of = |resource: usize| {
        let name = package.all().get(resource).and_then(Resource::file);
        members.iter().copied().find(|&member| Some(all[member].name.as_str()) == name).unwrap_or(members[0])
    };
    let mut config = match configuration(package, &file_of, all, given, settings) {
        Ok(config) => config,
        Err(entries) => return Done { entries, could_not: true, concerned: true, ..Done::default() },
    };
    config.action = settings.action.unwrap_or(config.action);
    if settings.map {
        return Done { map: Some(map::map(package, &config)), concerned: true, ..Done::default() };
    }
    let strict = config.strict;
    if !is_concerned(package, &config) {
        return Done { strict, ..Done::default() };
    }
    let outcome = run::run(package, &config);
    let mut done = Done { strict, concerned: true, ..Done::default() };
    let said = outcome.reports.into_iter().filter(|report| report.rule != run::NOTHING.id);
    done.entries.extend(said.map(|report| Entry::of(report, package, file_of)));
    for (resource, edits) in outcome.edits {
        let file = file_of(resource);
        match done.edits.last_mut() {
            Some((last, of_file)) if *last == file => of_file.extend(edits),
            _ => done.edits.push((file, edits)),
        }
    }
    for (file, edits) in &mut done.edits {
        if let Err(overlap) = text::sort(edits) {
            let at = Some(overlap.first.span.start);
            done.entries.push(Entry::at(*file, &all[*file].text, at, &run::UNVERIFIED, overlap.to_string()));
        }
    }
    // An edit that is missing is an error in `Check`, and no edit.
    if config.action == Action::Check || done.entries.iter().any(|entry| entry.severity == Severity::Error) {
        done.edits.clear();
    }
    done
}

/// Whether a system or a fact has to do with the package, whatever the ranges will be.
pub(super) fn is_concerned(package: &Package<'_>, config: &Config) -> bool {
    !systems::plan(package, config).is_empty() || !systems::facts(package).ranges.is_empty()
}

/// The configuration of a package: of the file given, else of its object of our kind; each flag speaks first.
fn configuration(
    package: &Package<'_>,
    file_of: &dyn Fn(usize) -> usize,
    all: &[SourceFile],
    given: Option<usize>,
    settings: &Settings,
) -> Result<Config, Vec<Entry>> {
    if let Some(given) = given {
        let text = all[given].text.as_str();
        let tree = Tree::parse(text, Span::new(0, text.len()))
            .map_err(|error| vec![Entry::at(given, text, Some(error.offset), &NOT_YAML, error.message)])?;
        let is_ours = |root: &Node<'_>| root.text_at(&["kind"]) == Some(KIND);
        let root = tree.roots().find(is_ours).or_else(|| tree.roots().find(|root| !root.is_null()));
        let Some(root) = root else { return Err(vec![Entry::at(given, text, None, &run::CONFIG, "the file holds no functionConfig")]) };
        return read_config(Some((root, given)), settings);
    }
    let ours: Vec<&Resource<'_>> = package.all().iter().filter(|resource| is_ours(resource)).collect();
    match ours.as_slice() {
        [] => read_config(None, settings),
        [one] => read_config(Some((one.root(), file_of(one.index))), settings),
        [_, second, ..] => {
            let file = file_of(second.index);
            let message = "the package has several functionConfigs: say which one with `--config FILE`";
            Err(vec![Entry::at(file, &all[file].text, Some(second.root().start()), &run::CONFIG, message)])
        }
    }
}

/// Whether the object is a functionConfig of our own kind.
pub(super) fn is_ours(resource: &Resource<'_>) -> bool {
    resource.kind == KIND && resource.api_version.starts_with("dualstack.krm/")
}

fn read_config(from: Option<(Node<'_>, usize)>, settings: &Settings) -> Result<Config, Vec<Entry>> {
    let entry = |error: ConfigError| {
        let is_flag = settings.flags.iter().any(|flag| flag.name == error.field);
        match from.filter(|_| !is_flag) {
            Some((root, file)) => {
                let place = ["spec", "data"].iter().find_map(|part| root.at(&[part, &error.field])).or_else(|| root.get(&error.field));
                Entry::at(file, root.source(), Some(place.unwrap_or(root).start()), &run::CONFIG, error.message)
            }
            None => Entry::general(Severity::Error, &run::CONFIG, error.message),
        }
    };
    let mut fields = match from {
        Some((root, _)) => config::fields_of(Some(root)).map_err(|error| vec![entry(error)])?,
        None => Vec::new(),
    };
    fields.retain(|field| !settings.flags.iter().any(|flag| flag.name == field.name));
    fields.extend(settings.flags.iter().cloned());
    Config::read(fields).map_err(|errors| errors.into_iter().map(entry).collect())
}

fn content(file: &SourceFile) -> Content {
    let has = |word: &str| memchr::memmem::find(file.text.as_bytes(), word.as_bytes()).is_some();
    let is_stdin = file.path.is_none();
    if !(is_stdin || has("apiVersion") && has("kind")) {
        return Content::Foreign;
    }
    let objects = package::with(&file.text, |package| {
        let is_object = |resource: &Resource<'_>| !resource.kind.is_empty() && !resource.api_version.is_empty();
        if !is_stdin && !package.all().iter().any(is_object) {
            return Content::Foreign;
        }
        Content::Objects { identities: packages::identities(package), patches: patches(Path::new(&file.name), package) }
    });
    match objects {
        Ok(content) => content,
        Err(_) if !file.named && has("{{") => Content::Foreign,
        Err(error) => Content::Broken(error),
    }
}

/// The files that hold objects of Kubernetes, by package, and those that cannot be read.
pub(super) struct SortedOut {
    /// The positions of the files of each package.
    pub packages: Vec<Vec<usize>>,
    pub broken: Vec<(usize, PackageError)>,
}

/// Tells what is in the files, without a configuration.
pub(super) fn sort_out(files: &[SourceFile]) -> SortedOut {
    let contents: Vec<_> = files.par_iter().map(content).collect();
    let patches: HashSet<PathBuf> = contents.iter().flat_map(Content::patches).cloned().collect();
    let (mut positions, mut with, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for (index, content) in contents.into_iter().enumerate() {
        let path = Path::new(files[index].name.as_str());
        match content {
            Content::Objects { identities, .. } if !patches.contains(&normal(path)) => {
                positions.push(index);
                with.push((path, identities));
            }
            Content::Broken(error) => broken.push((index, error)),
            Content::Objects { .. } | Content::Foreign => {}
        }
    }
    let of_files = |group: Vec<usize>| group.into_iter().map(|member| positions[member]).collect();
    SortedOut { packages: packages::group(&with).into_iter().map(of_files).collect(), broken }
}

/// The files that a kustomization uses as patches: parts of objects, not objects.
fn patches(file: &Path, package: &Package<'_>) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut patches = Vec::new();
    for resource in package.all().iter().filter(|resource| resource.group() == "kustomize.config.k8s.io") {
        let root = resource.root();
        let strategic = root.get("patchesStrategicMerge").into_iter().flat_map(Node::items).filter_map(Node::text);
        let with_path = ["patches", "patchesJson6902"].into_iter().filter_map(|key| root.get(key)).flat_map(Node::items);
        let named = with_path.filter_map(|patch| patch.text_at(&["path"]));
        patches.extend(strategic.chain(named).map(|patch| normal(&folder.join(patch))));
    }
    patches
}

/// The path without `.` and, as far as that can be told from the text alone, without `..`.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for step in path.components() {
        match step {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            step => normal.push(step),
        }
    }
    normal
}

impl Content {
    fn patches(&self) -> &[PathBuf] {
        match self {
            Self::Objects { patches, .. } => patches,
            Self::Foreign | Self::Broken(_) => &[],
        }
    }
}

impl Outcome {
    /// By file and place; advice about the whole comes last. Nothing is said twice.
    fn sort(&mut self) {
        let is_advice = |entry: &Entry| entry.file.is_none() && entry.severity == Severity::Info;
        self.entries.sort_by_key(|entry| (is_advice(entry), entry.file, entry.span, entry.severity));
        self.entries.dedup();
    }

    /// How many entries are this bad.
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.entries.iter().filter(|entry| entry.severity == severity).count()
    }

    /// 0: done. 1: there is an error. 2: something could not be read.
    pub(super) fn code(&self) -> u8 {
        if self.could_not { 2 } else { u8::from(self.count(Severity::Error) > 0) }
    }
}
