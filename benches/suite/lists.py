"""The lists that the programs get: Calico's calico.yaml as kpt sends it, made longer with more objects of other names."""

import re

TRACE = "traces/kpt-1.0.0-beta.56-eval-calico-full.stdin.yaml"
HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"
CONFIG = """functionConfig:
  apiVersion: dualstack.krm/v1alpha1
  kind: EnableDualStack
  metadata:
    name: enable-dual-stack
  spec:
    ipv6PodCIDR: fd00:10:244::/56
"""
NAME = re.compile(r"^    name: '?([a-z0-9.-]+)'?$", re.MULTILINE)
KIND = re.compile(r"^  kind: (\w+)$", re.MULTILINE)


class Items:
    """The items of a recorded ResourceList: those that are edited, and the others, each a text of whole lines."""

    def __init__(self, corpus):
        text = (corpus / TRACE).read_text()
        lines = text[text.index("\nitems:\n") + len("\nitems:\n") : text.index("\nfunctionConfig:\n") + 1]
        items = ["- " + item for item in re.split(r"^- ", lines, flags=re.MULTILINE) if item]
        edited = ("ConfigMap", "DaemonSet")
        self.edited = [item for item in items if KIND.search(item).group(1) in edited]
        self.others = [item for item in items if KIND.search(item).group(1) not in edited]
        if len(self.edited) != 2 or len(items) < 20:
            raise SystemExit(f"{TRACE} has other items than expected")

    def list(self, copies=1, matched=1):
        """A ResourceList with all that is not edited `copies` times, and all that is edited `matched` times."""
        numbered = [*(renamed(item, n) for n in range(copies) for item in self.others)]
        numbered += [renamed(item, n) for n in range(matched) for item in self.edited]
        return HEAD + "".join(numbered) + CONFIG

    def of_size(self, size):
        """A ResourceList of about `size` bytes, in which two objects are edited."""
        return self.list(max(1, round((size - len(self.list(0))) / len("".join(self.others)))))

    @staticmethod
    def as_stream(text):
        """The objects of such a list as documents, for programs that read files."""
        body = text[len(HEAD) : -len(CONFIG)]
        documents = re.sub(r"^- ", "---\n  ", body, flags=re.MULTILINE)
        return re.sub(r"^  ", "", documents, flags=re.MULTILINE)


def renamed(item, n):
    """The item with the number `n` at the end of its own name and of its ConfigMap's; the first one is as it was."""
    if n == 0:
        return item
    item = NAME.sub(rf"    name: \1-{n}", item, count=1)
    return item.replace("name: calico-config\n", f"name: calico-config-{n}\n")
