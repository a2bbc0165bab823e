"""Argo CD: the commands of a plugin, run as its sidecar runs them, and its own kustomize with the legacy plugin.

As argo-cd v3.4 does it: cmpserver/plugin/plugin.go and reposerver/repository/repository.go run a command in a fresh copy of the
repository, in a process group of its own, with the environment of the sidecar and the application; util/kustomize/kustomize.go
builds.
"""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import time

from . import calico, modes
from .kustomize import BASE, kustomization, write

EXAMPLE = modes.ROOT / "examples" / "argocd"
KUSTOMIZE = modes.BIN / "kustomize-5.8.1"
# What argocd-repo-server and Argo CD's gRPC allow if nobody says otherwise.
SECONDS = 60
BYTES = 100 * 1024 * 1024
REVISION = "0123456789abcdef0123456789abcdef01234567"
# As much of an installation of Argo CD as the components patch.
ARGO_CD = """apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: argocd-repo-server
spec:
  template:
    spec:
      containers:
        - name: argocd-repo-server
          image: quay.io/argoproj/argocd:v3.4.0
          env:
            - name: TZ
              value: UTC
          volumeMounts:
            - mountPath: /tmp
              name: tmp
      volumes:
        - name: tmp
          emptyDir: {}
        - name: var-files
          emptyDir: {}
        - name: plugins
          emptyDir: {}
"""


def example(name):
    (of_file,) = calico.objects((EXAMPLE / name).read_text())
    return of_file


def installed(directory, component):
    """What kustomize makes of an installation of Argo CD with this component: its objects by kind."""
    shutil.copytree(EXAMPLE / component, directory / component)
    write(directory, {"argo-cd.yaml": ARGO_CD, "kustomization.yaml": kustomization(resources=["argo-cd.yaml"], components=[component])})
    built = subprocess.run([KUSTOMIZE, "build", directory], capture_output=True, text=True, check=True).stdout
    objects = calico.objects(built)
    pod = calico.named(objects, "Deployment", "argocd-repo-server")["spec"]["template"]["spec"]
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes, f"{container['name']} mounts what is not there"
    return objects, pod


def container(pod, name, kind="containers"):
    return next(one for one in pod[kind] if one["name"] == name)


def plugin(directory):
    """The plugin as the sidecar finds it in its ConfigMap."""
    objects, pod = installed(directory, "sidecar")
    (volume,) = [volume["configMap"]["name"] for volume in pod["volumes"] if volume["name"] == "enable-dual-stack-plugin"]
    (of_sidecar,) = calico.objects(calico.named(objects, "ConfigMap", volume)["data"]["plugin.yaml"])
    return of_sidecar["spec"]


def variable(name):
    return re.sub("[^A-Z0-9_]", "_", name.upper())


def environment(application):
    """What the sidecar puts into the environment of a command; the values of `env` may not be empty."""
    source, name = application["spec"]["source"], application["metadata"]["name"]
    parameters = source["plugin"].get("parameters")
    env = {
        "ARGOCD_APP_NAME": name, "ARGOCD_APP_NAMESPACE": "calico-system", "ARGOCD_APP_PROJECT_NAME": application["spec"]["project"],
        "ARGOCD_APP_REVISION": REVISION, "ARGOCD_APP_REVISION_SHORT": REVISION[:7], "ARGOCD_APP_REVISION_SHORT_8": REVISION[:8],
        "ARGOCD_APP_SOURCE_REPO_URL": source["repoURL"], "ARGOCD_APP_SOURCE_PATH": source["path"],
        "ARGOCD_APP_SOURCE_TARGET_REVISION": source["targetRevision"],
        "KUBE_VERSION": "1.33.1", "KUBE_API_VERSIONS": "v1,apps/v1,apps/v1/DaemonSet",
        "ARGOCD_APP_PARAMETERS": json.dumps(parameters),
    }
    env |= {f"ARGOCD_ENV_{entry['name']}": entry["value"] for entry in source["plugin"].get("env", []) if entry["value"]}
    for parameter in parameters or []:
        stem = f"PARAM_{variable(parameter['name'])}"
        if "string" in parameter:
            env[stem] = parameter["string"]
        env |= {f"{stem}_{index}": item for index, item in enumerate(parameter.get("array", []))}
        env |= {f"{stem}_{variable(key)}": item for key, item in parameter.get("map", {}).items()}
    return env


def copy(directory):
    """A copy of the repository in which no file can be run."""
    shutil.copytree(modes.ROOT / "examples", directory / "repository" / "examples")
    for file in (directory / "repository").rglob("*"):
        if file.is_file():
            file.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP)
    return directory / "repository"


def call(command, folder, env, programs, seconds=SECONDS):
    """Runs a command of plugin.yaml; at the deadline, its process group is told to end, and killed five seconds later."""
    words = [*command["command"], *command.get("args", [])]
    env = {"PATH": f"{programs}:{os.environ['PATH']}"} | env
    process = subprocess.Popen(words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0)
    try:
        stdout, stderr = process.communicate(timeout=seconds - 0.1)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            stdout, stderr = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError("it does not end when it is told to") from None
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


def programs(directory, kustomize=None):
    """A folder for PATH with a `kustomize`."""
    (directory / "bin").mkdir()
    program = directory / "bin" / "kustomize"
    if kustomize:
        program.write_text(kustomize)
        program.chmod(0o755)
    else:
        program.symlink_to(KUSTOMIZE)
    return directory / "bin"


def generate(directory, application, **options):
    """Generates the manifests of an application with the plugin of the example."""
    directory.mkdir(exist_ok=True)
    command, repository = plugin(directory / "argo-cd")["generate"], copy(directory)
    return call(command, repository / application["spec"]["source"]["path"], environment(application), programs(directory), **options)


def base():
    return subprocess.run([KUSTOMIZE, "build", BASE], capture_output=True, text=True, check=True).stdout


def plain_objects(done):
    """The objects on stdout, which nothing that tools write for each other is left on."""
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.encode()) < BYTES
    for of_tools in ("internal.config.kubernetes.io", "kustomize.config.k8s.io", "config.k8s.io/id", "kind: EnableDualStack", "local-config"):
        assert of_tools not in done.stdout, of_tools
    return calico.objects(done.stdout)


def the_example(host, directory):
    """The application of the example, and the expected difference to what is in its folder."""
    done = generate(directory, example("application.yaml"))
    assert done.stderr == "", done.stderr
    plain_objects(done)
    for side, text in (("a", base()), ("b", done.stdout.removeprefix("---\n"))):
        write(directory / side, {"build.yaml": text})
    modes.example("argocd", directory / "a", directory / "b")
    modes.only_our_edits(modes.Run(0, "", base(), done.stdout.removeprefix("---\n")))


def each_cluster(host, directory):
    """The ApplicationSet: each cluster gets a range of its own."""
    of_set = example("applicationset.yaml")["spec"]
    (generator,) = of_set["generators"]
    ranges = set()
    for element in generator["list"]["elements"]:
        filled = re.sub(r"\{\{ *\.(\w+) *\}\}", lambda found: element[found[1]], json.dumps(of_set["template"]))
        application = json.loads(filled)
        assert application["spec"]["destination"]["server"] == element["server"]
        objects = plain_objects(generate(directory / element["cluster"], application))
        node = calico.named(objects, "DaemonSet", "calico-node")["spec"]["template"]["spec"]["containers"][0]
        pool = next(entry["value"] for entry in node["env"] if entry["name"] == "CALICO_IPV6POOL_CIDR")
        assert pool == element["ipv6PodCIDR"], pool
        ranges.add(pool)
    assert len(ranges) == len(generator["list"]["elements"]) > 1, ranges


def with_env(host, directory):
    """`env` of the application in place of parameters."""
    application = example("application.yaml")
    application["spec"]["source"]["plugin"] = {"name": "enable-dual-stack", "env": [{"name": "IPV6_POD_CIDR", "value": modes.CIDR}]}
    done = generate(directory, application)
    modes.only_our_edits(modes.Run(done.returncode, done.stderr, base(), done.stdout.removeprefix("---\n")))


def whole_calico(host, directory):
    """The whole calico.yaml, as a folder of plain manifests, within the limits."""
    text = modes.corpus("calico/master/calico.yaml")
    command = plugin(directory / "argo-cd")["generate"]
    folder = write(directory / "app", {"calico.yaml": text})
    start = time.monotonic()
    done = call(command, folder, environment(example("application.yaml")), programs(directory))
    assert time.monotonic() - start < SECONDS / 2
    # What stands in front of the first object has no place in a stream of objects.
    before = text if text.startswith("---\n") else f"---\n{text}"
    assert len(plain_objects(done)) == len(calico.objects(before))
    modes.only_our_edits(modes.Run(0, "", before, done.stdout))


def nothing_but_an_error(host, directory):
    """What Argo CD would take for an application without objects, and delete them, is never there."""
    application = example("application.yaml")
    for name, parameters, message in [
        ("family", [{"name": "ipv6PodCIDR", "string": "10.244.0.0/16"}], "`ipv6PodCIDR` must be an IPv6 range"),
        ("field", [{"name": "ipv6PodCidr", "string": modes.CIDR}], "did you mean `ipv6PodCIDR`?"),
        ("none", None, "`ipv6PodCIDR` must be given"),
    ]:
        application["spec"]["source"]["plugin"]["parameters"] = parameters
        done = generate(directory / name, application)
        assert (done.returncode != 0, done.stdout) == (True, ""), f"{name}: {done}"
        modes.contains(done.stderr.splitlines()[0], message, "Argo CD shows it")


def deadline(host, directory):
    """At the deadline everything ends, the kustomize that it waits for, too, and nothing is on stdout."""
    command, folder = plugin(directory / "argo-cd")["generate"], copy(directory) / "examples" / "kustomize-exec" / "base"
    slow = f"#!/bin/sh\necho $$ > {directory}/pid\nexec sleep 50\n"
    done = call(command, folder, environment(example("application.yaml")), programs(directory, slow), seconds=1.5)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, ""), done
    pid = int((directory / "pid").read_text())
    for _ in range(50):
        if not os.path.exists(f"/proc/{pid}") or "(sleep) Z" in open(f"/proc/{pid}/stat").read():
            return
        time.sleep(0.1)
    raise AssertionError("kustomize runs on")


def announcement(host, directory):
    """The announcement for the form: what argo-cd's ParameterAnnouncement has, with the values of the repository."""
    command = plugin(directory / "argo-cd")["parameters"]["dynamic"]
    folder = write(directory / "app", {"calico.yaml": modes.SMALL, "dual-stack.yaml": modes.own(ipv6PodCIDR=modes.CIDR).text("")})
    done = call(command, folder, environment(example("application.yaml")), programs(directory))
    assert (done.returncode, done.stderr) == (0, ""), done
    announced = {one["name"]: one for one in json.loads(done.stdout)}
    for one in announced.values():
        value = "map" if one["collectionType"] == "map" else "string"
        assert set(one) == {"name", "title", "tooltip", "required", "itemType", "collectionType", value}, one
        assert one["itemType"] in ("string", "number", "boolean") and one["collectionType"] in ("string", "map"), one
    assert announced["ipv6PodCIDR"]["string"] == modes.CIDR, announced["ipv6PodCIDR"]


def sidecar_of_the_image(host, directory):
    """The sidecar is the image that the Dockerfile makes, which has the plugin.yaml of the example in it."""
    copied = "COPY examples/argocd/sidecar/plugin.yaml /home/argocd/cmp-server/config/plugin.yaml\n"
    modes.contains((modes.ROOT / "Dockerfile").read_text(), copied, "the Dockerfile")
    sidecar = container(installed(directory / "2", "sidecar")[1], "enable-dual-stack")
    assert sidecar["image"] == modes.ARGOCD_IMAGE, sidecar["image"]
    assert sidecar["command"] == ["/var/run/argocd/argocd-cmp-server"] and sidecar["securityContext"]["runAsUser"] == 999, sidecar


def legacy_plugin(host, directory):
    """Argo CD's own kustomize, with the plugin that the init container has installed."""
    objects, pod = installed(directory / "argo-cd", "legacy-plugin")
    init = container(pod, "install-enable-dual-stack", "initContainers")
    assert init["image"] == modes.IMAGE, init["image"]
    plugins = directory / "plugins"
    words = [str(plugins) if word == "/plugins" else word for word in init["args"]]
    subprocess.run(["enable-dual-stack", *words], check=True, capture_output=True)
    server = container(pod, "argocd-repo-server")
    home = {entry["name"]: entry["value"] for entry in server["env"]}["KUSTOMIZE_PLUGIN_HOME"]
    assert home in {mount["mountPath"] for mount in server["volumeMounts"]} and home in init["args"], home
    options = calico.named(objects, "ConfigMap", "argocd-cm")["data"]["kustomize.buildOptions"].split()
    source = example("legacy-plugin/application.yaml")["spec"]["source"]
    repository = copy(directory)

    def build(home):
        env = {"PATH": os.environ["PATH"], "KUSTOMIZE_PLUGIN_HOME": str(home)}
        return subprocess.run([KUSTOMIZE, "build", source["path"], *options], cwd=repository, env=env, capture_output=True, text=True)

    done = build(plugins)
    assert done.returncode == 0, done.stderr
    for side, text in (("a", base()), ("b", done.stdout)):
        write(directory / side, {"build.yaml": text})
    modes.example("kubectl-plugin", directory / "a", directory / "b")
    missing = build(directory / "nowhere")
    assert (missing.returncode, missing.stdout) == (1, ""), missing


MODES = [
    ("examples/argocd", the_example),
    ("an ApplicationSet, a range for each cluster", each_cluster),
    ("env in place of parameters", with_env),
    ("calico.yaml of the corpus, within the limits", whole_calico),
    ("stops: nothing on stdout, the reason on stderr", nothing_but_an_error),
    ("stops: at the deadline", deadline),
    ("the announcement of parameters", announcement),
    ("the sidecar, and the plugin in its image", sidecar_of_the_image),
    ("its own kustomize, with the legacy plugin", legacy_plugin),
]
