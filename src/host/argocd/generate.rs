//! `argocd generate`: the manifests of an application, with both families, on stdout.

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{environment, function_config, has_kustomization, manifests, manifests_of};
use crate::host::entry::Entry;
use crate::host::fields;
use crate::host::files::{self, SourceFile};
use crate::host::run_files::{self, Outcome, Settings};
use crate::plan::Severity;
use crate::text::{position, splice};

/// What plugin.yaml asks for.
#[derive(Debug)]
pub(in crate::host) struct Request {
    /// The folder of the application.
    pub folder: PathBuf,
    /// The functionConfig.
    pub config: Option<PathBuf>,
    /// Whether manifests of the folders below count, too.
    pub recurse: bool,
    /// What to run where there is a kustomization.
    pub kustomize: PathBuf,
    /// What follows `build .`. It comes from plugin.yaml alone, never from the application: a flag can run programs.
    pub flags: Vec<String>,
}

/// What goes to stdout, and what to stderr.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::host) struct Generated {
    /// Empty, unless all went well.
    pub manifests: String,
    /// One line each.
    pub said: String,
    pub code: u8,
}

impl Generated {
    /// Nothing could be done, and why.
    pub(in crate::host) fn failed(reason: String) -> Self {
        Self { manifests: String::new(), said: format!("error: {reason}\n"), code: 2 }
    }
}

/// A comment with these words keeps a file out of an application (argo-cd docs/user-guide/directory.md).
const SKIP: &str = "+argocd:skip-file-rendering";

/// Renders the application and makes the edits. Argo CD deletes what is not on stdout, so nothing is there unless all is.
///
/// # Errors
/// A sentence: the manifests cannot be had, or one of them cannot be written for a cluster.
pub(in crate::host) fn generate(request: &Request) -> Result<Generated, String> {
    let in_folder = manifests_of(&request.folder, request.recurse)?;
    let config = match &request.config {
        Some(path) => Some(files::read_one(path, true).map_err(|error| format!("{}: {}", error.name, error.reason))?),
        None => function_config(&in_folder)?.cloned(),
    };
    let variables: Vec<_> = env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?))).collect();
    let flags = environment::fields(&variables, &fields::all())?;
    let (mut sources, mut said) = (in_folder, String::new());
    if has_kustomization(&request.folder) {
        let (built, by_kustomize) = kustomize_build(request)?;
        (sources, said) = (vec![built], by_kustomize);
    }
    let given = request.config.as_ref().and_then(|path| path.canonicalize().ok());
    let is_given = |file: &SourceFile| given.is_some() && file.path.as_ref().and_then(|path| path.canonicalize().ok()) == given;
    sources.retain(|file| !file.text.contains(SKIP) && !is_given(file));
    let outcome = run_files::run(sources, Vec::new(), &Settings { config, flags, ..Settings::default() }, &|_, _| {});
    // The user interface shows the beginning first.
    for severity in [Severity::Error, Severity::Warning] {
        said.extend(outcome.entries.iter().filter(|entry| entry.severity == severity).map(|entry| line(&outcome, entry)));
    }
    if outcome.code() > 0 {
        return Ok(Generated { manifests: String::new(), said, code: outcome.code() });
    }
    let mut text = String::new();
    let mut objects = 0;
    for (index, (file, edits)) in outcome.files.iter().zip(&outcome.edits).enumerate() {
        if outcome.config_file == Some(index) {
            continue;
        }
        let edited = splice(&file.text, edits.clone()).map_err(|overlap| overlap.to_string())?;
        let of_file = manifests::of(&edited).map_err(|reason| format!("{}: {reason}", file.name))?;
        text += &of_file.text;
        objects += of_file.objects;
    }
    if objects == 0 {
        return Err("there is no object for the cluster: Argo CD would delete all that the application has deployed".into());
    }
    Ok(Generated { manifests: text, said, code: 0 })
}

/// The output of `kustomize build`, run without a shell, and its stderr.
fn kustomize_build(request: &Request) -> Result<(SourceFile, String), String> {
    let program = request.kustomize.display();
    // A path is meant from here, not from the folder of the application.
    let has_folder = request.kustomize.components().nth(1).is_some();
    let path = Some(&request.kustomize).filter(|_| has_folder).and_then(|path| path.canonicalize().ok());
    let mut command = Command::new(path.as_ref().unwrap_or(&request.kustomize));
    command.args(["build", "."]).args(&request.flags).current_dir(&request.folder).stdin(Stdio::null());
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is a kustomization, but no program \"{program}\": put it on the PATH, or name it with `--kustomize FILE`")
        }
        _ => format!("\"{program}\" cannot be run: {error}"),
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("`{program} build .` failed ({}): {}", output.status, said.trim()));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| format!("`{program} build .` wrote something that is not UTF-8"))?;
    Ok((SourceFile { name: format!("{program} build"), path: None, named: true, text }, said.into_owned()))
}

/// One line for the log, and for the user interface where the run fails: no text of the file, which can be a Secret's.
fn line(outcome: &Outcome, entry: &Entry) -> String {
    let file = entry.file.and_then(|file| outcome.files.get(file));
    let place = file.map(|file| match entry.span {
        Some(span) => format!("{}:{}: ", file.name, position(&file.text, span.start).line),
        None => format!("{}: ", file.name),
    });
    let object = entry.object.as_ref().map(|object| format!("{}: ", object.title)).unwrap_or_default();
    let message = entry.message.replace('\n', " ");
    format!("{}: {}{object}{message} [{}]\n", entry.severity.word(), place.unwrap_or_default(), entry.rule)
}
