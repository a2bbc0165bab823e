"""The other programs: how they are built, and what makes them do the same edit."""

import json
import os
import subprocess
from pathlib import Path

from .measure import Program

ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "benches" / "peers"
BIN = ROOT / "target" / "peers"
HOSTS = ROOT / "target" / "hosts" / "bin"

ASSIGN = '"type": "calico-ipam",\\n          "assign_ipv4": "true",\\n          "assign_ipv6": "true"'
VARIABLES = (("IP6", "autodetect"), ("CALICO_IPV6POOL_CIDR", "fd00:10:244::/56"), ("CALICO_IPV6POOL_NAT_OUTGOING", "true"))

YQ = rf"""
(.items[] | select(.kind == "ConfigMap" and .metadata.name == "calico-config*") | .data.cni_network_config) |=
  sub("\"type\": \"calico-ipam\"", "{ASSIGN.replace('"', chr(92) + '"')}") |
with(.items[] | select(.kind == "DaemonSet" and .metadata.name == "calico-node*") | .spec.template.spec.containers[] | select(.name == "calico-node");
  (.env[] | select(.name == "FELIX_IPV6SUPPORT") | .value) = "true" |
  .env += [{", ".join(f'{{"name": "{name}", "value": "{value}"}}' for name, value in VARIABLES)}])
"""

STARLARK = f"""functionConfig:
  apiVersion: fn.kpt.dev/v1alpha1
  kind: StarlarkRun
  metadata:
    name: enable-dual-stack
  source: |
    for item in ctx.resource_list["items"]:
      if item["kind"] == "ConfigMap" and item["metadata"]["name"].startswith("calico-config"):
        text = item["data"]["cni_network_config"]
        item["data"]["cni_network_config"] = text.replace('"type": "calico-ipam"', '{ASSIGN}')
      if item["kind"] == "DaemonSet" and item["metadata"]["name"].startswith("calico-node"):
        for container in item["spec"]["template"]["spec"]["containers"]:
          if container["name"] == "calico-node":
            for variable in container["env"]:
              if variable["name"] == "FELIX_IPV6SUPPORT":
                variable["value"] = "true"
            for name, value in {VARIABLES!r}:
              container["env"].append({{"name": name, "value": value}})
"""

PATCH = f"""apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: calico-node
  namespace: kube-system
spec:
  template:
    spec:
      containers:
      - name: calico-node
        env:
        - name: FELIX_IPV6SUPPORT
          value: "true"
{"".join(f'        - name: {name}{chr(10)}          value: "{value}"{chr(10)}' for name, value in VARIABLES)}"""


def build():
    """Builds the programs in Go; what cannot be had is told by name."""
    BIN.mkdir(parents=True, exist_ok=True)
    starlark = "github.com/GoogleContainerTools/kpt-functions-catalog/functions/go/starlark"
    wanted = {"noop": (PEERS, "./noop"), "edit": (PEERS, "./edit"), "starlark": (PEERS / "kpt", starlark)}
    missing = {}
    for name, (folder, package) in wanted.items():
        command = ["go", "build", "-trimpath", "-o", str(BIN / name), package]
        try:
            built = subprocess.run(command, cwd=folder, env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""}, capture_output=True, text=True)
        except OSError as error:
            missing[name] = str(error)
            continue
        if built.returncode != 0:
            missing[name] = built.stderr.strip().splitlines()[-1]
    return missing


def kustomization(folder, stream):
    """Writes a package for `kustomize build` with patches that do the edit."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "calico.yaml").write_text(stream)
    config = stream[stream.index("  cni_network_config: |-\n") :]
    config = config[: config.index("\n---\n")]
    lines = [line for line in config.splitlines() if line.startswith("   ") or "cni_network_config" in line]
    config = "\n".join(lines).replace('"type": "calico-ipam"', ASSIGN.replace("\\n", "\n    "))
    patch = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: calico-config\n  namespace: kube-system\ndata:\n{config}\n"
    (folder / "config.yaml").write_text(patch)
    (folder / "node.yaml").write_text(PATCH)
    (folder / "kustomization.yaml").write_text("resources: [calico.yaml]\npatches:\n- path: config.yaml\n- path: node.yaml\n")
    return folder


def programs(ours, package, missing):
    """Ours, the floor, and all peers, in the order of the table; and why some are not there."""
    all_of_them = [
        Program("cat", ["/bin/cat"]),
        Program("enable-dual-stack", [str(ours)]),
        Program("kyaml function that does nothing", [str(BIN / "noop")]),
        Program("kyaml function, same edit", [str(BIN / "edit")]),
        Program("kpt starlark function, same edit", [str(BIN / "starlark")]),
        Program("yq, same edit", [str(HOSTS / "yq"), YQ]),
        Program("kustomize build, same patches", [str(HOSTS / "kustomize-5.8.1"), "build", str(package)], stdin=False),
    ]
    there, absent = [], {}
    for program in all_of_them:
        path = Path(program.command[0])
        if path.name in missing:
            absent[program.name] = missing[path.name]
        elif not path.exists():
            absent[program.name] = "not installed: run scripts/install-hosts"
        else:
            there.append(program)
    return there, absent


def compare(programs, source_of, source):
    """Whether all make the same edit: a comparison with one that does less would be unfair.

    `kustomize build` gives documents, and so is not compared item by item.
    """
    outcomes = {}
    for program in programs:
        if program.stdin and program.name not in ("cat", "kyaml function that does nothing") and (HOSTS / "yq").exists():
            path = next((path for word, path in source_of.items() if word in program.name), source)
            with open(path, "rb") as stdin:
                output = subprocess.run(program.command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
            read = subprocess.run([HOSTS / "yq", "-o=json", "-I0", ".items"], input=output, stdout=subprocess.PIPE, check=True).stdout
            # starlark sorts the objects.
            outcomes[program.name] = sorted((without_annotations(item) for item in json.loads(read)), key=kind_and_name)
    ours = outcomes.get("enable-dual-stack")
    for name, items in outcomes.items():
        if items != ours:
            different = [item["metadata"]["name"] for item, other in zip(items, ours) if item != other]
            raise SystemExit(f"{name} makes another edit than ours, of {different}: the comparison would be unfair")


def kind_and_name(item):
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def without_annotations(item):
    """The item without what hosts and libraries note in it for themselves."""
    annotations = item.get("metadata", {}).get("annotations", {})
    for key in [key for key in annotations if "config.kubernetes.io/" in key or "config.k8s.io/" in key]:
        del annotations[key]
    if not annotations:
        item.get("metadata", {}).pop("annotations", None)
    return item
