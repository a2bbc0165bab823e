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
mod legacy_plugin;
mod output;
mod packages;
mod run_files;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

/// What the program answers to `--help`.
const HELP: &str = include_str!("help.txt");

/// Does what the command line asks for. Without arguments, the program is a KRM function.
pub fn main() -> ExitCode {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    if let Some(config_file) = legacy_plugin::config_file(&args) {
        return legacy_plugin::main(&config_file);
    }
    match args.iter().map(|arg| arg.to_str().unwrap_or_default()).collect::<Vec<_>>().as_slice() {
        [] => function::main(),
        ["--help" | "help"] => function::say(HELP),
        ["--version" | "-V"] => function::say(&format!("enable-dual-stack {}\n", env!("CARGO_PKG_VERSION"))),
        _ => cli::main(args),
    }
}
