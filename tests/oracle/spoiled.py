"""Answers that are wrong on purpose, made from right ones: the oracle must refuse them, or its word is worth nothing."""

import copy
import json

from documents import MISSING, differences, inner


def spoiled(old, new):
    """Objects of wrong answers, each with what is wrong with it, and whether the oracle must see it."""
    if not new:
        return
    yield "an object is gone", True, new[:-1]
    strange = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "strange"}}
    yield "an object is invented", True, [*new, strange]
    yield "two objects changed places", True, [*new[1:], new[0]] if len(new) > 1 and new[0] != new[1] else None
    for index, (item, edited) in enumerate(zip(old, new)):
        found = list(differences(item, edited))
        if not found and isinstance(item, dict):
            yield "a field came", True, with_object(new, index, {**item, "spoiled": "x"})
        for path, was, now in found:
            place = ".".join(str(step) for step in path)
            changed = with_value(edited, path, was)
            yield f"{item.get('kind')} {place}: an edit is not made", None, with_object(new, index, changed)
            if now is not MISSING:
                other = "fd00:bad::/56" if isinstance(now, str) else {"spoiled": now}
                changed = with_value(edited, path, other)
                yield f"{item.get('kind')} {place}: another value", True, with_object(new, index, changed)


def with_object(items, index, item):
    return [*items[:index], item, *items[index + 1 :]]


def with_value(item, path, value):
    """A copy of the object with another value at a place; `|` goes into a document in a string."""
    if not path:
        return value
    step, *rest = path
    if step == "|":
        return json.dumps(with_value(inner(item), rest, value))
    changed = copy.copy(item)
    if not rest and value is MISSING:
        del changed[step]
    elif not rest and isinstance(changed, list) and step >= len(changed):
        changed.append(value)
    else:
        changed[step] = with_value(item[step], rest, value) if rest else value
    return changed
