//! examples/files, as its README has it. The other examples need their hosts: scripts/e2e runs them.

use std::path::Path;

use serde_json::Value;

use crate::common::{Folder, clean, ran};

const EXAMPLE: &str = "examples/files";

fn text(name: &str) -> String {
    std::fs::read_to_string(Path::new(EXAMPLE).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn copy() -> Folder {
    let files = ["calico.yaml", "kubeadm.yaml", "enable-dual-stack.yaml"].map(|name| format!("cluster/{name}"));
    let texts = files.clone().map(|name| text(&name));
    let pairs: Vec<_> = files.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    Folder::with(&pairs)
}

/// The words of a command of the program, run by a shell's rules as far as the examples need them.
fn run(folder: &Folder, command: &str) -> (i32, String) {
    let words = command.strip_prefix("enable-dual-stack ").unwrap_or_else(|| panic!("{command}")).split(' ');
    let done = ran(clean(env!("CARGO_BIN_EXE_enable-dual-stack")).current_dir(folder.path()).args(words), "");
    (done.code, done.stdout)
}

#[test]
fn files_are_edited_as_the_patch_says() {
    let folder = copy();
    let (code, diff) = run(&folder, "enable-dual-stack diff cluster");
    assert_eq!(code, 1);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(Path::new(EXAMPLE).join(".expected/diff.patch"), &diff).expect("the patch can be written");
    }
    assert_eq!(diff, text(".expected/diff.patch"), "UPDATE_EXPECT=1 writes it anew");
    let by_git = copy();
    let git = ran(clean("git").args(["apply", "-"]).current_dir(by_git.path()), &diff);
    assert_eq!(git.code, 0, "{}", git.stderr);
    assert_eq!(run(&folder, "enable-dual-stack check cluster").0, 1);
    assert_eq!(run(&folder, "enable-dual-stack apply cluster").0, 0);
    for name in ["cluster/calico.yaml", "cluster/kubeadm.yaml", "cluster/enable-dual-stack.yaml"] {
        assert_eq!(folder.read(name), by_git.read(name), "{name}");
    }
    assert_eq!(run(&folder, "enable-dual-stack diff cluster"), (0, String::new()));
    assert_eq!(run(&folder, "enable-dual-stack check cluster").0, 0);
}

#[test]
fn the_hook_lets_only_a_dual_stack_cluster_pass() {
    let config: Value = serde_yaml::from_str(&text(".pre-commit-config.yaml")).expect("YAML");
    let hook = &config["repos"][0]["hooks"][0];
    assert_eq!((&hook["language"], &hook["pass_filenames"]), (&"system".into(), &false.into()));
    let command = hook["entry"].as_str().expect("a command");
    let folder = copy();
    let (code, report) = run(&folder, command);
    assert_eq!(code, 1);
    let of_readme: Vec<_> = text("README.md").lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect();
    let shown = of_readme.iter().position(|line| line.starts_with("error[")).expect("a report in the README");
    let place = of_readme[shown + 1..shown + 5].join("\n");
    assert!(report.contains(&place) && report.contains(of_readme[shown].trim_end_matches('…')), "{report}");
    assert_eq!(run(&folder, "enable-dual-stack apply cluster").0, 0);
    assert_eq!(run(&folder, command).0, 0);
}

#[test]
fn the_workflow_shows_each_error_at_its_line() {
    let workflow: Value = serde_yaml::from_str(&text("github-workflow.yaml")).expect("YAML");
    let step = workflow["jobs"]["check"]["steps"].as_array().and_then(|steps| steps.last()).expect("a step");
    let command = step["run"].as_str().expect("a command");
    let (docker, words) =
        command.split_once(concat!("enable-dual-stack:v", env!("CARGO_PKG_VERSION"), " ")).expect("the image of this version");
    assert!(docker.starts_with("docker run ") && docker.ends_with("ghcr.io/enable-dual-stack/"), "{docker}");
    let (code, report) = run(&copy(), &format!("enable-dual-stack {words}"));
    assert_eq!(code, 1);
    let errors: Vec<_> = report.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 8, "{report}");
    assert!(errors.iter().all(|line| line.starts_with("::error file=cluster/") && line.contains(",line=")), "{report}");
}
