"""`init`, and then the command that it says is next, with the real host."""

import os
import re
import subprocess

from . import calico, modes
from .kustomize import write

PROGRAMS = {"kustomize": "kustomize-5.8.1", "kpt": "kpt"}


def run(directory, words):
    """Runs a line of a shell in the directory, with the hosts on PATH."""
    programs = directory.parent / "bin"
    programs.mkdir(exist_ok=True)
    for name, program in PROGRAMS.items():
        if not (programs / name).is_symlink():
            (programs / name).symlink_to(modes.BIN / program)
    env = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    return subprocess.run(words, shell=True, cwd=directory, env=env, capture_output=True, text=True)


def initialised(directory, flag=""):
    """A package after `init`, the range that was drawn for it, and what came of the command that is said to be next."""
    package = write(directory / "it's a package", {"calico.yaml": modes.SMALL})
    done = run(package, f"enable-dual-stack init {flag}")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    cidr = re.search(r"^  ipv6PodCIDR: (\S+)$", (package / "enable-dual-stack.yaml").read_text(), re.MULTILINE)[1]
    assert re.fullmatch(r"fd[0-9a-f]{1,2}(:[0-9a-f]{1,4}){0,2}:100::/56", cidr), cidr
    return package, cidr, run(package, re.search(r"^next: (.*)$", done.stdout, re.MULTILINE)[1])


def only_our_edits(text, cidr):
    expected = calico.edited(calico.objects(modes.SMALL), cidr)
    after = calico.objects(text)
    assert [calico.named(after, one["kind"], one["metadata"]["name"]) for one in expected] == expected, text[:4000]


def kustomize(host, directory):
    _, cidr, built = initialised(directory, "--kustomize")
    assert (built.returncode, built.stderr) == (0, ""), built.stderr
    only_our_edits(built.stdout, cidr)


def kpt(host, directory):
    package, cidr, rendered = initialised(directory, "--kpt")
    assert rendered.returncode == 0, rendered.stderr
    only_our_edits((package / "calico.yaml").read_text(), cidr)


def argocd(host, directory):
    _, cidr, generated = initialised(directory, "--argocd")
    assert (generated.returncode, generated.stderr) == (0, ""), generated.stderr
    only_our_edits(generated.stdout, cidr)
    assert "kind: Application" not in generated.stdout


def files(host, directory):
    package, cidr, diff = initialised(directory)
    assert diff.returncode == 1, diff.stderr
    modes.contains(diff.stdout, cidr, "the diff")
    applied = run(package, "enable-dual-stack apply . && enable-dual-stack check .")
    assert applied.returncode == 0, applied.stderr
    only_our_edits((package / "calico.yaml").read_text(), cidr)


MODES = [
    ("--kustomize, then kustomize build", kustomize),
    ("--kpt, then kpt fn render", kpt),
    ("--argocd, then argocd generate", argocd),
    ("then diff", files),
]
