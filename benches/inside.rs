//! The stages of a run, one by one: the best of some rounds, in bytes of the input per second.
//!
//! Argument: a file with a ResourceList. `benches/run` calls it; it prints a table.

#![expect(clippy::print_stdout, clippy::disallowed_methods, clippy::cast_precision_loss, reason = "a program for people")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use enable_dual_stack::config::{self, Config};
use enable_dual_stack::package::Package;
use enable_dual_stack::plan::Change;
use enable_dual_stack::text::{self, Edit};
use enable_dual_stack::{apply, systems};

/// Rounds of each stage, and the time after which no more are begun.
const ROUNDS: usize = 30;
const PATIENCE: Duration = Duration::from_secs(5);

fn main() {
    let Some(file) = std::env::args().skip(1).find(|arg| !arg.starts_with("--")) else { return println!("inside: no file was given") };
    let input = std::fs::read_to_string(&file).expect("a text");
    println!("| stage | input, MB | best, ms | MB/s |\n|---|---:|---:|---:|");
    stage("UTF-8", input.len(), || str::from_utf8(input.as_bytes()).expect("UTF-8").len());
    stage("scan: find all objects", input.len(), || Package::scan(&input).expect("a list").all().len());
    stage("parse: all of it, where the scan declines", input.len(), || Package::read(&input).expect("YAML").all().len());

    let package = Package::scan(&input).expect("a list");
    let config = config::fields_of(package.function_config()).map_err(|error| vec![error]).and_then(Config::read).expect("a configuration");
    let config = config.settle(&systems::facts(&package)).expect("ranges");
    let plan = systems::plan(&package, &config);
    let mut changes: BTreeMap<usize, Vec<&Change>> = BTreeMap::new();
    for change in &plan.changes {
        changes.entry(change.resource).or_default().push(change);
    }
    let edited: Vec<_> = changes.keys().map(|&index| &package.all()[index]).collect();
    let bytes = edited.iter().map(|resource| resource.root().span()).map(|span| span.end - span.start).sum();
    let edits = || -> Vec<Edit> {
        let applied = changes.iter().filter_map(|(&index, changes)| apply::apply(&package.all()[index], changes).expect("edits"));
        applied.flat_map(|applied| applied.edits).collect()
    };
    stage("plan: facts and wishes, of what is edited", bytes, || {
        systems::facts(&package).ranges.len() + systems::plan(&package, &config).changes.len()
    });
    stage("lower: wishes to edits, of what is edited", bytes, || edits().len());
    let edits = edits();
    stage("splice: the output, in memory", input.len(), || text::splice(&input, edits.clone()).expect("no overlap").len());
}

/// Runs `work` some times, and prints how fast the fastest was.
fn stage<T>(name: &str, bytes: usize, work: impl Fn() -> T) {
    let begun = Instant::now();
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(work());
        best = best.min(start.elapsed());
        if begun.elapsed() > PATIENCE {
            break;
        }
    }
    let (megabytes, seconds) = (bytes as f64 / 1e6, best.as_secs_f64());
    println!("| {name} | {megabytes:.2} | {:.3} | {:.0} |", seconds * 1e3, megabytes / seconds);
}
