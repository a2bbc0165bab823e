"""kpt with exec functions: a package directory that kpt edits in place."""

import shutil
import subprocess

from . import calico, modes

LOCAL = 'config.kubernetes.io/local-config: "true"\n'
EXAMPLE = modes.ROOT / "examples" / "kpt-exec"


def call(program, *arguments):
    return subprocess.run([program, "fn", *arguments], capture_output=True, text=True)


def package(program, directory, manifest):
    """A package of the manifest, as kpt writes it: it reformats what it sees, some blank lines only the second time."""
    (directory / "Kptfile").write_text(f"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: package\n  annotations:\n    {LOCAL}")
    (directory / "manifest.yaml").write_text(manifest)
    for _ in range(2):
        nothing = call(program, "eval", directory, "--exec", "cat")
        if nothing.returncode != 0:
            raise AssertionError(f"kpt itself fails: {nothing.stderr}")
    return (directory / "manifest.yaml").read_text()


def result(directory, before, done):
    after = (directory / "manifest.yaml").read_text()
    return modes.Run(done.returncode, done.stdout + done.stderr, before, after)


def evaluate(program, directory, manifest, config, *arguments):
    """`kpt fn eval`: a config of our kind in a file outside the package, a ConfigMap as the words behind `--`."""
    directory = directory / "package"
    directory.mkdir()
    before = package(program, directory, manifest)
    if config is None:
        how = ()
    elif config.kind == "ConfigMap":
        how = ("--", *(f"{name}={value}" for name, value in config.fields.items()))
    else:
        file = directory.parent / "function.yaml"
        file.write_text(config.text(LOCAL))
        how = ("--fn-config", file)
    return result(directory, before, call(program, "eval", directory, "--exec", "enable-dual-stack", *arguments, *how))


def render(program, directory, manifest, config, *arguments, pipeline="mutators"):
    """`kpt fn render`: a config of our kind as `configPath`, a ConfigMap as `configMap` of the Kptfile."""
    before = package(program, directory, manifest)
    lines = ["pipeline:", f"  {pipeline}:", "    - exec: enable-dual-stack"]
    if config is not None and config.kind == "ConfigMap":
        lines += ["      configMap:", *(f'        {name}: "{value}"' for name, value in config.fields.items())]
    elif config is not None:
        lines += ["      configPath: function.yaml"]
        (directory / "function.yaml").write_text(config.text(LOCAL))
    with (directory / "Kptfile").open("a") as kptfile:
        kptfile.write("\n".join(lines) + "\n")
    return result(directory, before, call(program, "render", directory, "--allow-exec", *arguments))


def of_example(host, directory, command):
    """The example package before (a) and after (b); the second run must change nothing. `{}` is the package."""
    directory.mkdir(exist_ok=True)
    for side in "ab":
        shutil.copytree(EXAMPLE, directory / side)
    call(host.program, "eval", directory / "a", "--exec", "cat")
    modes.equal((directory / "a" / "calico.yaml").read_text(), (EXAMPLE / "calico.yaml").read_text(), "kpt reformats the example")
    for _ in range(2):
        done = call(host.program, *(word.format(directory / "b") for word in command.split()))
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        modes.example("kpt-exec", directory / "a", directory / "b")


def example_eval(host, directory):
    of_example(host, directory / "1", "eval {} --exec enable-dual-stack --fn-config {}/enable-dual-stack.yaml")
    of_example(host, directory / "2", f"eval {{}} --exec enable-dual-stack -- ipv6PodCIDR={modes.CIDR}")


def example_render(host, directory):
    of_example(host, directory, "render {} --allow-exec")


def without_the_flag(host, directory):
    """Documented: without --allow-exec, rendering fails."""
    package = directory / "package"
    shutil.copytree(EXAMPLE, package)
    done = call(host.program, "render", package)
    assert done.returncode != 0, "it must fail"
    modes.contains(done.stdout + done.stderr, "must run with `--allow-exec`", "kpt's word")


def config_map_file(host, directory):
    """A ConfigMap in a file, and only the DaemonSet selected: a part of a package is normal."""
    before = package(host.program, directory, modes.SMALL)
    file = directory / "function.yaml"
    file.write_text(modes.Config("ConfigMap", {"ipv6PodCIDR": modes.CIDR}).text(LOCAL))
    arguments = ("--exec", "enable-dual-stack", "--fn-config", file, "--match-kind", "DaemonSet")
    run = result(directory, before, call(host.program, "eval", directory, *arguments))
    modes.succeeded(run)
    modes.contains(run.terminal, 'the CNI config of DaemonSet kube-system/calico-node comes from the ConfigMap "calico-config"', "a warning")
    _, added = calico.changed_lines(run.before, run.after)
    modes.equal("\n".join(added), "\n".join(calico.added_lines(run.before, modes.CIDR)[3:]), "added lines")


def results_file(host, directory):
    """--results-dir gets every change, with its place and its values."""
    results = directory / "results"
    run = render(host.program, directory, modes.SMALL, modes.own(ipv6PodCIDR=modes.CIDR), "--results-dir", results)
    modes.succeeded(run)
    (of_run,) = calico.objects((results / "results.yaml").read_text())
    found = [
        (one["severity"], one["tags"]["rule"], one["resourceRef"]["kind"], one["field"]["path"],
         one["field"].get("currentValue"), one["field"]["proposedValue"], one["file"])
        for one in of_run["items"][0]["results"]
        if "proposedValue" in one.get("field", {})
    ]
    env = "spec.template.spec.containers[0].env"
    ipam = "data.cni_network_config.plugins[0].ipam"
    config, node = {"path": "manifest.yaml"}, {"path": "manifest.yaml", "index": 2}
    expected = [
        ("info", "calico-ipam-assign", "ConfigMap", f"{ipam}.assign_ipv4", None, "true", config),
        ("info", "calico-ipam-assign", "ConfigMap", f"{ipam}.assign_ipv6", None, "true", config),
        ("info", "calico-node-ip6", "DaemonSet", f"{env}[8].value", None, "autodetect", node),
        ("info", "calico-node-felix-ipv6", "DaemonSet", f"{env}[6].value", "false", "true", node),
        ("info", "calico-node-ipv6-pool", "DaemonSet", f"{env}[9].value", None, modes.CIDR, node),
        ("info", "calico-node-ipv6-nat", "DaemonSet", f"{env}[10].value", None, "true", node),
    ]
    modes.equal("\n".join(map(str, found)), "\n".join(map(str, expected)), "results")


def validator(host, directory):
    """As a validator, Check stops the pipeline, too."""
    config = modes.own(ipv6PodCIDR=modes.CIDR, action="Check")
    modes.stopped(render(host.program, directory, modes.SMALL, config, pipeline="validators"), "must be changed: ")


EVAL_MODES = [
    ("examples/kpt-exec", example_eval),
    ("a ConfigMap in a file, and a part of the package", config_map_file),
]
RENDER_MODES = [
    ("examples/kpt-exec", example_render),
    ("results in --results-dir", results_file),
    ("stops: action Check as a validator", validator),
    ("without --allow-exec: kpt stops", without_the_flag),
]
