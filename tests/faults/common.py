"""What all these tests use: a package, the program, and how it is started."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("BIN") or ROOT / "target" / "release" / "enable-dual-stack")

CALICO = """apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: calico-node
  namespace: kube-system
spec:
  template:
    spec:
      containers:
      - name: calico-node
        image: docker.io/calico/node:v3.30.0
        env:
        - name: CNI_NETWORK_CONFIG
          value: '{"type": "calico", "ipam": {"type": "calico-ipam", "assign_ipv4": "true", "assign_ipv6": "true"}}'
        - {name: IP6, value: autodetect}
        - {name: CALICO_IPV6POOL_CIDR, value: "fd00:10:244::/56"}
        - {name: CALICO_IPV6POOL_NAT_OUTGOING, value: "true"}
        - {name: FELIX_IPV6SUPPORT, value: "false"}
"""
EDITED = CALICO.replace('"false"', '"true"')
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n"
# Without threads beside it, each run makes the same calls.
ALONE = {**os.environ, "RAYON_NUM_THREADS": "1"}
RANGE = ["--ipv6-pod-cidr", "fd00:10:244::/56"]


def resource_list(items=1):
    """A ResourceList with Calico behind so many other objects."""
    item = lambda text: "- " + text.replace("\n", "\n  ").rstrip(" ")
    others = "".join(item(CONFIG_MAP.replace("other", f"other{n}")) for n in range(items))
    config = "functionConfig:\n  apiVersion: dualstack.krm/v1alpha1\n  kind: EnableDualStack\n  spec:\n    ipv6PodCIDR: fd00:10:244::/56\n"
    return "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n" + others + item(CALICO) + config


def expect(condition, *said):
    if not condition:
        raise AssertionError(" ".join(map(str, said)))


def run(*arguments, **more):
    """Runs the program to its end."""
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 60, **more}
    return subprocess.run([BINARY, *arguments], check=False, **more)


def whole(ran, text):
    """Whether the run answered with everything."""
    return ran.returncode == 0 and ran.stdout.decode().startswith(text.replace('"false"', '"true"') + "results:\n")


def run_traced(options, command, **more):
    command = ["strace", "-f", "-o", "/dev/null", *options, *command]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60, **more)
