//! `init`: a functionConfig with ranges that fit, and the lines around it for a host.

use crate::common::{CALICO, Folder, Ran, config, enabled};

const PREFIX: &str = "--prefix=fd12:3456:789a::/48";
const KUBEADM: &str = "\
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.33.0
networking:
  podSubnet: 10.244.0.0/16
  serviceSubnet: 10.96.0.0/16
";

/// A functionConfig with these lines around `spec`.
fn function_config(annotations: &str, spec: &str) -> String {
    format!("apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nmetadata:\n  name: enable-dual-stack\n{annotations}spec:{spec}")
}

#[test]
fn a_config_is_written_that_the_next_command_takes() {
    let folder = Folder::with(&[("calico.yaml", CALICO), ("kubeadm.yaml", KUBEADM)]);
    let done = folder.run(["init", PREFIX]);
    assert_eq!(
        done,
        Ran {
            code: 0,
            stdout: "\
enable-dual-stack.yaml: written
  `ipv6PodCIDR` is \"fd12:3456:789a:100::/56\"
  `ipv6ServiceCIDR` is \"fd12:3456:789a:200::/112\"
  the package says the pod range \"10.244.0.0/16\" itself (kubeadm, kubeadm.yaml:5)
  the package says the service range \"10.96.0.0/16\" itself (kubeadm, kubeadm.yaml:6)
next: enable-dual-stack diff .
"
            .into(),
            stderr: String::new(),
        }
    );
    let written = function_config("", "\n  ipv6PodCIDR: fd12:3456:789a:100::/56\n  ipv6ServiceCIDR: fd12:3456:789a:200::/112\n");
    assert_eq!(folder.read("enable-dual-stack.yaml"), written);
    assert_eq!(folder.run(["apply"]).code, 0);
    assert_eq!(folder.read("calico.yaml"), enabled().replace("fd00:10:244::/56", "fd12:3456:789a:100::/56"));
    let networking = "  podSubnet: 10.244.0.0/16,fd12:3456:789a:100::/56\n  serviceSubnet: 10.96.0.0/16,fd12:3456:789a:200::/112\n";
    assert!(folder.read("kubeadm.yaml").ends_with(networking), "{}", folder.read("kubeadm.yaml"));
}

#[test]
fn a_prefix_is_drawn_anew_each_time() {
    let drawn = || {
        let folder = Folder::with(&[("calico.yaml", CALICO)]);
        let done = folder.run(["init"]);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""));
        assert!(done.stdout.contains("a unique-local prefix that was drawn; `--prefix` takes one of yours"), "{}", done.stdout);
        let text = folder.read("enable-dual-stack.yaml");
        assert!(text.starts_with("# The IPv6 ranges are in fd"), "{text}");
        // Calico alone needs no service range: it is there to be switched on.
        assert!(text.contains("\n  # ipv6ServiceCIDR: fd"), "{text}");
        assert_eq!(folder.run(["apply"]).code, 0);
        let range = text.lines().find_map(|line| line.strip_prefix("  ipv6PodCIDR: ")).expect("a range").to_owned();
        assert_eq!(folder.read("calico.yaml"), enabled().replace("fd00:10:244::/56", &range));
        range
    };
    let (first, second) = (drawn(), drawn());
    assert!(first.starts_with("fd") && first.ends_with(":100::/56") && first != second, "{first} {second}");
}

#[test]
fn fields_can_be_given_and_are_checked() {
    let folder = Folder::with(&[("calico.yaml", CALICO)]);
    let args =
        ["init", PREFIX, "--ipv6-pod-cidr=fd00::/56", "--nat-outgoing=false", "--ipv6-block-size=124", "--node-ips=a=10.0.0.1,fd00::1:1"];
    assert_eq!(folder.run(args).code, 0);
    let spec = "
  ipv6PodCIDR: fd00::/56
  natOutgoing: false
  ipv6BlockSize: 124
  nodeIPs:
    a: 10.0.0.1,fd00::1:1
  # Nothing here needs it, but Kubernetes' own components would:
  # ipv6ServiceCIDR: fd12:3456:789a:100::/112
";
    assert_eq!(folder.read("enable-dual-stack.yaml"), function_config("", spec));

    let folder = Folder::with(&[("calico.yaml", CALICO)]);
    for (args, message) in [
        (["init", "--ipv6-pod-cidr=10.0.0.0/8"], "`ipv6PodCIDR` must be an IPv6 range"),
        (["init", "--prefix=fd00::/60"], "`--prefix` must be an IPv6 range of 54 bits or fewer"),
        (["init", "--prefix=fe80::/48"], "`ipv6PodCIDR` must not be link-local"),
        (["init", "gone"], "gone is no folder"),
        (["init", "calico.yaml"], "calico.yaml is no folder"),
    ] {
        let refused = folder.run(args);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{args:?}");
        assert!(refused.stderr.contains(message), "{args:?}: {}", refused.stderr);
    }
    assert!(!folder.file("enable-dual-stack.yaml").exists());
}

#[test]
fn ranges_that_the_package_says_are_not_proposed_anew() {
    let folder = Folder::with(&[("calico.yaml", &enabled())]);
    let done = folder.run(["init", PREFIX]);
    assert!(
        done.stdout.contains("the package says the pod range \"fd00:10:244::/56\" itself (calico-node, calico.yaml:"),
        "{}",
        done.stdout
    );
    let text = folder.read("enable-dual-stack.yaml");
    assert!(!text.contains("ipv6PodCIDR") && text.starts_with("# The package says its ranges itself.\n"), "{text}");
    let next = folder.run(["diff"]);
    assert_eq!((next.code, next.stdout.as_str()), (0, ""), "{}", next.stderr);
}

#[test]
fn a_package_that_is_ipv6_first_gets_ipv4_ranges() {
    let networking = "networking:\n  podSubnet: fd00:10:244::/56\n  serviceSubnet: fd00:10:96::/112\n";
    let kubeadm = KUBEADM.split("networking").next().expect("a head").to_owned() + networking;
    let folder = Folder::with(&[("kubeadm.yaml", &kubeadm)]);
    assert_eq!(folder.run(["init"]).code, 0);
    let spec = "\n  ipv4PodCIDR: 10.244.0.0/16\n  ipv4ServiceCIDR: 10.96.0.0/16\n";
    assert_eq!(folder.read("enable-dual-stack.yaml"), function_config("", spec));
    assert_eq!(folder.run(["apply"]).code, 0);
    assert!(folder.read("kubeadm.yaml").contains("podSubnet: fd00:10:244::/56,10.244.0.0/16\n"));
}

#[test]
fn nothing_is_overwritten_unless_it_is_asked_for() {
    let folder = Folder::with(&[("calico.yaml", CALICO), ("enable-dual-stack.yaml", "mine: true\n")]);
    let refused = folder.run(["init", PREFIX]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("enable-dual-stack.yaml is there already: `--force` replaces it"), "{}", refused.stderr);
    assert_eq!(folder.read("enable-dual-stack.yaml"), "mine: true\n");
    assert_eq!(folder.run(["init", PREFIX, "--force"]).code, 0);
    assert!(folder.read("enable-dual-stack.yaml").contains("ipv6PodCIDR: fd12:3456:789a:100::/56"));

    let again = folder.run(["init"]);
    assert_eq!(again.stdout, "enable-dual-stack.yaml: kept as it is\nnext: enable-dual-stack diff .\n");
    let flag = folder.run(["init", "--ipv6-pod-cidr=fd00::/56"]);
    assert_eq!(flag.code, 2);
    assert!(flag.stderr.contains("so `--ipv6-pod-cidr` must be set there"), "{}", flag.stderr);

    let elsewhere = Folder::with(&[("calico.yaml", CALICO), ("config/own.yaml", &config("fd00:10:244::/56"))]);
    assert_eq!(elsewhere.run(["init"]).stdout, "config/own.yaml: kept as it is\nnext: enable-dual-stack diff .\n");
    assert_eq!(elsewhere.run(["init", "--force"]).code, 2);
    assert!(!elsewhere.file("enable-dual-stack.yaml").exists());
}

#[test]
fn several_clusters_are_not_one_package() {
    let folder = Folder::with(&[("clusters/a/calico.yaml", CALICO), ("clusters/b/calico.yaml", CALICO)]);
    let refused = folder.run(["init"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains(". is no single package: run it in the folder of a cluster, such as clusters/a"), "{}", refused.stderr);
    let done = folder.run(["init", "clusters/a", PREFIX]);
    assert!(done.stdout.ends_with("next: enable-dual-stack diff clusters/a\n"), "{}", done.stdout);
    assert_eq!(folder.run(["apply", "clusters/a"]).code, 0);
    assert!(folder.read("clusters/a/calico.yaml").contains("fd12:3456:789a:100::/56"));
}

#[test]
fn files_that_cannot_be_read_are_said() {
    let folder = Folder::with(&[("calico.yaml", CALICO), ("broken.yaml", "apiVersion: v1\nkind: X\nmetadata: {name: [x}\n")]);
    let done = folder.run(["init", PREFIX]);
    assert_eq!(done.code, 0);
    assert!(done.stdout.contains("\nnot looked at: broken.yaml: the input cannot be read as YAML: "), "{}", done.stdout);
}

const KUSTOMIZATION: &str = "\
# The cluster.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization

resources:   # all of it
    - ../base
namespace: kube-system
";

#[test]
fn a_kustomization_gets_a_transformer() {
    let files = [
        ("base/kustomization.yaml", "resources: [calico.yaml]\n"),
        ("base/calico.yaml", CALICO),
        ("prod/kustomization.yaml", KUSTOMIZATION),
    ];
    let folder = Folder::with(&files);
    let done = folder.run(["init", "--kustomize", "prod", PREFIX]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains("prod/kustomization.yaml: enable-dual-stack.yaml added to `transformers`\n"), "{}", done.stdout);
    assert!(done.stdout.ends_with("next: kustomize build --enable-alpha-plugins --enable-exec prod\n"), "{}", done.stdout);
    assert!(!done.stdout.contains("no object here"), "what the kustomization builds on is read: {}", done.stdout);
    assert_eq!(folder.read("prod/kustomization.yaml"), format!("{KUSTOMIZATION}transformers:\n    - enable-dual-stack.yaml\n"));
    let text = folder.read("prod/enable-dual-stack.yaml");
    assert!(text.contains("\n    config.kubernetes.io/function: |\n      exec:\n        path: enable-dual-stack\nspec:\n"), "{text}");

    let again = folder.run(["init", "--kustomize", "prod"]);
    assert!(again.stdout.contains("prod/kustomization.yaml: lists enable-dual-stack.yaml already\n"), "{}", again.stdout);
    assert_eq!(folder.read("prod/enable-dual-stack.yaml"), text);

    // CRLF, flow style and another spelling stay.
    for (before, after) in [
        ("resources: [a.yaml]\r\ntransformers: [x.yaml]\r\n", "resources: [a.yaml]\r\ntransformers: [x.yaml, enable-dual-stack.yaml]\r\n"),
        ("transformers:\n- ./enable-dual-stack.yaml\n", "transformers:\n- ./enable-dual-stack.yaml\n"),
        ("transformers:\n- a.yaml # first\n", "transformers:\n- a.yaml # first\n- enable-dual-stack.yaml\n"),
    ] {
        folder.write("prod/kustomization.yaml", before);
        assert_eq!(folder.run(["init", "--kustomize", "prod"]).code, 0);
        assert_eq!(folder.read("prod/kustomization.yaml"), after);
    }
    folder.write("prod/kustomization.yaml", "transformers: x\n");
    let refused = folder.run(["init", "--kustomize", "prod"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("prod/kustomization.yaml: line 1: "), "{}", refused.stderr);
}

#[test]
fn a_config_that_is_there_gets_what_the_host_needs() {
    let own = config("fd00:10:244::/56");
    let folder = Folder::with(&[("calico.yaml", CALICO), ("enable-dual-stack.yaml", &own)]);
    let done = folder.run(["init", "--kustomize"]);
    assert!(done.stdout.starts_with("enable-dual-stack.yaml: kept, with the annotation that the host needs\n"), "{}", done.stdout);
    let annotation = "  annotations:\n    config.kubernetes.io/function: \"{exec: {path: enable-dual-stack}}\"\n";
    assert_eq!(folder.read("enable-dual-stack.yaml"), own.replace("spec:", &format!("{annotation}spec:")));
    assert_eq!(
        folder.read("kustomization.yaml"),
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - calico.yaml\ntransformers:\n  - enable-dual-stack.yaml\n"
    );
}

#[test]
fn a_kustomization_is_made_of_the_files_with_objects() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";
    let folder = Folder::with(&[("b/calico.yaml", CALICO), ("a.yaml", map), ("kubeadm.yaml", KUBEADM), ("values.yaml", "a: 1\n")]);
    assert_eq!(folder.run(["init", "--kustomize", PREFIX]).code, 0);
    // kustomize takes no object without a name.
    let written = folder.read("kustomization.yaml");
    assert!(written.contains("\nresources:\n  - a.yaml\n  - b/calico.yaml\ntransformers:\n  - enable-dual-stack.yaml\n"), "{written}");

    let folder = Folder::with(&[("values.yaml", "a: 1\n")]);
    assert!(folder.run(["init", "--kustomize"]).stderr.contains(". holds no objects that a kustomization could list"));
    assert!(!folder.file("enable-dual-stack.yaml").exists(), "nothing is written unless all can be");
    let folder = Folder::with(&[("a/kustomization.yaml", "resources: [x.yaml]\n"), ("a/x.yaml", CALICO)]);
    assert!(folder.run(["init", "--kustomize"]).stderr.contains("a/kustomization.yaml is below: run `init --kustomize` in the folder"));
}

#[test]
fn a_kptfile_gets_a_mutator() {
    let kptfile = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: x\npipeline:\n  mutators:\n    - image: set-labels:v0.2 # ours\n      configMap:\n        a: b\n";
    let folder = Folder::with(&[("calico.yaml", CALICO), ("Kptfile", kptfile)]);
    let done = folder.run(["init", "--kpt", PREFIX]);
    assert!(
        done.stdout.contains("Kptfile: enable-dual-stack added to `pipeline.mutators`\nnext: kpt fn render . --allow-exec\n"),
        "{}",
        done.stdout
    );
    assert_eq!(folder.read("Kptfile"), format!("{kptfile}    - exec: enable-dual-stack\n      configPath: enable-dual-stack.yaml\n"));
    let annotations =
        "  annotations:\n    # Read by the function, not sent to the cluster.\n    config.kubernetes.io/local-config: \"true\"\n";
    assert!(folder.read("enable-dual-stack.yaml").contains(annotations));
    assert!(folder.run(["init", "--kpt"]).stdout.contains("Kptfile: runs enable-dual-stack already\n"));

    let folder = Folder::with(&[("Cluster_1/calico.yaml", CALICO)]);
    assert_eq!(folder.run(["init", "--kpt", "Cluster_1"]).code, 0);
    assert_eq!(
        folder.read("Cluster_1/Kptfile"),
        "\
apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: cluster-1
  annotations:
    config.kubernetes.io/local-config: \"true\"
pipeline:
  mutators:
    - exec: enable-dual-stack
      configPath: enable-dual-stack.yaml
"
    );
}

#[cfg(unix)]
#[test]
fn an_application_of_argo_cd_gets_the_parameters() {
    let folder = Folder::with(&[("app/calico.yaml", CALICO), ("app/kubeadm.yaml", KUBEADM)]);
    let done = folder.run(["init", "app", "--argocd", PREFIX]);
    assert!(done.stdout.ends_with(
        "app/argocd-application.yaml: written; `repoURL` and `path` must be those of your repository\nnext: enable-dual-stack argocd generate app\n"
    ), "{}", done.stdout);
    let text = folder.read("app/argocd-application.yaml");
    let parameters = "
    plugin:
      name: enable-dual-stack
      # They speak before the functionConfig of the folder.
      parameters:
      - name: ipv6PodCIDR
        string: fd12:3456:789a:100::/56
      - name: ipv6ServiceCIDR
        string: fd12:3456:789a:200::/112
";
    assert!(text.contains(parameters) && text.contains("\n  name: app\n"), "{text}");
    // It is none of the application's own objects.
    let generated = folder.run(["argocd", "generate", "app"]);
    assert_eq!(generated.code, 0, "{}", generated.stderr);
    assert!(!generated.stdout.contains("Application") && generated.stdout.contains("fd12:3456:789a:100::/56"), "{}", generated.stdout);
    assert!(folder.run(["init", "app", "--argocd"]).stderr.contains("app/argocd-application.yaml is there already"));
    assert_eq!(folder.run(["init", "app", "--argocd", "--kpt"]).code, 2, "one host at a time");
}
