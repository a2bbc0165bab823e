//! The README says what the code does: its tables are made from the code, and its example is one that the tests run.
//!
//! `UPDATE_EXPECT=1 cargo test --test readme` writes the tables anew.

#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

use std::fmt::Write as _;

use enable_dual_stack::config::Config;
use enable_dual_stack::plan::Rule;
use enable_dual_stack::{checks, run, systems};

#[test]
fn the_tables_of_the_readme_are_made_from_the_code() {
    let path = "README.md";
    let mut text = std::fs::read_to_string(path).expect("there is a README");
    for (name, table) in [("systems", systems_table()), ("fields", fields_table()), ("rules", rules_table())] {
        let (begin, end) = (format!("<!-- {name}: made from the code -->\n"), format!("<!-- end of {name} -->\n"));
        let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("the README has no {begin}"));
        let (is, after) = rest.split_once(&end).unwrap_or_else(|| panic!("the README has no {end}"));
        if is != table {
            assert!(std::env::var_os("UPDATE_EXPECT").is_some(), "the table of {name} must be:\n{table}");
            text = [before, &begin, &table, &end, after].concat();
            std::fs::write(path, &text).expect("the README can be written");
        }
    }
}

fn systems_table() -> String {
    let mut table = String::from("| system | recognises |\n|---|---|\n");
    for system in systems::ALL {
        let _ = writeln!(table, "| `{}` | {} |", system.name, system.recognises);
    }
    table
}

fn fields_table() -> String {
    let schema = schemars::schema_for!(Config);
    let properties = schema.get("properties").and_then(|properties| properties.as_object()).expect("the schema has properties");
    let mut table = String::from("| field | meaning |\n|---|---|\n");
    for (name, property) in properties {
        let text = property["description"].as_str().unwrap_or_default().replace('\n', " ");
        let example = property["examples"][0].as_str().map(|example| format!(" Example: `{example}`.")).unwrap_or_default();
        let _ = writeln!(table, "| `{name}` | {text}{example} |");
    }
    table
}

fn rules_table() -> String {
    let mut rules: Vec<&Rule> = run::RULES.to_vec();
    rules.extend(systems::ALL.iter().flat_map(|system| system.rules));
    rules.extend(checks::ALL.iter().flat_map(|check| check.rules));
    rules.sort_by_key(|rule| rule.id);
    rules.dedup_by_key(|rule| rule.id);
    let mut table = String::from("| rule | what is the matter | what to do |\n|---|---|---|\n");
    for rule in rules {
        let id = rule.link().map_or_else(|| format!("`{}`", rule.id), |link| format!("[`{}`]({link})", rule.id));
        let _ = writeln!(table, "| {id} | {}. {} | {} |", rule.title, rule.why, rule.remedy);
    }
    table
}
