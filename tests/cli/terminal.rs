//! What people see at a terminal: colours, a progress bar, help; and that nobody else gets to see it.

use std::process::Command;
use std::time::Duration;

use crate::common::{CALICO, Folder, Ran, clean, ran};

const RANGE: &str = "--ipv6-pod-cidr=fd00:10:244::/56";
const ESCAPE: char = '\u{1b}';

/// Runs `enable-dual-stack ARGS` at a terminal; all that it shows is in `stdout`.
fn at_terminal(folder: &Folder, args: &str) -> Ran {
    let command = format!("{} {args}", env!("CARGO_BIN_EXE_enable-dual-stack"));
    // util-linux's `script` is in every Debian: it makes a terminal.
    ran(clean("script").current_dir(folder.path()).env("TERM", "xterm-256color").args(["-q", "-e", "-c", &command, "/dev/null"]), "")
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let folder = Folder::with(&[("calico.yaml", CALICO)]);
    let shown = at_terminal(&folder, &format!("check {RANGE}"));
    assert_eq!(shown.code, 1);
    assert!(shown.stdout.contains("\u{1b}[1m\u{1b}[91merror[calico-ipam-assign]"), "{:?}", shown.stdout);
    assert!(!at_terminal(&folder, &format!("check {RANGE} --color=never")).stdout.contains(ESCAPE));
    assert!(!folder.run(["check", RANGE]).stdout.contains(ESCAPE));
    assert!(folder.run(["check", RANGE, "--color=always"]).stdout.contains(ESCAPE));
    assert!(folder.run_with(["check", RANGE], &[("CLICOLOR_FORCE", "1")], "").stdout.contains(ESCAPE));
    assert!(!folder.run_with(["check", RANGE, "--output=json"], &[("CLICOLOR_FORCE", "1")], "").stdout.contains(ESCAPE));
}

#[test]
fn a_long_run_shows_how_far_it_is_at_a_terminal_only() {
    let folder = Folder::with(&[("calico.yaml", CALICO)]);
    // A file whose end comes late.
    let fifo = folder.file("late.yaml");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs").success());
    let with_late_file = |run: &dyn Fn() -> Ran| {
        let path = fifo.clone();
        let writer = std::thread::spawn(move || {
            let end = std::fs::OpenOptions::new().write(true).open(path).expect("somebody reads");
            std::thread::sleep(Duration::from_millis(1200));
            drop(end);
        });
        let ran = run();
        writer.join().expect("the writer ends");
        ran
    };
    let args = format!("check {RANGE} calico.yaml late.yaml");
    let shown = with_late_file(&|| at_terminal(&folder, &args));
    assert_eq!(shown.code, 1, "{}", shown.stdout);
    assert!(shown.stdout.contains("looking at ") && shown.stdout.contains("1/1"), "{:?}", shown.stdout);
    let piped = with_late_file(&|| folder.run(["check", RANGE, "calico.yaml", "late.yaml"]));
    assert_eq!((piped.code, piped.stderr.as_str()), (1, ""));
}

#[test]
fn nobody_waits_for_a_package_that_is_typed() {
    let shown = at_terminal(&Folder::with(&[]), "");
    assert_eq!(shown.code, 2);
    assert!(shown.stdout.contains("Commands:") && shown.stdout.contains("Write a functionConfig"), "{}", shown.stdout);
}

#[test]
fn why_nothing_was_done_is_one_line() {
    let folder = Folder::with(&[]);
    let refused = folder.run(["init", "gone"]);
    assert_eq!(
        refused,
        Ran { code: 2, stdout: String::new(), stderr: "error: gone is no folder: give the folder of the package\n".into() }
    );
    // Not even where it is asked for.
    let asked = folder.run_with(["check", "--config", "gone"], &[("RUST_BACKTRACE", "full")], "");
    assert!(asked.code == 2 && asked.stderr.lines().count() == 1, "{}", asked.stderr);
}
