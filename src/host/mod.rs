//! Where the outside world is: arguments, environment, standard streams, files. Nothing else in the project touches them.

#![expect(clippy::disallowed_methods, reason = "the one place that touches the outside")]

mod argocd;
mod cli;
mod entry;
mod explain;
mod fields;
mod files;
mod function;
mod init;
mod input;
mod legacy_plugin;
mod output;
mod packages;
mod run_files;

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::panic;
use std::process::ExitCode;

/// What the program answers to `--help`.
const HELP: &str = include_str!("help.txt");

/// Does what the command line asks for. Without arguments, the program is a KRM function.
pub fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        let _ = io::stderr().write_all(bug(info).as_bytes());
    }));
    guarded(run)
}

/// The line for stderr about a bug. A text that was put together, and not written in the source, may quote a Secret: it is
/// left out.
fn bug(info: &panic::PanicHookInfo<'_>) -> String {
    let place = info.location().map(|place| format!(" ({}, line {})", place.file(), place.line())).unwrap_or_default();
    let what = info.payload().downcast_ref::<&str>().map_or_else(|| "something that cannot be".to_owned(), |what| what.replace('\n', " "));
    format!("error: {what}{place}; this is a bug of enable-dual-stack, please report it with the input\n")
}

/// The exit code of `run`; of a bug, that of a program that could not run. Nobody gets a stack trace to see.
fn guarded(run: fn() -> ExitCode) -> ExitCode {
    panic::catch_unwind(run).unwrap_or(ExitCode::from(2))
}

fn run() -> ExitCode {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    if let Some(config_file) = legacy_plugin::config_file(&args) {
        return legacy_plugin::main(&config_file);
    }
    match args.iter().map(|arg| arg.to_str().unwrap_or_default()).collect::<Vec<_>>().as_slice() {
        // No host hands over a terminal.
        [] if io::stdin().is_terminal() => cli::main(args),
        [] => function::main(),
        ["--help" | "help"] => function::say(HELP),
        ["--version" | "-V"] => function::say(&format!("enable-dual-stack {}\n", env!("CARGO_PKG_VERSION"))),
        _ => cli::main(args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_is_an_exit_code() {
        let code = |code: ExitCode| format!("{code:?}");
        assert_eq!(code(guarded(|| ExitCode::from(1))), code(ExitCode::from(1)));
        assert_eq!(code(guarded(|| panic!("as the test wants it"))), code(ExitCode::from(2)));
    }

    #[test]
    fn a_bug_is_one_line_without_what_the_package_holds() {
        use std::sync::mpsc;
        let (sender, said) = mpsc::channel();
        // The hook is that of all tests, which run beside this one.
        let (before, here) = (panic::take_hook(), std::thread::current().id());
        panic::set_hook(Box::new(move |info| {
            if std::thread::current().id() == here {
                let _ = sender.send(bug(info));
            }
        }));
        guarded(|| panic!("this is\nin the source"));
        let line = line!() - 1;
        guarded(|| panic!("{}", String::from("hunter2")));
        guarded(|| {
            let (secret, end) = (String::from("hunter\u{fc}"), 7);
            if secret[..end].is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        });
        panic::set_hook(before);
        let said: Vec<_> = said.iter().collect();
        let end = "; this is a bug of enable-dual-stack, please report it with the input\n";
        assert_eq!(said[0], format!("error: this is in the source (src/host/mod.rs, line {line}){end}"));
        assert_eq!(said[1], format!("error: something that cannot be (src/host/mod.rs, line {}){end}", line + 2));
        assert_eq!(said[2], format!("error: something that cannot be (src/host/mod.rs, line {}){end}", line + 5));
    }
}
