"""The README's table of hosts, made from what came of the tests."""

import os

from . import modes

README = modes.ROOT / "README.md"
BEGIN, END = "<!-- hosts: made by scripts/e2e -->\n", "<!-- end of hosts -->\n"
WAYS = {modes.EXEC: "program (exec)", modes.CONTAINER: "container image", modes.PLUGIN: "legacy exec plugin"}


def made_from(outcomes):
    """The table; `outcomes` are pairs of a host and what came of one of its tests. Versions of which the same holds share a row."""
    hosts = {}
    for host, outcome in outcomes:
        if host.package is not None:
            cells = hosts.setdefault((host.title, host.version), dict.fromkeys(WAYS, "–"))
            cells[host.way] = cells[host.way] if cells[host.way] == "FAILED" else host.cell if outcome == "ok" else "FAILED"
    rows = {}
    for (title, version), cells in hosts.items():
        rows.setdefault((title, *cells.values()), []).append(version)
    lines = [["host", "versions", *WAYS.values()], ["---"] * (2 + len(WAYS))]
    lines += [[title, ", ".join(versions), *cells] for (title, *cells), versions in rows.items()]
    return "".join(f"| {' | '.join(line)} |\n".replace("| --- |", "|---|").replace(" --- |", "---|") for line in lines)


def compare(outcomes):
    """The README has this table, or what is wrong; UPDATE_EXPECT=1 writes it."""
    text, table = README.read_text(), made_from(outcomes)
    before, _, rest = text.partition(BEGIN)
    now, _, after = rest.partition(END)
    if now == table:
        return ""
    if os.environ.get("UPDATE_EXPECT") == "1":
        README.write_text(before + BEGIN + table + END + after)
        return ""
    return f"the README's table of hosts must be (UPDATE_EXPECT=1 writes it):\n{table}"
