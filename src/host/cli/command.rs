//! The commands and their flags. Help, completions and the manual page are made from this.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgGroup, Command, ValueHint, value_parser};
use clap_complete::Shell;

use crate::host::fields;

/// The program, as people call it.
pub(super) fn command() -> Command {
    let color = Arg::new("color")
        .long("color")
        .value_name("WHEN")
        .default_value("auto")
        .global(true)
        .help("When to use colours: auto, always or never");
    let color = color.value_parser(PossibleValuesParser::new(["auto", "always", "never"])).hide_possible_values(true);
    Command::new("enable-dual-stack")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Turns a Kubernetes configuration package from one IP family into two")
        .after_help(
            "Without arguments the program is a KRM function: a ResourceList on stdin, its answer on stdout.\n\
             `enable-dual-stack --help` prints the documentation of the function.\n\
             Exit codes: 0 done; 1 an error was found, or `diff` has one; 2 something could not be read.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(color)
        .subcommands([
            apply(),
            diff(),
            check(),
            init(),
            map(),
            argocd(),
            Command::new("systems").about("Show what is recognised"),
            Command::new("explain")
                .about("Show what a rule means, why, and what to do; without RULE, list them")
                .arg(Arg::new("rule").value_name("RULE").help("The word in brackets behind a message")),
            install_plugin(),
            Command::new("completions")
                .about("Print the completions for a shell")
                .arg(Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell)).help("The shell")),
            Command::new("man")
                .about("Print the manual page of the program, or of a command")
                .arg(Arg::new("command").value_name("COMMAND").help("The command"))
                .arg(folder("dir").long("dir").help("Write all pages to this folder instead")),
        ])
}

fn apply() -> Command {
    Command::new("apply")
        .about("Edit files in place")
        .long_about(
            "Edits files in place: each in one step, and only the bytes that an edit names. A package with an error is left as it is. \
             `-` reads stdin and writes to stdout.",
        )
        .args(package_args())
}

fn diff() -> Command {
    Command::new("diff")
        .about("Show what `apply` would edit; exit 1 if there is something")
        .long_about("Shows what `apply` would edit, as a unified diff that `patch` and `git apply` take. Exits 1 if there is something.")
        .args(package_args())
}

fn check() -> Command {
    let formats = PossibleValuesParser::new(["text", "json", "sarif", "github", "junit"]);
    let output = Arg::new("output").long("output").short('o').value_name("FORMAT").default_value("text").value_parser(formats);
    Command::new("check")
        .about("Report everything that is missing or disagrees; exit 1 if there is something")
        .arg(output.help("The format of the report"))
        .args(package_args())
}

fn init() -> Command {
    let switch = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let prefix = Arg::new("prefix").long("prefix").value_name("RANGE");
    Command::new("init")
        .about("Write a functionConfig for a package, with ranges that fit it")
        .long_about(
            "Writes `enable-dual-stack.yaml`, a functionConfig for the package in a folder. Ranges that the package says are kept, ranges \
             that nobody says are proposed: IPv6 ranges in a unique-local /48 that is drawn (RFC 4193) or in `--prefix`, a /56 for pods \
             and a /112 for Services; IPv4 ranges for packages that are IPv6 first. None overlaps a range of the package or a node's \
             address. Files that are there already are added to, or left alone.",
        )
        .arg(folder("folder").help("The folder of the package [default: the folder that you are in]"))
        .args([
            switch("kustomize", "Add it to `transformers` of the kustomization, or make one"),
            switch("kpt", "Add it to the pipeline of the Kptfile, or make one"),
            switch("argocd", "Write an Application of Argo CD that runs the plugin"),
        ])
        .group(ArgGroup::new("host").args(["kustomize", "kpt", "argocd"]))
        .arg(prefix.help("What IPv6 ranges are taken from, such as fd12:3456:789a::/48 [default: one that is drawn]"))
        .arg(switch("force", "Replace files that are there already"))
        .args(fields::flags())
}

fn map() -> Command {
    let formats = PossibleValuesParser::new(["text", "html", "json"]);
    let output = Arg::new("output").long("output").short('o').value_name("FORMAT").default_value("text").value_parser(formats);
    Command::new("map")
        .about("Show who says which range: every place, by family, and who disagrees")
        .long_about(
            "Shows who says which range: every place that carries a range of Pods or Services, a switch of an address family, a \
             feature gate or an address, by family, with what stands there and where. What is missing, and who disagrees, is \
             marked. `--output html` writes one page that needs nothing else.",
        )
        .arg(output.help("The format of the map"))
        .args(package_args())
}

fn argocd() -> Command {
    let folder = || folder("folder").help("The folder of the application [default: the folder that you are in]");
    let kustomize = Arg::new("kustomize").long("kustomize").value_name("FILE").value_parser(value_parser!(PathBuf));
    let flags = Arg::new("flags").value_name("FLAG").num_args(0..).last(true).help("Flags for `kustomize build`");
    Command::new("argocd").about("Config management plugin of Argo CD").subcommand_required(true).subcommands([
        Command::new("generate")
            .about("Write the manifests of an application to stdout, with both families")
            .long_about(
                "Writes the manifests of an application to stdout, with both families. Where there is a kustomization, they come from \
                 `kustomize build`, else from the YAML and JSON files of the folder. The configuration comes from the parameters of the \
                 application (ARGOCD_APP_PARAMETERS), then from its env (ARGOCD_ENV_*), then from `--config` or the object of kind \
                 EnableDualStack in the folder.",
            )
            .args([
                folder(),
                config_arg().help("The functionConfig"),
                Arg::new("recurse").long("recurse").action(ArgAction::SetTrue).help("Read the folders below, too"),
                kustomize.value_hint(ValueHint::ExecutablePath).help("The program to build with [default: kustomize]"),
                flags,
            ]),
        Command::new("parameters").about("Write the announcement of the parameters, for Argo CD's form").arg(folder()),
    ])
}

fn config_arg() -> Arg {
    Arg::new("config").long("config").value_name("FILE").value_parser(value_parser!(PathBuf)).value_hint(ValueHint::FilePath)
}

fn install_plugin() -> Command {
    Command::new("install-plugin")
        .about("Put this program where kustomize and kubectl look for exec plugins")
        .arg(folder("root").long("root").help("The plugin root, instead of the one where kustomize looks first"))
}

/// What every command over packages takes.
pub(super) fn package_args() -> Vec<Arg> {
    let paths = Arg::new("paths").value_name("PATH").num_args(0..).default_value(".").action(ArgAction::Append);
    let paths = paths.value_parser(value_parser!(PathBuf)).value_hint(ValueHint::AnyPath).hide_default_value(true);
    let mut args = vec![
        paths.help("Files and folders, or - for stdin [default: the folder that you are in]"),
        config_arg().help("The functionConfig; without it, each package's own object of kind EnableDualStack"),
    ];
    args.extend(fields::flags());
    args
}

fn folder(name: &'static str) -> Arg {
    Arg::new(name).value_name("DIR").value_parser(value_parser!(PathBuf)).value_hint(ValueHint::DirPath)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_commands_are_well_formed() {
        super::command().debug_assert();
    }
}
