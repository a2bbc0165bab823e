//! The command line: one function a command.

mod command;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use clap::ArgMatches;
use clap_complete::Shell;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;

use super::files;
use super::init::{self, Host};
use super::output::{self, text};
use super::run_files::{self, Outcome, Settings};
use super::{argocd, explain, fields, legacy_plugin};
use crate::config::Action;
use crate::plan::Severity;
use crate::text::splice;

/// A run that takes longer shows how far it is.
const PATIENCE: Duration = Duration::from_millis(700);

/// Why a command did not do its work, and where to say so.
enum Failure {
    /// A sentence.
    Message(String),
    /// stdout or stderr cannot be written to.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

/// Does what the arguments ask for.
pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    let program = OsString::from("enable-dual-stack");
    let matches = match command::command().try_get_matches_from(std::iter::once(program).chain(args)) {
        Ok(matches) => matches,
        Err(error) => {
            let printed = error.print().is_ok();
            return ExitCode::from(if printed && !error.use_stderr() { 0 } else { 2 });
        }
    };
    let terminal = Terminal::of(&matches);
    match run(&matches, &terminal) {
        Ok(code) => ExitCode::from(code),
        Err(Failure::Io(error)) => terminal.fail(&format!("the output could not be written: {error}")),
        Err(Failure::Message(message)) => terminal.fail(&message),
    }
}

fn run(matches: &ArgMatches, terminal: &Terminal) -> Result<u8, Failure> {
    match matches.subcommand() {
        Some(("apply", matches)) => apply(matches, terminal),
        Some(("diff", matches)) => diff(matches, terminal),
        Some(("check", matches)) => check(matches, terminal),
        Some(("init", matches)) => init(matches, terminal),
        Some(("map", matches)) => map(matches, terminal),
        Some(("argocd", matches)) => match matches.subcommand() {
            Some(("parameters", matches)) => terminal.say(&argocd::announce(&path(matches, "folder").unwrap_or_else(|| ".".into()))?),
            Some((_, matches)) => generate(matches),
            None => Ok(2),
        },
        Some(("systems", _)) => terminal.say(&explain::table_of_systems()),
        Some(("explain", matches)) => match matches.get_one::<String>("rule") {
            Some(rule) => terminal.say(&explain::one(rule)?),
            None => terminal.say(&explain::list()),
        },
        Some(("install-plugin", matches)) => terminal.say(&legacy_plugin::install(path(matches, "root").as_deref())?),
        Some(("completions", matches)) => {
            let mut script = Vec::new();
            if let Some(shell) = matches.get_one::<Shell>("shell") {
                clap_complete::generate(*shell, &mut command::command(), "enable-dual-stack", &mut script);
            }
            terminal.say(&String::from_utf8_lossy(&script))
        }
        Some(("man", matches)) => man(matches, terminal),
        _ => Err(Failure::Message("there is no such command; see `enable-dual-stack --help`".to_owned())),
    }
}

/// Edits the files in place; of stdin, the edited text goes to stdout.
fn apply(matches: &ArgMatches, terminal: &Terminal) -> Result<u8, Failure> {
    let mut outcome = run_over(matches, Some(Action::Apply), terminal)?;
    let edited = |index: usize| splice(&outcome.files[index].text, outcome.edits[index].clone());
    let failed: Vec<_> = outcome
        .files
        .par_iter()
        .enumerate()
        .filter(|(index, _)| !outcome.edits[*index].is_empty())
        .filter_map(|(index, file)| {
            let path = file.path.as_ref()?;
            let written = match edited(index) {
                Ok(text) => files::replace(path, &file.text, &text).map_err(|error| error.to_string()),
                Err(overlap) => Err(overlap.to_string()),
            };
            Some(run_files::unwritten(index, &written.err()?))
        })
        .collect();
    // Who reads the edited text must not take an unedited one for it.
    let stdin = outcome.files.iter().position(|file| file.path.is_none()).filter(|_| outcome.code() == 0);
    let of_stdin = stdin.and_then(|index| edited(index).ok());
    for entry in &failed {
        outcome.edits[entry.file.unwrap_or_default()].clear();
    }
    outcome.could_not |= !failed.is_empty();
    outcome.entries.extend(failed);
    if let Some(text) = of_stdin {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())?;
    }
    terminal.tell(&(text::render(&outcome) + &text::summary(&outcome, "edited")));
    Ok(outcome.code())
}

/// Shows what `apply` would do.
fn diff(matches: &ArgMatches, terminal: &Terminal) -> Result<u8, Failure> {
    let mut outcome = run_over(matches, Some(Action::Apply), terminal)?;
    terminal.say(&output::diff::render(&outcome))?;
    // The diff says what is done.
    outcome.entries.retain(|entry| entry.severity < Severity::Info);
    terminal.tell(&(text::render(&outcome) + &text::summary(&outcome, "would be edited")));
    let differs = outcome.edits.iter().any(|edits| !edits.is_empty());
    Ok(outcome.code().max(u8::from(differs)))
}

/// Reports what is missing.
fn check(matches: &ArgMatches, terminal: &Terminal) -> Result<u8, Failure> {
    let outcome = run_over(matches, Some(Action::Check), terminal)?;
    let report = match matches.get_one::<String>("output").map(String::as_str) {
        Some("json") => output::json::render(&outcome),
        Some("sarif") => output::sarif::render(&outcome),
        Some("github") => output::github::render(&outcome),
        Some("junit") => output::junit::render(&outcome),
        _ => text::render(&outcome) + &text::summary(&outcome, "edited"),
    };
    terminal.say(&report)?;
    Ok(outcome.code())
}

/// Shows who says which range.
fn map(matches: &ArgMatches, terminal: &Terminal) -> Result<u8, Failure> {
    let outcome = run_over(matches, None, terminal)?;
    let page = match matches.get_one::<String>("output").map(String::as_str) {
        Some("json") => output::map::json::render(&outcome),
        Some("html") => output::map::html::render(&outcome),
        _ => output::map::text::render(&outcome, terminal.width()),
    };
    terminal.say(&page)?;
    terminal.tell(&text::render(&outcome));
    Ok(outcome.code())
}

/// The run that the arguments of a command over packages ask for; without an action, packages are mapped.
fn run_over(matches: &ArgMatches, action: Option<Action>, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut settings = Settings { config: None, flags: fields::of_flags(matches)?, action, map: action.is_none() };
    if let Some(config) = matches.get_one::<PathBuf>("config") {
        settings.config = Some(files::read_one(config, true).map_err(|error| format!("{}: {}", error.name, error.reason))?);
    }
    let paths: Vec<_> = matches.get_many::<PathBuf>("paths").into_iter().flatten().cloned().collect();
    let progress = terminal.progress();
    let (files, unreadable) = files::read(&paths, &|done, total| progress.tick("reading", done, total));
    progress.restart();
    Ok(run_files::run(files, unreadable, &settings, &|done, total| progress.tick("looking at", done, total)))
}

/// Writes a functionConfig, and the lines around it.
fn init(matches: &ArgMatches, terminal: &Terminal) -> Result<u8, Failure> {
    let hosts = [("kustomize", Host::Kustomize), ("kpt", Host::Kpt), ("argocd", Host::ArgoCd)];
    let request = init::Request {
        folder: path(matches, "folder").unwrap_or_else(|| ".".into()),
        host: hosts.into_iter().find(|(name, _)| matches.get_flag(name)).map(|(_, host)| host),
        prefix: matches.get_one::<String>("prefix").cloned(),
        force: matches.get_flag("force"),
        fields: fields::of_flags(matches)?,
    };
    terminal.say(&init::init(&request)?)
}

/// Writes the manifests of an application of Argo CD.
fn generate(matches: &ArgMatches) -> Result<u8, Failure> {
    let request = argocd::Request {
        folder: path(matches, "folder").unwrap_or_else(|| ".".into()),
        config: path(matches, "config"),
        recurse: matches.get_flag("recurse"),
        kustomize: path(matches, "kustomize").unwrap_or_else(|| "kustomize".into()),
        flags: matches.get_many("flags").into_iter().flatten().cloned().collect(),
    };
    // Argo CD shows these lines in its user interface: plain ones.
    let generated = argocd::generate(&request).unwrap_or_else(argocd::Generated::failed);
    let _ = io::stderr().lock().write_all(generated.said.as_bytes());
    let mut stdout = io::stdout().lock();
    stdout.write_all(generated.manifests.as_bytes())?;
    stdout.flush()?;
    Ok(generated.code)
}

fn path(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    matches.get_one::<PathBuf>(name).cloned()
}

fn man(matches: &ArgMatches, terminal: &Terminal) -> Result<u8, Failure> {
    let mut program = command::command();
    program.build();
    let page = |command: clap::Command| -> io::Result<Vec<u8>> {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        Ok(page)
    };
    if let Some(folder) = matches.get_one::<PathBuf>("dir") {
        clap_mangen::generate_to(command::command(), folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        return Ok(0);
    }
    let command = match matches.get_one::<String>("command") {
        Some(name) => {
            let known = program.get_subcommands().find(|command| command.get_name() == name).cloned();
            known.ok_or_else(|| format!("\"{name}\" is not a command; see `enable-dual-stack -h`"))?
        }
        None => program,
    };
    terminal.say(&String::from_utf8_lossy(&page(command)?))
}

/// Where people read.
struct Terminal {
    color: ColorChoice,
}

impl Terminal {
    fn of(matches: &ArgMatches) -> Self {
        let color = match matches.get_one::<String>("color").map(String::as_str) {
            Some("always") => ColorChoice::Always,
            Some("never") => ColorChoice::Never,
            _ => ColorChoice::Auto,
        };
        Self { color }
    }

    /// Writes to stdout, for people and reports. Who closes the pipe has seen enough.
    fn say(&self, text: &str) -> Result<u8, Failure> {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color);
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(0),
        }
    }

    /// How many columns stdout has: as `COLUMNS` says, else as the terminal does.
    #[expect(clippy::unused_self, reason = "it is the terminal's")]
    fn width(&self) -> usize {
        let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        said.or_else(|| terminal_size::terminal_size().map(|(width, _)| width.0.into())).unwrap_or(80)
    }

    /// Writes to stderr.
    fn tell(&self, text: &str) {
        // There is nowhere left to say that it failed.
        let _ = AutoStream::new(io::stderr().lock(), self.color).write_all(text.as_bytes());
    }

    /// Says why nothing was done.
    fn fail(&self, message: &str) -> ExitCode {
        self.tell(&text::failure(message));
        ExitCode::from(2)
    }

    fn progress(&self) -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
            bar.set_style(style);
        }
        Progress { bar, start: Instant::now(), wanted: io::stderr().is_terminal() && self.color != ColorChoice::Never }
    }
}

/// A bar on stderr, if that is a terminal, once the run has taken a while.
struct Progress {
    bar: ProgressBar,
    start: Instant,
    wanted: bool,
}

impl Progress {
    fn tick(&self, what: &'static str, done: usize, total: usize) {
        if !self.wanted {
            return;
        }
        if self.bar.is_hidden() && self.start.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_length(total as u64);
        self.bar.set_message(what);
        self.bar.inc(done as u64);
    }

    fn restart(&self) {
        self.bar.set_position(0);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
