"""kustomize, alone and in kubectl: a base with the manifest, an overlay with the function as a transformer."""

import os
import subprocess

from . import modes

FUNCTION = "config.kubernetes.io/function: |\n"
# How kustomize knows the function from its configuration; a plugin it finds by the kind.
ANNOTATION = {
    modes.EXEC: f"{FUNCTION}  exec:\n    path: enable-dual-stack\n",
    modes.CONTAINER: f"{FUNCTION}  container:\n    image: {modes.IMAGE}\n",
    modes.PLUGIN: "",
}
BASE = modes.ROOT / "examples" / "kustomize-exec" / "base"
EXAMPLES = {modes.EXEC: "kustomize-exec", modes.CONTAINER: "kustomize-container", modes.PLUGIN: "kubectl-plugin"}


def kustomization(kind="Kustomization", **lists):
    """A kustomization.yaml with these lists; an item of several lines is given inline."""
    version = "v1beta1" if kind == "Kustomization" else "v1alpha1"
    lines = [f"apiVersion: kustomize.config.k8s.io/{version}", f"kind: {kind}"]
    for name, items in lists.items():
        lines.append(f"{name}:" if isinstance(items, list) else f"{name}: {items}")
        for item in items if isinstance(items, list) else []:
            indented = item.rstrip("\n").replace("\n", "\n    ")
            lines.append(f"  - |-\n    {indented}" if "\n" in item else f"  - {item}")
    return "\n".join(lines) + "\n"


def write(directory, files):
    """The files of `files`, by their paths below the directory."""
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


def call(host, package, *flags, **variables):
    """What the host makes of the package, with the flags that its way needs if there are no others."""
    if not flags:
        flags = ("--enable-alpha-plugins", "--enable-exec") if host.way == modes.EXEC else ("--enable-alpha-plugins",)
    plugins = {"KUSTOMIZE_PLUGIN_HOME": os.environ["PLUGINS"]} if host.way == modes.PLUGIN else {}
    return subprocess.run([*host.command, *flags, package], capture_output=True, text=True, env=os.environ | plugins | variables)


def plain(host, package):
    """What the host makes of a package without functions."""
    built = call(host, package, "--enable-alpha-plugins")
    if built.returncode != 0:
        raise AssertionError(f"{host.name} itself fails: {built.stderr}")
    return built.stdout


def compare(host, without, package):
    """The package with the function beside one without it."""
    before, after = plain(host, without), call(host, package)
    return modes.Run(after.returncode, after.stderr, before, after.stdout)


def build(host, directory, manifest, config):
    # Without an object there is no function; the least that there can be is one that says nothing.
    function = (config or modes.own()).text(ANNOTATION[host.way])
    write(directory, {
        "base/manifest.yaml": manifest,
        "base/kustomization.yaml": kustomization(resources=["manifest.yaml"]),
        "overlay/kustomization.yaml": kustomization(resources=["../base"], transformers=["function.yaml"]),
        "overlay/function.yaml": function,
    })
    return compare(host, directory / "base", directory / "overlay")


def silent_on_success(host, directory):
    result = host.run(directory, modes.SMALL, modes.own(ipv6PodCIDR=modes.CIDR))
    modes.succeeded(result)
    modes.equal(result.terminal, "", "stderr")


def the_example(host, directory):
    name = EXAMPLES[host.way]
    run = compare(host, BASE, modes.ROOT / "examples" / name)
    modes.succeeded(run)
    for side, text in (("a", run.before), ("b", run.after)):
        write(directory / side, {"build.yaml": text})
    modes.example(name, directory / "a", directory / "b")


def validator(host, directory):
    """Documented: a validator must not hand back what it got, so that a function cannot be one; not even with nothing to say."""
    applied = host.run(directory / "apply", modes.SMALL, modes.own(ipv6PodCIDR=modes.CIDR)).after
    package = write(directory / "check", {
        "manifest.yaml": applied,
        "kustomization.yaml": kustomization(resources=["manifest.yaml"], validators=["function.yaml"]),
        "function.yaml": modes.own(ipv6PodCIDR=modes.CIDR, action="Check").text(ANNOTATION[host.way]),
    })
    run = call(host, package)
    assert run.returncode != 0, "it must fail"
    modes.contains(run.stderr, "validator shouldn't modify the resource map", "kustomize's word")


def guard(host, directory):
    """What kustomize leaves out in silence is noticed by a check of the output. kubectl has no other way with a program."""
    package = modes.ROOT / "examples" / "kustomize-exec"

    def checked(text):
        check = ["enable-dual-stack", "check", "--strict", "--config", package / "enable-dual-stack.yaml", "-"]
        return subprocess.run(check, input=text, capture_output=True, text=True)

    without = call(host, package, "--enable-alpha-plugins")
    assert (without.returncode, without.stderr) == (0, ""), f"{without.returncode} {without.stderr}"
    modes.equal(without.stdout, plain(host, BASE), "the build without --enable-exec")
    noticed = checked(without.stdout)
    assert noticed.returncode == 1, f"the check must fail: {noticed}"
    modes.contains(noticed.stdout + noticed.stderr, 'must be changed: `assign_ipv4` set to "true"', "the check")
    assert checked("").returncode == 1, "nothing at all must not pass"
    if host.program.name.startswith("kustomize"):
        passed = checked(call(host, package).stdout)
        assert passed.returncode == 0, f"the check must pass: {passed}"


def without_alpha_plugins(host, directory):
    """Without --enable-alpha-plugins no way works, and kustomize says so."""
    done = call(host, modes.ROOT / "examples" / EXAMPLES[host.way], "--load-restrictor=LoadRestrictionsRootOnly")
    assert done.returncode != 0 and not done.stdout, f"it must fail: {done}"
    modes.contains(done.stderr, "external plugins disabled", "kustomize's word")


def not_on_path(host, directory):
    """Where the program, or docker, cannot be found, kustomize says so."""
    done = call(host, modes.ROOT / "examples" / EXAMPLES[host.way], PATH=str(directory))
    assert done.returncode != 0 and not done.stdout, f"it must fail: {done}"
    modes.contains(done.stderr, "executable file not found in $PATH", "kustomize's word")


def not_installed(host, directory):
    """A plugin that is not there is an error that names the places."""
    done = call(host, modes.ROOT / "examples" / "kubectl-plugin", KUSTOMIZE_PLUGIN_HOME=str(directory))
    assert done.returncode != 0 and not done.stdout, f"it must fail: {done}"
    modes.contains(done.stderr, "dualstack.krm/v1alpha1/enabledualstack/EnableDualStack", "the place")


def installed_by_default(host, directory):
    """install-plugin without --root puts the program where kustomize looks."""
    # An empty variable is as none, to kustomize and to us.
    home = {"HOME": str(directory), "KUSTOMIZE_PLUGIN_HOME": "", "XDG_CONFIG_HOME": ""}
    subprocess.run(["enable-dual-stack", "install-plugin"], env=os.environ | home, check=True, capture_output=True)
    assert (directory / ".config" / "kustomize" / "plugin").is_dir(), "the place"
    done = call(host, modes.ROOT / "examples" / "kubectl-plugin", **home)
    modes.only_our_edits(modes.Run(done.returncode, done.stderr, plain(host, BASE), done.stdout))


MODES = [
    ("the example", the_example),
    ("stderr is empty on success", silent_on_success),
    ("stops: as a validator", validator),
    ("stops: without --enable-alpha-plugins", without_alpha_plugins),
]
NOT_ON_PATH = [("stops: the program or docker is not on PATH", not_on_path)]
EXEC_MODES = [("without --enable-exec: left out in silence; the guard", guard)]
PLUGIN_MODES = [("stops: the plugin is not installed", not_installed), ("install-plugin without --root", installed_by_default)]
