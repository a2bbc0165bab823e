"""kpt: a package directory that it edits in place."""

import shutil
import subprocess

from . import calico, modes

LOCAL = 'config.kubernetes.io/local-config: "true"\n'
# How kpt knows the function, on the command line and in the Kptfile; and the command that a pipe has in kpt's place.
FUNCTION = {modes.EXEC: ("exec", "enable-dual-stack"), modes.CONTAINER: ("image", modes.IMAGE)}
IN_PIPE = {modes.EXEC: ("enable-dual-stack",), modes.CONTAINER: ("docker", "run", "--rm", "-i", "--network=none", modes.IMAGE)}
EXAMPLES = {modes.EXEC: "kpt-exec", modes.CONTAINER: "kpt-container"}


def call(host, *arguments, text=None):
    return subprocess.run([*host.command, *arguments], input=text, capture_output=True, text=True)


def eval_words(host):
    key, value = FUNCTION[host.way]
    return f"--{key}", value


def render_words(host):
    return ("--allow-exec",) if host.way == modes.EXEC else ()


def kptfile(host, *steps):
    """A Kptfile with functions, each in the pipeline and with the configuration (lines of the step) that a step says."""
    lines = ["apiVersion: kpt.dev/v1", "kind: Kptfile", "metadata:", "  name: package", "  annotations:", f"    {LOCAL.strip()}"]
    key, value = FUNCTION[host.way]
    for number, (pipeline, *own) in enumerate(steps):
        lines += ["pipeline:"] if number == 0 else []
        lines += [f"  {pipeline}:", f"    - {key}: {value}", *(f"      {line}" for line in own)]
    return "\n".join(lines) + "\n"


def package(host, directory, manifest):
    """A package of the manifest, as kpt writes it: it reformats what it sees, some blank lines only the second time."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "Kptfile").write_text(kptfile(host))
    (directory / "manifest.yaml").write_text(manifest)
    for _ in range(2):
        nothing = call(host, "eval", directory, "--exec", "cat")
        if nothing.returncode != 0:
            raise AssertionError(f"kpt itself fails: {nothing.stderr}")
    return (directory / "manifest.yaml").read_text()


def result(directory, before, done):
    after = (directory / "manifest.yaml").read_text()
    return modes.Run(done.returncode, done.stdout + done.stderr, before, after)


def evaluate(host, directory, manifest, config, *arguments):
    """`kpt fn eval`: a config of our kind in a file outside the package, a ConfigMap as the words behind `--`."""
    directory = directory / "package"
    before = package(host, directory, manifest)
    if config is None:
        how = ()
    elif config.kind == "ConfigMap":
        how = ("--", *(f"{name}={value}" for name, value in config.fields.items()))
    else:
        file = directory.parent / "function.yaml"
        file.write_text(config.text(LOCAL))
        how = ("--fn-config", file)
    return result(directory, before, call(host, "eval", directory, *eval_words(host), *arguments, *how))


def render(host, directory, manifest, config, *arguments, pipeline="mutators", also=()):
    """`kpt fn render`: a config of our kind as `configPath`, a ConfigMap as `configMap` of the Kptfile."""
    before = package(host, directory, manifest)
    lines = []
    if config is not None and config.kind == "ConfigMap":
        lines = ["configMap:", *(f'  {name}: "{value}"' for name, value in config.fields.items())]
    elif config is not None:
        lines = ["configPath: function.yaml"]
        (directory / "function.yaml").write_text(config.text(LOCAL))
    (directory / "Kptfile").write_text(kptfile(host, (pipeline, *lines, *also)))
    return result(directory, before, call(host, "render", directory, *render_words(host), *arguments))


def of_example(host, directory, *arguments):
    """The example package before (a) and after (b); the second run must change nothing. `{}` is the package."""
    name = EXAMPLES[host.way]
    directory.mkdir(exist_ok=True)
    for side in "ab":
        shutil.copytree(modes.ROOT / "examples" / name, directory / side)
    call(host, "eval", directory / "a", "--exec", "cat")
    as_it_is = (modes.ROOT / "examples" / name / "calico.yaml").read_text()
    modes.equal((directory / "a" / "calico.yaml").read_text(), as_it_is, "kpt reformats the example")
    for _ in range(2):
        done = call(host, *(word.format(directory / "b") for word in arguments))
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        modes.example(name, directory / "a", directory / "b")


def example_eval(host, directory):
    of_example(host, directory / "1", "eval", "{}", *eval_words(host), "--fn-config", "{}/enable-dual-stack.yaml")
    of_example(host, directory / "2", "eval", "{}", *eval_words(host), "--", f"ipv6PodCIDR={modes.CIDR}")


def example_render(host, directory):
    of_example(host, directory, "render", "{}", *render_words(host))


def without_the_flag(host, directory):
    """Documented: without --allow-exec, rendering fails."""
    package = directory / "package"
    shutil.copytree(modes.ROOT / "examples" / "kpt-exec", package)
    done = call(host, "render", package)
    assert done.returncode != 0, "it must fail"
    modes.contains(done.stdout + done.stderr, "must run with `--allow-exec`", "kpt's word")


def only_the_daemon_set(run):
    modes.succeeded(run)
    modes.contains(run.terminal, 'its CNI config comes from the ConfigMap "calico-config"', "a warning")
    _, added = calico.changed_lines(run.before, run.after)
    modes.equal("\n".join(added), "\n".join(calico.added_lines(run.before, modes.CIDR)[3:]), "added lines")


def config_map_file(host, directory):
    """A ConfigMap in a file, and only the DaemonSet selected: a part of a package is normal."""
    before = package(host, directory, modes.SMALL)
    file = directory / "function.yaml"
    file.write_text(modes.Config("ConfigMap", {"ipv6PodCIDR": modes.CIDR}).text(LOCAL))
    arguments = ("--fn-config", file, "--match-kind", "DaemonSet")
    only_the_daemon_set(result(directory, before, call(host, "eval", directory, *eval_words(host), *arguments)))


def selectors(host, directory):
    """`selectors` of the Kptfile; an object that is new is not taken for the one that it was made from."""

    def select(*kinds):
        return ("selectors:", *(f"  - kind: {kind}" for kind in kinds))

    config = modes.own(ipv6PodCIDR=modes.CIDR)
    only_the_daemon_set(render(host, directory / "1", modes.SMALL, config, also=select("DaemonSet")))

    def selected(host, directory, manifest, config):
        return render(host, directory, manifest, config, also=select("ConfigMap", "DaemonSet", "IPPool"))

    modes.new_object(host._replace(package=selected), directory / "2")


def pipe(host, directory):
    """`kpt fn source | … | kpt fn sink`, with the function itself in the pipe, and with `kpt fn eval -`."""
    before = package(host, directory / "package", modes.SMALL)
    config = directory / "function.yaml"
    config.write_text(modes.own(ipv6PodCIDR=modes.CIDR).text(LOCAL))
    source = call(host, "source", directory / "package", "--fn-config", config)
    assert source.returncode == 0, source.stderr
    itself = subprocess.run(IN_PIPE[host.way], input=source.stdout, capture_output=True, text=True)
    by_kpt = call(host, "eval", "-", *eval_words(host), "--", f"ipv6PodCIDR={modes.CIDR}", text=source.stdout)
    for name, done in (("itself", itself), ("by-kpt", by_kpt)):
        assert done.returncode == 0, done.stderr
        sink = call(host, "sink", directory / name, text=done.stdout)
        assert sink.returncode == 0, sink.stderr
        modes.only_our_edits(modes.Run(0, done.stderr, before, (directory / name / "manifest.yaml").read_text()))


def sub_packages(host, directory):
    """The outer package sees the objects of the inner one, which has been rendered before."""
    config = modes.own(ipv6PodCIDR=modes.CIDR).text(LOCAL)
    check = modes.own(ipv6PodCIDR=modes.CIDR, action="Check").text(LOCAL)
    mutate, validate = ("mutators", "configPath: function.yaml"), ("validators", "configPath: check.yaml")
    for name, outer, inner in (("outer", [mutate, validate], []), ("inner", [validate], [mutate])):
        root = directory / name
        before = package(host, root / "calico", modes.SMALL)
        for folder, steps in ((root, outer), (root / "calico", inner)):
            (folder / "Kptfile").write_text(kptfile(host, *steps))
            (folder / "function.yaml").write_text(config)
            (folder / "check.yaml").write_text(check)
        modes.only_our_edits(result(root / "calico", before, call(host, "render", root, *render_words(host))))
        again = result(root / "calico", (root / "calico" / "manifest.yaml").read_text(), call(host, "render", root, *render_words(host)))
        modes.succeeded(again)
        modes.equal(again.after, again.before, "the second render must change nothing")


def results_file(host, directory):
    """--results-dir gets every change, with its place and its values."""
    results = directory / "results"
    run = render(host, directory, modes.SMALL, modes.own(ipv6PodCIDR=modes.CIDR), "--results-dir", results)
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
    """As a validator, Check stops the pipeline, too; and lets a package pass that has both families."""
    config = modes.own(ipv6PodCIDR=modes.CIDR, action="Check")
    modes.stopped(render(host, directory / "1", modes.SMALL, config, pipeline="validators"), "must be changed: ")
    done = render(host, directory / "2", modes.SMALL, modes.own(ipv6PodCIDR=modes.CIDR))
    passed = render(host, directory / "3", done.after, config, pipeline="validators")
    modes.succeeded(passed)
    modes.equal(passed.after, passed.before, "a validator must change nothing")


EVAL_MODES = [
    ("the example", example_eval),
    ("a ConfigMap in a file, and a part of the package", config_map_file),
    ("fn source, the function, fn sink", pipe),
]
RENDER_MODES = [
    ("the example", example_render),
    ("results in --results-dir", results_file),
    ("action Check as a validator", validator),
    ("selectors", selectors),
    ("sub-packages", sub_packages),
]
EXEC_MODES = [("stops: without --allow-exec", without_the_flag)]
