//! The story: read, plan, lower, verify, report. All in memory, nothing from outside.

use std::collections::BTreeMap;

use crate::config::{self, Action, Config, ConfigError};
use crate::package::{Form, Package, Resource};
use crate::plan::{Change, Rule, Severity};
use crate::results::{self, Report};
use crate::systems;
use crate::text::{self, Edit, Span};
use crate::yaml::{self, Blocked, Done, Kind, Layout, Op, Tree};

/// What came of a package.
#[derive(Debug)]
pub struct Outcome {
    /// The edits of its text; none if there is an error.
    pub edits: Vec<Edit>,
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

static CONFIG: Rule = Rule {
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
static UNVERIFIED: Rule = Rule {
    id: "edit-unverified",
    title: "An edit did not come out as it was meant",
    why: "The edited text is parsed again and compared with what was meant; here they differ, so nothing was edited.",
    remedy: "Report it, with the input: this is a bug of enable-dual-stack.",
    source: "docs/architecture.md",
};
static NOTHING: Rule = Rule {
    id: "nothing-to-enable",
    title: "Nothing to enable here",
    why: "No object of the package switches an address family on; in a part of a package that is normal.",
    remedy: "Set `strict` to make it an error.",
    source: "README, Configuration",
};

/// The rules of the run itself.
pub static RULES: &[&Rule] = &[&CONFIG, &BLOCKED, &DUPLICATE_KEY, &UNVERIFIED, &NOTHING];

/// A KRM function: the text of a ResourceList in, the edits that make its answer out.
pub fn function(input: &str) -> Response {
    let package = match Package::read(input) {
        Ok(package) => package,
        Err(error) => {
            let at = text::position(input, error.offset);
            return could_not_run(format!("error: line {}, column {}: {error}\n", at.line, at.column));
        }
    };
    if package.form != Form::ResourceList {
        return could_not_run(
            "error: the input must be a ResourceList, as kustomize and kpt hand it to a function; see `enable-dual-stack --help`\n".into(),
        );
    }
    let (outcome, code) = match config::fields_of(package.function_config()).map_err(|error| vec![error]).and_then(Config::read) {
        Ok(config) => {
            let outcome = run(&package, &config);
            let code = u8::from(results::has_error(&outcome.reports));
            (outcome, code)
        }
        Err(errors) => (Outcome { edits: Vec::new(), reports: errors.into_iter().map(config_error).collect() }, 2),
    };
    respond(&package, outcome, code)
}

fn could_not_run(stderr: String) -> Response {
    Response { output: None, stderr, code: 2 }
}

fn config_error(error: ConfigError) -> Report {
    Report::general(Severity::Error, &CONFIG, error.message)
}

/// The edits of the objects and those of `results`, together.
fn respond(package: &Package<'_>, outcome: Outcome, code: u8) -> Response {
    let stderr = results::lines(&outcome.reports, package);
    let results = outcome.reports.iter().map(|report| report.result(package)).collect();
    let mut edits = outcome.edits;
    match package.results(results) {
        Ok(of_results) => {
            // Both may have to keep the last line of the text as it is: they share that edit.
            let last = edits.len().saturating_sub(4);
            let new: Vec<_> = of_results.into_iter().filter(|edit| !edits[last..].contains(edit)).collect();
            edits.extend(new);
        }
        Err(blocked) => return could_not_run(format!("{stderr}error: {blocked}\n")),
    }
    match text::sort(&mut edits) {
        Ok(()) => Response { output: Some(edits), stderr, code },
        Err(overlap) => could_not_run(format!("{stderr}error: {overlap}; this is a bug of enable-dual-stack\n")),
    }
}

/// Plans, and makes of the plan either edits or, in `Check`, errors.
pub fn run(package: &Package<'_>, config: &Config) -> Outcome {
    let plan = systems::plan(package, config);
    let mut reports: Vec<_> = config
        .warnings
        .iter()
        .map(|warning| Report::general(Severity::Warning, &CONFIG, &warning.message))
        .chain(plan.findings.into_iter().map(|finding| Report::of_finding(finding, package)))
        .collect();
    if reports.is_empty() && plan.changes.is_empty() {
        let severity = if config.strict { Severity::Error } else { Severity::Info };
        reports.push(Report::general(severity, &NOTHING, "nothing to enable: no object of this package switches an address family on"));
    }
    let mut by_resource: BTreeMap<usize, Vec<&Change>> = BTreeMap::new();
    for change in &plan.changes {
        by_resource.entry(change.resource).or_default().push(change);
    }
    let mut edits = Vec::new();
    for (resource, changes) in by_resource {
        match edit(&package.all()[resource], &changes) {
            Ok((of_resource, done)) => {
                reports.extend(done.into_iter().map(|done| report_of(done, &changes, config.action)));
                edits.extend(of_resource);
            }
            Err(report) => reports.push(*report),
        }
    }
    results::sort(&mut reports);
    if results::has_error(&reports) {
        // All or nothing: what is not done must not be said to be done.
        reports.retain(|report| report.severity < Severity::Info || config.action == Action::Check);
        edits.clear();
    }
    Outcome { edits, reports }
}

/// A change has two faces: done in `Apply`, missing in `Check`. The mode is looked at here and nowhere else.
fn report_of(done: Done, changes: &[&Change], action: Action) -> Report {
    let change = changes[done.op];
    let (severity, message) = match action {
        Action::Apply => (Severity::Info, change.message.clone()),
        Action::Check => (Severity::Error, format!("must be changed: {}", change.message)),
    };
    Report {
        severity,
        message,
        rule: change.rule.id,
        resource: Some(change.resource),
        path: Some(done.path),
        current: done.current,
        proposed: done.proposed,
        offset: Some(done.offset),
    }
}

/// The verified edits of one object.
fn edit(resource: &Resource<'_>, changes: &[&Change]) -> Result<(Vec<Edit>, Vec<Done>), Box<Report>> {
    let root = resource.root();
    let ops: Vec<Op> = changes.iter().map(|change| change.op.clone()).collect();
    let lowered = yaml::lower(root, &ops).map_err(|blocked| Box::new(blocked_report(resource, blocked)))?;
    if lowered.edits.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    if let Some((first, second)) = root.descendants().find_map(super::yaml::Node::duplicate_key) {
        let text = root.tree().text();
        let (key, line) = (first.text().unwrap_or_default(), text::position(text, first.start()).line);
        let message = format!("the key \"{key}\" is there twice (first at line {line}): remove one, then it can be edited");
        return Err(Box::new(problem(resource, &DUPLICATE_KEY, second.start(), message)));
    }
    if !comes_out_as_meant(resource, &lowered.edits, &ops) {
        let message = "the edited text does not say what was meant, so nothing was edited; this is a bug of enable-dual-stack, please report it with the input";
        return Err(Box::new(problem(resource, &UNVERIFIED, root.start(), message.into())));
    }
    Ok((lowered.edits, lowered.done))
}

fn blocked_report(resource: &Resource<'_>, blocked: Blocked) -> Report {
    Report { path: Some(blocked.path), ..problem(resource, &BLOCKED, blocked.offset, blocked.reason) }
}

fn problem(resource: &Resource<'_>, rule: &'static Rule, offset: usize, message: String) -> Report {
    Report { resource: Some(resource.index), offset: Some(offset), ..Report::general(Severity::Error, rule, message) }
}

/// Parses the edited object again, and compares it with the object as it was and what was wished.
fn comes_out_as_meant(resource: &Resource<'_>, edits: &[Edit], ops: &[Op]) -> bool {
    let root = resource.root();
    let text = root.tree().text();
    let is_flow = matches!(root.kind(), Kind::Mapping(Layout::Flow));
    let start = text::line_start(text, root.start());
    let object_end = if is_flow { root.span().end } else { text::line_end(text, root.span().end) };
    // Behind the comments that belong to the object, new keys may stand, too.
    let end = edits.iter().map(|edit| edit.span.end).fold(object_end, usize::max);
    let is_comment = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if !text[object_end..end].lines().all(is_comment) {
        return false;
    }
    let mut moved = edits.to_vec();
    for edit in &mut moved {
        if edit.span.start < root.start() || edit.span.end > end {
            return false;
        }
        edit.span = Span::new(edit.span.start - start, edit.span.end - start);
    }
    // What stands in front on the first line, such as a dash, becomes blanks: the columns stay true.
    let before = Edit::replace(Span::new(0, root.start() - start), " ".repeat(root.start() - start));
    moved.insert(0, before);
    let Ok(after) = text::splice(&text[start..end], moved) else { return false };
    let Ok(tree) = Tree::parse(&after, Span::new(0, after.len())) else { return false };
    let mut roots = tree.roots();
    match (roots.next(), roots.next()) {
        (Some(edited), None) => yaml::agrees(root, edited, ops),
        _ => false,
    }
}
