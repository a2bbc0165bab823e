"""The container images, run by docker as hosts run them."""

import functools
import io
import json
import shutil
import subprocess
import tarfile

from . import calico, modes

BASE = modes.ROOT / "examples" / "kustomize-exec" / "base"
PLUGIN = "examples/argocd/sidecar/plugin.yaml"

HARDENED = ("run", "--rm", "-i", "--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=nobody")
MEGABYTE = 1_000_000


@functools.cache
def runs():
    """Whether there is a docker that answers."""
    return bool(shutil.which("docker")) and subprocess.run(["docker", "version"], capture_output=True).returncode == 0


def call(host, *arguments, text=None):
    return subprocess.run([*host.command, *arguments], input=text, capture_output=True, text=True)


def inspect(host, image):
    return json.loads(call(host, "image", "inspect", image).stdout)[0]


def files(host, image):
    """The files of an image, but for those that docker itself puts into every container."""
    container = call(host, "create", image, "x").stdout.strip()
    try:
        exported = subprocess.run([*host.command, "export", container], capture_output=True, check=True).stdout
    finally:
        call(host, "rm", container)
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        names = {entry.name for entry in archive if entry.isfile()}
    return names - {".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf"}


def image(host, directory):
    """Small, nothing in it but the program and who `nobody` is, an entrypoint without arguments, and the labels."""
    of_image = inspect(host, modes.IMAGE)
    assert of_image["Size"] < 10 * MEGABYTE, f"{of_image['Size']} bytes"
    config = of_image["Config"]
    assert (config["Entrypoint"], config["Cmd"], config["User"]) == (["/usr/local/bin/enable-dual-stack"], None, "nobody"), config
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert labels["version"] == modes.VERSION, f"the label says {labels['version']}, Cargo.toml {modes.VERSION}"
    assert set(labels) == {"title", "description", "version", "licenses", "source", "documentation"}, labels
    assert files(host, modes.IMAGE) == {"etc/passwd", "usr/local/bin/enable-dual-stack"}


def documentation(host, directory):
    """--help prints what the program prints, and so does `kpt fn doc`."""
    expected = subprocess.run(["enable-dual-stack", "--help"], capture_output=True, text=True, check=True).stdout
    for command in ([*host.command, "run", "--rm", modes.IMAGE, "--help"], [modes.BIN / "kpt", "fn", "doc", "--image", modes.IMAGE]):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        modes.equal(done.stdout.strip(), expected.strip(), str(command))


def as_function(host, directory):
    """Without network, privileges, or a place to write to, it answers as the program does."""
    example = modes.ROOT / "examples" / "kpt-exec"
    source = [modes.BIN / "kpt", "fn", "source", example, "--fn-config", example / "enable-dual-stack.yaml"]
    package = subprocess.run(source, capture_output=True, text=True, check=True).stdout
    expected = subprocess.run(["enable-dual-stack"], input=package, capture_output=True, text=True, check=True).stdout
    modes.contains(expected, modes.CIDR, "the program's own answer")
    done = call(host, *HARDENED, modes.IMAGE, text=package)
    assert (done.returncode, done.stderr) == (0, ""), done
    modes.equal(done.stdout, expected, "the answer of the container")


def writes_nowhere(host, directory):
    """The image's own user may write nowhere; with a read-only root, nobody can, root neither."""
    for options, reason in ((), "Permission denied"), (("--read-only", "--user=0"), "Read-only file system"):
        done = call(host, "run", "--rm", "--network=none", *options, modes.IMAGE, "man", "--dir", "/")
        assert done.returncode == 2 and reason in done.stderr, done


def argocd(host, directory):
    """Argo CD's sidecar: the commands of its plugin.yaml, as the user that Argo CD demands, in a copy of the application."""
    of_image = inspect(host, modes.ARGOCD_IMAGE)
    assert of_image["Config"]["User"] == "999", of_image["Config"]
    (plugin,) = calico.objects((modes.ROOT / PLUGIN).read_text())
    directory.chmod(0o755)
    shutil.copytree(BASE, directory / "app")
    parameters = json.dumps([{"name": "ipv6PodCIDR", "string": modes.CIDR}])

    def run(command, *arguments):
        options = ["--network=none", "--tmpfs=/tmp", f"--volume={directory / 'app'}:/app", "--workdir=/app", f"--env=ARGOCD_APP_PARAMETERS={parameters}"]
        return call(host, "run", "--rm", *options, f"--entrypoint={command[0]}", modes.ARGOCD_IMAGE, *command[1:], *arguments)

    generate, announce = plugin["spec"]["generate"], plugin["spec"]["parameters"]["dynamic"]
    done = run(generate["command"], *generate.get("args", []))
    before = subprocess.run([modes.BIN / "kustomize-5.8.1", "build", BASE], capture_output=True, text=True, check=True).stdout
    modes.only_our_edits(modes.Run(done.returncode, done.stderr, before, done.stdout.removeprefix("---\n")))
    announced = json.loads(run(announce["command"], *announce.get("args", [])).stdout)
    assert "ipv6PodCIDR" in [one["name"] for one in announced], announced


MODES = [
    ("the image: size, files, user, labels", image),
    ("--help, and kpt fn doc", documentation),
    ("Argo CD's sidecar: generate and parameters", argocd),
    ("without network, privileges, a place to write to", as_function),
    ("a place to write to is not there", writes_nowhere),
]
