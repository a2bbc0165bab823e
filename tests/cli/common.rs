//! The real program in a folder of its own, with nothing of this machine's environment that a host would set.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The DaemonSet and the ConfigMap of a small Calico.
pub(crate) const CALICO: &str = r#"# Calico, cut down.
kind: ConfigMap
apiVersion: v1
metadata:
  name: calico-config
  namespace: kube-system
data:
  cni_network_config: |-
    {
      "name": "k8s-pod-network",
      "plugins": [
        {
          "type": "calico",
          "mtu": __CNI_MTU__,
          "ipam": {
              "type": "calico-ipam"
          }
        }
      ]
    }
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: calico-node
  namespace: kube-system
spec:
  template:
    spec:
      initContainers:
        - name: install-cni
          image: docker.io/calico/cni:v3.30.1
          env:
            - name: CNI_NETWORK_CONFIG
              valueFrom:
                configMapKeyRef:
                  name: calico-config
                  key: cni_network_config
      containers:
        - name: calico-node
          image: docker.io/calico/node:v3.30.1
          env:
            # Disable IPv6 on Kubernetes.
            - name: FELIX_IPV6SUPPORT
              value: "false"
            - name: FELIX_HEALTHENABLED
              value: "true"
"#;

/// What the five edits make of [`CALICO`] for the pod range `fd00:10:244::/56`.
pub(crate) fn enabled() -> String {
    let edits = [
        (
            "              \"type\": \"calico-ipam\"\n",
            "              \"type\": \"calico-ipam\",\n              \"assign_ipv4\": \"true\",\n              \"assign_ipv6\": \"true\"\n",
        ),
        ("# Disable IPv6 on Kubernetes.", "# Enable IPv6 on Kubernetes."),
        ("              value: \"false\"\n", "              value: \"true\"\n"),
        (
            "FELIX_HEALTHENABLED\n              value: \"true\"\n",
            "FELIX_HEALTHENABLED\n              value: \"true\"\n            - name: IP6\n              value: autodetect\n            - name: CALICO_IPV6POOL_CIDR\n              value: fd00:10:244::/56\n            - name: CALICO_IPV6POOL_NAT_OUTGOING\n              value: \"true\"\n",
        ),
    ];
    edits.into_iter().fold(CALICO.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    })
}

/// A functionConfig with this pod range.
pub(crate) fn config(range: &str) -> String {
    format!(
        "apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nmetadata:\n  name: enable-dual-stack\nspec:\n  ipv6PodCIDR: {range}\n"
    )
}

/// What a run of the program came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A folder with files, where the program runs.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn run<const N: usize>(&self, args: [&str; N]) -> Ran {
        self.run_with(args, &[], "")
    }

    pub(crate) fn run_with<const N: usize>(&self, args: [&str; N], env: &[(&str, &str)], stdin: &str) -> Ran {
        ran(program().current_dir(self.path()).args(args).envs(env.iter().copied()), stdin)
    }
}

/// The program, with a clean environment.
pub(crate) fn program() -> Command {
    clean(env!("CARGO_BIN_EXE_enable-dual-stack"))
}

/// A command without the variables that hosts set, or that colour output.
pub(crate) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let of_host = ["KUSTOMIZE_", "ARGOCD_", "PARAM_", "KUBE_", "XDG_", "CLICOLOR", "NO_COLOR", "RUST_BACKTRACE"];
        if of_host.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name.as_ref());
        }
    }
    command
}

pub(crate) fn ran(command: &mut Command, stdin: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let text = stdin.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that does not read its stdin closes it.
        let _ = pipe.write_all(text.as_bytes());
    });
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("stdin is written");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code().expect("an exit code"), stdout: text(output.stdout), stderr: text(output.stderr) }
}
