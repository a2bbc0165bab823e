"""Where in a tree of kustomizations the function stands: names with prefixes and hashes, references between objects."""

import re

from . import calico, modes
from .kustomize import ANNOTATION, call, compare, kustomization, plain, write

OWN = modes.own(ipv6PodCIDR=modes.CIDR)
HASH = re.compile(r"calico-config-([a-z0-9]{10})\b")


def inline(host, directory):
    """The configuration as a text in kustomization.yaml itself."""
    base = {"manifest.yaml": modes.SMALL, "kustomization.yaml": kustomization(resources=["manifest.yaml"])}
    function = OWN.text(ANNOTATION[host.way])
    overlay = {"kustomization.yaml": kustomization(resources=["../base"], transformers=[function])}
    write(directory / "base", base)
    modes.only_our_edits(compare(host, directory / "base", write(directory / "overlay", overlay)))


def component(host, directory):
    write(directory / "base", {"manifest.yaml": modes.SMALL, "kustomization.yaml": kustomization(resources=["manifest.yaml"])})
    write(directory / "dual-stack", {
        "kustomization.yaml": kustomization("Component", transformers=["function.yaml"]),
        "function.yaml": OWN.text(ANNOTATION[host.way]),
    })
    overlay = {"kustomization.yaml": kustomization(resources=["../base"], components=["../dual-stack"])}
    modes.only_our_edits(compare(host, directory / "base", write(directory / "overlay", overlay)))


def check_behind(host, directory):
    """A second function sees what the first one has done: `action: Check`, where validators cannot be."""
    write(directory / "base", {"manifest.yaml": modes.SMALL, "kustomization.yaml": kustomization(resources=["manifest.yaml"])})
    check = modes.own(ipv6PodCIDR=modes.CIDR, action="Check").text(ANNOTATION[host.way])
    overlay = write(directory / "overlay", {
        "kustomization.yaml": kustomization(resources=["../base"], transformers=["function.yaml", "check.yaml"]),
        "function.yaml": OWN.text(ANNOTATION[host.way]),
        "check.yaml": check.replace("  name: enable-dual-stack\n", "  name: check-dual-stack\n"),
    })
    modes.only_our_edits(compare(host, directory / "base", overlay))


def tree(host, directory, where):
    """A base, and an overlay that renames all objects; the function is in the layer `where`, or in none."""
    layers = {"base": {"resources": ["manifest.yaml"]}, "overlay": {"resources": ["../base"], "namePrefix": "pre-", "nameSuffix": "-suf"}}
    files = {"base/manifest.yaml": modes.SMALL}
    for layer, lists in layers.items():
        own = {"transformers": ["function.yaml"]} if layer == where else {}
        files |= {f"{layer}/kustomization.yaml": kustomization(**lists, **own), f"{layer}/function.yaml": OWN.text(ANNOTATION[host.way])}
    return write(directory / str(where), files) / "overlay"


def renamed(host, directory, where):
    run = compare(host, tree(host, directory, None), tree(host, directory, where))
    modes.only_our_edits(run, prefix="pre-", suffix="-suf")
    modes.contains(run.after, "name: pre-calico-config-suf", "the reference to the ConfigMap")


def in_the_base(host, directory):
    renamed(host, directory, "base")


def in_the_overlay(host, directory):
    """The objects have other names by then: they are recognised by their previous ones."""
    renamed(host, directory, "overlay")


def generated(host, directory):
    """The CNI config is a generated ConfigMap: its hash is that of the edited text, and the DaemonSet refers to it."""
    config, _, others = modes.SMALL.partition("---\n")
    (of_config,) = calico.objects(config)
    data = of_config["data"]
    cni = data.pop("cni_network_config")
    generator = "\n".join([
        "configMapGenerator:", "  - name: calico-config", "    namespace: kube-system", "    files: [cni_network_config=cni.json]",
        "    literals:", *(f"      - {name}={value}" for name, value in data.items()), "",
    ])

    def package(name, cni, **lists):
        return write(directory / name, {
            "cni.json": cni,
            "others.yaml": others,
            "kustomization.yaml": kustomization(resources=["others.yaml"], namePrefix="pre-", **lists) + generator,
            "function.yaml": OWN.text(ANNOTATION[host.way]),
        })

    without = package("without", cni)
    by_hand = package("by-hand", calico.IPAM.sub(calico.ASSIGN, cni))
    after = call(host, package("with", cni, transformers=["function.yaml"]))
    run = modes.Run(after.returncode, after.stderr, plain(host, by_hand), after.stdout)
    modes.succeeded(run)
    found = set(HASH.findall(run.after))
    assert len(found) == 1 and found == set(HASH.findall(run.before)), f"the hash is {found}, and must be that of the edited text"
    assert not found & set(HASH.findall(plain(host, without))), "the hash must change with the text"
    assert len(HASH.findall(run.after)) > 1, "the DaemonSet must refer to the ConfigMap"
    expected = calico.objects(run.before)
    calico.edit_node(calico.named(expected, "DaemonSet", "pre-calico-node"), modes.CIDR)
    modes.equal(calico.as_text(calico.objects(run.after)), calico.as_text(expected), "the package, read by yq")


MODES = [
    ("inline", inline),
    ("from a component", component),
    ("action Check behind the edit", check_behind),
    ("in the base, under an overlay that renames", in_the_base),
    ("in the overlay that renames", in_the_overlay),
    ("a generated ConfigMap: its hash and its references", generated),
]
