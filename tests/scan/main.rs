//! The scan finds what the parser finds, or nothing.

#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod compare;
mod edges;
mod hostile;
mod mishaps;
mod suite;
mod trees;
mod wrap;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use compare::{Verdict, compare};
use enable_dual_stack::config::{self, Config};
use enable_dual_stack::package::{self, Package};
use enable_dual_stack::text::Span;
use enable_dual_stack::yaml::Tree;
use enable_dual_stack::{run, text};
use proptest::prelude::*;
use proptest::test_runner::{Config as TestConfig, TestRunner};

/// Real files are large; the smaller ones go through all forms.
const SMALL: u64 = 30_000;

#[test]
fn edges_between_two_objects() {
    let mut verdicts = Verdicts::default();
    for edge in edges::EDGES {
        for text in wrap::between_two(edge) {
            verdicts.count(compare(&text));
            verdicts.count(compare(&text.replace("\r\n", "\n").replace('\n', "\r\n")));
        }
    }
    println!("{verdicts:?}");
    assert!(verdicts.scanned() * 2 > verdicts.all(), "{verdicts:?}: a scan that finds nothing is never wrong");
}

#[test]
fn a_list_without_items_is_empty_but_not_by_a_misspelling() {
    let list =
        |key: &str| format!("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n{key}:\n- apiVersion: v1\n  kind: ConfigMap\n");
    for key in ["itmes", "Items", "item"] {
        let error = Package::read(&list(key)).expect_err(key);
        assert_eq!((error.offset, error.message), (55, format!("the key `{key}` of the list must be `items`")));
        assert!(Package::scan(&list(key)).is_none());
    }
    assert_eq!(Package::read(&list("results")).map(|package| package.all().len()), Ok(0));
    assert_eq!(Package::read(&list("items")).map(|package| package.all().len()), Ok(1));
}

proptest! {
    #[test]
    fn packages_with_mishaps(text in hostile::packages()) {
        compare(&text);
    }

    #[test]
    fn random_documents_between_two_objects(document in hostile::documents()) {
        for text in wrap::between_two(&document) {
            compare(&text);
        }
    }
}

/// Trees that are right are scanned, but for the few that have a head like `kind: [a]` or the heads of a List.
#[test]
fn random_trees_between_two_objects() {
    let mut verdicts = Verdicts::default();
    let mut runner = TestRunner::new(TestConfig { cases: 256, ..TestConfig::default() });
    let verdicts_of = std::cell::RefCell::new(&mut verdicts);
    runner
        .run(&trees::documents(), |document| {
            for text in wrap::between_two(&document) {
                verdicts_of.borrow_mut().count(compare(&text));
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    println!("{verdicts:?}");
    assert!(verdicts.scanned() * 10 > verdicts.all() * 7, "{verdicts:?}: a scan that finds nothing is never wrong");
}

#[test]
fn the_yaml_test_suite_between_two_objects() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/yaml-test-suite");
    let Some(cases) = suite::cases(&folder) else {
        assert!(std::env::var_os("CI").is_none(), "scripts/install-yaml-test-suite must have been run in CI");
        return skipped("the YAML test suite is not installed: run scripts/install-yaml-test-suite");
    };
    let (mut valid, mut invalid) = (Verdicts::default(), Verdicts::default());
    for case in &cases {
        let verdicts = if case.fails { &mut invalid } else { &mut valid };
        // Both readers of YAML see it, and are compared there.
        let _ = Tree::parse(&case.yaml, Span::new(0, case.yaml.len()));
        for text in wrap::between_two(&case.yaml) {
            for text in [text.replace("\r\n", "\n").replace('\n', "\r\n"), text] {
                let verdict = std::panic::catch_unwind(|| compare(&text)).unwrap_or_else(|_| panic!("case {}", case.id));
                verdicts.count(verdict);
            }
        }
    }
    println!("valid: {valid:?}\ninvalid: {invalid:?}");
    assert!(cases.len() >= 400, "{} cases", cases.len());
    assert!(valid.scanned() * 2 > valid.all(), "{valid:?}: a scan that finds nothing is never wrong");
}

/// All recorded inputs but those that have a List among their items, or no functionConfig.
#[test]
fn recorded_host_inputs_are_scanned() {
    let Some(root) = corpus() else { return };
    let mut verdicts = Verdicts::default();
    for path in files(&root.join("traces")).iter().filter(|path| path.to_string_lossy().ends_with(".stdin.yaml")) {
        let text = fs::read_to_string(path).expect("UTF-8");
        let verdict = compare(&text);
        let is_list = text.contains("kind: ResourceList\n");
        let is_left_alone = text.contains("\n  kind: List\n") || (is_list && !text.contains("\nfunctionConfig:\n"));
        assert_eq!(verdict == Verdict::Declined, is_left_alone, "{} was not scanned: {verdict:?}", path.display());
        verdicts.count(verdict);
    }
    println!("{verdicts:?}");
    assert!(verdicts.scanned() >= 30, "{verdicts:?}");
}

#[test]
fn real_manifests_are_scanned_in_every_form() {
    let Some(root) = corpus() else { return };
    let mut of_form: BTreeMap<&str, Verdicts> = BTreeMap::new();
    for path in files(&root.join("corpus")) {
        let text = fs::read_to_string(&path).expect("UTF-8");
        of_form.entry("as it is").or_default().count(compare(&text));
        let documents = wrap::documents(&text);
        if fs::metadata(&path).expect("a file").len() > SMALL {
            of_form.entry("ResourceList").or_default().count(compare(&wrap::as_hosts_do(&documents)));
            continue;
        }
        for (form, text) in wrap::forms(&documents) {
            of_form.entry(form).or_default().count(compare(&text));
        }
    }
    println!("{of_form:#?}");
    for (form, verdicts) in of_form {
        assert!(verdicts.scanned() * 10 > verdicts.all() * 9, "{form}: {verdicts:?}");
    }
}

/// Whether what is asked for is parsed alone or with everything else must not be seen in what comes out.
#[test]
fn the_outcome_is_the_same_either_way() {
    let Some(root) = corpus() else { return };
    for path in files(&root).iter().filter(|path| fs::metadata(path).expect("a file").len() < 4 * SMALL) {
        let text = wrap::as_hosts_do(&wrap::documents(&fs::read_to_string(path).expect("UTF-8")));
        let Ok(package) = Package::read(&text) else { continue };
        let config =
            config::fields_of(package.function_config()).map_err(|error| vec![error]).and_then(Config::read).expect("a configuration");
        let outcome = run::run(&package, &config);
        let scanned = package::with(&text, |package| run::run(package, &config)).expect("read before");
        assert_eq!((outcome.edits, outcome.reports), (scanned.edits, scanned.reports), "{}", path.display());
    }
}

#[test]
fn an_object_that_cannot_be_read_alone_is_read_with_the_others() {
    let shared = |first: &str, second: &str| {
        let map = |name: &str, value: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  x: {value}\n");
        wrap::as_hosts_do(&[map("a", first), map("b", second)])
    };
    let value =
        |text: &str| package::with(text, |package| package.all()[1].root().text_at(&["data", "x"]).map(str::to_owned)).expect("YAML");
    let text = shared("&x one", "*x");
    assert!(Package::scan(&text).is_some());
    assert_eq!(value(&text).as_deref(), Some("one"));
    assert_eq!(value(&shared("one", "two")).as_deref(), Some("two"));
}

#[test]
fn an_error_in_an_object_that_is_asked_for_is_that_of_the_whole() {
    let broken = wrap::as_hosts_do(&["apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: \"a\" b\n".to_owned()]);
    assert!(Package::scan(&broken).is_some());
    let error = Package::read(&broken).expect_err("not YAML");
    let response = run::function(&broken);
    assert_eq!((response.code, response.output), (2, None));
    assert_eq!(response.stderr, format!("error: line 9, column 12: {error}\n"));
    assert_eq!(text::position(&broken, error.offset).line, 9);
}

#[test]
fn a_lone_carriage_return_is_refused_with_its_line() {
    let text = wrap::as_hosts_do(&["apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\rb\n".to_owned()]);
    assert!(Package::scan(&text).is_none());
    let response = run::function(&text);
    assert_eq!((response.code, response.output), (2, None));
    assert!(response.stderr.starts_with("error: line 7, column 12: a carriage return without a line feed"), "{}", response.stderr);
}

#[derive(Debug, Default)]
struct Verdicts {
    declined: usize,
    refused: usize,
    same: usize,
    entangled: usize,
}

impl Verdicts {
    fn count(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Declined => &mut self.declined,
            Verdict::Refused => &mut self.refused,
            Verdict::Same => &mut self.same,
            Verdict::Entangled => &mut self.entangled,
        } += 1;
    }

    fn scanned(&self) -> usize {
        self.same + self.entangled
    }

    fn all(&self) -> usize {
        self.declined + self.refused + self.scanned()
    }
}

/// The folder with `corpus` and `traces`. Without it the tests say that they are skipped; in CI that is an error.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("DUAL_STACK_CORPUS").map(PathBuf::from);
    assert!(
        root.is_some() || std::env::var_os("CI").is_none(),
        "DUAL_STACK_CORPUS must be set in CI: the folder that has `corpus` and `traces`"
    );
    if root.is_none() {
        skipped("DUAL_STACK_CORPUS is not set");
    }
    root
}

/// Says so, not with `println`, which the test runner hides where a test passes.
fn skipped(reason: &str) {
    std::io::stderr().write_all(format!("\nSKIPPED: {reason}\n").as_bytes()).expect("stderr");
}

/// All YAML files below `folder`, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).filter(is_yaml).collect()
}
