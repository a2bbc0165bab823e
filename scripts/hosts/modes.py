"""What every host must do. A mode gets the host and an empty directory, and raises AssertionError where it does not hold."""

import difflib
import os
import re
import subprocess
from pathlib import Path
from typing import Callable, NamedTuple

from . import calico

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = ROOT / "target" / "hosts" / "bin"
VERSION = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
IMAGE = f"ghcr.io/enable-dual-stack/enable-dual-stack:v{VERSION}"
ARGOCD_IMAGE = f"ghcr.io/enable-dual-stack/enable-dual-stack-argocd:v{VERSION}"
SMALL = (ROOT / "examples" / "kpt-exec" / "calico.yaml").read_text()
CIDR = "fd00:10:244::/56"
EXEC, CONTAINER, PLUGIN = "exec", "container", "legacy plugin"


class Missing(Exception):
    """Something that the test needs is not on this machine."""


class Config(NamedTuple):
    """A functionConfig: of our own kind (`spec`) or a ConfigMap (`data`)."""

    kind: str
    fields: dict

    def text(self, annotations):
        """The object. `annotations` is the text of its annotations, one a line, without indent."""
        version, fields = ("v1", "data") if self.kind == "ConfigMap" else ("dualstack.krm/v1alpha1", "spec")
        lines = [f"apiVersion: {version}", f"kind: {self.kind}", "metadata:", "  name: enable-dual-stack"]
        if annotations:
            lines += ["  annotations:", *(f"    {line}" for line in annotations.splitlines())]
        if self.fields:
            lines += [f"{fields}:", *(f'  {name}: "{value}"' for name, value in self.fields.items())]
        return "\n".join(lines) + "\n"


class Run(NamedTuple):
    """What came of a package."""

    code: int
    terminal: str
    """What a person sees beside the package."""
    before: str
    """What the host itself makes of the manifest, without the function."""
    after: str
    """And with it; "" if the host put out nothing."""


class Host(NamedTuple):
    """A program that runs the function."""

    title: str
    version: str
    command: tuple
    """The program, and the words that come before all others."""
    way: str
    """How it runs the function: EXEC, CONTAINER or PLUGIN."""
    package: Callable | None
    """Makes a package of a manifest and a config in a directory, and runs the host over it."""
    cell: str = "yes"
    """What the README says of the way, if its tests pass."""

    @property
    def name(self):
        return f"{self.title} {self.version}".strip()

    @property
    def program(self):
        return Path(self.command[0])

    def run(self, directory, manifest, config):
        directory.mkdir(exist_ok=True)
        return self.package(self, directory, manifest, config)


def own(**fields):
    return Config("EnableDualStack", fields)


def equal(actual, expected, what):
    """The two texts are the same, or the failure shows their difference."""
    if actual != expected:
        lines = difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", "actual", lineterm="", n=1)
        raise AssertionError(f"{what}:\n" + "\n".join(list(lines)[:60]))


def contains(text, piece, what):
    if piece not in text:
        raise AssertionError(f"{what}: no {piece!r} in:\n{text[:4000]}")


def succeeded(run):
    if run.code != 0:
        raise AssertionError(f"exit code {run.code}:\n{run.terminal[:4000]}")


def stopped(run, *messages):
    """The host failed, said why, and edited nothing."""
    if run.code == 0:
        raise AssertionError(f"exit code 0, but the function failed:\n{run.terminal[:4000]}")
    for message in messages:
        contains(run.terminal, message, "the message must be seen")
    if run.after not in ("", run.before):
        equal(run.after, run.before, "a host that stops must leave the package alone")


def corpus(path):
    folder = os.environ.get("DUAL_STACK_CORPUS")
    if not folder:
        raise Missing("DUAL_STACK_CORPUS is not set")
    file = Path(folder) / "corpus" / path
    if not file.exists():
        raise Missing(f"{file} is not there")
    return file.read_text()


def only_our_edits(run, **names):
    """The package has the edits of the how-to, and is otherwise what the host itself makes of it. `names`: see `calico.edited`."""
    succeeded(run)
    removed, added = calico.changed_lines(run.before, run.after)
    # kustomize drops comments and needless quotes before the function sees them.
    equal("\n".join(removed), "\n".join(calico.removed_lines(run.before)), "removed lines")
    equal("\n".join(added), "\n".join(calico.added_lines(run.before, CIDR)), "added lines")
    expected = calico.edited(calico.objects(run.before), CIDR, **names)
    equal(calico.as_text(calico.objects(run.after)), calico.as_text(expected), "the package, read by yq")


def small(host, directory):
    only_our_edits(host.run(directory, SMALL, own(ipv6PodCIDR=CIDR)))


def whole_calico(host, directory):
    only_our_edits(host.run(directory, corpus("calico/master/calico.yaml"), own(ipv6PodCIDR=CIDR)))


def second_run(host, directory):
    first = host.run(directory / "1", SMALL, own(ipv6PodCIDR=CIDR))
    succeeded(first)
    second = host.run(directory / "2", first.after, own(ipv6PodCIDR=CIDR))
    succeeded(second)
    equal(second.after, first.after, "the second run must change nothing")


def config_map(host, directory):
    only_our_edits(host.run(directory, SMALL, Config("ConfigMap", {"ipv6PodCIDR": CIDR})))


def canonical_range(host, directory):
    only_our_edits(host.run(directory, SMALL, own(ipv6PodCIDR="FD00:10:244:0::/56")))


def bad_range(host, directory):
    message = '`ipv6PodCIDR` must be an IPv6 range such as "fd00:10:244::/56", not "10.244.0.0/16", which is IPv4'
    stopped(host.run(directory, SMALL, own(ipv6PodCIDR="10.244.0.0/16")), message)


def unknown_field(host, directory):
    stopped(host.run(directory, SMALL, own(ipv6PodCidr=CIDR)), "`ipv6PodCidr` is not a field; did you mean `ipv6PodCIDR`?")


def no_config(host, directory):
    """The message has a whole configuration in it, and that one works."""
    run = host.run(directory / "1", SMALL, None)
    stopped(run, "`ipv6PodCIDR` must be given, for example with this functionConfig: {apiVersion: ")
    line = run.terminal.partition("with this functionConfig: ")[2].partition("}}")[0] + "}}"
    (example,) = calico.objects(line)
    only_our_edits(host.run(directory / "2", SMALL, Config(example["kind"], example["spec"])))


def check_finds(host, directory):
    message = 'must be changed: `assign_ipv4` set to "true"'
    stopped(host.run(directory, SMALL, own(ipv6PodCIDR=CIDR, action="Check")), message)


def new_object(host, directory):
    """An object that is new arrives, without what the host wrote on the one beside it."""
    fixture = ROOT / "tests" / "fixtures" / "calico_pool" / "no-default-pools-beside-ipv4"
    run = host.run(directory, (fixture / "input.yaml").read_text(), own(ipv6PodCIDR=CIDR))
    succeeded(run)
    pool = {
        "apiVersion": "projectcalico.org/v3", "kind": "IPPool", "metadata": {"name": "default-ipv6-ippool"},
        "spec": {"cidr": CIDR, "blockSize": 122, "ipipMode": "Never", "vxlanMode": "CrossSubnet", "natOutgoing": True, "nodeSelector": "all()"},
    }
    after = calico.objects(run.after)
    new = calico.named(after, "IPPool", "default-ipv6-ippool")
    assert new == pool, f"the pool is {new}"
    after.remove(new)
    equal(calico.as_text(after), calico.as_text(calico.objects(run.before)), "the other objects, read by yq")


def check_passes(host, directory):
    first = host.run(directory / "1", SMALL, own(ipv6PodCIDR=CIDR))
    succeeded(first)
    second = host.run(directory / "2", first.after, own(ipv6PodCIDR=CIDR, action="Check"))
    succeeded(second)
    equal(second.after, second.before, "Check must change nothing")


COMMON = [
    ("a small package", small),
    ("calico.yaml of the corpus", whole_calico),
    ("a second run changes nothing", second_run),
    ("a range in another spelling", canonical_range),
    ("stops: a range of the wrong family", bad_range),
    ("stops: an unknown field", unknown_field),
    ("stops: no configuration", no_config),
    ("stops: action Check, and something is missing", check_finds),
    ("action Check passes after Apply", check_passes),
    ("a new object", new_object),
]
CONFIG_MAP = [("configuration in a ConfigMap", config_map)]


def example(name, a, b):
    """The difference of the directories a and b is examples/NAME/.expected/diff.patch."""
    diff = subprocess.run(
        ["git", "diff", "--no-index", "--no-color", "--no-prefix", "--no-ext-diff", a.name, b.name],
        cwd=a.parent, capture_output=True, text=True,
    )
    if diff.returncode > 1:
        raise AssertionError(diff.stderr)
    expected = ROOT / "examples" / name / ".expected" / "diff.patch"
    if os.environ.get("UPDATE_EXPECT") == "1":
        expected.write_text(diff.stdout)
    equal(diff.stdout, expected.read_text(), f"examples/{name}/.expected/diff.patch")
