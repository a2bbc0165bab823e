//! Every folder `tests/fixtures/<system>/<case>` is a case: a package, a configuration, and what must come of it.
//!
//! `UPDATE_EXPECT=1 cargo test --test fixtures` writes `expected.diff` and `results.yaml` anew; read them before they
//! are committed. `FIXTURES=kubeadm/v1` runs only those with this in their path.

#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod common;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use enable_dual_stack::plan::Rule;
use enable_dual_stack::{checks, run, systems};
use rayon::prelude::*;
use similar::TextDiff;

use common::harness::Checked;

#[test]
fn every_fixture_comes_out_as_expected() {
    of_all(|folder| {
        let checked = in_folder(folder, common::harness::as_written);
        for said in &checked.said {
            let mut rules = registry().into_iter().flat_map(|(_, rules)| rules).chain(run::RULES);
            assert!(said.rule.is_empty() || rules.any(|rule| rule.id == said.rule), "the registry must list the rule of: {said}");
        }
        let input = read(&folder.join("input.yaml"));
        let diff = TextDiff::from_lines(&input, &checked.output).unified_diff().header("input.yaml", "output.yaml").to_string();
        assert_expected(&folder.join("expected.diff"), &diff);
        assert_expected(&folder.join("results.yaml"), &checked.results);
    });
}

#[test]
fn every_invariant_holds_for_every_fixture() {
    of_all(|folder| drop(in_folder(folder, common::harness::check)));
}

#[test]
fn every_system_and_check_has_fixtures() {
    for (name, _) in registry() {
        let folder = Path::new("tests/fixtures").join(name);
        assert!(!folders(&folder).is_empty(), "{} must have a folder for each case of `{name}`", folder.display());
    }
}

#[test]
fn every_rule_is_said_in_a_fixture_of_its_system_or_check() {
    for (name, rules) in registry() {
        let results: String =
            folders(&Path::new("tests/fixtures").join(name)).iter().map(|case| read(&case.join("results.yaml"))).collect();
        for rule in rules {
            let tag = format!("rule: {}\n", rule.id);
            assert!(results.replace('\r', "").contains(&tag), "no fixture of `{name}` shows the rule \"{}\"", rule.id);
        }
    }
}

/// All systems and checks: name and rules.
fn registry() -> Vec<(&'static str, &'static [&'static Rule])> {
    let systems = systems::ALL.iter().map(|system| (system.name, system.rules));
    systems.chain(checks::ALL.iter().map(|check| (check.name, check.rules))).collect()
}

/// Calls `test` with every case, several at a time.
#[expect(clippy::print_stderr, reason = "the test runner shows it with the panic")]
fn of_all(test: impl Fn(&Path) + Sync) {
    let mut folders = folders(Path::new("tests/fixtures")).iter().flat_map(|system| folders(system)).collect::<Vec<_>>();
    if let Ok(wanted) = std::env::var("FIXTURES") {
        assert!(std::env::var_os("CI").is_none(), "in CI, all fixtures are run");
        folders.retain(|folder| folder.to_string_lossy().contains(&wanted));
    }
    assert!(!folders.is_empty());
    let fails = |folder: &&PathBuf| {
        let failed = catch_unwind(AssertUnwindSafe(|| test(folder))).is_err();
        if failed {
            eprintln!("in {}\n", folder.display());
        }
        failed
    };
    let failed: Vec<_> = folders.par_iter().filter(fails).collect();
    assert!(failed.is_empty(), "{} cases failed: {failed:#?}", failed.len());
}

/// What comes of the package of a case under its configuration.
fn in_folder(folder: &Path, check: fn(&str, &str) -> Checked) -> Checked {
    check(&read(&folder.join("input.yaml")), &read(&folder.join("config.yaml")))
}

fn assert_expected(path: &Path, actual: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return fs::write(path, actual).expect("written");
    }
    let expected = read(path);
    let difference = || TextDiff::from_lines(&expected, actual).unified_diff().to_string();
    assert!(expected == *actual, "{} is not what came out:\n{}", path.display(), difference());
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut folders: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn read(path: &Path) -> String {
    String::from_utf8(fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).expect("UTF-8")
}
