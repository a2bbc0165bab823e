//! `explain` and `systems`: what the program knows, for people.

use std::fmt::Write as _;

use anstyle::Style;

use super::run_files;
use crate::plan::Rule;
use crate::{checks, run, systems};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Every rule, each once.
pub(super) fn rules() -> Vec<&'static Rule> {
    run::rules().into_iter().chain(run_files::RULES.iter().copied()).collect()
}

/// All rules, by who says them.
pub(super) fn list() -> String {
    let of_systems = systems::ALL.iter().map(|system| (system.name, system.rules));
    let of_checks = checks::ALL.iter().map(|check| (check.name, check.rules));
    let of_runs = [("every run", run::RULES), ("runs over files", run_files::RULES)];
    let rules = rules();
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let (mut text, mut told) = (String::new(), Vec::new());
    for (name, rules) in of_systems.chain(of_checks).chain(of_runs) {
        let new: Vec<_> = rules.iter().filter(|rule| !told.contains(&rule.id)).collect();
        if new.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{BOLD}{name}{BOLD:#}");
        for rule in new {
            let _ = writeln!(text, "  {:width$}  {DIM}{}{DIM:#}", rule.id, rule.title);
            told.push(rule.id);
        }
    }
    text
}

/// What the rule `id` means.
///
/// # Errors
/// A sentence that names the nearest rule, where there is no such one.
pub(super) fn one(id: &str) -> Result<String, String> {
    let rules = rules();
    let Some(rule) = rules.iter().find(|rule| rule.id == id) else {
        let nearest = rules.iter().map(|rule| (rule.id, strsim::jaro_winkler(rule.id, id))).max_by(|a, b| a.1.total_cmp(&b.1));
        let hint = match nearest.filter(|(_, similarity)| *similarity > 0.8) {
            Some((nearest, _)) => format!("did you mean \"{nearest}\"?"),
            None => "`enable-dual-stack explain` lists them".to_owned(),
        };
        return Err(format!("\"{id}\" is not a rule; {hint}"));
    };
    let who: Vec<_> = systems::ALL
        .iter()
        .map(|system| (system.name, system.rules))
        .chain(checks::ALL.iter().map(|check| (check.name, check.rules)))
        .filter(|(_, rules)| rules.iter().any(|known| known.id == id))
        .map(|(name, _)| name)
        .collect();
    let mut text = format!("{BOLD}{}{BOLD:#}\n{DIM}{}{DIM:#}\n\n", rule.title, rule.id);
    for (heading, words) in [("Why", rule.why), ("What to do", rule.remedy), ("Source", rule.source)] {
        let _ = writeln!(text, "{BOLD}{heading}{BOLD:#}\n{}\n", wrapped(words));
    }
    if !who.is_empty() {
        let _ = writeln!(text, "{DIM}said by {}{DIM:#}", who.join(", "));
    }
    Ok(text)
}

/// The table of what is recognised.
pub(super) fn table_of_systems() -> String {
    let width = systems::ALL.iter().map(|system| system.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for system in systems::ALL {
        let _ = writeln!(text, "{BOLD}{:width$}{BOLD:#}  {}", system.name, system.recognises);
    }
    text
}

/// Lines of at most 78 characters behind two blanks.
fn wrapped(words: &str) -> String {
    let mut text = String::new();
    let mut column = 0;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if column == 0 || column + 1 + length > 80 {
            text.push_str(if text.is_empty() { "  " } else { "\n  " });
            column = 2 + length;
        } else {
            text.push(' ');
            column += 1 + length;
        }
        text.push_str(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_listed_and_explained() {
        let list = list();
        for rule in rules() {
            assert!(list.contains(&format!("  {} ", rule.id)), "{}", rule.id);
            let text = one(rule.id).unwrap();
            assert!(text.contains(rule.title) && text.contains("What to do"), "{}", rule.id);
        }
    }

    #[test]
    fn an_unknown_rule_names_the_nearest() {
        assert_eq!(one("range-disagree"), Err("\"range-disagree\" is not a rule; did you mean \"ranges-disagree\"?".into()));
        assert_eq!(one("zzz"), Err("\"zzz\" is not a rule; `enable-dual-stack explain` lists them".into()));
    }

    #[test]
    fn long_sentences_are_wrapped() {
        assert_eq!(wrapped(&"word ".repeat(20)), format!("  {}\n  {}", ["word"; 15].join(" "), ["word"; 5].join(" ")));
    }
}
