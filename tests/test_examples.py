"""The examples do what they say; those that need a library of somebody else's are in tests/beside_others.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"


def said(name: str) -> list[str]:
    """The lines that the example prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_first_of_two_tasks_ends_both() -> None:
    assert said("task_group") == ["adam(alpha=0.02) after 1,790 ticks"]


def test_a_pool_of_processes_sends_runs_back() -> None:
    (line,) = said("process_pool")
    assert line.startswith("20 runs: theta ends at ")


def test_keys_of_a_thread_reach_the_run() -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(EXAMPLES / "keyboard.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write("p   ")  # hold it, and three ticks one by one
        program.stdin.flush()
        ticks = [int(program.stdout.readline().split()[1]) for _ in range(3)]
        assert ticks == [0, 1, 2]
        program.stdin.write("q")
        program.stdin.close()
        assert program.wait(60) == 0
