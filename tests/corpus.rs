//! The harness over real manifests and over what real hosts hand to a function (`DUAL_STACK_CORPUS`, not part of this
//! repository). What must come of each file stands in `corpus/files.txt` and `corpus/traces.txt`: files with the same
//! outcome together, then what is said of them. `UPDATE_EXPECT=1` writes them anew; read them before they are committed.

#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{harness, oracle};
use enable_dual_stack::package::Package;
use enable_dual_stack::run;
use similar::{ChangeTag, TextDiff};

/// The configuration that every file is run under.
const CONFIG: &str = "\
apiVersion: dualstack.krm/v1alpha1
kind: EnableDualStack
metadata:
  name: enable-dual-stack
spec:
  ipv6PodCIDR: fd00:10:244::/56
";

#[test]
fn every_file_of_the_corpus_comes_out_as_the_table_says() {
    let Some(root) = corpus() else { return };
    let files = files(&root.join("corpus"), &[".yaml", ".yml"]);
    compare(&files, &root.join("corpus"), "files", |text| text);
}

#[test]
fn every_recorded_host_input_comes_out_as_the_table_says() {
    let Some(root) = corpus() else { return };
    let files = files(&root.join("traces"), &[".stdin.yaml"]);
    // What hosts were given as a configuration is not ours.
    compare(&files, &root.join("traces"), "traces", |text| {
        if text.contains("\nkind: ResourceList\n") { harness::configured(&text, CONFIG) } else { text }
    });
}

/// The folder with `corpus` and `traces`. Without it the tests say that they are skipped; in CI that is an error.
fn corpus() -> Option<PathBuf> {
    if let Some(root) = std::env::var_os("DUAL_STACK_CORPUS") {
        return Some(root.into());
    }
    assert!(std::env::var_os("CI").is_none(), "DUAL_STACK_CORPUS must be set in CI: the folder that has `corpus` and `traces`");
    // Not with `eprintln`, which the test runner hides where a test passes.
    let message = "\nSKIPPED: DUAL_STACK_CORPUS is not set, so nothing was compared with real manifests\n";
    std::io::stderr().write_all(message.as_bytes()).expect("stderr");
    None
}

/// Runs every file through the harness, two or more at a time, and compares what is said with the table.
fn compare(files: &[PathBuf], root: &Path, table: &str, prepare: fn(String) -> String) {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = path.strip_prefix(root).expect("below it").to_string_lossy().replace('\\', "/");
                    let text = prepare(fs::read_to_string(path).expect("UTF-8"));
                    let outcome = catch_unwind(AssertUnwindSafe(|| outcome(&text))).unwrap_or_else(|_| vec!["panic".to_owned()]);
                    outcomes.lock().expect("not poisoned").insert(name, outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("not poisoned");
    let panicked: Vec<_> = outcomes.iter().filter(|(_, outcome)| *outcome == &["panic"]).map(|(name, _)| name).collect();
    assert!(panicked.is_empty(), "an invariant does not hold for {panicked:#?}");
    let path = format!("tests/corpus/{table}.txt");
    let (expected, actual) = (fs::read_to_string(&path).unwrap_or_default(), written(&outcomes));
    if expected != actual {
        let diff = TextDiff::from_lines(&expected, &actual).unified_diff().to_string();
        assert!(std::env::var_os("UPDATE_EXPECT").is_some(), "{path} is not what comes out:\n{diff}");
        fs::write(&path, actual).expect("the table can be written");
    }
}

/// The files with the same outcome, then the outcome, by the first of the files.
fn written(outcomes: &BTreeMap<String, Vec<String>>) -> String {
    let mut groups: BTreeMap<&[String], Vec<&str>> = BTreeMap::new();
    for (name, outcome) in outcomes {
        groups.entry(outcome).or_default().push(name);
    }
    let mut groups: Vec<_> = groups.into_iter().map(|(outcome, names)| (names, outcome)).collect();
    groups.sort();
    let text = groups.iter().map(|(names, outcome)| {
        let said: Vec<_> = outcome.iter().map(|line| format!("    {line}\n")).collect();
        format!("{}\n{}", names.join("\n"), said.concat())
    });
    text.collect::<Vec<_>>().join("\n")
}

/// What the function says of a file: `severity rule path`, with the positions in lists left out.
fn outcome(text: &str) -> Vec<String> {
    if let Err(error) = Package::read(text) {
        return by_the_scan(text).unwrap_or_else(|| vec![format!("unreadable: {error}")]);
    }
    let checked = harness::check(text, CONFIG);
    let changes = checked.said.iter().filter(|said| said.is_change()).count();
    let diff = TextDiff::from_lines(text, &checked.output);
    let lines = |tag: ChangeTag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    let (removed, added) = (lines(ChangeTag::Delete), lines(ChangeTag::Insert));
    assert!(checked.results.lines().count() > checked.said.len() || checked.said.is_empty());
    // The largest change is a pool of an Installation.
    assert!(removed <= changes && added <= 8 * changes, "{changes} changes take {removed} lines out and put {added} in");
    checked.said.iter().map(without_positions).collect()
}

/// What is said of a text that is no YAML as a whole, where the scan finds its objects: only those that matter are parsed.
fn by_the_scan(text: &str) -> Option<Vec<String>> {
    let response = run::stream(text, CONFIG);
    let words = |line: &str| {
        let severity = line.split(':').next().unwrap_or_default();
        let rule = line.rsplit_once('[').map_or(line, |(_, rule)| rule.trim_end_matches(']'));
        format!("{severity} {rule}, though it is no YAML as a whole")
    };
    (response.code < 2).then(|| response.stderr.lines().map(words).collect())
}

fn without_positions(said: &oracle::Said) -> String {
    let mut line = format!("{} {}", said.severity, said.rule);
    if let Some(path) = &said.path {
        let mut parts = path.split('[');
        let _ = write!(line, " {}", parts.next().unwrap_or_default());
        for part in parts {
            let _ = write!(line, "[{}", part.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
    }
    line
}

fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(self::files(&path, endings));
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            files.push(path);
        }
    }
    files.sort();
    files
}
