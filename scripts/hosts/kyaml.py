"""kyaml, the Go library of kustomize and kpt: function.yaml is of its type, and its schema says what the function says."""

import subprocess

from . import modes

FUNCTION = (modes.ROOT / "function.yaml").read_text()


def read(host, *files):
    return subprocess.run([host.program, *files], input=FUNCTION, capture_output=True, text=True)


def accepts(host, directory):
    examples = sorted((modes.ROOT / "examples").glob("*/enable-dual-stack.yaml"))
    assert examples, "there must be an example"
    done = read(host, *examples)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


def refuses(host, directory):
    config = directory / "function.yaml"
    for fields, message in [
        ({"ipv6PodCidr": modes.CIDR}, "spec.ipv6PodCidr in body is a forbidden property"),
        ({"action": "Aply"}, "spec.action in body should be one of [Apply Check]"),
    ]:
        config.write_text(modes.own(**fields).text(""))
        done = read(host, config)
        modes.contains(done.stderr, message, "the schema must refuse it")


MODES = [
    ("function.yaml fits the configs of the examples", accepts),
    ("function.yaml refuses what the function refuses", refuses),
]
