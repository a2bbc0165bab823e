//! What is in the folder already, and in what its kustomization builds on.

use std::fs;
use std::path::{Path, PathBuf};

use super::Host;
use crate::config::KIND;
use crate::host::files::{self, SourceFile};
use crate::host::run_files::{self, normal};
use crate::package::{self, File};
use crate::text::Span;
use crate::yaml::{Node, Tree};

/// What kustomize looks for in a folder.
pub(super) const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A file with a functionConfig.
pub(super) struct Config {
    /// Relative to the folder.
    pub name: String,
    pub text: String,
}

/// What is there.
#[derive(Default)]
pub(super) struct Found {
    /// The files of the package that has to do with address families; none, where none has.
    pub package: Vec<SourceFile>,
    pub config: Option<Config>,
    /// What a kustomization of the folder would list: the files with objects, relative to the folder.
    pub resources: Vec<String>,
    /// Kustomizations in folders below.
    pub kustomizations_below: Vec<String>,
    /// What could not be read, and why.
    pub unread: Vec<String>,
}

/// Reads the folder.
///
/// # Errors
/// A sentence, where it is no folder, or holds more than one package or functionConfig.
pub(super) fn read(folder: &Path, host: Option<Host>) -> Result<Found, String> {
    if !folder.is_dir() {
        return Err(format!("{} is no folder: give the folder of the package", files::name(folder)));
    }
    let mut paths = vec![folder.to_owned()];
    follow(folder, &mut Vec::new(), &mut paths);
    let (mut all, unreadable) = files::read(&paths, &|_, _| {});
    // A functionConfig belongs to the package that its own place makes it a part of.
    let config = SourceFile { name: name_in(folder, super::CONFIG), path: None, named: true, text: placeholder() };
    let there = all.iter().position(has_config);
    let at = there.unwrap_or_else(|| {
        all.retain(|file| file.name != config.name);
        all.push(config);
        all.len() - 1
    });
    if let Some(second) = all.iter().skip(at + 1).find(|file| has_config(file)) {
        return Err(format!("{} and {} both hold a functionConfig: there must be one only", all[at].name, second.name));
    }
    let sorted = run_files::sort_out(&all);
    let concerned: Vec<_> = sorted.packages.iter().filter(|members| is_concerned(&all, members)).collect();
    // kustomize brings together what is in several folders.
    let elsewhere = |members: &&&Vec<usize>| host != Some(Host::Kustomize) && !members.contains(&at);
    if concerned.len() > 1 || concerned.iter().any(|members| elsewhere(&members)) {
        let folders: Vec<_> = concerned.iter().map(|members| folder_of(&all, members)).collect();
        return Err(format!(
            "{} is no single package: run it in the folder of a cluster, such as {}",
            files::name(folder),
            folders.iter().find(|name| **name != files::name(folder)).or(folders.first()).map_or("", String::as_str)
        ));
    }
    let package = concerned.first().map(|members| members.iter().map(|&member| all[member].clone()).collect()).unwrap_or_default();
    let broken = sorted.broken.iter().map(|(file, error)| format!("{}: {error}", all[*file].name));
    let unread = unreadable.into_iter().map(|file| format!("{}: {}", file.name, file.reason)).chain(broken).collect();
    let mut found = Found { package, unread, ..Found::default() };
    if there.is_some() {
        let name = relative(folder, &all[at].name).ok_or_else(|| format!("{} is the functionConfig already", all[at].name))?;
        found.config = Some(Config { name, text: all[at].text.clone() });
    }
    let objects: Vec<usize> = sorted.packages.into_iter().flatten().filter(|&member| member != at).collect();
    for (index, file) in all.iter().enumerate() {
        let Some(name) = relative(folder, &file.name) else { continue };
        let last = name.rsplit('/').next().unwrap_or_default();
        if KUSTOMIZATIONS.contains(&last) {
            found.kustomizations_below.push(file.name.clone());
        } else if objects.contains(&index) && last != super::APPLICATION && all_have_names(&file.text) {
            found.resources.push(name);
        }
    }
    found.resources.sort();
    Ok(found)
}

/// kustomize takes no object without a name, as files of kubeadm and kind have them.
fn all_have_names(text: &str) -> bool {
    package::with(text, |package| package.all().iter().all(|resource| !resource.name.is_empty())) == Ok(true)
}

fn name_in(folder: &Path, name: &str) -> String {
    files::name(&folder.join(name))
}

/// The name of a file below the folder, from there.
fn relative(folder: &Path, name: &str) -> Option<String> {
    let rest = normal(Path::new(name)).strip_prefix(normal(folder)).ok()?.to_owned();
    let below = !rest.starts_with("..");
    below.then(|| files::name(&rest))
}

fn placeholder() -> String {
    format!("apiVersion: {}\nkind: {KIND}\nmetadata:\n  name: enable-dual-stack\nspec: {{}}\n", crate::config::API_VERSION)
}

fn has_config(file: &SourceFile) -> bool {
    file.text.contains(KIND) && package::with(&file.text, |package| package.all().iter().any(run_files::is_ours)) == Ok(true)
}

/// The files as a package takes them.
pub(super) fn as_package<'f>(files: impl IntoIterator<Item = &'f SourceFile>) -> Vec<File<'f>> {
    files.into_iter().map(|file| (file.name.as_str(), file.text.as_str())).collect()
}

fn is_concerned(all: &[SourceFile], members: &[usize]) -> bool {
    let files = as_package(members.iter().map(|&member| &all[member]));
    package::with_files(&files, |package| run_files::is_concerned(package, &crate::config::Config::default())) == Ok(true)
}

/// The folder that all these files are in.
fn folder_of(all: &[SourceFile], members: &[usize]) -> String {
    let mut folders = members.iter().filter_map(|&member| Path::new(&all[member].name).parent());
    let first = folders.next().unwrap_or(Path::new("")).to_owned();
    let common = folders.fold(first, |common, folder| {
        common.components().zip(folder.components()).take_while(|(a, b)| a == b).map(|(step, _)| step).collect::<PathBuf>()
    });
    if common.as_os_str().is_empty() { ".".to_owned() } else { files::name(&common) }
}

/// The files that the kustomization of the folder lists, with those of the kustomizations that it lists.
fn follow(folder: &Path, seen: &mut Vec<PathBuf>, paths: &mut Vec<PathBuf>) {
    let folder = normal(folder);
    let text = KUSTOMIZATIONS.iter().find_map(|name| fs::read_to_string(folder.join(name)).ok());
    let Some(text) = text.filter(|_| !seen.contains(&folder)) else { return };
    seen.push(folder.clone());
    let Ok(tree) = Tree::parse(&text, Span::new(0, text.len())) else { return };
    let keys = ["resources", "bases", "components"];
    let lists = tree.roots().flat_map(|root| keys.into_iter().filter_map(move |key| root.get(key)));
    for entry in lists.flat_map(Node::items).filter_map(Node::text) {
        let path = normal(&folder.join(entry));
        if path.is_dir() {
            follow(&path, seen, paths);
        } else if path.is_file() {
            paths.push(path);
        }
    }
}
