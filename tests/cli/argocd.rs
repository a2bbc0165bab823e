//! The config management plugin, called as Argo CD's sidecar does: in a copy of the application, with its environment.

use std::os::unix::fs::PermissionsExt;

use crate::common::{CALICO, Folder, Ran, config, enabled};

const PARAMETERS: (&str, &str) = ("ARGOCD_APP_PARAMETERS", r#"[{"name":"ipv6PodCIDR","string":"fd00:10:244::/56"}]"#);
const NONE: (&str, &str) = ("ARGOCD_APP_PARAMETERS", "null");

/// A `kustomize` that tells its arguments on stderr and writes `rendered.yaml`.
fn with_kustomize(folder: &Folder) {
    folder.write("bin/kustomize", "#!/bin/sh\necho \"args: $*\" >&2\ncat rendered.txt\n");
    std::fs::set_permissions(folder.file("bin/kustomize"), PermissionsExt::from_mode(0o755)).expect("permissions");
}

#[test]
fn plain_manifests_get_both_families() {
    let (map, daemon_set) = CALICO.split_once("---\n").expect("two objects");
    let local =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: local\n  annotations:\n    config.kubernetes.io/local-config: \"true\"\n";
    let app = Folder::with(&[
        ("1-map.yaml", map),
        ("2-daemon-set.yml", daemon_set),
        ("3-local.yaml", local),
        ("4-skipped.yaml", "# +argocd:skip-file-rendering\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: skipped\n"),
        ("values.yaml", "a: 1\n"),
        ("sub/other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n"),
    ]);
    let done = app.run_with(["argocd", "generate"], &[PARAMETERS], "");
    assert_eq!(done, Ran { code: 0, stdout: format!("---\n{}", enabled()), stderr: String::new() });
    let recursive = app.run_with(["argocd", "generate", "--recurse"], &[PARAMETERS], "");
    assert!(recursive.stdout.starts_with(&done.stdout) && recursive.stdout.contains("name: other"), "{}", recursive.stdout);
}

#[test]
fn the_repository_can_hold_the_configuration() {
    let app = Folder::with(&[("calico.yaml", CALICO), ("dual-stack.yaml", &config("fd00:10:244::/56"))]);
    assert_eq!(app.run_with(["argocd", "generate"], &[NONE], "").stdout, format!("---\n{}", enabled()));
    let env = ("ARGOCD_ENV_IPV6_POD_CIDR", "fd00:20:244::/56");
    let other = format!("---\n{}", enabled().replace("fd00:10:244::/56", "fd00:20:244::/56"));
    assert_eq!(app.run_with(["argocd", "generate"], &[NONE, env], "").stdout, other, "the application speaks before it");

    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  ipv6PodCIDR: fd00:10:244::/56\n";
    let app = Folder::with(&[("calico.yaml", CALICO), ("config-map.yaml", map)]);
    let done = app.run_with(["argocd", "generate", "--config", "config-map.yaml"], &[NONE], "");
    assert_eq!(done, Ran { code: 0, stdout: format!("---\n{}", enabled()), stderr: String::new() });
}

#[test]
fn a_kustomization_is_built() {
    let app = Folder::with(&[
        ("kustomization.yaml", "resources: [calico.yaml]\n"),
        ("rendered.txt", CALICO),
        ("base.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: not-for-itself\n"),
        ("dual-stack.yaml", &config("fd00:10:244::/56")),
    ]);
    with_kustomize(&app);
    let generate = ["argocd", "generate", "--kustomize", "bin/kustomize", "--", "--enable-helm", "a b"];
    let done = app.run_with(generate, &[NONE, ("ARGOCD_ENV_KUSTOMIZE_BUILD_OPTIONS", "--evil")], "");
    assert_eq!((done.code, done.stdout), (0, format!("---\n{}", enabled())));
    assert_eq!(done.stderr, "args: build . --enable-helm a b\n");

    app.write("rendered.txt", "");
    let empty = app.run_with(generate, &[NONE], "");
    assert_eq!((empty.code, empty.stdout.as_str()), (2, ""));
    assert!(empty.stderr.contains("Argo CD would delete all"), "{}", empty.stderr);

    app.write("bin/kustomize", "#!/bin/sh\ncat rendered.txt\necho 'Error: no such thing' >&2\nexit 1\n");
    app.write("rendered.txt", CALICO);
    let failed = app.run_with(generate, &[NONE], "");
    assert_eq!((failed.code, failed.stdout.as_str()), (2, ""));
    assert!(failed.stderr.ends_with("failed (exit status: 1): Error: no such thing\n"), "{}", failed.stderr);

    let missing = app.run_with(["argocd", "generate", "--kustomize", "/nowhere/kustomize"], &[NONE], "");
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("no program \"/nowhere/kustomize\""), "{}", missing.stderr);
}

#[test]
fn an_error_leaves_stdout_empty() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  password: hunter2\n";
    let broken = format!("{secret}  password: hunter2: [\n");
    for (name, app, env) in [
        ("nothing", Folder::with(&[]), PARAMETERS),
        ("no objects", Folder::with(&[("values.yaml", "a: 1\n")]), PARAMETERS),
        ("broken", Folder::with(&[("calico.yaml", CALICO), ("secret.yaml", &broken)]), PARAMETERS),
        ("no range", Folder::with(&[("calico.yaml", CALICO), ("secret.yaml", secret)]), NONE),
        ("bad range", Folder::with(&[("calico.yaml", CALICO)]), ("ARGOCD_ENV_IPV6_POD_CIDR", "fd00::1")),
        ("bad name", Folder::with(&[("calico.yaml", CALICO)]), ("ARGOCD_APP_PARAMETERS", r#"[{"name":"ipv6PodCDIR","string":"x"}]"#)),
        ("bad JSON", Folder::with(&[("calico.yaml", CALICO)]), ("ARGOCD_APP_PARAMETERS", "x")),
        ("check", Folder::with(&[("calico.yaml", CALICO), ("c.yaml", &(config("fd00::/56") + "  action: Check\n"))]), NONE),
        ("two configs", Folder::with(&[("a.yaml", &config("fd00::/56")), ("b.yaml", &config("fd00::/56"))]), NONE),
    ] {
        let failed = app.run_with(["argocd", "generate"], &[env], "");
        assert_eq!((failed.code > 0, failed.stdout.as_str()), (true, ""), "{name}: {}", failed.stderr);
        assert!(failed.stderr.starts_with("error: ") && !failed.stderr.contains("hunter2"), "{name}: {}", failed.stderr);
    }
}

#[test]
fn errors_come_before_warnings() {
    let later = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking:\n  podSubnet: ${POD_CIDR}\n";
    let unlike = enabled().replace("fd00:10:244::/56", "fd00:20:244::/56");
    let app = Folder::with(&[("a.yaml", later), ("b.yaml", &unlike)]);
    let failed = app.run_with(["argocd", "generate"], &[PARAMETERS], "");
    let words: Vec<_> = failed.stderr.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!((failed.code, words.first(), words.last()), (1, Some(&"error"), Some(&"warning")), "{}", failed.stderr);
}

#[test]
fn an_application_that_has_nothing_to_enable_goes_through() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
    let app = Folder::with(&[("a.yaml", text)]);
    assert_eq!(app.run_with(["argocd", "generate"], &[NONE], ""), Ran { code: 0, stdout: format!("---\n{text}"), stderr: String::new() });
}

#[test]
fn parameters_are_announced() {
    let app = Folder::with(&[("calico.yaml", CALICO), ("dual-stack.yaml", &config("fd00:10:244::/56"))]);
    let announced = app.run_with(["argocd", "parameters"], &[], "");
    assert_eq!((announced.code, announced.stderr.as_str()), (0, ""));
    let list: serde_json::Value = serde_json::from_str(&announced.stdout).expect("JSON");
    let names: Vec<_> = list.as_array().expect("a list").iter().filter_map(|parameter| parameter["name"].as_str()).collect();
    assert!(names.contains(&"ipv6PodCIDR") && names.contains(&"nodeIPs"), "{names:?}");
    assert_eq!(list[names.iter().position(|name| *name == "ipv6PodCIDR").expect("it")]["string"], "fd00:10:244::/56");
    assert_eq!(app.run_with(["argocd", "parameters", "gone"], &[], "").code, 2);
}
