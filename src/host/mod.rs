//! Where the outside world is: arguments, standard streams. Nothing else in the project touches them.

#![expect(clippy::disallowed_methods, reason = "the one place that touches the outside")]

mod function;

use std::process::ExitCode;

/// What the program answers to `--help`.
const HELP: &str = include_str!("help.txt");

/// Does what the command line asks for. Without arguments, the program is a KRM function.
pub fn main() -> ExitCode {
    let args: Vec<String> = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => function::main(),
        ["--help" | "-h" | "help"] => function::say(HELP),
        ["--version" | "-V"] => function::say(&format!("enable-dual-stack {}\n", env!("CARGO_PKG_VERSION"))),
        [unknown, ..] => function::fail(&format!("error: \"{unknown}\" is not an argument; see `enable-dual-stack --help`\n")),
    }
}
