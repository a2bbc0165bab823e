"""Decides, without any code of the product, whether an output is the right answer to an input and a configuration.

Three questions: is every object there; is every difference one of the edits that Calico's how-to and Kubernetes'
enablement steps allow; is every edit that they require there. Written from the documentation and the sources that
the rules of the product name, in Python, with PyYAML and the standard `ipaddress`.
"""

import os

from allowed import allowed
from documents import differences, dotted, load_items
from required import missing, name_of

RESOURCE_LIST = "config.kubernetes.io/"


def objects_of(text):
    """The objects of a ResourceList, a List or a stream, Lists among them opened; and the results."""
    documents = load_items(text)
    results = []
    if len(documents) == 1 and isinstance(documents[0], dict) and str(documents[0].get("apiVersion", "")).startswith(RESOURCE_LIST):
        results = documents[0].get("results") or []
        documents = documents[0].get("items") or []
    opened = []
    for document in documents:
        is_list = isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list)
        opened += document["items"] if is_list else [document]
    return opened, results


def check(old, config, new, results):
    """The problems of the objects `new` and the results as an answer to the objects `old` and `config` (a dict of the
    fields); none if it is right."""
    try:
        return list(problems(old, config, new, results))
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        return [f"something is not where or what it must be: {error!r}"]


def problems(old, config, new, results):
    errors = [result for result in results if result.get("severity") == "error"]
    if len(new) < len(old):
        yield f"{len(old)} objects came, {len(new)} went"
    changed = False
    for item, edited in zip(old, new):
        for path, was, now in differences(item, edited):
            changed = True
            if not allowed(item, path, was, now, config):
                yield f"{name_of(item)}: {dotted(path)}: {was!r} -> {now!r} is no edit that the rules know"
    for created in new[len(old) :]:
        changed = True
        if created.get("kind") != "IPPool":
            yield f"{name_of(created)} was created"
    if errors or config.get("action") == "Check":
        if changed:
            yield "objects were changed although there are errors" if errors else "Check changed an object"
        return
    for item in new:
        yield from missing(item, new, results, config)


if __name__ == "__main__":
    import sys

    before, after = (open(name, encoding="utf-8").read() for name in sys.argv[1:3])
    found = check(objects_of(before)[0], dict(word.split("=", 1) for word in sys.argv[3:]), *objects_of(after))
    print("\n".join(found) or "right")
    sys.exit(bool(found) or not os.path.exists(sys.argv[1]))
