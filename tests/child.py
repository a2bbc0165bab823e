"""Runs the program in a child process within limits of memory and time, and tells what it wrote and what it took."""

import dataclasses
import os
import resource
import subprocess
import tempfile
import threading


@dataclasses.dataclass
class Ran:
    """What came of a run."""

    code: int
    size: int  # bytes of the input that it took
    stderr: str
    peak: int  # bytes of memory at most at one time
    seconds: float  # of processor time
    difference: str | None  # how stdout is not what was expected; None: it is


class Compared:
    """Takes stdout in pieces and compares it with the pieces that are expected, without holding either."""

    def __init__(self, expected):
        self.expected, self.rest, self.at, self.behind, self.difference = iter(expected), b"", 0, bytearray(), None

    def take(self, piece):
        while piece and self.difference is None:
            if not self.rest:
                self.rest = next(self.expected, None)
                if self.rest is None:
                    self.rest = b""
                    self.behind += piece[: 1 << 20]
                    return
            length = min(len(piece), len(self.rest))
            if piece[:length] != self.rest[:length]:
                self.difference = f"byte {self.at} or one of the next {length}: {piece[:60]!r}, expected {self.rest[:60]!r}"
            piece, self.rest, self.at = piece[length:], self.rest[length:], self.at + length

    def end(self, tail):
        """`tail` is how what comes behind the expected pieces must begin."""
        if self.difference is None and (self.rest or next(self.expected, None) is not None):
            self.difference = f"it ends after {self.at} bytes"
        if self.difference is None and not (self.behind.startswith(tail) if tail else not self.behind):
            self.difference = f"behind what was expected: {bytes(self.behind[:60])!r}"
        return self.difference


def run(arguments, pieces, expected=(), tail=b"", memory=4 << 30, seconds=60, folder=None):
    """Feeds `pieces` to the program, and compares its stdout with `expected` and what follows it with `tail`.

    The memory that it has, not what it may have, is limited: large input is read into a map that is larger still.
    """

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with tempfile.TemporaryFile() as stderr:
        pipe = subprocess.PIPE
        child = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=stderr, preexec_fn=limit, cwd=folder)
        fed = []
        feeder = threading.Thread(target=feed, args=(child.stdin, pieces, fed))
        feeder.start()
        ended = threading.Event()
        watcher = threading.Thread(target=watch, args=(child, memory, ended))
        watcher.start()
        compared = Compared(expected)
        while piece := child.stdout.read1(1 << 20):
            compared.take(piece)
        ended.set()
        watcher.join()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        feeder.join()
        child.stdout.close()
        stderr.seek(0)
        said = stderr.read(1 << 20).decode(errors="replace")
    return Ran(child.returncode, sum(fed), said, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime, compared.end(tail))


def watch(child, memory, ended):
    """Kills a child that has more than `memory` bytes. What it has had at most the system tells at its end."""
    with open(f"/proc/{child.pid}/statm") as statm:
        while not ended.wait(0.02):
            statm.seek(0)
            if int((statm.read().split() or [0, 0])[1]) * resource.getpagesize() > memory:
                child.kill()


def feed(stdin, pieces, fed):
    """Writes the pieces, and notes the length of each. A child that has seen enough closes the pipe."""
    try:
        for piece in pieces:
            stdin.write(piece)
            fed.append(len(piece))
        stdin.close()
    except BrokenPipeError:
        pass
