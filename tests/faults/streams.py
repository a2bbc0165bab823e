"""Faults of the standard streams, and of memory."""

import os
import resource
import signal
import subprocess
import threading
import time
from pathlib import Path

from common import ALONE, BINARY, CALICO, CONFIG_MAP, RANGE, expect, resource_list, run, run_traced, whole


def stdin_closed(_):
    ran = run(stdin=None, preexec_fn=lambda: os.close(0))
    expect(ran.returncode == 2 and not ran.stdout, ran)


def stdin_a_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    ran = run(stdin=descriptor)
    os.close(descriptor)
    expect(ran.returncode == 2 and b"stdin could not be read" in ran.stderr and not ran.stdout, ran)


def stdin_that_would_block(_):
    """A pipe in non-blocking mode with nothing in it yet: an error of read, not the end."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    ran = run(stdin=reader)
    os.close(reader), os.close(writer)
    expect(ran.returncode == 2 and b"stdin could not be read" in ran.stderr and not ran.stdout, ran)


def stdin_ends_early(_):
    """Cut anywhere: an error, or an answer with every object that came."""
    text = resource_list()
    for end in range(0, len(text), 7):
        ran = run(input=text[:end].encode())
        names = [line for line in text[:end].splitlines() if line.startswith(("    name: ", "  kind: "))]
        answered = [line for line in ran.stdout.decode().splitlines() if line.startswith(("    name: ", "  kind: "))]
        lost = [name for name in names if name not in answered]
        expect(ran.returncode in (0, 1, 2) and (ran.returncode == 2 or not lost), end, lost, ran)


def stdin_in_small_pieces(_):
    text = resource_list().encode()
    child = subprocess.Popen([BINARY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    for at in range(0, len(text), 3):
        child.stdin.write(text[at : at + 3])
        if at % 300 == 0:
            time.sleep(0.002)
    child.stdin.close()
    child.returncode, child.stdout_text = None, child.stdout.read()
    expect(child.wait() == 0 and child.stdout_text.startswith(EDITED_LIST), child.returncode)


EDITED_LIST = resource_list().replace('"false"', '"true"').encode() + b"results:\n"


def reading_is_interrupted(_):
    """EINTR: the program handles SIGSEGV and SIGBUS (Rust's check for a stack overflow), without SA_RESTART; sent by hand, they
    interrupt its read once each, and change nothing else."""
    child = subprocess.Popen([BINARY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    text = resource_list().encode()
    for part, sent in ((text[:100], signal.SIGSEGV), (text[100:200], signal.SIGBUS), (text[200:], None)):
        child.stdin.write(part)
        wait_until_blocked(child.pid)
        if sent:
            child.send_signal(sent)
            time.sleep(0.05)
    child.stdin.close()
    out = child.stdout.read()
    expect(child.wait() == 0 and out.startswith(EDITED_LIST), child.returncode, out[:100])


def wait_until_blocked(pid):
    """Until the process sleeps in a system call."""
    for _ in range(200):
        time.sleep(0.01)
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state == "S":
            return
    raise AssertionError("the program does not wait for stdin")


def reading_and_writing_fail(_):
    """Each of the function's system calls in turn: what is interrupted goes on, and an error is never "done"."""
    text = resource_list(20_000)
    for error, calls in (("EINTR", ("read", "writev")), ("EIO", ("read", "writev")), ("ENOMEM", ("mmap", "mremap", "madvise"))):
        for call in calls:
            for turn in (1, 2, 3):
                ran = run_traced(["-e", f"inject={call}:error={error}:when={turn}"], [BINARY], input=text.encode())
                expect(ran.returncode != 0 or whole(ran, text), error, call, turn, "exit code 0, and not everything:", ran.stderr[:300])
                expect(error != "EINTR" or ran.returncode == 0, error, call, turn, ran.returncode, ran.stderr[:300])


# === stdout ===

def stdout_is_full(_):
    with open("/dev/full", "wb") as full:
        for input in (resource_list(), resource_list(5000)):
            ran = run(input=input.encode(), stdout=full)
            expect(ran.returncode == 2 and b"could not be written" in ran.stderr, ran)


def stdout_of_every_command_is_full(folder):
    (folder / "a.yaml").write_text(CALICO)
    commands = [
        ["diff", *RANGE, "."], ["check", *RANGE, "."], ["check", "-o", "json", *RANGE, "."], ["apply", *RANGE, "-"], ["--help"], ["-h"],
        ["--version"], ["systems"], ["explain"], ["explain", "roll-out"], ["completions", "bash"], ["man"], ["man", "apply"], ["apply", "--help"],
        ["argocd", "parameters"], ["argocd", "generate", "--config", "c"],
    ]
    (folder / "c").write_text("apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nspec:\n  ipv6PodCIDR: fd00:10:244::/56\n")
    for command in commands:
        # Without a line break at its end, some of a text may wait in a buffer.
        for text in (CALICO, CALICO + "# no line break"):
            with open("/dev/full", "wb") as full:
                ran = run(*command, input=text.encode(), stdout=full, cwd=folder)
            expect(ran.returncode not in (0, 1), command, ran.returncode, ran.stderr)


def stdout_is_closed_by_its_reader(_):
    """A broken pipe."""
    for input in (resource_list(), resource_list(50_000)):
        child = subprocess.Popen([BINARY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stdout.close()
        child.stdin.write(input.encode())
        child.stdin.close()
        said = child.stderr.read()
        expect(child.wait() == 2 and b"could not be written" in said, child.returncode, said)


def stdout_is_closed_in_the_middle(_):
    child = subprocess.Popen([BINARY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    threading.Thread(target=lambda: (child.stdin.write(resource_list(50_000).encode()), child.stdin.close())).start()
    child.stdout.read(1000)
    child.stdout.close()
    said = child.stderr.read()
    expect(child.wait() == 2 and b"could not be written" in said, child.returncode, said)


def stdout_that_would_block(_):
    """A pipe in non-blocking mode that nobody empties: what does not fit is an error."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    ran = run(input=resource_list(50_000).encode(), stdout=writer)
    os.close(reader), os.close(writer)
    expect(ran.returncode == 2 and b"could not be written" in ran.stderr, ran.returncode, ran.stderr)


def stderr_is_full(_):
    """What cannot be said does not change what is done."""
    broken = resource_list().replace("fd00:10:244::/56\n", "fd00::/129\n")
    with open("/dev/full", "wb") as full:
        expect(whole(run(input=resource_list().encode(), stderr=full), resource_list()), "the answer is not whole")
        ran = run(input=broken.encode(), stderr=full)
        expect(ran.returncode == 2 and ran.stdout.startswith(broken.encode()), ran)


def no_room_for_large_maps(folder):
    """A limit of the address space (`ulimit -v`): large input is read in another way then, and all of it is."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    (folder / "kust-plugin-config-1").write_text("apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nspec:\n  ipv6PodCIDR: fd00:10:244::/56\n")
    for count in (1, 30_000):
        expect(whole(run(input=resource_list(count).encode(), preexec_fn=limit), resource_list(count)), count, "objects: the answer is not whole")
        stream = CONFIG_MAP + "---\n" + CALICO + ("---\n" + CONFIG_MAP) * count
        for command in (["kust-plugin-config-1"], ["apply", *RANGE, "-"]):
            ran = run(*command, input=stream.encode(), preexec_fn=limit, cwd=folder)
            expect(ran.returncode == 0 and ran.stdout.decode() == stream.replace('"false"', '"true"'), command, count, ran.returncode, ran.stderr[:300])


def no_room_for_memory(_):
    """An allocation that fails ends the program: nothing is written."""
    limit = lambda: (resource.setrlimit(resource.RLIMIT_AS, (24 << 20, 24 << 20)), resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
    ran = run(input=resource_list(300_000).encode(), preexec_fn=limit)
    expect(ran.returncode != 0 and not ran.stdout, ran.returncode, ran.stderr[:200])
