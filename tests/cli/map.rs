//! `map` over files and folders.

use crate::common::{CALICO, Folder, program, ran};

const PROXY: &str = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: 10.1.0.0/16\n";

/// The half dual-stack cluster of `tests/map/half`, as `half/`.
fn half(args: &[&str], columns: &str) -> (i32, String, String) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/map");
    let ran = ran(program().current_dir(folder).env("COLUMNS", columns).arg("map").args(args).arg("half"), "");
    (ran.code, ran.stdout, ran.stderr)
}

#[test]
fn the_table_fits_a_terminal() {
    for (columns, expected) in [("80", include_str!("../map/half-80.txt")), ("140", include_str!("../map/half-140.txt"))] {
        let (code, stdout, stderr) = half(&[], columns);
        assert_eq!((code, stderr.as_str()), (0, ""));
        if stdout != expected && std::env::var_os("UPDATE_EXPECT").is_some() {
            let file = format!("{}/tests/map/half-{columns}.txt", env!("CARGO_MANIFEST_DIR"));
            std::fs::write(file, &stdout).expect("the file can be written");
            continue;
        }
        assert_eq!(stdout, expected, "{columns} columns");
        let width = stdout.lines().map(|line| line.chars().count()).max();
        assert!(width <= columns.parse().ok(), "{width:?} in {columns} columns");
    }
}

#[test]
fn colours_are_for_terminals() {
    let folder = Folder::with(&[("a.yaml", PROXY)]);
    assert!(!folder.run(["map"]).stdout.contains('\u{1b}'));
    assert!(folder.run(["map", "--color", "always"]).stdout.contains("\u{1b}[1m\u{1b}[31m○ missing"));
}

#[test]
fn json_has_every_cell() {
    let (code, stdout, _) = half(&["-o", "json"], "80");
    let document: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(
        (code, &document["summary"]["sentence"]),
        (0, &"half dual-stack: 6 of 11 places have IPv6; 1 disagrees; 1 is filled in later".into())
    );
    let package = &document["packages"][0];
    assert_eq!(package["files"], serde_json::json!(["half/calico.yaml", "half/control-plane.yaml", "half/kubeadm.yaml"]));
    let pods = &package["sections"][0];
    assert_eq!(pods["expected"], serde_json::json!({ "ipv4": "10.244.0.0/16", "ipv6": "fd00:10:244::/56" }));
    assert_eq!(
        pods["rows"][1]["cells"][1],
        serde_json::json!({
            "family": "IPv6", "state": "other", "other": 0, "name": "--cluster-cidr", "value": "fd00:10:245::/56",
            "path": "spec.containers[0].command[2]", "file": "half/control-plane.yaml", "line": 28, "rule": null
        })
    );
    assert_eq!(pods["rows"][2]["cells"][1]["rule"], "kube-proxy-cluster-cidr");
    assert_eq!(pods["rows"][2]["cells"][1]["state"], "missing");
}

#[test]
fn the_page_needs_nothing_else_and_takes_text_for_text() {
    let hostile = r#"<script>alert(1)</script>"'&amp;"#;
    let file = format!(
        "{PROXY}---\napiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata:\n  name: {hostile:?}\nspec:\n  cidr: 10.1.0.0/24\n"
    );
    let folder = Folder::with(&[("a<b>.yaml", &file)]);
    let page = folder.run(["map", "--output=html"]);
    assert_eq!((page.code, page.stderr.as_str()), (0, ""));
    let page = page.stdout;
    assert!(page.contains("IPPool &lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp;"), "{page}");
    assert!(page.contains("a&lt;b&gt;.yaml:10"), "{page}");
    for never in ["<script", "<b>.yaml", "http:", "https:", " src=", "javascript:"] {
        assert!(!page.contains(never), "{never:?} in {page}");
    }
    assert!(!page.contains("url(") && !page.contains("@import") && page.contains("default-src 'none'"));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let folder = Folder::with(&[(
        "a.yaml",
        &format!(
            "{PROXY}---\napiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata:\n  name: \"a\\e[31mb\\u202ec\"\nspec:\n  cidr: 10.1.0.0/24\n"
        ),
    )]);
    for format in ["text", "html"] {
        let text = folder.run(["map", "--color=always", "-o", format]).stdout;
        assert!(text.contains("IPPool a\u{fffd}[31mb\u{fffd}c"), "{text}");
    }
}

#[test]
fn flags_and_configuration_take_part() {
    let folder = Folder::with(&[("a.yaml", PROXY), ("calico.yaml", CALICO)]);
    let text = folder.run(["map", "--ipv6-pod-cidr=fd00:1::/56"]).stdout;
    assert!(text.contains("functionConfig"), "{text}");
    assert!(text.contains("● fd00:1::/56\n"), "{text}");
    assert!(text.contains("IPv4 only: none of 6 places has IPv6\n2 files in 1 package\n"), "{text}");
}

#[test]
fn a_broken_file_does_not_hide_the_others() {
    let folder = Folder::with(&[("a.yaml", PROXY), ("b.yaml", "apiVersion: v1\nkind: Pod\na: [\n")]);
    let ran = folder.run(["map"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("kube-proxy") && ran.stderr.contains("error[file-not-yaml]"), "{ran:?}");
    let ran = folder.run(["map", "gone.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("gone.yaml"), "{ran:?}");
}

#[test]
fn packages_stand_apart() {
    let (one, two) = (CALICO, CALICO.replace("value: \"false\"", "value: \"true\""));
    let folder = Folder::with(&[
        ("x/a/calico.yaml", one),
        ("x/b/calico.yaml", &two),
        ("x/c.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"),
    ]);
    let text = folder.run(["map"]).stdout;
    for line in ["x/a/calico.yaml", "x/b/calico.yaml", "2 packages: 1 half dual-stack, 1 IPv4 only", "3 files in 3 packages"] {
        assert!(text.lines().any(|known| known == line), "{line:?} in {text}");
    }
    let page = folder.run(["map", "-o", "html"]).stdout;
    assert!(page.contains("<h1 class=\"\">2 packages</h1>") && page.contains("<a href=\"#package-1\">x/b/calico.yaml</a>"), "{page}");
    let nothing = folder.run(["map", "x/c.yaml"]);
    assert_eq!(nothing.stdout, "nothing here says a range or switches an address family\n1 file in 1 package\n");
}
