//! The repository's own rules: which module may use which, and what every system says of itself.

#![expect(clippy::disallowed_methods, reason = "tests read files")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use enable_dual_stack::{checks, run, systems};

#[test]
fn a_module_uses_only_those_above_it() {
    let lib = fs::read_to_string("src/lib.rs").expect("UTF-8");
    let layers: Vec<_> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert!(layers.first() == Some(&"text") && layers.last() == Some(&"host"), "{layers:?}");
    let mut wrong = Vec::new();
    for file in sources() {
        let layer = layer_of(&file);
        let Some(place) = layers.iter().position(|name| *name == layer) else { continue };
        for used in used_by(&fs::read_to_string(&file).expect("UTF-8")) {
            let at = layers.iter().position(|name| *name == used);
            if at.is_none_or(|at| at > place) {
                wrong.push(format!("{} uses `{used}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn one_file_names_the_parser_crate() {
    let naming: Vec<_> = sources().into_iter().filter(|file| fs::read_to_string(file).expect("UTF-8").contains("granit_parser")).collect();
    assert_eq!(naming, [Path::new("src/yaml/parse.rs")]);
}

#[test]
fn every_system_has_its_manual_page() {
    for system in systems::ALL {
        let file = format!("src/systems/{}.rs", system.name);
        let folder = format!("src/systems/{}/mod.rs", system.name);
        let text = fs::read_to_string(&file).or_else(|_| fs::read_to_string(&folder)).unwrap_or_else(|error| panic!("{file}: {error}"));
        for heading in ["//! # Recognises", "//! # Changes", "//! # Leaves alone", "//! # Sources"] {
            assert!(text.contains(heading), "{file} must say {heading}");
        }
    }
}

#[test]
fn every_rule_has_an_id_of_its_own_and_a_link() {
    let mut ids = BTreeSet::new();
    let of_systems = systems::ALL.iter().flat_map(|system| system.rules);
    let of_checks = checks::ALL.iter().flat_map(|check| check.rules);
    for rule in of_systems.chain(of_checks).chain(run::RULES) {
        let is_kebab = rule.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        assert!(is_kebab && !rule.id.is_empty(), "`{}` must be words joined by \"-\"", rule.id);
        for text in [rule.title, rule.why, rule.remedy, rule.source] {
            assert!(!text.trim().is_empty(), "`{}` must say title, why, remedy and source", rule.id);
        }
        let is_ours = ["README", "docs/architecture.md"].iter().any(|own| rule.source.starts_with(own));
        assert!(is_ours || rule.link().is_some(), "`{}` must have a link in its source: {}", rule.id, rule.source);
        let is_whole = |link: &str| link.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
        assert!(rule.link().is_none_or(is_whole), "the link of `{}` ends oddly: {:?}", rule.id, rule.link());
        ids.insert(rule.id);
    }
    assert!(ids.len() > 100, "{} rules", ids.len());
}

#[test]
fn files_stay_small() {
    for file in sources() {
        let lines = fs::read_to_string(&file).expect("UTF-8").lines().count();
        assert!(lines <= 500, "{} has {lines} lines: split it", file.display());
    }
}

#[test]
fn the_images_are_of_this_version() {
    let mut files =
        [files_below("docs"), files_below("examples"), files_below("src"), vec!["README.md".into(), "function.yaml".into()]].concat();
    files.sort();
    let (mut seen, mut wrong) = (0, Vec::new());
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for (at, name) in text.match_indices("ghcr.io/enable-dual-stack/enable-dual-stack") {
            let tag = text[at + name.len()..].trim_start_matches("-argocd");
            seen += 1;
            if !tag.starts_with(concat!(":v", env!("CARGO_PKG_VERSION"))) {
                wrong.push(format!("{}: {}", file.display(), tag.lines().next().unwrap_or_default()));
            }
        }
    }
    assert!(seen > 5 && wrong.is_empty(), "{seen} images: {wrong:#?}");
    let label = concat!("image.version=\"", env!("CARGO_PKG_VERSION"), "\"");
    assert!(fs::read_to_string("Dockerfile").expect("UTF-8").contains(label), "the Dockerfile must say {label}");
}

fn sources() -> Vec<PathBuf> {
    let mut files = files_below("src");
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files
}

fn files_below(folder: &str) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![PathBuf::from(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

/// `src/yaml/parse.rs` and `src/yaml.rs` are of `yaml`.
fn layer_of(file: &Path) -> String {
    let first = file.components().nth(1).expect("below src").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules behind `use crate::` and `crate::…::`, tests left out: they may use what they need.
fn used_by(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let names = lines.flat_map(|line| line.match_indices("crate::").map(|(at, _)| &line[at + "crate::".len()..]).collect::<Vec<_>>());
    names
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>())
        .filter(|name| !name.is_empty())
        .collect()
}
