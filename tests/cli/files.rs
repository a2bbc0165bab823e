//! `apply`, `diff` and `check` over files and folders.

use crate::common::{CALICO, Folder, Ran, config, enabled};

const RANGE: &str = "--ipv6-pod-cidr=fd00:10:244::/56";

#[test]
fn apply_edits_in_place_and_says_what() {
    let folder = Folder::with(&[("calico.yaml", CALICO), ("values.yaml", "a: 1\n"), ("notes.txt", "x")]);
    let done = folder.run(["apply", RANGE]);
    assert_eq!((done.code, done.stdout.as_str()), (0, ""));
    assert_eq!(folder.read("calico.yaml"), enabled());
    assert_eq!(
        done.stderr,
        "\
calico.yaml
  line 17: ConfigMap kube-system/calico-config: `assign_ipv4` set to \"true\": calico-ipam gives every pod an IPv4 address [calico-ipam-assign]
  line 17: ConfigMap kube-system/calico-config: `assign_ipv6` set to \"true\": calico-ipam gives every pod an IPv6 address [calico-ipam-assign]
  line 40: DaemonSet kube-system/calico-node: every node must have a global or unique-local IPv6 address before this is applied, or its calico-node terminates; `ipv6AutodetectionMethod` chooses among several [calico-node-needs-ipv6-address]
  line 45: DaemonSet kube-system/calico-node: `FELIX_IPV6SUPPORT` set to \"true\": Felix programs IPv6, too [calico-node-felix-ipv6]
  line 47: DaemonSet kube-system/calico-node: `IP6` set to \"autodetect\": calico-node detects the IPv6 address of its node [calico-node-ip6]
  line 47: DaemonSet kube-system/calico-node: `CALICO_IPV6POOL_CIDR` set to \"fd00:10:244::/56\": calico-node creates the IPv6 pool from it [calico-node-ipv6-pool]
  line 47: DaemonSet kube-system/calico-node: `CALICO_IPV6POOL_NAT_OUTGOING` set to \"true\": pods reach the outside with their node's address [calico-node-ipv6-nat]
  on every node `net.ipv6.conf.all.forwarding` must be 1, `net.ipv6.conf.all.disable_ipv6` 0, in the network namespaces of pods too, and ip6tables must have its modules [calico-host-ipv6]
  pods that run already keep their one address until they are recreated, and calico-node makes the IPv6 pool only where there is none yet [calico-existing-cluster]
  roll out in this order: nodes first (IPv6 addresses, a default IPv6 route, `net.ipv6.conf.all.forwarding=1`); then Calico; then create Pods again, to give them both addresses [roll-out]
1 file edited; 1 file in 1 package, 1 without objects of Kubernetes skipped
"
    );
    assert_eq!((folder.read("values.yaml").as_str(), folder.read("notes.txt").as_str()), ("a: 1\n", "x"));

    let again = folder.run(["apply", RANGE]);
    assert_eq!(
        again,
        Ran {
            code: 0,
            stdout: String::new(),
            stderr: "nothing to change; 1 file in 1 package, 1 without objects of Kubernetes skipped\n".into()
        }
    );
    // The package says its range itself by now.
    assert_eq!(folder.run(["check"]).code, 0);
}

#[test]
fn every_byte_that_no_edit_names_stays() {
    let strange = format!("\u{feff}{}", CALICO.replace('\n', "\r\n").trim_end());
    let folder = Folder::with(&[("calico.yaml", &strange)]);
    assert_eq!(folder.run(["apply", RANGE, "calico.yaml"]).code, 0);
    assert_eq!(folder.read("calico.yaml"), format!("\u{feff}{}", enabled().replace('\n', "\r\n").trim_end()));
}

#[test]
fn objects_of_one_cluster_find_each_other_across_files() {
    let (map, daemon_set) = CALICO.split_once("---\n").expect("two objects");
    let folder = Folder::with(&[("a/config-map.yaml", map), ("b/daemon-set.yaml", daemon_set)]);
    assert_eq!(folder.run(["apply", RANGE]).code, 0);
    assert_eq!(format!("{}---\n{}", folder.read("a/config-map.yaml"), folder.read("b/daemon-set.yaml")), enabled());
}

#[test]
fn each_cluster_has_a_configuration_of_its_own() {
    let folder = Folder::with(&[
        ("clusters/a/calico.yaml", CALICO),
        ("clusters/a/dual-stack.yaml", &config("fd00:10:244::/56")),
        ("clusters/b/calico.yaml", CALICO),
        ("clusters/b/dual-stack.yaml", &config("fd00:20:244::/56")),
        ("apps/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"),
    ]);
    assert_eq!(folder.run(["apply"]).code, 0);
    assert_eq!(folder.read("clusters/a/calico.yaml"), enabled());
    assert_eq!(folder.read("clusters/b/calico.yaml"), enabled().replace("fd00:10:244::/56", "fd00:20:244::/56"));
}

#[test]
fn patches_of_a_kustomization_are_no_objects() {
    let patch = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: calico-node\n  namespace: kube-system\nspec:\n  template:\n    spec:\n      containers:\n        - name: calico-node\n          resources: {}\n";
    let kustomization =
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [calico.yaml]\npatches:\n  - path: ./patch.yaml\n";
    let folder = Folder::with(&[("calico.yaml", CALICO), ("patch.yaml", patch), ("kustomization.yaml", kustomization)]);
    let done = folder.run(["apply", RANGE]);
    assert_eq!((done.code, folder.read("patch.yaml").as_str()), (0, patch));
    assert!(done.stderr.ends_with("1 file edited; 2 files in 1 package, 1 without objects of Kubernetes skipped\n"), "{}", done.stderr);
}

#[test]
fn an_error_leaves_the_whole_package_as_it_is() {
    let text =
        CALICO.replace("            - name: FELIX_HEALTHENABLED\n", "            - name: FELIX_HEALTHENABLED\n              name: X\n");
    let folder = Folder::with(&[("a/calico.yaml", &text), ("b/calico.yaml", CALICO)]);
    let done = folder.run(["apply", RANGE]);
    assert_eq!(done.code, 1);
    assert_eq!((folder.read("a/calico.yaml"), folder.read("b/calico.yaml")), (text, enabled()));
    assert!(done.stderr.starts_with("a/calico.yaml\nerror[duplicate-key]: DaemonSet kube-system/calico-node: "), "{}", done.stderr);
    assert!(done.stderr.contains("\n47 |               name: X\n"), "{}", done.stderr);
}

#[test]
fn a_broken_file_does_not_stop_the_others() {
    let broken = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [x}\n";
    let template = "apiVersion: v1\nkind: ConfigMap\n{{- if .Values.x }}\nmetadata: {}\n{{ end }}\n";
    let folder = Folder::with(&[("broken.yaml", broken), ("calico.yaml", CALICO), ("chart/template.yaml", template)]);
    let done = folder.run(["apply", RANGE, ".", "gone.yaml"]);
    assert_eq!(done.code, 2);
    assert_eq!((folder.read("calico.yaml"), folder.read("broken.yaml").as_str()), (enabled(), broken));
    assert!(done.stderr.contains("error[file-unreadable]: gone.yaml: No such file"), "{}", done.stderr);
    assert!(done.stderr.contains("error[file-not-yaml]") && done.stderr.contains("3 | metadata: {name: [x}"), "{}", done.stderr);
    assert!(!done.stderr.contains("template.yaml"), "a template is no file of objects: {}", done.stderr);
}

#[test]
fn what_git_ignores_is_ignored() {
    let folder = Folder::with(&[(".gitignore", "/rendered\n"), ("rendered/calico.yaml", CALICO), (".hidden/calico.yaml", CALICO)]);
    assert_eq!(folder.run(["check", RANGE]).code, 0);
    assert_eq!(folder.run(["check", RANGE, "rendered/calico.yaml"]).code, 1, "but what is named is meant");
    assert_eq!(folder.run(["check", RANGE, "rendered"]).code, 1);
}

#[test]
fn git_agrees_on_what_it_ignores() {
    let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n");
    let folder = Folder::with(&[
        (".gitignore", "*.gen.yaml\n/out/\ndeep/**/skip.yaml\n!keep.gen.yaml\n"),
        ("a/.gitignore", "b.yaml\n!c.gen.yaml\n"),
    ]);
    let names = [
        "x.yaml",
        "x.gen.yaml",
        "keep.gen.yaml",
        "out/x.yaml",
        "a/out/x.yaml",
        "a/b.yaml",
        "a/c.gen.yaml",
        "a/d/b.yaml",
        "b.yaml",
        "deep/1/2/skip.yaml",
        "deep/1/2/take.yaml",
        "excluded.yaml",
        "with space/ä.yaml",
    ];
    for (index, name) in names.into_iter().enumerate() {
        folder.write(name, &map(&index.to_string()));
    }
    let git = |args: &[&str]| {
        let done = crate::common::ran(crate::common::clean("git").args(args).current_dir(folder.path()), "");
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stdout
    };
    git(&["init", "-q"]);
    folder.write(".git/info/exclude", "excluded.yaml\n");
    let of_git = git(&["-c", "core.quotePath=false", "ls-files", "--others", "--exclude-standard", "*.yaml"]);
    let mut of_git: Vec<_> = of_git.lines().collect();
    of_git.sort_unstable();
    let report = folder.run(["check", RANGE, "--output=junit"]);
    let mut ours: Vec<_> =
        report.stdout.lines().filter_map(|line| line.trim().strip_prefix("<testsuite name=\"")?.split('"').next()).collect();
    ours.retain(|name| *name != "enable-dual-stack");
    ours.sort_unstable();
    assert_eq!(ours, of_git);
    assert!(ours.len() > 4 && !ours.contains(&"excluded.yaml"), "{ours:?}");
}

#[test]
fn stdin_goes_to_stdout() {
    let folder = Folder::with(&[]);
    let done = folder.run_with(["apply", RANGE, "-"], &[], CALICO);
    assert_eq!((done.code, done.stdout), (0, enabled()));
    let refused = folder.run_with(["apply", "--ipv6-pod-cidr=fd00::1", "-"], &[], CALICO);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{}", refused.stderr);
    let checked = folder.run_with(["check", RANGE, "-"], &[], CALICO);
    assert_eq!(checked.code, 1);
    assert!(checked.stdout.contains("\n  --> stdin:45:22\n"), "{}", checked.stdout);
    assert!(folder.run_with(["diff", RANGE, "-"], &[], CALICO).stdout.starts_with("--- a/stdin\n+++ b/stdin\n"));
    let kept = folder.run_with(["apply", RANGE, "-"], &[], "a: 1\n");
    assert_eq!((kept.code, kept.stdout.as_str()), (0, "a: 1\n"));
}

#[test]
fn diff_is_a_patch_and_an_exit_code() {
    let folder = Folder::with(&[("calico.yaml", CALICO)]);
    let diff = folder.run(["diff", RANGE]);
    assert_eq!(diff.code, 1);
    assert_eq!(
        diff.stdout,
        r#"--- a/calico.yaml
+++ b/calico.yaml
@@ -13,7 +13,9 @@
           "type": "calico",
           "mtu": __CNI_MTU__,
           "ipam": {
-              "type": "calico-ipam"
+              "type": "calico-ipam",
+              "assign_ipv4": "true",
+              "assign_ipv6": "true"
           }
         }
       ]
@@ -40,8 +42,14 @@
         - name: calico-node
           image: docker.io/calico/node:v3.30.1
           env:
-            # Disable IPv6 on Kubernetes.
+            # Enable IPv6 on Kubernetes.
             - name: FELIX_IPV6SUPPORT
-              value: "false"
+              value: "true"
             - name: FELIX_HEALTHENABLED
               value: "true"
+            - name: IP6
+              value: autodetect
+            - name: CALICO_IPV6POOL_CIDR
+              value: fd00:10:244::/56
+            - name: CALICO_IPV6POOL_NAT_OUTGOING
+              value: "true"
"#
    );
    assert_eq!(folder.read("calico.yaml"), CALICO, "nothing is written");
    let colored = folder.run(["diff", RANGE, "--color=always"]).stdout;
    assert!(colored.contains("\u{1b}[32m+              \"assign_ipv4\": \"true\",\u{1b}[0m\n"), "{colored}");
    folder.write("calico.yaml", &enabled());
    assert_eq!(folder.run(["diff", RANGE]).code, 0);
}

#[test]
fn check_shows_the_line() {
    let folder = Folder::with(&[("calico.yaml", CALICO)]);
    let report = folder.run(["check", RANGE]);
    assert_eq!((report.code, report.stderr.as_str()), (1, ""));
    let felix = "\
error[calico-node-felix-ipv6]: DaemonSet kube-system/calico-node: must be changed: `FELIX_IPV6SUPPORT` set to \"true\": Felix programs IPv6, too
  --> calico.yaml:45:22
   |
45 |               value: \"false\"
   |                      ^^^^^^^ must be \"true\"
";
    assert!(report.stdout.starts_with("calico.yaml\nerror[calico-ipam-assign]: "), "{}", report.stdout);
    assert!(report.stdout.contains(felix), "{}", report.stdout);
    assert!(report.stdout.contains("\n6 errors; 1 file in 1 package\n"), "{}", report.stdout);
    assert_eq!(folder.read("calico.yaml"), CALICO);
}

#[test]
fn check_speaks_to_machines() {
    let folder = Folder::with(&[("calico.yaml", CALICO)]);
    let output = |format: &str| {
        let report = folder.run(["check", RANGE, "--output", format]);
        assert_eq!((report.code, report.stderr.as_str()), (1, ""), "{format}");
        report.stdout
    };
    let json: serde_json::Value = serde_json::from_str(&output("json")).expect("JSON");
    assert_eq!(
        *json["results"].as_array().and_then(|results| results.iter().find(|result| result["line"] == 45)).expect("Felix"),
        serde_json::json!({
            "severity": "error",
            "rule": "calico-node-felix-ipv6",
            "message": "must be changed: `FELIX_IPV6SUPPORT` set to \"true\": Felix programs IPv6, too",
            "file": "calico.yaml",
            "line": 45,
            "column": 22,
            "resourceRef": { "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "calico-node", "namespace": "kube-system" },
            "field": {
                "path": "spec.template.spec.containers[0].env[0].value",
                "currentValue": "false",
                "proposedValue": "true",
            },
        })
    );
    assert_eq!(json["summary"], serde_json::json!({ "packages": 1, "files": 1, "skipped": 0, "errors": 6, "warnings": 0 }));
    let command =
        "::error file=calico.yaml,line=45,col=22,endColumn=29,title=calico-node-felix-ipv6::DaemonSet kube-system/calico-node: must be";
    assert!(output("github").contains(command));
    assert!(output("junit").contains("<testsuite name=\"calico.yaml\" tests=\"7\" failures=\"6\">"));
}

#[test]
fn config_errors_show_the_line() {
    let folder = Folder::with(&[("calico.yaml", CALICO), ("dual-stack.yaml", &config("10.0.0.0/8"))]);
    let refused = folder.run(["check"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stdout.contains(" --> dual-stack.yaml:6:16\n  |\n6 |   ipv6PodCIDR: 10.0.0.0/8\n  |                ^^^^^^^^^^\n"),
        "{}",
        refused.stdout
    );
    // A flag speaks first.
    assert_eq!(folder.run(["check", RANGE]).code, 1);

    folder.write("other.txt", &(config("fd00::/56") + "  ipv6ServiceCDIR: x\n"));
    let refused = folder.run(["check", "--config", "other.txt"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stdout.contains("did you mean `ipv6ServiceCIDR`?"), "{}", refused.stdout);
    assert!(refused.stdout.contains("7 |   ipv6ServiceCDIR: x"), "{}", refused.stdout);
    assert_eq!(folder.run(["check", "--config", "gone"]).code, 2);
}

#[test]
fn flags_are_checked_like_fields() {
    let folder = Folder::with(&[("calico.yaml", CALICO)]);
    let refused = folder.run(["check", "--ipv6-pod-cidr", "fd00::1"]);
    assert_eq!(
        (refused.code, refused.stdout.lines().next().map(|line| line.starts_with("error[config]: `ipv6PodCIDR` must be"))),
        (2, Some(true))
    );
    assert_eq!(folder.run(["check", "--mode", "Neither"]).code, 2);
    assert_eq!(folder.run(["check", "--ipv6-pod-cdir", "fd00::/56"]).code, 2);
    assert_eq!(folder.run(["check", "--node-ips", "a"]).code, 2);
    let unsaid = folder.run(["check"]);
    assert_eq!(unsaid.code, 1);
    assert!(unsaid.stdout.contains("`ipv6PodCIDR` must be given"), "{}", unsaid.stdout);
}

#[test]
fn nothing_to_enable_is_an_error_if_it_is_wanted() {
    let folder = Folder::with(&[("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n")]);
    assert_eq!(folder.run(["check", RANGE]).code, 0);
    let strict = folder.run(["check", RANGE, "--strict"]);
    assert_eq!(strict.code, 1);
    assert!(strict.stdout.contains("error[nothing-to-enable]"), "{}", strict.stdout);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::with(&[("shared/calico.yaml", CALICO)]);
    std::fs::create_dir(folder.file("cluster")).expect("a folder");
    symlink("../shared/calico.yaml", folder.file("cluster/calico.yaml")).expect("a link");
    std::fs::set_permissions(folder.file("shared/calico.yaml"), PermissionsExt::from_mode(0o640)).expect("permissions");
    // In a folder, a link stands for its file: what is linked is applied.
    assert_eq!(folder.run(["apply", RANGE, "cluster"]).code, 0);
    assert_eq!(folder.read("shared/calico.yaml"), enabled());
    assert!(std::fs::symlink_metadata(folder.file("cluster/calico.yaml")).expect("it is there").is_symlink());
    let mode = std::fs::metadata(folder.file("shared/calico.yaml")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let names = |folder: &str| std::fs::read_dir(folder).expect("a folder").count();
    assert_eq!(names(folder.file("shared").to_str().expect("UTF-8")), 1, "nothing else is left behind");

    // Beside its file, it is the same file.
    folder.write("shared/calico.yaml", CALICO);
    let both = folder.run(["check", RANGE, ".", "shared/calico.yaml"]);
    assert!(both.stdout.contains("\n6 errors; 1 file in 1 package\n"), "{}", both.stdout);
}

#[test]
fn what_is_not_text_is_skipped_unless_it_holds_objects() {
    let folder = Folder::with(&[("calico.yaml", &enabled())]);
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.file(name), bytes).expect("a file");
    write("latin.yaml", b"name: M\xfcller\n");
    write("image.json", b"\x89PNG\r\n\x1a\n\0\0");
    let skipped = folder.run(["check", RANGE]);
    assert_eq!(
        (skipped.code, skipped.stdout.as_str()),
        (0, "nothing to change; 1 file in 1 package, 2 without objects of Kubernetes skipped\n")
    );
    let named = folder.run(["check", RANGE, "latin.yaml"]);
    assert_eq!(named.code, 2);
    assert!(named.stdout.starts_with("error[file-unreadable]: latin.yaml: line 1 is not UTF-8"), "{}", named.stdout);
    write("object.yaml", b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: M\xfcller\n");
    let object = folder.run(["check", RANGE]);
    assert_eq!(object.code, 2);
    assert!(object.stdout.contains("object.yaml: line 6 is not UTF-8"), "{}", object.stdout);
}

#[test]
fn git_applies_a_diff() {
    for text in [CALICO.to_owned(), CALICO.replace('\n', "\r\n"), CALICO.trim_end().to_owned(), format!("\u{feff}{CALICO}")] {
        let folder = Folder::with(&[("a b/calico.yaml", &text)]);
        let diff = folder.run(["diff", RANGE]);
        assert_eq!(diff.code, 1);
        let git = crate::common::ran(
            crate::common::clean("git").args(["apply", "--whitespace=nowarn", "-"]).current_dir(folder.path()),
            &diff.stdout,
        );
        assert_eq!(git.code, 0, "{}\n{}", git.stderr, diff.stdout);
        let by_git = folder.read("a b/calico.yaml");
        folder.write("a b/calico.yaml", &text);
        assert_eq!(folder.run(["apply", RANGE]).code, 0);
        assert_eq!(by_git, folder.read("a b/calico.yaml"));
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with(&[("a/calico.yaml", CALICO)]);
    std::fs::set_permissions(folder.file("a"), PermissionsExt::from_mode(0o555)).expect("permissions");
    let done = folder.run(["apply", RANGE]);
    let is_root = std::fs::write(folder.file("a/probe"), "").is_ok();
    std::fs::set_permissions(folder.file("a"), PermissionsExt::from_mode(0o755)).expect("permissions");
    // The super-user may write everywhere.
    if !is_root {
        assert_eq!((done.code, folder.read("a/calico.yaml").as_str()), (2, CALICO));
        assert!(done.stderr.contains("error[file-unwritten]"), "{}", done.stderr);
    }
}
