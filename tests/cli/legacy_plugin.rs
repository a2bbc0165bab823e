//! As kustomize runs an exec plugin: the functionConfig in a file, a plain stream in and out.

use crate::common::{CALICO, Folder, Ran, config, enabled, ran};

const NAME: &str = "kust-plugin-config-146475747";

#[test]
fn a_plain_stream_is_edited() {
    let folder = Folder::with(&[(NAME, &config("fd00:10:244::/56"))]);
    assert_eq!(folder.run_with([NAME], &[], CALICO), Ran { code: 0, stdout: enabled(), stderr: String::new() });
    // kustomize adds `argsOneLiner` to the arguments.
    assert_eq!(folder.run_with([NAME, "--flag", "a b"], &[], CALICO).stdout, enabled());
}

#[test]
fn the_variable_of_kustomize_tells_it_too() {
    let folder = Folder::with(&[("config", &config("fd00:10:244::/56"))]);
    let root = ("KUSTOMIZE_PLUGIN_CONFIG_ROOT", "/somewhere");
    assert_eq!(folder.run_with(["config"], &[root], CALICO).stdout, enabled());
    // It is inherited by other programs, too: what is no file is a command.
    assert_eq!(folder.run_with(["systems"], &[root], "").code, 0);
}

#[test]
fn the_config_may_be_a_config_map_and_carry_fields_of_kustomize() {
    let map = "apiVersion: v1\ndata:\n  ipv6PodCIDR: fd00:10:244::/56\nkind: ConfigMap\nmetadata:\n  name: x\n";
    assert_eq!(Folder::with(&[(NAME, map)]).run_with([NAME], &[], CALICO).stdout, enabled());
    let with_args = format!("argsOneLiner: --flag\n{}", config("fd00:10:244::/56"));
    assert_eq!(Folder::with(&[(NAME, &with_args)]).run_with([NAME], &[], CALICO).stdout, enabled());
}

#[test]
fn an_error_leaves_stdout_empty() {
    let folder = Folder::with(&[(NAME, &config("fd00::1"))]);
    let refused = folder.run_with([NAME], &[], CALICO);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.starts_with("error: `ipv6PodCIDR` must be an IPv6 range"), "{}", refused.stderr);

    folder.write(NAME, &(config("fd00:10:244::/56") + "  action: Check\n"));
    let missing = folder.run_with([NAME], &[], CALICO);
    assert_eq!((missing.code, missing.stdout.as_str(), missing.stderr.lines().count()), (1, "", 6));
    assert_eq!(folder.run_with([NAME], &[], &enabled()), Ran { code: 0, stdout: enabled(), stderr: String::new() });

    let broken = folder.run_with([NAME], &[], "a: [1\n");
    assert_eq!((broken.code, broken.stdout.as_str()), (2, ""));
    assert!(broken.stderr.starts_with("error: line "), "{}", broken.stderr);
}

#[test]
fn a_resource_list_is_answered_as_a_function() {
    let folder = Folder::with(&[(NAME, "a: [\n")]);
    let list = format!(
        "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\nfunctionConfig:\n{}",
        config("fd00:10:244::/56").replace('\n', "\n  ").trim_end().replacen("apiVersion", "  apiVersion", 1) + "\n"
    );
    let answer = folder.run_with([NAME], &[], &list);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    assert!(answer.stdout.starts_with(&list) && answer.stdout.contains("nothing-to-enable"), "{}", answer.stdout);
}

#[test]
fn a_generator_is_told_where_it_belongs() {
    let folder = Folder::with(&[(NAME, &config("fd00:10:244::/56"))]);
    let empty = folder.run_with([NAME], &[], "");
    assert_eq!((empty.code, empty.stdout.as_str()), (0, ""));
    assert!(empty.stderr.contains("`transformers:`"), "{}", empty.stderr);
}

#[test]
fn the_plugin_is_installed_where_kustomize_looks() {
    let folder = Folder::with(&[(NAME, &config("fd00:10:244::/56"))]);
    let path = "dualstack.krm/v1alpha1/enabledualstack/EnableDualStack";
    let said = folder.run(["install-plugin", "--root", "plugins"]);
    assert_eq!(said, Ran { code: 0, stdout: format!("plugins/{path}\n"), stderr: String::new() });
    let installed = folder.file("plugins").join(path);
    let ran = ran(crate::common::clean(&installed).current_dir(folder.path()).arg(NAME), CALICO);
    assert_eq!(ran, Ran { code: 0, stdout: enabled(), stderr: String::new() });

    // Again, over the one that is there; then by the variable.
    assert_eq!(folder.run(["install-plugin", "--root", "plugins"]).code, 0);
    let home = folder.file("home");
    let said = folder.run_with(["install-plugin"], &[("KUSTOMIZE_PLUGIN_HOME", home.to_str().expect("UTF-8"))], "");
    assert_eq!(said.stdout, format!("{}\n", home.join(path).display()));
    assert!(home.join(path).is_file());
}
