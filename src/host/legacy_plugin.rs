//! The legacy exec plugin of kustomize, which works in every kubectl with `--enable-alpha-plugins` alone.
//!
//! kustomize runs the file `<root>/<group>/<version>/<kind in lower case>/<Kind>` with the name of a file that holds
//! the functionConfig; objects come on stdin as a plain stream and go to stdout as one (kustomize v5.6.0
//! api/internal/plugins/execplugin/execplugin.go, api/konfig/plugins.go).

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{files, function};
use crate::config::{API_VERSION, KIND};
use crate::package::{self, Form};
use crate::run;

/// What the program is called, and what may follow it, when kustomize runs it as a plugin: the functionConfig's file.
pub(super) fn config_file(args: &[OsString]) -> Option<PathBuf> {
    let file = Path::new(args.first()?);
    let named = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"kust-plugin-config-"));
    ((named || env::var_os("KUSTOMIZE_PLUGIN_CONFIG_ROOT").is_some()) && file.is_file()).then(|| file.to_owned())
}

/// Reads stdin to its end, and answers in one go or, where there is an error, not at all.
pub(super) fn main(config_file: &Path) -> ExitCode {
    function::with_stdin(|input| answer(input, config_file))
}

fn answer(input: &str, config_file: &Path) -> ExitCode {
    if package::with(input, |package| package.form == Form::ResourceList) == Ok(true) {
        return function::answer(input, run::function(input));
    }
    let config = match fs::read_to_string(config_file) {
        Ok(config) => config,
        Err(error) => return function::fail(&format!("error: {}: {error}\n", config_file.display())),
    };
    let mut response = run::stream(input, &config);
    if input.trim().is_empty() {
        response.stderr += "warning: there are no objects on stdin: list the configuration under `transformers:`, not `generators:`\n";
    }
    function::answer(input, response)
}

/// Puts this program where kustomize looks for the plugin, and says where that is.
///
/// # Errors
/// A sentence: the program cannot be read, or the folder cannot be written to.
pub(super) fn install(root: Option<&Path>) -> Result<String, String> {
    let root = match root {
        Some(root) => root.to_owned(),
        None => plugin_root(|name| env::var_os(name), Path::is_dir)
            .ok_or("none of KUSTOMIZE_PLUGIN_HOME, XDG_CONFIG_HOME and HOME is set: say where with `--root DIR`")?,
    };
    let program = env::current_exe().and_then(fs::read).map_err(|error| format!("this program cannot be read: {error}"))?;
    let plugin = root.join(API_VERSION).join(KIND.to_lowercase()).join(KIND);
    let failed = |error| format!("{}: {error}", plugin.display());
    fs::create_dir_all(plugin.parent().unwrap_or(&root)).map_err(failed)?;
    files::write_program(&plugin, &program).map_err(failed)?;
    Ok(format!("{}\n", plugin.display()))
}

/// Where kustomize looks: in the first of these folders that is there. Where none is, the first that can be made.
fn plugin_root(variable: impl Fn(&str) -> Option<OsString>, is_dir: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let under = |name, below: &[&str]| {
        let folder = variable(name).filter(|value| value != OsStr::new(""))?;
        Some(below.iter().fold(PathBuf::from(folder), |path, step| path.join(step)))
    };
    let roots = [
        under("KUSTOMIZE_PLUGIN_HOME", &[]),
        under("XDG_CONFIG_HOME", &["kustomize", "plugin"]),
        under("HOME", &[".config", "kustomize", "plugin"]),
        under("HOME", &["kustomize", "plugin"]),
    ];
    let roots: Vec<_> = roots.into_iter().flatten().collect();
    roots.iter().find(|root| is_dir(root)).or(roots.first()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(variables: &[(&str, &str)], folders: &[&str]) -> Option<String> {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        let root = plugin_root(variable, |path| folders.iter().any(|folder| path == Path::new(folder)));
        root.map(|root| root.to_string_lossy().into_owned())
    }

    #[test]
    fn the_plugin_goes_where_kustomize_looks_first() {
        let all = [("KUSTOMIZE_PLUGIN_HOME", "/plugins"), ("XDG_CONFIG_HOME", "/xdg"), ("HOME", "/home/a")];
        assert_eq!(root(&all, &[]).as_deref(), Some("/plugins"));
        assert_eq!(root(&all, &["/xdg/kustomize/plugin", "/home/a/kustomize/plugin"]).as_deref(), Some("/xdg/kustomize/plugin"));
        assert_eq!(root(&all[1..], &[]).as_deref(), Some("/xdg/kustomize/plugin"));
        assert_eq!(root(&all[2..], &[]).as_deref(), Some("/home/a/.config/kustomize/plugin"));
        assert_eq!(root(&all[2..], &["/home/a/kustomize/plugin"]).as_deref(), Some("/home/a/kustomize/plugin"));
        assert_eq!(root(&[("XDG_CONFIG_HOME", ""), ("HOME", "/h")], &[]).as_deref(), Some("/h/.config/kustomize/plugin"));
        assert_eq!(root(&[], &["/plugins"]), None);
    }
}
