#!/usr/bin/env python3
"""Makes the seeds of the fuzz targets below fuzz/corpus: of the fixtures and the examples, and of the real manifests and
recorded inputs in the folder DUAL_STACK_CORPUS, of which nothing is copied into the repository."""

import hashlib
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What is longer makes the fuzzer slow, and says nothing new: a CRD is no place for an address family.
MOST = 12_000
PER_KIND = 4
CONFIG = """apiVersion: dualstack.krm/v1alpha1
kind: EnableDualStack
metadata:
  name: enable-dual-stack
spec:
  action: "Apply"
  ipv6PodCIDR: fd00:10:244::/56
  ipv6ServiceCIDR: fd00:10:96::/112
"""


def main():
    configs = set()
    for folder in sorted((ROOT / "tests/fixtures").glob("*/*")):
        text, config = read(folder / "input.yaml"), read(folder / "config.yaml")
        if text is None or config is None:
            continue
        configs.add(config)
        package(text, with_action(config))
    for path in sorted((ROOT / "examples").rglob("*.y*ml")):
        package(read(path), CONFIG)
    if corpus := os.environ.get("DUAL_STACK_CORPUS"):
        real(pathlib.Path(corpus))
    for config in sorted(configs):
        seed("config", config)
    lines()


def real(corpus):
    for path in sorted((corpus / "traces").glob("*.stdin.yaml")):
        text = read(path)
        for target in ("function", "scan", "readers"):
            seed(target, text)
        config = read(path.with_name(path.name.replace(".stdin.", ".config.")))
        if config is not None:
            seed("legacy_plugin", f"{text}\0{config}")
    count = {}
    for path in sorted((corpus / "corpus").rglob("*.y*ml")):
        for document in re.split(r"^---.*\n", read(path) or "", flags=re.MULTILINE):
            kind = re.search(r"^kind: *(\S+)", document, re.MULTILINE)
            kind = kind.group(1) if kind else ""
            if kind != "CustomResourceDefinition" and 50 < len(document) < MOST and count.get(kind, 0) < PER_KIND:
                count[kind] = count.get(kind, 0) + 1
                package(document, CONFIG)


def package(text, config):
    """A package, for all targets that take one."""
    is_list = "kind: ResourceList" in text
    function = text if is_list else resource_list(text, config)
    for target in ("function", "scan", "readers"):
        seed(target, function)
    if not is_list:
        seed("legacy_plugin", f"{text}\0{config}")
        seed("readers", text)
        seed("scan", text)


def resource_list(text, config):
    items = [document for document in re.split(r"^---.*\n", text.replace("\r\n", "\n"), flags=re.MULTILINE) if document.strip()]
    lines = [(("- " if number == 0 else "  ") + line if line else line)
             for item in items for number, line in enumerate(item.rstrip("\n").split("\n"))]
    return ("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n" + "\n".join(lines)
            + "\nfunctionConfig:\n" + "".join(f"  {line}\n" for line in config.rstrip("\n").split("\n")))


def with_action(config):
    """With an action that the harness can find and turn to Check."""
    if "action:" in config or "spec:\n" not in config:
        return config
    return config.replace("spec:\n", 'spec:\n  action: "Apply"\n', 1)


def lines():
    """Flags and ranges of all that is there, and nothing much for the editor: its documents are made of choices."""
    texts = [read(path) or "" for path in sorted((ROOT / "tests/fixtures").rglob("input.yaml"))]
    flags = {flag for text in texts for flag in re.findall(r"--[a-z][a-z-]*(?:=[^\s\"'\]]*)?", text)}
    ranges = {found for text in texts for found in re.findall(r"[0-9a-fA-F:.]+/\d+(?:, ?[0-9a-fA-F:.]+/\d+)*", text)}
    flags, ranges = sorted(flags), sorted(ranges)
    for at in range(0, len(flags), 3):
        for how in range(0, 80, 13):
            seed("arguments", chr(how) + "\n".join(flags[at:at + 3]))
    for at, text in enumerate(ranges):
        seed("arguments", chr(80) + text)
        seed("cidr", text + "\n" + ranges[at - 1])
    for at in range(64):
        choices = hashlib.sha256(bytes([at])).digest() * 4
        target("editor").joinpath(f"seed-{at}").write_bytes(bytes([at * 4]) + choices)


def seed(name, text):
    data = text.encode()
    if len(data) <= MOST:
        target(name).joinpath("seed-" + hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def target(name):
    folder = ROOT / "fuzz/corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def read(path):
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None


main()
