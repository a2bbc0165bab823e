"""Reads YAML with PyYAML into plain values that can be compared, and lists the differences of two of them."""

import re

import yaml


class Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """YAML as Go's yaml.v3 takes it: no dates, no base-60 numbers, no yes and no."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0x[0-9a-fA-F_]+|0o[0-7_]+|[0-9][0-9_]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("merge", r"^(?:<<)$", "<"),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)

PLACEHOLDER = re.compile(r'(?<=[:\s,\[])(__[A-Z0-9_]+__)(?=\s*[,}\]\n])')
MISSING = ("missing",)


def printable(text):
    """PyYAML refuses characters that Go takes; they are the same on both sides."""
    return re.sub("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text.lstrip("\ufeff")).replace("\x85", "?")


def load_all(text):
    """All documents of `text`, those that are empty left out."""
    return [document for document in yaml.load_all(printable(text), Loader) if document is not None]


known = {}


def load_items(text):
    """The documents of a text. Where it is a list, each item whose text was read before is not read again: most objects
    come and go unchanged. All lines of an item are blank or indented, but for the first, so that each can be read alone."""
    head, is_list, body = text.partition("\nitems:\n")
    behind = re.search(r"^[^-\s]", body, re.M)
    end = behind.start() if behind else len(body)
    blank, *items = re.split(r"^(?=-)", body[:end], flags=re.M)
    if not is_list or blank or not items or any(item.startswith("---") for item in items):
        return load_all(text)
    for item in items:
        if item not in known:
            (known[item],) = load_all(item)
    (rest,) = load_all(head + "\n" + body[end:])
    return [{**rest, "items": [one for item in items for one in known[item]]}]


def inner(text):
    """The document that a string holds: JSON with bare placeholders, or YAML; None for a mere string."""
    if "\n" not in text and not text.lstrip().startswith(("{", "[")):
        return None
    try:
        document = yaml.load(printable(PLACEHOLDER.sub(r'"\1"', text)), Loader)
    except yaml.YAMLError:
        return None
    return document if isinstance(document, (dict, list)) else None


def differences(before, after, path=()):
    """Every place where two values differ: (path, before, after); strings that hold documents are entered."""
    if type(before) is type(after) is dict:
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key, MISSING), after.get(key, MISSING), (*path, key))
        return
    if type(before) is type(after) is list:
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else MISSING
            new = after[index] if index < len(after) else MISSING
            yield from differences(old, new, (*path, index))
        return
    if type(before) is type(after) and before == after:
        return
    if isinstance(before, str) and isinstance(after, str):
        old, new = inner(before), inner(after)
        if old is not None and type(old) is type(new):
            yield from differences(old, new, (*path, "|"))
            return
    yield path, before, after


def dotted(path):
    """A path as people write it; `|` goes into a document in a string."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
