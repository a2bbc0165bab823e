"""kustomize with exec functions: a base with the manifest, an overlay with the function as a transformer."""

import shutil
import subprocess

from . import modes

FUNCTION = """config.kubernetes.io/function: |
  exec:
    path: enable-dual-stack
"""
FLAGS = ("--enable-alpha-plugins", "--enable-exec")
EXAMPLE = modes.ROOT / "examples" / "kustomize-exec"


def kustomization(**lists):
    """A kustomization.yaml with these lists."""
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    return head + "".join(f"{name}:\n" + "".join(f"  - {item}\n" for item in items) for name, items in lists.items())


def call(program, directory, *flags):
    return subprocess.run([program, "build", *flags, directory], capture_output=True, text=True)


def build(program, directory, manifest, config):
    base, overlay = directory / "base", directory / "overlay"
    base.mkdir()
    overlay.mkdir()
    (base / "manifest.yaml").write_text(manifest)
    (base / "kustomization.yaml").write_text(kustomization(resources=["manifest.yaml"]))
    (overlay / "kustomization.yaml").write_text(kustomization(resources=["../base"], transformers=["function.yaml"]))
    # Without an object there is no function; the least that there can be is one that says nothing.
    (overlay / "function.yaml").write_text((config or modes.own()).text(FUNCTION))
    before = call(program, base)
    if before.returncode != 0:
        raise AssertionError(f"kustomize itself fails: {before.stderr}")
    after = call(program, overlay, *FLAGS)
    return modes.Run(after.returncode, after.stderr, before.stdout, after.stdout)


def silent_on_success(host, directory):
    result = host.run(directory, modes.SMALL, modes.own(ipv6PodCIDR=modes.CIDR))
    modes.succeeded(result)
    modes.equal(result.terminal, "", "stderr")


def the_example(host, directory):
    package = directory / "package"
    shutil.copytree(EXAMPLE, package)
    for side, where, flags in (("a", package / "base", ()), ("b", package, FLAGS)):
        built = call(host.program, where, *flags)
        if built.returncode != 0:
            raise AssertionError(built.stderr)
        (directory / side).mkdir()
        (directory / side / "build.yaml").write_text(built.stdout)
    modes.example("kustomize-exec", directory / "a", directory / "b")


def without_the_flag(host, directory):
    """Documented: without --enable-exec, kustomize leaves the function out and says nothing."""
    package = directory / "package"
    shutil.copytree(EXAMPLE, package)
    without = call(host.program, package, "--enable-alpha-plugins")
    assert (without.returncode, without.stderr) == (0, ""), f"{without.returncode} {without.stderr}"
    modes.equal(without.stdout, call(host.program, package / "base").stdout, "the build without --enable-exec")


MODES = [
    ("examples/kustomize-exec", the_example),
    ("stderr is empty on success", silent_on_success),
    ("without --enable-exec: left out in silence", without_the_flag),
]
