"""The edits of Calico's how-to, made a second time and in another way: on what yq reads, not on text."""

import copy
import difflib
import ipaddress
import json
import os
import re
import subprocess

# The ipam of the CNI config, and what must stand there.
IPAM = re.compile(r'^( *)"type": "calico-ipam"$', re.MULTILINE)
ASSIGN = r'\1"type": "calico-ipam",' "\n" r'\1"assign_ipv4": "true",' "\n" r'\1"assign_ipv6": "true"'


def objects(text):
    """The objects of a YAML stream, read by yq."""
    yq = subprocess.run([os.environ["YQ"], "-o=json", "-I0", "."], input=text, capture_output=True, text=True)
    if yq.returncode != 0:
        raise AssertionError(f"yq cannot read the output: {yq.stderr}")
    return [json.loads(line) for line in yq.stdout.splitlines()]


def as_text(of):
    return "\n".join(json.dumps(one, indent=1) for one in of)


def edited(before, cidr, prefix="", suffix=""):
    """What the objects must be; the two that are edited have names with this prefix and suffix."""
    after = copy.deepcopy(before)
    config = named(after, "ConfigMap", f"{prefix}calico-config{suffix}")
    config["data"]["cni_network_config"], count = IPAM.subn(ASSIGN, config["data"]["cni_network_config"])
    assert count == 1, "the CNI config must have one ipam"
    edit_node(named(after, "DaemonSet", f"{prefix}calico-node{suffix}"), cidr)
    return after


def named(of, kind, name):
    return next(one for one in of if (one["kind"], one["metadata"]["name"]) == (kind, name))


def edit_node(daemon_set, cidr):
    """Makes of the DaemonSet what it must be."""
    container = next(one for one in daemon_set["spec"]["template"]["spec"]["containers"] if one["name"] == "calico-node")
    felix = next(entry for entry in container["env"] if entry["name"] == "FELIX_IPV6SUPPORT")
    assert felix["value"] == "false", "the manifest must have something to change"
    felix["value"] = "true"
    container["env"] += [{"name": "IP6", "value": "autodetect"}, {"name": "CALICO_IPV6POOL_CIDR", "value": cidr}]
    if needs_nat(cidr):
        container["env"].append({"name": "CALICO_IPV6POOL_NAT_OUTGOING", "value": "true"})


def needs_nat(cidr):
    """Nothing outside has a route to a unique-local range."""
    return ipaddress.ip_network(cidr).subnet_of(ipaddress.ip_network("fc00::/7"))


COMMENT = "# Disable IPv6 on Kubernetes."


def removed_lines(before):
    comment = [COMMENT] if COMMENT in before else []
    return sorted(['"type": "calico-ipam"', *comment, 'value: "false"'])


def added_lines(before, cidr):
    # kustomize drops comments and needless quotes from all that it puts out.
    if COMMENT in before:
        comment, autodetect, pool = ["# Enable IPv6 on Kubernetes."], '"autodetect"', f'"{cidr}"'
    else:
        comment, autodetect, pool = [], "autodetect", cidr
    ipam = ['"type": "calico-ipam",', '"assign_ipv4": "true",', '"assign_ipv6": "true"']
    entries = ["- name: IP6", f"value: {autodetect}", "- name: CALICO_IPV6POOL_CIDR", f"value: {pool}"]
    nat = ["- name: CALICO_IPV6POOL_NAT_OUTGOING", 'value: "true"'] if needs_nat(cidr) else []
    return sorted([*ipam, *comment, 'value: "true"', *entries, *nat])


def changed_lines(before, after):
    """The lines that are gone and those that are new, without indent; sorted, as equal lines can be told apart in several ways."""
    diff = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    return (sorted(line[1:].strip() for line in diff if line.startswith(sign)) for sign in "-+")
