"""A tree of 2 000 packages: `check` and `apply` on one core and on all."""

import os
import shutil
import statistics
import subprocess
import time

PACKAGES = 2000
FLAGS = ["--ipv6-pod-cidr", "fd00:10:244::/56"]


def write(folder, items):
    """Packages in folders of their own: a file with the objects that are edited, and one with some others."""
    shutil.rmtree(folder, ignore_errors=True)
    documents = lambda objects: "".join("---\n" + item.replace("- ", "  ", 1) for item in objects).replace("\n  ", "\n")  # noqa: E731
    edited = documents(items.edited)
    others = documents(sorted(items.others, key=len)[:20])
    for n in range(PACKAGES):
        package = folder / f"team-{n // 100:02}" / f"package-{n:04}"
        package.mkdir(parents=True)
        (package / "calico.yaml").write_text(edited)
        (package / "others.yaml").write_text(others)
        (package / "kustomization.yaml").write_text(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [calico.yaml, others.yaml]\n"
        )
    return sum(file.stat().st_size for file in folder.rglob("*.yaml"))


def once(ours, command, folder, cores):
    """Seconds and peak memory of one run on the first `cores` cores."""
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.execv(ours, [str(ours), command, *FLAGS, str(folder)])
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        raise SystemExit(f"{command}: exit code {code}")
    return seconds, usage.ru_maxrss * 1024


def measure(ours, folder, items, rounds):
    """For each command: its name, the seconds on one core and on two, and its peak memory; and the bytes of the tree."""
    size = write(folder, items)
    rows = []
    for command in ("check", "apply"):
        seconds, peaks = {1: [], 2: []}, []
        for turn in range(rounds + 1):
            for cores in seconds:
                if command == "apply":
                    write(folder, items)
                    subprocess.run(["sync", "-f", str(folder)], check=True)
                took, peak = once(ours, command, folder, cores)
                peaks.append(peak)
                if turn > 0:
                    seconds[cores].append(took)
        rows.append((command, statistics.median(seconds[1]), statistics.median(seconds[2]), max(peaks)))
    return rows, size
