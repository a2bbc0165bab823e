"""Programs in turn, through pipes as hosts run them: seconds from spawn to the last byte and exit, and peak memory."""

import array
import fcntl
import os
import signal
import statistics
import termios
import threading
import time
from dataclasses import dataclass, field

MIB = 1 << 20


@dataclass
class Program:
    """A program to measure: its name in tables, its command, and whether it reads the list from stdin."""

    name: str
    command: list
    stdin: bool = True
    # Exit codes that are no failure.
    codes: tuple = (0,)


@dataclass
class Measured:
    """What came of the runs of a program."""

    seconds: list = field(default_factory=list)
    # Of the processor, in the program and in the kernel for it.
    cpu: list = field(default_factory=list)
    peak: int = 0
    skipped: str = ""

    @property
    def median(self):
        return statistics.median(self.seconds)

    def ratio_to(self, other, what="seconds"):
        """How many times as much as `other`, over the rounds that both ran in."""
        mine, theirs = getattr(self, what), getattr(other, what)
        both = min(len(mine), len(theirs))
        return statistics.median(mine[:both]) / max(statistics.median(theirs[:both]), 1e-6)


def once(program, source, limit=None):
    """Seconds, seconds of the processor, and peak memory in bytes of one run over the file `source`.

    The output is read and forgotten. `cat` feeds the pipe, and has filled it when the program starts, as a host has that has its package ready.
    """
    read_in, write_in = os.pipe()
    read_out, write_out = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    list_file = os.open(source, os.O_RDONLY)
    feeder = spawn(["/bin/cat"], list_file, write_in, null) if program.stdin else None
    os.close(write_in)
    if feeder:
        while full(read_in) < min(os.fstat(list_file).st_size, 1 << 16):
            time.sleep(0.0002)
    start = time.perf_counter()
    pid = spawn(program.command, read_in if program.stdin else null, write_out, null)
    for fd in (read_in, write_out, null, list_file):
        os.close(fd)
    alarm = threading.Timer(limit, os.kill, (pid, signal.SIGKILL)) if limit else None
    if alarm:
        alarm.start()
    buffer = bytearray(MIB)
    size = 0
    while count := os.readv(read_out, [buffer]):
        size += count
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    os.close(read_out)
    if alarm:
        alarm.cancel()
    if feeder:
        os.waitpid(feeder, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGKILL:
        raise TimeoutError(f"killed after {limit:.0f} s, or by the kernel for its memory")
    if code not in program.codes or size == 0:
        raise RuntimeError(f"exit code {code}, {size} bytes of output")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def spawn(command, stdin, stdout, stderr):
    """Starts a program; no other descriptor of ours goes to it."""
    files = [(os.POSIX_SPAWN_DUP2, old, new) for new, old in enumerate((stdin, stdout, stderr))]
    return os.posix_spawn(command[0], command, os.environ, file_actions=files)


def full(pipe):
    """How many bytes are in a pipe."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def in_turn(programs, source_of, rounds, budget, limit):
    """Runs the programs in turn for `rounds` rounds; one that takes long stops when it has had `budget` seconds."""
    measured = {program.name: Measured() for program in programs}
    for turn in range(rounds + 1):
        for program in programs:
            mine = measured[program.name]
            spent = sum(mine.seconds)
            if mine.skipped or (turn > 1 and spent + spent / max(1, len(mine.seconds)) > budget):
                continue
            try:
                seconds, cpu, peak = once(program, source_of(program), limit)
            except (TimeoutError, RuntimeError, OSError) as error:
                mine.skipped = str(error)
                continue
            mine.peak = max(mine.peak, peak)
            # The first round warms up, unless it has cost the budget already.
            if turn > 0 or seconds > budget / 2:
                mine.seconds.append(seconds)
                mine.cpu.append(cpu)
    return measured
