//! One package, one configuration, all invariants (docs/architecture.md), in every form that a package can come in.

#![allow(dead_code, reason = "each test program uses a part of it")]

use enable_dual_stack::config::{Action, Config, fields_of};
use enable_dual_stack::package::{Form, Package};
use enable_dual_stack::results::Report;
use enable_dual_stack::run;
use enable_dual_stack::text::{self, Edit};
use enable_dual_stack::yaml::Value;
use serde_json::json;

use super::forms;
use super::oracle::{self, Identity, Said};

/// What the function does to a package as its user wrote it.
pub(crate) struct Checked {
    /// The input with the edits of its objects, but without the results.
    pub(crate) output: String,
    /// What the function says about it, from the `results` of its answer.
    pub(crate) said: Vec<Said>,
    /// The text of those `results`.
    pub(crate) results: String,
}

/// Runs `input` (a stream, a List or a ResourceList) under `config` (a functionConfig).
pub(crate) fn as_written(input: &str, config: &str) -> Checked {
    let list = in_a_list(input, config);
    let answer = ask(&list, None);
    let results = results_text(&answer.output).to_owned();
    let Some(config) = config_of(&list) else {
        assert_eq!(answer.code, 2, "a configuration that cannot be read, with {:?}", answer.said);
        assert!(!answer.said.is_empty() && answer.said.iter().all(|said| said.severity == "error"));
        assert_no_item_changed(&list, &answer);
        return Checked { output: input.to_owned(), said: answer.said, results };
    };
    let package = Package::read(input).expect("read before");
    let output = text::splice(input, run::run(&package, &config).edits.into_values().flatten().collect()).expect("no overlap");
    Checked { output, said: answer.said, results }
}

/// Runs it, and asks for every invariant.
///
/// # Panics
/// Where one does not hold.
pub(crate) fn check(input: &str, config: &str) -> Checked {
    let checked = as_written(input, config);
    let list = in_a_list(input, config);
    let Some(config) = config_of(&list) else { return checked };
    let twins = twins(input, &forms::documents(input), &applying(&list));
    let mut first: Option<Vec<String>> = None;
    for (name, twin) in &twins {
        let _note = Note(name);
        let said = one_form(twin, &config);
        let first = first.get_or_insert_with(|| said.clone());
        assert_eq!(*first, said, "other changes than in the form \"{}\"", twins[0].0);
    }
    if config.action == Action::Apply {
        assert_eq!(*first.expect("a first form"), checked.said.iter().map(comparable).collect::<Vec<_>>(), "other changes than as written");
    }
    checked
}

/// The ResourceList that a package is, or is put into, with the configuration in it.
fn in_a_list(input: &str, config: &str) -> String {
    if is_resource_list(input) { configured(input, config) } else { forms::resource_list(&forms::documents(input), config) }
}

/// The forms by name: the same objects, under the same configuration, which says `Apply`.
fn twins(input: &str, documents: &[String], config: &str) -> Vec<(&'static str, String)> {
    let stream = forms::stream(documents);
    let list = forms::list(documents);
    let resource_list = forms::resource_list(documents, config);
    let by_hand = forms::resource_list_by_hand(documents, config);
    let mut twins = vec![
        ("as it is", if is_resource_list(input) { configured(input, config) } else { input.to_owned() }),
        ("stream", stream.clone()),
        ("stream, CRLF", forms::crlf(&stream)),
        ("stream, BOM", forms::bom(stream.trim_start_matches("---\n"))),
        ("stream, no last newline", forms::chomped(&stream)),
        ("stream, compact sequences", forms::with_sequences(&stream, false)),
        ("stream, indented sequences", forms::with_sequences(&stream, true)),
        ("List, CRLF, no last newline", forms::chomped(&forms::crlf(&list))),
        ("List", list),
        ("ResourceList, BOM, CRLF", forms::bom(&forms::crlf(&resource_list))),
        ("ResourceList, no last newline", forms::chomped(&resource_list)),
        ("ResourceList", resource_list),
        ("ResourceList by hand, BOM, CRLF", forms::bom(&forms::crlf(&by_hand))),
        ("ResourceList by hand, no last newline", forms::chomped(&by_hand)),
        ("ResourceList by hand", by_hand),
    ];
    if let Some(objects) = forms::json(&stream) {
        let config: serde_json::Value = serde_json::from_str(config).expect("JSON");
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        let resource_list =
            json!({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "functionConfig": config, "items": objects});
        twins.push(("JSON List on one line", list.to_string()));
        twins.push(("JSON List", format!("{list:#}\n")));
        twins.push(("JSON ResourceList", format!("{resource_list:#}\n")));
    }
    twins
}

/// Asks one form for every invariant; what it says, for comparing.
fn one_form(input: &str, config: &Config) -> Vec<String> {
    let applied = invariants(input, config);
    let changes: Vec<_> = applied.said.iter().filter(|said| said.is_change()).collect();
    if !changes.is_empty() {
        assert_only_their_documents_changed(input, &applied.output, &changes);
    }
    applied.said.iter().map(comparable).collect()
}

/// Asks one text for every invariant that needs no look at its lines. What comes of it in `Apply`.
///
/// # Panics
/// Where one does not hold, and where another reader of YAML cannot read the text.
pub(crate) fn invariants(input: &str, config: &Config) -> Answer {
    let applied = ask(input, Some(&Config { action: Action::Apply, ..config.clone() }));
    let again = ask(input, Some(&Config { action: Action::Apply, ..config.clone() }));
    assert!(applied.output == again.output, "two runs give the same bytes");
    assert!(undone(input, &applied.output, &applied.edits) == input, "undoing the edits gives the input back");
    let failed = applied.said.iter().any(|said| said.severity == "error");
    let changes: Vec<_> = applied.said.iter().filter(|said| said.is_change()).collect();
    assert!(changes.is_empty() || !failed, "an error, and changes");
    assert_eq!(applied.code, u8::from(failed));
    if changes.is_empty() {
        assert_no_item_changed(input, &applied);
    } else {
        let objects = |text: &str| oracle::objects(text).unwrap_or_else(|error| panic!("not YAML: {error}\n{text}"));
        let (before, mut after) = (objects(input), objects(&applied.output));
        let is_there = |said: &&Said| before.iter().any(|object| said.resource == Some(oracle::Identity::of_object(object)));
        let (edits, additions): (Vec<_>, Vec<_>) = changes.iter().copied().partition(is_there);
        assert!(after.len() >= before.len(), "items out >= items in");
        oracle::assert_added(&after.split_off(before.len()), &additions);
        oracle::assert_only_changed(&before, &after, &edits);
    }
    let second = ask(&applied.output, Some(&Config { action: Action::Apply, ..config.clone() }));
    assert!(second.output == applied.output, "running on the output changes nothing, but it made of it:\n{}", second.output);

    let is_missing = |said: &&Said| said.severity == "error" && said.message.contains("must be changed: ");
    let checking = Config { action: Action::Check, ..config.clone() };
    let checked = ask(&in_check(input), Some(&checking));
    assert_no_item_changed(&in_check(input), &checked);
    if !failed {
        let missing: Vec<_> = checked.said.iter().filter(is_missing).map(Said::change).collect();
        assert_eq!(missing, changes.iter().map(|said| said.change()).collect::<Vec<_>>(), "`Check` reports what `Apply` changes");
    }
    let checked = ask(&in_check(&applied.output), Some(&checking));
    assert_no_item_changed(&in_check(&applied.output), &checked);
    if !failed {
        assert_eq!(checked.said.iter().find(is_missing), None, "`Check` after `Apply` finds nothing to change");
    }
    applied
}

/// What came of one run.
pub(crate) struct Answer {
    pub(crate) output: String,
    edits: Vec<Edit>,
    /// The results of this run: the new ones.
    pub(crate) said: Vec<Said>,
    code: u8,
}

/// Runs a ResourceList through the function protocol, with the configuration in it; anything else under `config`.
fn ask(input: &str, config: Option<&Config>) -> Answer {
    let package = Package::read(input).unwrap_or_else(|error| panic!("at {:?}: {error}", text::position(input, error.offset)));
    let (edits, results, code) = if package.form == Form::ResourceList {
        let response = run::function(input);
        let edits = response.output.unwrap_or_else(|| panic!("no output: {}", response.stderr));
        let output = text::splice(input, edits.clone()).expect("no overlap");
        let results = oracle::results(&output).unwrap_or_else(|error| panic!("the output is not YAML: {error}\n{output}"));
        let old = oracle::results(input).expect("the input is YAML");
        assert_eq!(results[..old.len()], old, "results that were there are kept");
        let loud = results[old.len()..].iter().filter(|result| oracle::text_of(result, "severity") != "info").count();
        assert!(response.stderr.lines().count() >= loud, "warnings and errors go to stderr, too:\n{}", response.stderr);
        assert!(!response.stderr.is_empty() || response.code == 0);
        (edits, results[old.len()..].to_vec(), response.code)
    } else {
        let outcome = run::run(&package, config.expect("a configuration"));
        let failed = outcome.reports.iter().any(|report| report.severity == enable_dual_stack::plan::Severity::Error);
        (
            outcome.edits.into_values().flatten().collect(),
            outcome.reports.iter().map(|report| normal(report.result(&package))).collect(),
            u8::from(failed),
        )
    };
    let output = text::splice(input, edits.clone()).expect("no overlap");
    let mut said: Vec<_> = results.iter().map(Said::of).collect();
    let config = config.cloned().or_else(|| config_of(input));
    if let Some(config) = config.filter(|_| !said.is_empty()) {
        add_places(&mut said, &results, &run::run(&package, &config).reports, &package);
    }
    Answer { output, edits, said, code }
}

/// Files of kubeadm and kind have no name, so a result cannot refer to them or to a field in them: the run tells it.
fn add_places(said: &mut [Said], results: &[Value], reports: &[Report], package: &Package<'_>) {
    let reports: Vec<_> = reports.iter().map(|report| (normal(report.result(package)), report)).collect();
    for (said, result) in said.iter_mut().zip(results) {
        let Some((_, report)) = reports.iter().find(|(other, _)| other == result) else { continue };
        said.position = report.resource;
        let Some(resource) = report.resource.map(|at| &package.all()[at]).filter(|_| said.resource.is_none()) else { continue };
        said.resource = Some(Identity(format!("{} {} {}/{}", resource.api_version, resource.kind, resource.namespace, resource.name)));
        said.path = report.path.as_ref().map(ToString::to_string);
        (said.current, said.proposed) = (report.current.clone().map(normal), report.proposed.clone().map(normal));
    }
}

/// As the oracle reads it: a number has a value, not a text.
pub(crate) fn normal(value: Value) -> Value {
    match value {
        Value::Number(text) => oracle::read(&text).expect("a number").remove(0),
        Value::List(items) => Value::List(items.into_iter().map(normal).collect()),
        Value::Map(entries) => Value::Map(entries.into_iter().map(|(key, value)| (key, normal(value))).collect()),
        other => other,
    }
}

/// `output`, which `edits` made of `input`, with every edit taken back.
pub(crate) fn undone(input: &str, output: &str, edits: &[Edit]) -> String {
    let mut edits = edits.to_vec();
    text::sort(&mut edits).expect("no overlap");
    let (mut before, mut done, mut shift) = (String::new(), 0, 0_isize);
    for edit in &edits {
        let start = edit.span.start.checked_add_signed(shift).expect("inside the output");
        assert_eq!(&output[start..start + edit.text.len()], edit.text, "an edit is in the output");
        before.push_str(&output[done..start]);
        before.push_str(edit.span.of(input));
        done = start + edit.text.len();
        shift += isize::try_from(edit.text.len()).expect("small") - isize::try_from(edit.span.end - edit.span.start).expect("small");
    }
    before + &output[done..]
}

/// Nothing but `results` may differ.
fn assert_no_item_changed(input: &str, answer: &Answer) {
    if !is_resource_list(input) {
        assert_eq!(answer.edits, [], "no change is reported, but there are edits");
        return;
    }
    let objects = |text: &str| Value::List(oracle::objects(text).unwrap_or_else(|error| panic!("not YAML: {error}\n{text}")));
    let difference = oracle::difference(&objects(input), &objects(&answer.output));
    assert_eq!(difference, None, "no change is reported, but an item says something else");
    if input.ends_with('\n') && oracle::results(input) == Ok(vec![]) {
        // `results` is the last key: it comes behind everything but comments and a marker at the end, or in front of the brace
        // that closes a list in JSON.
        let says_nothing = |line: &&str| matches!(line.trim(), "" | "---" | "...") || line.trim_start().starts_with('#');
        let behind: usize = input.split_inclusive('\n').rev().take_while(says_nothing).map(str::len).sum();
        let kept = input[..input.len() - behind].trim_end();
        let kept = if kept.starts_with('{') { kept[..kept.len() - 1].trim_end() } else { kept };
        assert!(answer.output.starts_with(kept), "no change is reported, but bytes of the items differ");
    }
}

/// Documents and items without a change are the same bytes; there are as many as there were, and the new ones behind.
fn assert_only_their_documents_changed(input: &str, output: &str, changes: &[&Said]) {
    let (before, after) = (forms::documents(input), forms::documents(output));
    let count = |text: &str| oracle::objects(text).map(|objects| objects.len());
    let additions = count(output).and_then(|after| Ok(after - count(input)?)).expect("read before");
    assert_eq!(before.len() + additions, after.len(), "items out = items in and new ones");
    for (before, after) in before.iter().zip(&after).filter(|(before, after)| before.trim_end() != after.trim_end()) {
        let objects = oracle::objects(before).expect("the input is YAML");
        if !before.ends_with('\n') && oracle::objects(after).as_ref() == Ok(&objects) {
            // The header of a block scalar on the last line must say that no line break belongs to it.
            continue;
        }
        let is_changed = |object: &Value| changes.iter().any(|said| said.resource == Some(oracle::Identity::of_object(object)));
        assert!(objects.iter().any(is_changed), "changed without a result:\n{after}");
    }
}

/// The same in every form: line numbers are left out.
fn comparable(said: &Said) -> String {
    let mut message = String::new();
    for (number, part) in said.message.split(" line ").enumerate() {
        let part = if number == 0 { part } else { part.trim_start_matches(|c: char| c.is_ascii_digit()) };
        message.push_str(part);
    }
    format!("{} {message} {}", said.severity, said.change())
}

fn is_resource_list(text: &str) -> bool {
    Package::read(text).is_ok_and(|package| package.form == Form::ResourceList)
}

/// `resource_list` with `config` in place of its functionConfig.
pub(crate) fn configured(resource_list: &str, config: &str) -> String {
    let (mut front, mut behind) = (String::new(), None::<String>);
    let mut in_config = false;
    for line in resource_list.split_inclusive('\n') {
        let is_key = !line.starts_with([' ', '#', '-', '\r', '\n']);
        in_config = line.starts_with("functionConfig:") || (in_config && !is_key);
        if in_config {
            behind.get_or_insert_default();
        } else {
            behind.as_mut().unwrap_or(&mut front).push_str(line);
        }
    }
    format!("{front}{}{}", forms::function_config(config), behind.unwrap_or_default())
}

/// The configuration in a ResourceList; nothing where it is refused.
pub(crate) fn config_of(resource_list: &str) -> Option<Config> {
    let package = Package::read(resource_list).expect("read before");
    Config::read(fields_of(package.function_config()).ok()?).ok()
}

/// The functionConfig of a ResourceList as JSON on one line, with `Apply` as its action.
fn applying(resource_list: &str) -> String {
    let documents = oracle::read(resource_list).expect("the input is YAML");
    let config = documents.iter().find_map(|document| document.get("functionConfig")).expect("a functionConfig");
    let mut config = forms::json_of(config);
    let fields = if config["kind"] == "ConfigMap" { "data" } else { "spec" };
    config[fields]["action"] = "Apply".into();
    config.to_string()
}

/// The same text, with `Check` in its configuration, if it has one.
pub(crate) fn in_check(text: &str) -> String {
    assert!(text.matches("\"Apply\"").count() <= 1, "the action cannot be told from the rest");
    text.replace("\"Apply\"", "\"Check\"")
}

/// The text of `results`, which are the last key of an answer.
fn results_text(output: &str) -> &str {
    output.rfind("\nresults:").map_or("", |at| &output[at + 1..])
}

/// Says where it happened, when something panics.
struct Note<'n>(&'n str);

#[expect(clippy::print_stderr, reason = "the test runner shows it with the panic")]
impl Drop for Note<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the form \"{}\"", self.0);
        }
    }
}
