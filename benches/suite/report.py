"""The tables, as text that is Markdown, too."""

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path

OURS, CAT = "enable-dual-stack", "cat"
# Bytes. Every child begins with the memory of the program that measures: a lower peak cannot be seen.
UNSEEN = 25e6
BEGIN, END = "<!-- measured by benches/run -->", "<!-- end of measurements -->"


def table(head, rows):
    """A Markdown table with columns of the same width; all but the first are numbers."""
    widths = [max(len(str(row[column])) for row in [head, *rows]) for column in range(len(head))]
    line = lambda row: "| " + " | ".join(f"{str(cell):<{width}}" if not column else f"{str(cell):>{width}}" for column, (cell, width) in enumerate(zip(row, widths))) + " |"  # noqa: E731, E501
    rule = "|" + "|".join("-" * (width + 2) if not column else "-" * (width + 1) + ":" for column, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *(line(row) for row in rows)]) + "\n"


def machine(ours):
    """What it was measured on, and when."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    load = os.getloadavg()[0]
    version = subprocess.run([ours, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    today = datetime.date.today().isoformat()
    name = cpu.group(1) if cpu else platform.machine()
    return f"{today}, {version}, {name}, {os.cpu_count()} cores, Linux {platform.release()}, load {load:.1f} at the start."


def milliseconds(seconds):
    return f"{seconds * 1e3:,.2f}" if seconds < 0.01 else f"{seconds * 1e3:,.1f}" if seconds < 1 else f"{seconds * 1e3:,.0f}"


def ratio(value):
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def whole_process(results):
    """For each size a table of all programs."""
    text = ""
    for size, (count, measured) in results.items():
        floor, ours = measured[CAT], measured[OURS]
        rows = []
        for name, mine in measured.items():
            if mine.skipped and not mine.seconds:
                rows.append([name, f"skipped: {mine.skipped}", *[""] * 5])
                continue
            peak = f"{mine.peak / count:.2f}" if mine.peak > UNSEEN else "-"
            numbers = [milliseconds(mine.median), milliseconds(sorted(mine.seconds)[0]), milliseconds(sorted(mine.cpu)[len(mine.cpu) // 2])]
            rows.append([name, *numbers, ratio(mine.ratio_to(floor)), ratio(mine.ratio_to(ours)), peak])
        head = [f"ResourceList of {count / 1e6:.2f} MB", "median, ms", "best, ms", "CPU, ms", "x cat", "x ours", "peak memory / input"]
        text += table(head, rows) + "\n"
    return text


def growth(rows):
    """Time above start-up, as a multiple of that of the first of its kind."""
    start = rows[0][2].median
    firsts, out = {}, []
    for name, size, measured in rows:
        if measured.skipped and not measured.seconds:
            out.append([name, f"{size / 1e6:.2f}", f"skipped: {measured.skipped}", "", ""])
            continue
        kind = name.split(" x ")[-1]
        above = max(measured.median - start, 1e-9)
        first = firsts.setdefault(kind, above)
        times = "" if kind == "start-up" else f"{above / first:,.1f}"
        peak = f"{measured.peak / size:.2f}" if measured.peak > UNSEEN else "-"
        out.append([name, f"{size / 1e6:.2f}", milliseconds(measured.median), times, peak])
    return table(["growth", "MB", "median, ms", "x the first, above start-up", "peak memory / input"], out)


def trees(rows, size):
    """One core and two."""
    out = [[name, f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}", f"{peak / size:.2f}"] for name, one, two, peak in rows]
    return table([f"2 000 packages, {size / 1e6:.0f} MB", "one core, s", "two cores, s", "speed-up", "peak memory / input"], out)


def goals(results):
    """Which of the goals are met."""
    rows = []

    def goal(name, value, most=None, least=None):
        met = value <= most if most is not None else value >= least
        rows.append([name, f"at most {most}" if most is not None else f"at least {least}", ratio(value), "met" if met else "MISSED"])

    for size, (count, measured) in results.items():
        ours = measured[OURS]
        if size not in (0.67, 101):
            continue
        goal(f"{size} MB: times cat", ours.ratio_to(measured[CAT]), most=1.5)
        if size == 101:
            goal(f"{size} MB: peak memory / input", ours.peak / count, most=2.1)
        for peer, least in (("kyaml function, same edit", 40), ("yq, same edit", 100)):
            if size == 0.67 and measured[peer].seconds:
                goal(f"{size} MB: times faster than {peer.split(',')[0]}", measured[peer].ratio_to(ours), least=least)
    return table(["goal", "wanted", "measured", ""], rows)


def publish(root, results, parts, svg):
    """Writes all into docs/performance.md, the plot beside it, and the plot and the first table into README.md."""
    points = {}
    for _, (count, measured) in results.items():
        for name, mine in measured.items():
            if mine.seconds:
                points.setdefault(name, []).append((count / 1e6, mine.median))
    title = "Whole process: time over the size of the ResourceList"
    (root / "docs" / "performance.svg").write_text(svg(title, list(points.items())))
    replace(root / "docs" / "performance.md", "\n".join(parts))
    smallest = whole_process({0.67: results[0.67]})
    replace(root / "README.md", f"{parts[0]}\n\n{smallest}\n![{title}](docs/performance.svg)\n")


def replace(path, text):
    old = path.read_text()
    begin, end = old.index(BEGIN) + len(BEGIN), old.index(END)
    path.write_text(f"{old[:begin]}\n{text.strip()}\n{old[end:]}")
