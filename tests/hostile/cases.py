"""Inputs that nobody means well with, and what must come of each. All are made here; none is stored.

Most are objects beside a small Calico, in which one word must change: whatever stands beside it, the answer is either
that edit and nothing else, or an error that names the place.
"""

import dataclasses
from typing import Callable, Iterable

import calico as small

MILLION = 1_000_000
HEAD = b"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"
CALICO = small.item(small.CALICO).encode()
CONFIG = b"""functionConfig:
  apiVersion: dualstack.krm/v1alpha1
  kind: EnableDualStack
  metadata:
    name: hostile
  spec:
    ipv6PodCIDR: fd00:10:244::/56
"""
KUBEADM = b"""- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: kubeadm-config
    namespace: kube-system
  data:
    ClusterConfiguration: |
      apiVersion: kubeadm.k8s.io/v1beta4
      kind: ClusterConfiguration
      networking:
        podSubnet: 10.244.0.0/16
"""
EDITS = [
    (b'FELIX_IPV6SUPPORT, value: "false"', b'FELIX_IPV6SUPPORT, value: "true"'),
    (b"podSubnet: 10.244.0.0/16\n", b"podSubnet: 10.244.0.0/16,fd00:10:244::/56\n"),
]


@dataclasses.dataclass
class Case:
    """One input, and the objects of its answer; without `expected` they must come back as they are, or not at all.

    `said` is a regular expression for stderr, where an error names the place.
    """

    name: str
    pieces: Callable[[], Iterable[bytes]]
    expected: Callable[[], Iterable[bytes]] | None = None
    code: int = 0
    said: str = ""
    objects: int = 0  # of the package, or nodes of the configuration
    values: int = 0  # that are parsed
    edited: int = 0  # bytes of the objects that are edited


# === Texts, whole or as functions that make their pieces ===

def joined(*parts):
    return lambda: (piece for part in parts for piece in ([part] if isinstance(part, bytes) else part()))


def many(text, times):
    """`text` so many times, in pieces of about a megabyte; `%d` in it counts."""

    def pieces():
        step = max(1, MILLION // (len(text) + 8))
        for at in range(0, times, step):
            upto = min(at + step, times)
            yield b"".join([text % n for n in range(at, upto)]) if b"%d" in text else text * (upto - at)

    return pieces


def indented(text, blanks):
    return b"".join(b" " * blanks + line for line in text.splitlines(keepends=True))


def item(kind, *fields, name=b"a"):
    """An object with these fields, which are indented by two."""
    return joined(b"- apiVersion: v1\n  kind: %s\n  metadata:\n    name: %s\n" % (kind, name), *fields)


def package(*items, front=b"", config=CONFIG, alone=False):
    """These items and, unless they are all of it, Calico."""
    return joined(front, HEAD, b"items:\n", *items, b"" if alone else CALICO, config)


# === What must come of them ===

def right(name, *items, front=b"", config=CONFIG, alone=False, **more):
    """Calico is edited, and the items beside it come back as they are."""
    pieces = package(*items, front=front, config=config, alone=alone)

    def edited():
        for piece in pieces():
            for old, new in EDITS:
                piece = piece.replace(old, new)
            yield piece

    return Case(name, pieces, edited, **more)


def refused(name, *items, config=CONFIG, alone=False, code=2, **more):
    """An item cannot be read, or not be edited: nothing is."""
    return Case(name, package(*items, config=config, alone=alone), code=code, **more)


def text(name, *parts, code=2, **more):
    """A text that is no package."""
    return Case(name, joined(*parts), code=code, **more)


# === The cases ===

BOMB = b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 30)
)
LISTS = b"l0: &l0 [{apiVersion: v1, kind: Pod}]\n" + b"".join(
    b"l%d: &l%d [%s]\n" % (n, n, b", ".join([b"{apiVersion: v1, kind: List, items: *l%d}" % (n - 1)] * 10)) for n in range(1, 30)
)


def aliases():
    bomb = indented(BOMB, 2)
    calico = CALICO.replace(b"  spec:\n    t", bomb + b"  spec:\n    t")
    config = CONFIG.replace(b"  spec:\n", bomb + b"  spec:\n")
    yield right("alias bomb in an object", item(b"X", bomb))
    yield right("alias bomb in an object that is read", item(b"ConfigMap", bomb, name=b"calico-config"))
    yield right("alias bomb in the object that is edited", calico)
    yield right("alias bomb in kubeadm's text", KUBEADM + indented(BOMB, 6))
    yield right("alias bomb in the functionConfig", config=config)
    yield refused("alias bomb as a field", config=config.replace(b"fd00:10:244::/56", b"*a29"), said="`ipv6PodCIDR` must be a string")
    yield refused("alias bomb as env", calico.replace(b"env:\n", b"env: *a29\n          x:\n"), code=1, said=r"containers\[0\]\.env")
    yield text("alias bomb of Lists", HEAD, LISTS, b"items: *l29\n", CONFIG, said=r"line 32, column \d+: .*written out")
    yield text("a List that holds itself", b"apiVersion: v1\nkind: List\nitems: &a\n- {apiVersion: v1, kind: List, items: *a}\n", said="line 4")
    yield text("a ResourceList that holds itself", b"&a\n", HEAD, b"items: [*a]\n", CONFIG, said="line 1, column 1: .*anchor")
    yield right("data that is itself", item(b"ConfigMap", b"  data: &d\n    ClusterConfiguration: *d\n", name=b"kubeadm-config"))
    yield right("a spec that holds itself", item(b"DaemonSet", b"  spec: &s\n    template: *s\n", name=b"calico-node"))
    yield refused("a functionConfig that is its spec", config=b"functionConfig: &f\n  apiVersion: dualstack.krm/v1alpha1\n  kind: EnableDualStack\n  spec: *f\n", said="`kind` is not a field")


DEEP = 10_000
NESTED = {
    "[": (b"[" * DEEP, b"]" * DEEP),
    "{": (b"{a: " * DEEP, b"}" * DEEP),
    '{"': (b'{"a":' * DEEP, b"}" * DEEP),
    "[{": (b"[{a: " * DEEP, b"}]" * DEEP),
    "{[": (b"{? [" * DEEP, b"]}" * DEEP),
    "&a [": (b"&a [" * DEEP, b"]" * DEEP),
    "!!seq [": (b"!!seq [" * DEEP, b"]" * DEEP),
    "-": (b"\n    " + b"- " * DEEP, b""),
    "?": (b"\n    " + b"? " * DEEP, b""),
    "- ?": (b"\n    " + b"- ? " * DEEP, b""),
    "open [": (b"[" * DEEP, b""),
    "open {": (b"{" * DEEP, b""),
}


def by_indentation(line, lines=DEEP):
    """A line as deep as each before it and one more."""
    return lambda: (b" " * (4 + n) + line for n in range(lines))


def nesting():
    for name, (begin, end) in NESTED.items():
        value = b"  spec: %s1%s\n" % (begin, end)
        yield right(f"nested {name} in an object", item(b"X", value))
        yield refused(f"nested {name} in an object that is read", item(b"ConfigMap", value), said=r"line \d+, column \d+: ")
        yield refused(f"nested {name} in the functionConfig", config=CONFIG + b"    nodeIPs: " + value[8:], said=r"line \d+, column \d+: ")
        yield text(f"nested {name} alone", value[8:].lstrip(), said="line")
        if begin.startswith(b"\n"):
            continue
        cni = CALICO.replace(b'"ipam":', b'"x": %s1%s, "ipam":' % (begin, end))
        yield right(f"nested {name} in a CNI config", cni, alone=True, said=r"DaemonSet .*env\[0\]\.value: .* cannot be read")
        kubeadm = KUBEADM.replace(b"0.0/16\n", b"0.0/16,fd00:10:244::/56\n") + b"      x: %s1%s\n" % (begin, end)
        yield right(f"nested {name} in kubeadm's text", kubeadm, said="ClusterConfiguration.* cannot be read")
    for name, line in (("keys", b"a:\n"), ("dashes", b"-\n"), ("question marks", b"?\n")):
        lines = joined(b"  spec:\n", by_indentation(line))
        yield right(f"nested {name} in an object", item(b"X", lines))
        yield refused(f"nested {name} in an object that is read", item(b"ConfigMap", lines), said=r"line \d+, column \d+: ")


def size():
    calico, tail = CALICO[: CALICO.index(b"          - {name: IP,")], CALICO[CALICO.index(b"          - {name: IP,") :]
    before, after = CALICO.split(b'"ipam":')
    megabytes = lambda count, letter=b"a": many(letter * 1000, 1000 * count)
    yield text("1 GB of dashes", many(b"-\n", 500 * MILLION), values=10 * MILLION, said="line 10000000, ")
    yield right("1 GB of dashes in an object", item(b"X", b"  spec:\n", many(b"    -\n", 166 * MILLION)))
    yield right("60 MB of dashes in an object that is read", item(b"ConfigMap", b"  spec:\n", many(b"    -\n", 10 * MILLION - 99)), values=10 * MILLION)
    yield right("a line of 500 MB in an object", item(b"X", b"  a: ", megabytes(500), b"\n"))
    yield right("a comment of 500 MB in an object", item(b"X", b"  # ", megabytes(500), b"\n"))
    yield right("a line of 500 MB in an object that is read", item(b"ConfigMap", b"  a: ", megabytes(500), b"\n"))
    yield text("a line of 500 MB alone", megabytes(500), said="must be a ResourceList")
    yield text("a line of 500 MB of JSON", b'{"apiVersion": "v1", "kind": "X", "x": "', megabytes(500), b'"}', said="must be a ResourceList")
    for name, begin, unit, end in (
        ("plain", b"", b"a", b""),
        ("single quotes", b"'" * 3, b"a", b"'"),
        ("double quotes", b'"', b"\\n", b'"'),
    ):
        env = joined(b"          - {name: X, value: ", begin, megabytes(100 // len(unit), unit), end, b"}\n")
        yield right(f"a line of 100 MB, {name}, in the object that is edited", calico, env, tail, alone=True, edited=100 * MILLION)
    block = joined(b"          - name: X\n            value: |\n", many(b"              %d\n", 4 * MILLION))
    yield right("a block of 80 MB in the object that is edited", calico, block, tail, alone=True, edited=100 * MILLION)
    cni = joined(before, b'"x": ["a"', many(b', "%d"', 2 * MILLION), b'], "ipam":', after)
    yield right("a CNI config of 20 MB", cni, alone=True, values=4 * MILLION, edited=20 * MILLION)
    yield right("a million objects", many(b"- {apiVersion: v1, kind: X, metadata: {name: a%d}}\n", MILLION), values=9 * MILLION, objects=MILLION)
    yield right("a million objects, scanned", many(b"- apiVersion: v1\n  kind: X\n  metadata:\n    name: a%d\n", MILLION), objects=MILLION)
    yield right("a million labels", item(b"ConfigMap", b"  labels:\n", many(b"    a%d: b\n", MILLION)), values=2 * MILLION)
    entries = many(b'          - {name: V%d, value: "1"}\n', MILLION)
    yield right("a million env entries", calico, entries, tail, alone=True, values=10 * MILLION, edited=40 * MILLION)


def characters():
    config_map = lambda data: item(b"ConfigMap", b"  data: %s\n" % data)
    yield refused("not UTF-8", item(b"X", b"  a: \xff\n"), said="line 8: .*UTF-8.* byte 118 ")
    yield refused("cut UTF-8", item(b"X", b"  a: b\n"), config=CONFIG + b"    # \xe2\x82", said="line 35: .*UTF-8")
    yield text("UTF-16", "apiVersion: v1\nkind: List\n".encode("utf-16"), said="line 1: .*UTF-8")
    for name, value in (("plain", b"b\0c"), ("quoted", b'"b\0c"'), ("in flow", b"[b\0c]")):
        yield refused(f"NUL, {name}", config_map(value), said=r"line 8, column \d+: ")
    yield text("NUL alone", many(b"\0" * 1000, 1000), said="line 1, column 1: ")
    yield right("NUL as an escape", config_map(b'"\\0"'))
    yield refused("a lone CR", config_map(b"b\rc"), said="line 8, column 10: a carriage return")
    yield refused("a lone CR in quotes", config_map(b'"b\rc"'), said="line 8, column 11: a carriage return")
    yield text("lone CRs", HEAD.replace(b"\n", b"\r"), said="line 1, column 36: a carriage return")
    yield right("a BOM in a value", config_map("b\ufeffc".encode()))
    yield refused("a BOM in front of a value", config_map("\ufeffb".encode()), said="line 8, column 9: ")
    yield right("a BOM in a comment", item(b"X", "  # \ufeff\n".encode()))
    yield refused("a BOM in front of a key", item(b"ConfigMap", "  \ufeffdata: b\n".encode()), said="line 8, column 3: ")
    yield text("a BOM in front of a document", HEAD, b"items: []\n---\n", "\ufeffa: b\n".encode(), said="line 5, column 1: ")
    yield right("a BOM in front of all", front="\ufeff".encode())
    yield right("two BOMs in front of all", front="\ufeff\ufeff".encode())
    yield right("odd characters", config_map("\u2028\u2029\u0085\u00a0\u200b\u202e\U0010fffd".encode()))
    yield refused("a control character", config_map(b"a\x07"), said="line 8")


def directives():
    tags = joined(many(b"%%TAG !e%d! tag:example.com,2026:x\n", 100_000), b"---\n")
    yield right("flood of %TAG", front=tags)
    yield text("flood of the same %TAG", many(b"%TAG !e! tag:example.com,2026:x\n", 100_000), b"---\n", HEAD, said="line 2, column 1: ")
    yield text("flood of documents with %TAG", many(b"%TAG !e! tag:example.com,2026:x\n---\n!e!x a\n...\n", 100_000), values=MILLION, said="must be a ResourceList")
    yield text("flood of %YAML", many(b"%YAML 1.2\n", 100_000), b"---\n", HEAD, said="line 2, column 1: ")
    yield right("flood of unknown directives", front=joined(many(b"%%X %d\n", 100_000), b"---\n"))
    yield text("a million documents", many(b"---\n", MILLION), values=MILLION, said="must be a ResourceList")
    yield text("a tag of a megabyte", b"!", many(b"a" * 1000, 1000), b" a\n", said="must be a ResourceList")
    yield text("an anchor of a megabyte", b"&", many(b"a" * 1000, 1000), b" a\n", said="must be a ResourceList")
    yield text("a million anchors", many(b"- &a%d b\n", MILLION), values=2 * MILLION, said="must be a ResourceList")
    yield text("a million aliases", b"- &a b\n", many(b"- *a\n", MILLION), values=2 * MILLION, said="must be a ResourceList")


def keys():
    felix = b'          - {name: FELIX_IPV6SUPPORT, value: "false"}\n'
    long = many(b"k" * 1000, 5000)
    yield refused("a duplicate key at the edited place", CALICO + felix.replace(b"}", b', value: "true"}'), code=1, alone=True, said="is there twice")
    yield refused("a duplicate key elsewhere", CALICO.replace(b"spec:\n    t", b"spec:\n    a: 1\n    a: 2\n    t"), code=1, alone=True, said="duplicate-key|there twice")
    yield right("a duplicate key in another object", item(b"X", b"  a: 1\n  a: 2\n"))
    yield refused("a million duplicate keys", CALICO, b"  x:\n", many(b"    a: b\n", MILLION), code=1, alone=True, values=2 * MILLION, said="there twice")
    yield right("two heads", item(b"X", b"  kind: Y\n  kind: Z\n"))
    twice = joined(HEAD, b"items:\n", CALICO, felix, CONFIG)
    yield Case("a variable twice", twice, joined(HEAD, b"items:\n", CALICO, felix.replace(b"false", b"true"), CONFIG), said="there 2 times")
    yield right("a key of 5 MB in an object", item(b"X", b"  ", long, b": a\n"))
    yield right("a key of 5 MB in an object that is read", item(b"ConfigMap", b"  ? ", long, b"\n  : a\n"))
    yield right("a key of 5 MB in the object that is edited", CALICO, b"  ? ", long, b"\n  : a\n", alone=True, edited=5 * MILLION)
    yield refused("a field of 5 MB", config=joined(CONFIG, b"    ? ", long, b"\n    : a\n"), said="is not a field")
    yield refused("a million fields", config=joined(CONFIG, many(b"    a%d: b\n", MILLION)), values=2 * MILLION, said="is not a field")
    merged = CALICO.replace(b"  spec:\n    t", b"  x: &x\n    env: [{name: a}]\n  spec:\n    t")
    yield refused("a merge key over the env", merged.replace(b"          env:\n", b"          <<: *x\n          y:\n"), code=1, alone=True, said=r"env` comes from a merge key")
    over_template = CALICO.replace(b"\n  spec:\n", b"\n  x: &x\n", 1) + b"  spec:\n    <<: *x\n"
    yield refused("a merge key over the template", over_template, code=1, alone=True, said=r"`spec.template` comes from a merge key")
    # What a merge key brings is the last to count.
    merging = b'          - {<<: {name: FELIX_IPV6SUPPORT, value: "false"}%s}\n'
    alone = CALICO.replace(felix, b"")
    before, after = (joined(HEAD, b"items:\n", alone, merging % more, CONFIG) for more in (b"", b', value: "true"'))
    yield Case("a merge key in the entry", before, after)
    entry = b"          - <<: [*x, *x]\n            name: IP6\n%s"
    merged = merged.replace(b"[{name: a}]", b"[{name: a}]\n    value: none").replace(b"          - {name: IP6, value: autodetect}\n", entry)
    before, after = (joined(HEAD, b"items:\n", merged % more, CONFIG) for more in (b"", b"            value: autodetect\n"))
    yield Case("merge keys in the entry, as a list", before, joined(lambda: (piece.replace(*EDITS[0]) for piece in after())))


def values():
    numbers = many(b"10.%d.0.0/16,", MILLION)
    long = many(b"1" * 1000, 5000)
    component = lambda *arguments: joined(
        b"- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: kube-controller-manager\n    namespace: kube-system\n  spec:\n    containers:\n"
        b"    - name: kube-controller-manager\n      image: registry.k8s.io/kube-controller-manager:v1.33.0\n      command:\n"
        b"      - kube-controller-manager\n",
        *arguments,
    )
    for field in (b"ipv6PodCIDR", b"ipv6ServiceCIDR", b"ipv4PodCIDR", b"kubernetesVersion", b"action", b"ipv6AutodetectionMethod", b"ipv6BlockSize"):
        config = joined(CONFIG.replace(b"    ipv6PodCIDR: fd00:10:244::/56\n", b""), b"    ipv6PodCIDR: fd00:10:244::/56\n" if field != b"ipv6PodCIDR" else b"", b"    ", field, b': "', long, b'"\n')
        yield refused(f"{field.decode()} of 5 MB", config=config, said=f"`{field.decode()}`")
    nodes = joined(CONFIG, b"    nodeIPs:\n", many(b'      n%d: "10.0.0.1,fd00::1"\n', MILLION))
    yield right("a million nodes", config=nodes, values=2 * MILLION, objects=MILLION)
    yield right("a flag of 5 MB", component(b"      - --cluster-cidr=", long, b"\n"), edited=5 * MILLION, said="cluster-cidr")
    yield right("a flag with a million ranges", component(b"      - --cluster-cidr=", numbers, b"10.0.0.0/8\n"), edited=17 * MILLION, said="cluster-cidr")
    yield right("a flag with a million gates", component(b"      - --feature-gates=", many(b"G%d=true,", MILLION), b"Z=true\n"))
    yield right("a million flags", component(many(b"      - --x%d=1\n", MILLION)), values=MILLION)
    yield right("a command line of 5 MB", component(b"      - -c\n      - x --cluster-cidr=", long, b"\n"))
    cut = KUBEADM.replace(b"10.244.0.0/16\n", b"")
    yield refused("a range of 5 MB in kubeadm's text", cut, long, b"\n", code=1, edited=5 * MILLION, said="podSubnet")
    yield refused("a million ranges in kubeadm's text", cut, numbers, b"10.0.0.0/8\n", code=1, edited=17 * MILLION, said="podSubnet")
    pool = b"- apiVersion: projectcalico.org/v3\n  kind: IPPool\n  metadata:\n    name: a\n  spec:\n    cidr: "
    yield refused("a pool of 5 MB", pool, long, b"\n", code=1, said="IPPool CIDR must be a valid subnet")
    before, after = CALICO.split(b"3.30.0")
    yield right("an image of 5 MB", before, long, after, alone=True, edited=5 * MILLION)


def envelopes():
    calico = CALICO.replace(b'SUPPORT, value: "false"', b"SUPPORT, value: 'false'")
    inner = HEAD + b"items:\n" + calico
    like = b"- " + CONFIG.split(b"\n", 1)[1][2:]
    yield right("a ResourceList in a ResourceList", b"- " + indented(inner, 2)[2:])
    yield right("a ResourceList with a config in a ResourceList", b"- " + indented(inner + CONFIG.replace(b"/56", b"/48"), 2)[2:])
    yield right("the functionConfig among the items", like)
    yield right("another functionConfig among the items", like.replace(b"name: hostile", b"name: other").replace(b"/56", b"/48"))
    yield refused("no functionConfig, one among the items", config=like, said="there is no functionConfig")
    yield refused("two functionConfigs", config=CONFIG + CONFIG, said="line 30, column 1: the key `functionConfig`")
    yield refused("items twice", config=CONFIG + b"items:\n" + CALICO, said="line 30, column 1: the key `items`")
    yield refused("two kinds", config=CONFIG + b"kind: ResourceList\n", said="line 30, column 1: the key `kind`")
    yield refused("results that are no list", config=CONFIG + b"results: none\n", said="line 30, column 10: `results`")
    yield text("items that are a mapping", HEAD, b"items: {a: b}\n", CONFIG, said="line 3, column 8: `items` must be a list")
    yield text("a ResourceList and another document", package(), b"---\na: b\n", said="must be a ResourceList")


def all_cases():
    """Every case."""
    for family in (aliases, nesting, size, characters, directives, keys, values, envelopes):
        yield from family()
