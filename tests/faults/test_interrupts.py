"""Ctrl-C, SIGTERM and a closed terminal at many moments of every command: quiet, the right code, and whole rows."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from page_client import PageClient
from wire import until

from faults import Tally, wide

PROGRAM = [sys.executable, "-m", "stream_adam"]
TIMEOUT = 60
MOMENTS = wide(short=1, all=12)  # of each command
SPAN = 3.0  # seconds over which they are spread

COMMANDS = {  # with the part of SPAN at which the one signal of the short version comes
    "--help": 0.0,
    "list sources": 0.02,
    "verify bowl": 0.1,
    "run": 0.3,  # nobody reads: it waits in a write
    "run --source stdin()": 0.4,
    "run --rate 100 --output rows": 0.35,
    "run --ticks 5000000 --output rows": 0.5,  # while it compiles: nothing is kept
    "plot --output figure.svg": 0.25,
    "plot --ticks 500000 --output figure.html": 0.6,
    "serve --port 0": 0.4,
}
SHORT = ("--help", "run", "run --ticks 5000000 --output rows", "plot --output figure.svg", "serve --port 0")


@contextmanager
def started(words: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command, where nothing compiled is kept; its standard input stays open, and nobody reads its output."""
    root = str(Path(__file__).parent.parent.parent)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": root}
    pipe = subprocess.PIPE
    for number in (signal.SIGINT, signal.SIGHUP):  # a background job's children would ignore it
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    command = [*PROGRAM, *words]
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def has_begun(process: subprocess.Popen[bytes]) -> bool:
    """Whether the first lines of the package have run: it catches SIGTERM then, which Python itself does not."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def wait_until_begun(process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + TIMEOUT
    while not has_begun(process):
        assert time.monotonic() < until
        time.sleep(0.001)


def assert_ended_quietly(process: subprocess.Popen[bytes], number: signal.Signals, folder: Path) -> None:
    process.send_signal(number)
    code = process.wait(TIMEOUT)
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert code in {128 + number, 0}  # 0: it was at its end
    rows = folder / "rows"
    if rows.exists():
        text = rows.read_bytes()
        assert not text or text.endswith(b"}\n")
    left = {path.name for path in folder.iterdir()} - {"rows", "cache"}
    if code:
        assert not left, "half a figure, or a temporary file"
    else:
        assert left <= {"figure.svg", "figure.html"}


@pytest.mark.parametrize("words", wide(short=SHORT, all=tuple(COMMANDS)))
def test_ctrl_c_is_quiet_at_any_moment(words: str, tmp_path: Path, tally: Tally) -> None:
    """Ctrl-C at a moment of a command"""
    for k in range(MOMENTS):
        part = (COMMANDS[words] + k / MOMENTS) % 1
        folder = tmp_path / str(k)
        folder.mkdir()
        with tally.trying(f"{words}, {part * SPAN:.2f} s"), started(words.split(), folder) as process:
            wait_until_begun(process)
            time.sleep(part * SPAN)
            if process.poll() is None:
                assert_ended_quietly(process, signal.SIGINT, folder)
            else:
                assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("delay", wide(short=[0.5], all=[0.0, 0.3, 0.5, 1.0, 2.0]))
def test_other_signals_end_a_command_as_well(number: signal.Signals, delay: float, tmp_path: Path) -> None:
    """SIGTERM and SIGHUP at a moment of a command"""
    with started(["run", "--output", "rows"], tmp_path) as process:
        wait_until_begun(process)
        time.sleep(delay)
        assert_ended_quietly(process, number, tmp_path)


def test_what_the_parent_had_ignored_stays_ignored(tmp_path: Path) -> None:
    """A signal that the parent had ignored, as `nohup` and a script's background jobs do"""
    command = f"trap '' INT; exec {' '.join(PROGRAM)} run --ticks 3 --rate 20"
    with subprocess.Popen(
        ["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parent.parent.parent
    ) as process:
        wait_until_begun(process)
        process.send_signal(signal.SIGINT)
        rows, said = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, rows.count(b"\n"), said) == (0, 3, b"")


@pytest.mark.parametrize("number", wide(short=[signal.SIGTERM], all=[signal.SIGTERM, signal.SIGINT]))
@pytest.mark.parametrize("closed", wide(short=[False], all=[False, True]))
def test_bokeh_serve_ends(number: signal.Signals, closed: bool, tmp_path: Path) -> None:
    """A signal for `bokeh serve` after several visits, of which one goes on"""
    log, root = tmp_path / "log", Path(__file__).parent.parent.parent
    command = [sys.executable, "-m", "bokeh", "serve", "server_app", "--port", "0"]
    with log.open("w") as file, subprocess.Popen(command, cwd=root, stdout=file, stderr=file) as process:
        try:
            until(lambda: "process id" in log.read_text(), "it does not start")
            found = re.search(r"running at: (\S+)", log.read_text())
            assert found is not None
            asyncio.run(visit(found[1], closed, lambda: process.send_signal(number)))
            assert process.wait(TIMEOUT) == 0
            assert "Traceback" not in log.read_text()
        finally:
            process.kill()


async def visit(url: str, closed: bool, then: Callable[[], None]) -> None:
    for _ in range(5):
        await asyncio.to_thread(lambda: urlopen(url).read())
    client = await PageClient.open(url)
    await client.see()
    async with asyncio.timeout(TIMEOUT):
        await anext(client.frames())
    if closed:
        client.close()
    then()
    client.close()
