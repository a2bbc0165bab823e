//! `init`: a functionConfig for a package, with ranges that fit it, and the lines around it that a host needs.

mod propose;
mod read;
mod texts;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::fields::kebab;
use super::files;
use crate::config::Field;

/// The name of the functionConfig's file.
const CONFIG: &str = "enable-dual-stack.yaml";
/// The name says that it is not one of the application's own manifests.
const APPLICATION: &str = "argocd-application.yaml";

/// What is asked for.
#[derive(Debug)]
pub(super) struct Request {
    /// The folder of the package.
    pub folder: PathBuf,
    /// The host that the lines around the functionConfig are for.
    pub host: Option<Host>,
    /// What IPv6 ranges are taken from; without it, a prefix is drawn.
    pub prefix: Option<String>,
    /// Whether files that are there already may be replaced.
    pub force: bool,
    /// The fields that were given as flags.
    pub fields: Vec<Field>,
}

/// Who runs the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Kustomize,
    Kpt,
    ArgoCd,
}

/// A file as it is to be; nothing is written before all of them are known.
struct Written {
    /// Relative to the folder.
    name: String,
    /// `None`: it stays as it is.
    text: Option<String>,
    /// What is said about it, in lines.
    said: String,
}

/// Writes the files, and says which, and what to run next. Nothing is written unless all can be.
///
/// # Errors
/// A sentence: a file is there already or cannot be edited, the folder holds several packages, a field cannot be accepted.
pub(super) fn init(request: &Request) -> Result<String, String> {
    let found = read::read(&request.folder, request.host)?;
    let config = match &found.config {
        Some(config) if !(request.force && config.name == CONFIG) => kept(request, config)?,
        _ => {
            must_be_free(request, CONFIG)?;
            propose::config(request, &found)?
        }
    };
    let name = config.name.clone();
    let around = match request.host {
        None => None,
        Some(Host::Kustomize) => Some(kustomization(request, &found, &name)?),
        Some(Host::Kpt) => Some(kptfile(request, &name)?),
        Some(Host::ArgoCd) => Some(application(request, &config, &found)?),
    };
    let mut said = String::new();
    for file in [Some(config), around].into_iter().flatten() {
        let path = request.folder.join(&file.name);
        if let Some(text) = &file.text {
            files::write(&path, text).map_err(|error| format!("{}: {error}", files::name(&path)))?;
        }
        let _ = writeln!(said, "{}: {}", files::name(&path), file.said);
    }
    said.extend(found.unread.iter().map(|reason| format!("not looked at: {reason}\n")));
    let _ = writeln!(said, "next: {}", next(request));
    Ok(said)
}

/// The functionConfig that is there already, with the annotation that the host needs.
fn kept(request: &Request, config: &read::Config) -> Result<Written, String> {
    let path = request.folder.join(&config.name);
    let refused = |why: String| Err(format!("{} {why}", files::name(&path)));
    if request.force {
        return refused("holds a functionConfig, and there must be one only: remove it, then `init` writes another".into());
    }
    let mut flags = request.fields.iter().map(|field| kebab(&field.name)).chain(request.prefix.iter().map(|_| "prefix".to_owned()));
    if let Some(flag) = flags.next() {
        return refused(format!("holds a functionConfig already, so `--{flag}` must be set there; or replace it with `--force`"));
    }
    let text = texts::annotated(&config.text, request.host).map_err(|reason| format!("{}: {reason}", files::name(&path)))?;
    let said = if text.is_some() { "kept, with the annotation that the host needs" } else { "kept as it is" };
    Ok(Written { name: config.name.clone(), text, said: said.to_owned() })
}

fn must_be_free(request: &Request, name: &str) -> Result<(), String> {
    let path = request.folder.join(name);
    if path.exists() && !request.force {
        return Err(format!("{} is there already: `--force` replaces it", files::name(&path)));
    }
    Ok(())
}

/// The text of the first of these files that is there, and its name.
fn existing(folder: &Path, names: &[&str]) -> Result<Option<(String, String)>, String> {
    let Some(name) = names.iter().find(|name| folder.join(name).is_file()) else { return Ok(None) };
    let path = folder.join(name);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", files::name(&path)))?;
    Ok(Some(((*name).to_owned(), text)))
}

fn kustomization(request: &Request, found: &read::Found, config: &str) -> Result<Written, String> {
    let Some((name, text)) = existing(&request.folder, &read::KUSTOMIZATIONS)? else {
        if let Some(other) = found.kustomizations_below.first() {
            return Err(format!("{other} is below: run `init --kustomize` in the folder of the kustomization that is built"));
        }
        if found.resources.is_empty() {
            let folder = files::name(&request.folder);
            return Err(format!("{folder} holds no objects that a kustomization could list: run it in the folder of the manifests"));
        }
        let text = texts::kustomization(&found.resources, config)?;
        return Ok(Written { name: read::KUSTOMIZATIONS[0].to_owned(), text: Some(text), said: "written".to_owned() });
    };
    let text = texts::with_transformer(&text, config).map_err(|reason| cannot_edit(request, &name, &reason))?;
    let said = if text.is_some() { format!("{config} added to `transformers`") } else { format!("lists {config} already") };
    Ok(Written { name, text, said })
}

fn kptfile(request: &Request, config: &str) -> Result<Written, String> {
    const NAME: &str = "Kptfile";
    let (text, said) = match existing(&request.folder, &[NAME])? {
        Some((_, text)) => {
            let text = texts::with_mutator(&text, config).map_err(|reason| cannot_edit(request, NAME, &reason))?;
            let said = if text.is_some() { "enable-dual-stack added to `pipeline.mutators`" } else { "runs enable-dual-stack already" };
            (text, said)
        }
        None => (Some(texts::kptfile(&folder_name(&request.folder), config)?), "written"),
    };
    Ok(Written { name: NAME.to_owned(), text, said: said.to_owned() })
}

fn application(request: &Request, config: &Written, found: &read::Found) -> Result<Written, String> {
    must_be_free(request, APPLICATION)?;
    let kept = found.config.as_ref().map(|config| config.text.as_str());
    let text = texts::application(&folder_name(&request.folder), config.text.as_deref().or(kept).unwrap_or_default())?;
    let said = "written; `repoURL` and `path` must be those of your repository".to_owned();
    Ok(Written { name: APPLICATION.to_owned(), text: Some(text), said })
}

fn cannot_edit(request: &Request, name: &str, reason: &str) -> String {
    format!("{}: {reason}", files::name(&request.folder.join(name)))
}

/// The name of the folder, as an object of Kubernetes can have it.
fn folder_name(folder: &Path) -> String {
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = full.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Some(name.trim_matches('-').to_owned()).filter(|name| !name.is_empty()).unwrap_or_else(|| "package".to_owned())
}

/// The command that shows what comes of it.
fn next(request: &Request) -> String {
    let folder = quoted(&files::name(&request.folder));
    match request.host {
        None => format!("enable-dual-stack diff {folder}"),
        Some(Host::Kustomize) => format!("kustomize build --enable-alpha-plugins --enable-exec {folder}"),
        Some(Host::Kpt) => format!("kpt fn render {folder} --allow-exec"),
        Some(Host::ArgoCd) => format!("enable-dual-stack argocd generate {folder}"),
    }
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ',' | '+' | ':' | '@' | '%');
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell_are_quoted_where_they_must_be() {
        assert_eq!(quoted("clusters/a_1"), "clusters/a_1");
        assert_eq!(quoted("it's a"), r"'it'\''s a'");
    }

    #[test]
    fn a_name_is_one_that_kubernetes_accepts() {
        assert_eq!(folder_name(Path::new("/x/Prod_EU 1")), "prod-eu-1");
        assert_eq!(folder_name(Path::new("/")), "package");
    }
}
