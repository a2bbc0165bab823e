"""What all these tests use: a package, the program, and how it is started."""

import os
import subprocess
from pathlib import Path

from calico import CALICO, item

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("BIN") or ROOT / "target" / "release" / "enable-dual-stack")

EDITED = CALICO.replace('"false"', '"true"')
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n"
# Without threads beside it, each run makes the same calls.
ALONE = {**os.environ, "RAYON_NUM_THREADS": "1"}
RANGE = ["--ipv6-pod-cidr", "fd00:10:244::/56"]


def resource_list(items=1):
    """A ResourceList with Calico behind so many other objects."""
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
