"""The process that compiles aside: whatever becomes of it, the run goes on; and it never outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from faults import Tally, wide
from stream_adam.compiled import keeping, loops, ticks
from stream_adam.strategies import STRATEGIES

ROOT = Path(__file__).parent.parent.parent
LONG = 60.0  # seconds: only what hangs needs as much
A_MOMENT = 1.0  # seconds
MOMENTS = wide(short=(0.3,), all=(0.0, 0.05, 0.2, 0.4, 0.7, 1.2))  # after the child has begun

ASKS = """
import sys
from stream_adam.engine import Run
from stream_adam.experiment import Experiment
run = Run(Experiment.of("line(1)", "sgd(alpha=1)", seed=1))
run.compile(aside=True)
print(run.lanes[0]._loop is not None, run.advance(3).lanes[0]["theta"].tolist(), flush=True)
sys.stdin.read()
"""
SAID = "True [-1.0, -2.0, -3.0]\n"
FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""
HANGS = """
import os
os.environ["PYTHONPATH"] = {folder!r}  # where the child finds another numba
"""
STREAMS = """
import asyncio
from stream_adam import stream
async def main():
    async for state in stream("line(1)", "sgd", seed=1):
        pass
asyncio.run(main())
"""
PROGRAMS = {"a command": ["-m", "stream_adam", "run", "--output", os.devnull], "a program": ["-c", STREAMS]}


@contextmanager
def started(words: list[str], kept: Path) -> Iterator[subprocess.Popen[str]]:
    """Python with these words, in a group of its own, as a shell starts it, where nothing is kept yet."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(kept), "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a background job's children would ignore it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [sys.executable, "-W", "error", *words],
        cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def until(condition: Callable[[], object], most: float, what: str) -> None:
    end = time.monotonic() + most
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.002)


def running(group: int) -> list[int]:
    """The processes of a group, but for those that have ended and are not yet waited for."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                found.append(int(path.parent.name))
    return found


def has_ended(group: int) -> bool:
    return not running(group)


def child_of(parent: subprocess.Popen[str]) -> int:
    """The process that compiles for it, as soon as it is there."""
    until(lambda: len(running(parent.pid)) > 1 or parent.poll() is not None, LONG, "no process is started")
    (child,) = {*running(parent.pid)} - {parent.pid}
    return child


def assert_right(parent: subprocess.Popen[str]) -> None:
    assert parent.stdout is not None
    assert parent.stderr is not None
    assert parent.stdout.readline() == SAID
    parent.communicate(timeout=LONG)
    assert parent.returncode == 0


@pytest.mark.parametrize("name", wide(short=["SIGKILL"], all=["SIGKILL", "SIGSEGV", "SIGINT"]))
def test_a_child_that_is_ended(name: str, tmp_path: Path, tally: Tally) -> None:
    """A signal ends the process that compiles aside, at a moment: the run compiles by itself"""
    for moment in MOMENTS:
        with tally.trying(f"{name} after {moment} s"), started(["-c", ASKS], tmp_path / str(moment)) as parent:
            child = child_of(parent)
            time.sleep(moment)
            with suppress(ProcessLookupError):
                os.kill(child, getattr(signal, name))
            assert_right(parent)


def test_a_disk_that_is_full(tmp_path: Path, tally: Tally) -> None:
    """The process that compiles aside finds a disk that is full after so many bytes"""
    for size in wide(short=(3_000,), all=(0, 100, 1_000, 3_000, 10_000, 20_000)):
        with (
            tally.trying(f"{size:,} bytes"),
            started(["-c", FULL.format(size=size) + ASKS], tmp_path / str(size)) as parent,
        ):
            assert_right(parent)


@pytest.mark.parametrize("busy", wide(short=["hanging"], all=["hanging", "compiling"]))
def test_a_parent_that_is_gone(busy: str, tmp_path: Path, tally: Tally) -> None:
    """The parent of the process that compiles aside is killed at a moment: that one ends as well"""
    (tmp_path / "numba.py").write_text("import time\ntime.sleep(1000)\n")
    start = HANGS.format(folder=str(tmp_path)) if busy == "hanging" else ""
    for moment in MOMENTS:
        with tally.trying(f"{busy}, {moment} s"), started(["-c", start + ASKS], tmp_path / str(moment)) as parent:
            child_of(parent)
            time.sleep(moment)
            parent.kill()
            parent.wait(LONG)
            until(partial(has_ended, parent.pid), A_MOMENT, "it outlives its parent")


@pytest.mark.parametrize("name", wide(short=["a command"], all=list(PROGRAMS)))
def test_ctrl_c_for_all_of_them(name: str, tmp_path: Path, tally: Tally) -> None:
    """Ctrl-C, which a terminal sends to the process that compiles aside as well, at a moment of that"""
    for moment in MOMENTS:
        with tally.trying(f"{name}, {moment} s"), started(PROGRAMS[name], tmp_path / str(moment)) as parent:
            child_of(parent)
            time.sleep(moment)
            os.killpg(parent.pid, signal.SIGINT)
            _, said = parent.communicate(timeout=LONG)
            until(partial(has_ended, parent.pid), A_MOMENT, "a process goes on")
            if name == "a command":
                assert (parent.returncode, said) == (130, "")
            else:
                assert parent.returncode == -signal.SIGINT
                assert said.count("Traceback") <= 2, said  # the cancelled task's, and the interrupt's
                assert said.endswith("KeyboardInterrupt\n")
                assert "stream_adam.compiled" not in said


CHILDREN = {
    "it ends at once": "exit 0",
    "it fails": "exit 3",
    "it crashes": "kill -SEGV $$",
    "it says much": "yes | head -c 3000000; yes | head -c 3000000 >&2",
    "it closes its files": "exec <&- >&- 2>&-",
    "it is no program": None,
    "it may not be run": None,
    "there is none": None,
}


def test_another_child_than_was_meant(tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the process that compiles aside there is another program, or none"""
    monkeypatch.setattr(keeping, "_roots", lambda: [tmp_path / "kept"])
    monkeypatch.setattr(ticks, "is_kept", lambda _name: False)  # so that it is asked each time
    strategy = STRATEGIES["sgd"]
    for k, (name, script) in enumerate(CHILDREN.items()):
        program = tmp_path / str(k) / "python"
        program.parent.mkdir()
        if name != "there is none":
            program.write_bytes(bytes(100) if script is None else f"#!/bin/sh\n{script}\n".encode())
            program.chmod(0o600 if name == "it may not be run" else 0o700)
        monkeypatch.setattr(sys, "executable", str(program))
        monkeypatch.setattr(loops, "_package", {})
        with tally.trying(name):
            loop, theta, out = ticks.loop_of(strategy, False, aside=True), np.zeros(1), np.zeros((3, 2, 1))
            loop(np.zeros((1, 1)), theta, np.ones((1, 1)), np.ones((1, 2)), None, (-np.inf, np.inf), out)
            assert out[2, :, 0].tolist() == [-1.0, -2.0]
