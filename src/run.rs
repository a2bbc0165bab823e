//! The story: read, plan, lower, verify, report. All in memory, nothing from outside.

use std::collections::BTreeMap;

use crate::apply::{self, Refusal};
use crate::checks::{self, Seen};
use crate::config::{self, Action, Config, ConfigError};
use crate::package::{self, Form, Package, PackageError, Resource};
use crate::plan::{Addition, Change, Plan, Rule, Severity};
use crate::results::{self, Report};
use crate::roll_out::{self, Touched};
use crate::secrets;
use crate::systems;
use crate::text::{self, Edit, Span};
use crate::yaml::{Done, Path, Tree};

/// What came of a package.
#[derive(Debug)]
pub struct Outcome {
    /// The edits of each object, by its position in the package; none if there is an error.
    pub edits: BTreeMap<usize, Vec<Edit>>,
    /// What there is to say, errors first.
    pub reports: Vec<Report>,
}

/// What a KRM function answers.
#[derive(Debug)]
pub struct Response {
    /// The edits that make the output of the input; `None`: there is no output.
    pub output: Option<Vec<Edit>>,
    /// The text for stderr.
    pub stderr: String,
    /// 0: done. 1: there is an error in the results. 2: could not run.
    pub code: u8,
}

/// The configuration cannot be accepted.
pub static CONFIG: Rule = Rule {
    id: "config",
    title: "The functionConfig",
    why: "Without a configuration that can be read, nothing is edited.",
    remedy: "Correct the field.",
    source: "README, Configuration",
};
static BLOCKED: Rule = Rule {
    id: "edit-blocked",
    title: "An edit cannot be made",
    why: "Something in the text is in the way: an alias, a duplicate key, a value of another kind.",
    remedy: "Change the place by hand, as the message says.",
    source: "docs/architecture.md",
};
static DUPLICATE_KEY: Rule = Rule {
    id: "duplicate-key",
    title: "A key is there twice",
    why: "Kubernetes' readers refuse an object with a duplicate key, or take one of the two silently.",
    remedy: "Remove one of them.",
    source: "https://yaml.org/spec/1.2.2/#3213-node-comparison",
};
/// Edits that are a bug.
pub static UNVERIFIED: Rule = Rule {
    id: "edit-unverified",
    title: "An edit did not come out as it was meant",
    why: "The edited text is parsed again and compared with what was meant; here they differ, so nothing was edited.",
    remedy: "Report it, with the input: this is a bug of enable-dual-stack.",
    source: "docs/architecture.md",
};
/// The package does not ask for anything.
pub static NOTHING: Rule = Rule {
    id: "nothing-to-enable",
    title: "Nothing to enable here",
    why: "No object of the package switches an address family on; in a part of a package that is normal.",
    remedy: "Set `strict` to make it an error.",
    source: "README, Configuration",
};

/// The rules of the run itself.
pub static RULES: &[&Rule] = &[&CONFIG, &BLOCKED, &DUPLICATE_KEY, &UNVERIFIED, &NOTHING, &roll_out::ORDER, &roll_out::VERSION_UNKNOWN];

/// Every rule that there is, each once: those of the systems, of the checks, and of the run.
pub fn rules() -> Vec<&'static Rule> {
    let of_systems = systems::ALL.iter().flat_map(|system| system.rules);
    let of_checks = checks::ALL.iter().flat_map(|check| check.rules);
    let mut rules: Vec<&'static Rule> = Vec::new();
    for rule in of_systems.chain(of_checks).chain(RULES) {
        if !rules.iter().any(|known| known.id == rule.id) {
            rules.push(rule);
        }
    }
    rules
}

/// A KRM function: the text of a ResourceList in, the edits that make its answer out.
pub fn function(input: &str) -> Response {
    package::with(input, answer).unwrap_or_else(|error| not_a_package(input, &error))
}

fn answer(package: &Package<'_>) -> Response {
    if package.form != Form::ResourceList {
        return could_not_run(
            "error: the input must be a ResourceList, as kustomize and kpt hand it to a function; see `enable-dual-stack --help`\n".into(),
        );
    }
    let (outcome, code) = match config::fields_of(package.function_config()).map_err(|error| vec![error]).and_then(Config::read) {
        Ok(config) => {
            let outcome = run(package, &config);
            let code = u8::from(results::has_error(&outcome.reports));
            (outcome, code)
        }
        Err(errors) => (failed(errors), 2),
    };
    respond(package, outcome, code)
}

/// A plain stream of objects in, the edits that make its answer out; `config` is the text of the functionConfig. Where
/// there is an error there is no output, because such a stream has no place for results.
pub fn stream(input: &str, config: &str) -> Response {
    package::with(input, |package| answer_plainly(package, config)).unwrap_or_else(|error| not_a_package(input, &error))
}

fn answer_plainly(package: &Package<'_>, config: &str) -> Response {
    let (outcome, code) = match read_config(config) {
        Ok(config) => {
            let outcome = run(package, &config);
            let code = u8::from(results::has_error(&outcome.reports));
            (outcome, code)
        }
        Err(errors) => (failed(errors), 2),
    };
    let stderr = results::lines(&outcome.reports, package);
    if code > 0 {
        return Response { output: None, stderr, code };
    }
    let mut edits: Vec<_> = outcome.edits.into_values().flatten().collect();
    match text::sort(&mut edits) {
        Ok(()) => Response { output: Some(edits), stderr, code },
        Err(overlap) => could_not_run(format!("{stderr}error: {overlap}; this is a bug of enable-dual-stack\n")),
    }
}

/// The configuration that a text holds.
fn read_config(text: &str) -> Result<Config, Vec<ConfigError>> {
    let tree = Tree::parse(text, Span::new(0, text.len())).map_err(|error| {
        vec![ConfigError { field: String::new(), message: format!("the functionConfig cannot be read as YAML: {error}") }]
    })?;
    let root = tree.roots().find(|root| !root.is_null());
    Config::read(config::fields_of(root).map_err(|error| vec![error])?)
}

fn not_a_package(input: &str, error: &PackageError) -> Response {
    could_not_run(at_place(input, error.offset, error))
}

/// The line for stderr about what is wrong at `offset`.
fn at_place(input: &str, offset: usize, error: &impl std::fmt::Display) -> String {
    let at = text::position(input, offset);
    format!("error: line {}, column {}: {}\n", at.line, at.column, results::short(error.to_string()))
}

fn could_not_run(stderr: String) -> Response {
    Response { output: None, stderr, code: 2 }
}

/// Nothing is edited, because the configuration cannot be read.
fn failed(errors: Vec<ConfigError>) -> Outcome {
    Outcome { edits: BTreeMap::new(), reports: errors.into_iter().map(config_error).collect() }
}

fn config_error(error: ConfigError) -> Report {
    Report::general(Severity::Error, &CONFIG, error.message)
}

/// The edits of the objects and those of `results`, together.
fn respond(package: &Package<'_>, outcome: Outcome, code: u8) -> Response {
    let stderr = results::lines(&outcome.reports, package);
    let results = outcome.reports.iter().map(|report| report.result(package)).collect();
    let mut edits: Vec<_> = outcome.edits.into_values().flatten().collect();
    match package.results(results) {
        Ok(of_results) => {
            // Both may have to keep the last line of the text as it is: they share that edit.
            let new: Vec<_> = of_results.into_iter().filter(|edit| !edits.contains(edit)).collect();
            edits.extend(new);
        }
        Err(blocked) => return could_not_run(stderr + &at_place(package.text, blocked.offset, &blocked)),
    }
    match text::sort(&mut edits) {
        Ok(()) => Response { output: Some(edits), stderr, code },
        Err(overlap) => could_not_run(format!("{stderr}error: {overlap}; this is a bug of enable-dual-stack\n")),
    }
}

/// Plans, and makes of the plan either edits or, in `Check`, errors. No value of a Secret is said.
pub fn run(package: &Package<'_>, given: &Config) -> Outcome {
    let mut outcome = planned(package, given);
    secrets::hide(&mut outcome.reports, package);
    outcome
}

fn planned(package: &Package<'_>, given: &Config) -> Outcome {
    let facts = systems::facts(package);
    let config = match given.clone().settle(&facts) {
        Ok(config) => config,
        Err(error) => {
            // What the package does without a range is the reason why one must be given.
            let found = checks::check(&Seen { package, facts: &facts, config: given, given }).findings.into_iter();
            let errors = found.filter(|finding| finding.severity == Severity::Error).map(|finding| Report::of_finding(finding, package));
            let mut outcome = failed(vec![error]);
            outcome.reports.extend(errors);
            return outcome;
        }
    };
    let plan = systems::plan(package, &config);
    let mut reports: Vec<_> = config.warnings.iter().map(|warning| Report::general(Severity::Warning, &CONFIG, &warning.message)).collect();
    if reports.is_empty() && plan.is_empty() && facts.ranges.is_empty() && !facts.seen {
        let severity = if config.strict { Severity::Error } else { Severity::Info };
        reports.push(Report::general(severity, &NOTHING, "nothing to enable: no object of this package switches an address family on"));
    }
    // What is done comes before what is to be known: hosts may show the first few results only.
    let (edits, done) = changed(package, &plan, (&config, given), &mut reports);
    reports.extend(plan.findings.into_iter().map(|finding| Report::of_finding(finding, package)));
    if edits.is_empty() {
        // Advice goes with changes: a package that needs none is left in peace.
        reports.retain(|report| report.severity < Severity::Info || report.rule == NOTHING.id);
    }
    results::sort(&mut reports);
    if results::has_error(&reports) {
        // All or nothing: what is not done must not be said to be done.
        reports.retain(|report| report.severity < Severity::Info || config.action == Action::Check);
        return Outcome { edits: BTreeMap::new(), reports };
    }
    if !done.is_empty() && config.action == Action::Apply {
        let told = given.kubernetes_version.or_else(|| facts.kubernetes_version());
        reports.extend(roll_out::unknown_version(&done, told, &facts));
        reports.push(roll_out::order(&done));
    }
    Outcome { edits, reports }
}

/// The verified edits of all changes and additions, by object, and what was done; the reports about them, and about the package
/// as they leave it. There are two configurations: with what it left out filled in, and as it was given.
fn changed<'a>(
    package: &'a Package<'_>,
    plan: &Plan,
    (config, given): (&Config, &Config),
    reports: &mut Vec<Report>,
) -> (BTreeMap<usize, Vec<Edit>>, Vec<Touched<'a>>) {
    let from = reports.len();
    let mut by_resource: BTreeMap<usize, Vec<&Change>> = BTreeMap::new();
    for change in &plan.changes {
        by_resource.entry(change.resource).or_default().push(change);
    }
    let (mut edits, mut texts) = (BTreeMap::new(), BTreeMap::new());
    for (&index, changes) in &by_resource {
        match apply::apply(&package.all()[index], changes) {
            Ok(None) => {}
            Ok(Some(applied)) => {
                reports.extend(applied.done.into_iter().map(|done| report_of(done, changes, config.action)));
                edits.insert(index, applied.edits);
                texts.insert(index, applied.text);
            }
            Err(refusal) => reports.push(refused(&package.all()[index], refusal)),
        }
    }
    for addition in &plan.additions {
        let beside = &package.all()[addition.beside];
        match package.append(beside, &addition.object) {
            Ok(appended) => {
                reports.push(added(addition, config.action));
                // Both may have to keep the last line of the text as it is: they share that edit.
                let behind: &mut Vec<Edit> = edits.entry(appended.behind).or_default();
                let new: Vec<_> = appended.edits.into_iter().filter(|edit| !behind.contains(edit)).collect();
                behind.extend(new);
                let behind_all = texts.last_key_value().map_or(0, |(last, _)| last + 1).max(package.all().len());
                texts.insert(behind_all, appended.text);
            }
            Err(blocked) => reports.push(refused(beside, Refusal::Blocked(blocked))),
        }
    }
    let object = |index: usize| (package.all()[index].group(), package.all()[index].kind.as_ref());
    let done = reports[from..].iter().filter_map(|report| Some(Touched { rule: report.rule, object: object(report.resource?) })).collect();
    let edited = package.edited(&texts);
    for (index, changes) in by_resource.iter().filter(|(index, _)| texts.contains_key(index)) {
        let (before, edited) = (&package.all()[*index], edited.as_ref().map(|edited| &edited.all()[*index]));
        if !edited.is_ok_and(|after| apply::came_out_as_meant(before, after, changes)) {
            reports.push(refused(before, Refusal::Unfit));
        }
    }
    if let Ok(edited) = edited {
        let found = checks::check(&Seen { package: &edited, facts: &systems::facts(&edited), config, given });
        reports.extend(found.findings.into_iter().map(|finding| Report::of_finding(finding, package)));
    }
    (edits, done)
}

/// A change has two faces: done in `Apply`, missing in `Check`. The mode is looked at here and nowhere else.
fn face(message: &str, action: Action) -> (Severity, String) {
    match action {
        Action::Apply => (Severity::Info, message.to_owned()),
        Action::Check => (Severity::Error, format!("must be changed: {message}")),
    }
}

fn report_of(done: Done, changes: &[&Change], action: Action) -> Report {
    let change = changes[done.op];
    let (severity, message) = face(&change.message, action);
    Report {
        resource: Some(change.resource),
        path: Some(done.path),
        current: done.current,
        proposed: done.proposed,
        offset: Some(done.offset),
        ..Report::general(severity, change.rule, message)
    }
}

fn added(addition: &Addition, action: Action) -> Report {
    let (severity, message) = face(&addition.message, action);
    Report {
        resource: Some(addition.beside),
        new: Some(addition.object.clone()),
        path: Some(Path::of(&["spec"])),
        proposed: addition.object.get("spec").cloned(),
        ..Report::general(severity, addition.rule, message)
    }
}

fn refused(resource: &Resource<'_>, refusal: Refusal) -> Report {
    let root = resource.root();
    let (rule, offset, path, message) = match refusal {
        Refusal::Blocked(blocked) => (&BLOCKED, blocked.offset, Some(blocked.path), blocked.reason),
        Refusal::DuplicateKey(key, first, second) => {
            let line = text::position(root.source(), first).line;
            let message = format!("the key \"{key}\" is there twice (first at line {line}): remove one, then the object can be edited");
            (&DUPLICATE_KEY, second, None, message)
        }
        Refusal::Unfit => {
            let message = "the edited text does not say what was meant, so nothing was edited; this is a bug of enable-dual-stack, please report it with the input";
            (&UNVERIFIED, root.start(), None, message.to_owned())
        }
    };
    Report { resource: Some(resource.index), offset: Some(offset), path, ..Report::general(Severity::Error, rule, message) }
}
