"""Faults around `apply`: killed, refused, or not alone."""

import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from common import ALONE, BINARY, CALICO, CONFIG_MAP, EDITED, RANGE, expect, run, run_traced

NOBODY = 65534


def tree(folder, count):
    """Packages of one file each; every one of them is edited."""
    for n in range(count):
        (folder / f"{n}").mkdir()
        (folder / f"{n}" / "calico.yaml").write_text(CALICO + f"# {n}\n")


def state(folder):
    """How many files are old and new; any other is a failure. What the program leaves behind beside them."""
    old = new = 0
    left = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith(".enable-dual-stack-"):
            text = path.read_text()
            n = path.parent.name
            expect(text in (CALICO + f"# {n}\n", EDITED + f"# {n}\n"), f"{path} is neither old nor new: {text[:200]!r}")
            old, new = old + (text == CALICO + f"# {n}\n"), new + (text == EDITED + f"# {n}\n")
        elif path.is_file():
            left.append(path)
    return old, new, left


# A run is killed in front of each of these calls in turn: all that can change a file, or end the program.
CALLS = ("openat", "write", "writev", "fsync", "fchmod", "fchown", "rename", "renameat", "renameat2", "unlink", "close", "exit_group")


def strace(place, *options, calls=",".join(CALLS)):
    """`apply` under strace, and its calls."""
    trace = place.parent / "trace"
    command = ["strace", "-f", "-y", "-o", trace, "-e", f"trace={calls}", *options, BINARY, "apply", *RANGE, "."]
    ran = subprocess.run(command, cwd=place, env=ALONE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, timeout=60)
    calls = re.findall(r"^\d+ +(\w+)\((.*)", trace.read_text(errors="replace"), re.M)
    return ran, calls


def apply_is_killed_at_every_call(folder):
    """Every file is old or new, whenever it happens, and then a second run ends the work."""
    seen, place = Counter(), folder / "tree"
    clear(place)
    ran, calls = strace(place)
    expect(ran.returncode == 0 and state(place) == (0, FILES, []), ran)
    for call, times in Counter(call for call, _ in calls).items():
        for turn in range(1, times + 1):
            clear(place)
            ran, _ = strace(place, "-e", f"inject={call}:signal=SIGKILL:when={turn}")
            # What another thread counts may not come to this turn: then the run is whole.
            old, new, left = state(place)
            expect(ran.returncode == -signal.SIGKILL or (old, left) == (0, []), call, turn, ran.returncode, old, new, left)
            expect(old + new == FILES and len(left) <= 1, call, turn, old, new, left)
            seen[old, len(left)] += ran.returncode == -signal.SIGKILL
            again = run("apply", *RANGE, ".", cwd=place)
            expect(again.returncode == 0 and state(place)[:2] == (0, FILES), call, turn, again)
    # In front of the first file, behind the last one, and between its copy and its name, for each of them.
    wanted = {(old, 0) for old in range(FILES + 1)} | {(old, 1) for old in range(1, FILES + 1)}
    expect(wanted <= set(seen), "these states were seen only:", dict(seen))


FILES = 2


def clear(place):
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    tree(place, FILES)


def apply_fails_at_every_call(folder):
    """What the system refuses is said: exit code 0 is for a tree that is edited, all of it."""
    place, codes = folder / "tree", Counter()
    clear(place)
    _, calls = strace(place, calls="file,desc")
    for call, times in Counter(call for call, _ in calls).items():
        for turn in range(1, times + 1):
            clear(place)
            ran = run_traced(["-e", f"inject={call}:error=EIO:when={turn}"], [BINARY, "apply", *RANGE, "."], cwd=place, env=ALONE)
            old, new, _ = state(place)
            expect(old + new == FILES, call, turn, old, new)
            expect(ran.returncode != 0 or new == FILES, call, turn, f"exit code 0, and {old} files are not edited:", ran.stderr)
            codes[call, ran.returncode] += 1
    expect(codes["fsync", 2] == 2 * FILES and sum(codes[call, 2] for call, _ in list(codes) if call.startswith("rename")) == FILES, codes)


def apply_is_on_the_disk_before_it_has_its_name(folder):
    """The order of the calls: the copy is written, brought to the disk, renamed; then the folder is brought to the disk."""
    place = folder / "tree"
    clear(place)
    _, calls = strace(place)
    steps = []
    for call, arguments in calls:
        if call.startswith("rename"):
            steps.append("rename")
        elif "/.enable-dual-stack-" in arguments.split(" = ")[0] and call in ("write", "fsync"):
            steps.append(call)
        elif call == "fsync" and re.match(r"\d+<.*/tree/\d>", arguments):
            steps.append("fsync of the folder")
    expect(steps == ["write", "fsync", "rename", "fsync of the folder"] * FILES, steps)


def apply_by_several_at_once(folder):
    """All of them end, none with half a file; the tree is as one would leave it."""
    tree(folder, 60)
    children = [subprocess.Popen([BINARY, "apply", *RANGE, "."], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(6)]
    for child in children:
        said = child.stderr.read().decode()
        code = child.wait()
        # Who finds a file changed since it was read says so.
        expect(code == 0 or (code == 2 and "changed while" in said), code, said)
    old, new, left = state(folder)
    expect((old, new, left) == (0, 60, []), old, new, left)


def apply_while_a_file_changes(folder):
    """An edit between our read and our rename is not lost. A FIFO holds the run up between the two."""
    path, fifo = folder / "calico.yaml", folder / "hold.yaml"
    path.write_text(CALICO)
    os.mkfifo(fifo)
    child = subprocess.Popen([BINARY, "apply", *RANGE, "calico.yaml", "hold.yaml"], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    with open(fifo, "w") as hold:
        time.sleep(0.3)
        path.write_text(CALICO.replace("v3.30.0", "v3.31.0"))
        hold.write(CONFIG_MAP)
    said = child.stderr.read().decode()
    expect(child.wait() == 2 and "changed while" in said, child.returncode, said)
    expect(path.read_text() == CALICO.replace("v3.30.0", "v3.31.0"), "the other edit is lost")
    expect(run("apply", *RANGE, "calico.yaml", cwd=folder).returncode == 0, "a second run")
    expect(path.read_text() == EDITED.replace("v3.30.0", "v3.31.0"), "not both edits")


def apply_while_a_file_is_read(folder):
    """Somebody else writes it anew between our reads, longer or shorter: what they wrote stays, edited or not."""
    path = folder / "calico.yaml"
    slow = ["strace", "-f", "-o", "/dev/null", "-e", "trace=read", "-e", "inject=read:delay_enter=60000", BINARY]
    seen = set()
    for turn in range(12):
        text = CALICO + "# line\n" * 3000 * (turn % 2)
        path.write_text(CALICO + "# line\n" * 3000 * (1 - turn % 2))
        command = [*slow, "apply", *RANGE, "calico.yaml"]
        child = subprocess.Popen(command, cwd=folder, env=ALONE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        time.sleep(0.04 * turn)
        path.write_text(text)
        said = child.stderr.read().decode()
        now, code = path.read_text(), child.wait()
        expect(now in (text, text.replace('"false"', '"true"')), turn, "neither what was written nor that, edited:", now[:2000])
        expect(code == (2 if "changed while" in said else 0), turn, code, said)
        seen.add((code, now == text))
    expect((2, True) in seen and (0, False) in seen, "the moments do not hit:", seen)


def apply_while_a_file_goes(folder):
    """A file that is removed after it was read does not come back."""
    path, fifo = folder / "calico.yaml", folder / "hold.yaml"
    path.write_text(CALICO)
    os.mkfifo(fifo)
    child = subprocess.Popen([BINARY, "apply", *RANGE, "calico.yaml", "hold.yaml"], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    with open(fifo, "w") as hold:
        time.sleep(0.3)
        path.unlink()
        hold.write(CONFIG_MAP)
    said = child.stderr.read().decode()
    expect(child.wait() == 2 and "calico" in said and not path.exists(), child.returncode, said)


def apply_to_a_read_only_file(folder):
    (folder / "calico.yaml").write_text(CALICO)
    (folder / "b").mkdir()
    (folder / "b" / "calico.yaml").write_text(CALICO)
    (folder / "calico.yaml").chmod(0o444)
    ran = run("apply", *RANGE, "calico.yaml", "b/calico.yaml", cwd=folder)
    expect(ran.returncode == 2 and b"calico.yaml" in ran.stderr and b"read-only" in ran.stderr, ran)
    expect((folder / "calico.yaml").read_text() == CALICO, "a read-only file was edited")
    expect((folder / "b" / "calico.yaml").read_text() == EDITED, "the other file was not edited")


def as_nobody():
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def apply_to_a_read_only_folder(folder):
    folder.chmod(0o755)
    (folder / "calico.yaml").write_text(CALICO)
    (folder / "calico.yaml").chmod(0o666)
    expect(os.getuid() == 0, "only root can be somebody else for this test")
    ran = run("apply", *RANGE, "calico.yaml", cwd=folder, preexec_fn=as_nobody)
    expect(ran.returncode == 2 and b"ermission denied" in ran.stderr, ran)
    expect((folder / "calico.yaml").read_text() == CALICO and len(list(folder.iterdir())) == 1, "something was changed")


def apply_to_a_file_of_somebody_else(folder):
    """In a folder that one may write to: the file is still not one's own to change."""
    folder.chmod(0o777)
    (folder / "calico.yaml").write_text(CALICO)
    (folder / "calico.yaml").chmod(0o644)
    ran = run("apply", *RANGE, "calico.yaml", cwd=folder, preexec_fn=as_nobody)
    expect(ran.returncode == 2 and b"ermission denied" in ran.stderr, ran)
    expect((folder / "calico.yaml").read_text() == CALICO, "the file of somebody else was changed")


def apply_to_a_file_that_cannot_be_read(folder):
    folder.chmod(0o777)
    (folder / "calico.yaml").write_text(CALICO)
    (folder / "calico.yaml").chmod(0o200)
    (folder / "other.yaml").write_text(CALICO.replace("kube-system", "x"))
    (folder / "other.yaml").chmod(0o666)
    ran = run("apply", *RANGE, "calico.yaml", "other.yaml", cwd=folder, preexec_fn=as_nobody)
    expect(ran.returncode == 2 and b"ermission denied" in ran.stderr, ran)


def apply_without_room_on_the_disk(folder):
    """A limit of the size of files stands for it."""
    (folder / "calico.yaml").write_text(CALICO)
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    # With SIGXFSZ ignored the write fails; else the signal kills the program.
    ran = run("apply", *RANGE, "calico.yaml", cwd=folder, preexec_fn=limit, restore_signals=False)
    expect(ran.returncode == 2 and b"calico.yaml" in ran.stderr, ran)
    expect((folder / "calico.yaml").read_text() == CALICO and len(list(folder.iterdir())) == 1, list(folder.iterdir()))
    ran = run("apply", *RANGE, "calico.yaml", cwd=folder, preexec_fn=limit)
    expect(ran.returncode != 0 and (folder / "calico.yaml").read_text() == CALICO, ran)


def apply_keeps_links_and_permissions(folder):
    (folder / "real").mkdir()
    real, link = folder / "real" / "calico.yaml", folder / "calico.yaml"
    real.write_text(CALICO)
    real.chmod(0o640)
    if os.getuid() == 0:
        os.chown(real, NOBODY, NOBODY)
    link.symlink_to("real/calico.yaml")
    (folder / "link").symlink_to("calico.yaml")
    ran = run("apply", *RANGE, "link", cwd=folder)
    expect(ran.returncode == 0 and real.read_text() == EDITED, ran)
    expect(link.is_symlink() and (folder / "link").is_symlink() and os.readlink(link) == "real/calico.yaml", "a link is gone")
    status = real.stat()
    expect(status.st_mode & 0o7777 == 0o640, oct(status.st_mode))
    expect(os.getuid() != 0 or (status.st_uid, status.st_gid) == (NOBODY, NOBODY), status)


def apply_to_what_is_no_file(folder):
    """A FIFO stays one."""
    fifo = folder / "calico.yaml"
    os.mkfifo(fifo)
    child = subprocess.Popen([BINARY, "apply", *RANGE, "calico.yaml"], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    fifo.write_text(CALICO)
    said = child.stderr.read().decode()
    expect(child.wait() == 2 and fifo.is_fifo() and "no regular file" in said, child.returncode, said, os.listdir(folder))


def apply_to_one_file_under_two_names(folder):
    """A symbolic link beside its file: one edit, no complaint."""
    (folder / "calico.yaml").write_text(CALICO)
    (folder / "link.yaml").symlink_to("calico.yaml")
    ran = run("apply", *RANGE, "calico.yaml", "link.yaml", cwd=folder)
    expect(ran.returncode == 0 and (folder / "calico.yaml").read_text() == EDITED, ran)
    expect((folder / "link.yaml").is_symlink(), "the link is gone")
