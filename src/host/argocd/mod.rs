//! The config management plugin of Argo CD: `argocd generate` and `argocd parameters`, run in a copy of the
//! application's folder (argo-cd v3.4 docs/operator-manual/config-management-plugins.md, cmpserver/plugin/plugin.go).

mod environment;
mod generate;
mod manifests;
mod parameters;

pub(super) use generate::{Generated, Request, generate};
pub(super) use parameters::announce;

use std::path::Path;
use std::{fs, io};

use super::files::{self, SourceFile};
use super::run_files;
use crate::package;

/// The object of our own kind in the files of the application, which configures the run where `--config` does not.
///
/// # Errors
/// A sentence, where several files have one.
fn function_config(files: &[SourceFile]) -> Result<Option<&SourceFile>, String> {
    let has_one = |file: &&SourceFile| package::with(&file.text, |package| package.all().iter().any(run_files::is_ours)) == Ok(true);
    let found: Vec<_> = files.iter().filter(|file| file.text.contains(crate::config::KIND)).filter(has_one).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        [first, second, ..] => {
            Err(format!("{} and {} both hold a functionConfig: say which one with `--config FILE`", first.name, second.name))
        }
    }
}

/// What kustomize looks for in a folder.
fn has_kustomization(folder: &Path) -> bool {
    ["kustomization.yaml", "kustomization.yml", "Kustomization"].iter().any(|name| folder.join(name).is_file())
}

/// What Argo CD itself reads in a folder of plain manifests.
fn manifests_of(folder: &Path, recurse: bool) -> Result<Vec<SourceFile>, String> {
    let unreadable = |error: io::Error| format!("{}: {error}", folder.display());
    let mut paths: Vec<_> = fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() && recurse {
            found.extend(manifests_of(&path, recurse)?);
        } else if path.is_file() && files::may_be_manifest(&path) {
            let file = files::read_one(&path, true).map_err(|error| format!("{}: {}", error.name, error.reason))?;
            found.push(file);
        }
    }
    Ok(found)
}
