"""The command line as a shell sees it: whole processes, their start included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from statistics import median
from typing import Any

import msgspec

from bench.harness import Act, Peer, Plan, Row, Side, Work, duration, faster, number, run, timed, within
from stream_adam import simulate

ROWS = 1_000_000
PART = 20_000  # rows that the encoders are timed with, again and again
SOURCE = "swinging_soft() + normal(0.5)"
COMMAND = [sys.executable, "-m", "stream_adam", "run", "--source", SOURCE, "--strategy", "adam", "--seed", "1"]
IMPORT_NUMPY = [sys.executable, "-c", "import numpy"]


def rows(plan: Plan) -> Iterator[Row]:
    """Rows through a pipe, and the first of them."""
    yield from run(_jsonl(plan), plan)
    first = [*COMMAND, "--ticks", "1"]
    yield from run(_first("first result, warm: run --ticks 1", first, within(3)), plan)
    yield _cold(first)
    yield _cached(plan)


def _process(command: list[str], **environment: str) -> Act:
    keeping = {"PYTHONDONTWRITEBYTECODE": ""}  # or an editable install is parsed at every start, unlike its peers

    def act() -> None:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=os.environ | keeping | environment)

    return act


def _jsonl(plan: Plan) -> Work:
    n = plan.sized(ROWS)
    encode = msgspec.json.Encoder().encode_lines
    part = min(n, PART)
    return Work(
        f"run --format jsonl > /dev/null, {n:,} rows, start included",
        "row",
        Side("ours", lambda: _process([*COMMAND, "--format", "jsonl", "--ticks", str(n)]), n),
        (
            Peer(Side("limit: msgspec alone, rows ready", lambda: lambda: encode(_structs(part)), part), within(2.5)),
            Peer(Side("json.dumps alone, rows ready", lambda: lambda: _dumped(part), part), faster()),
        ),
    )


@cache
def _plain(n: int) -> list[dict[str, Any]]:
    columns = simulate(SOURCE, "adam", ticks=n, seed=1)
    cells = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in cells]


@cache
def _structs(n: int) -> list[Any]:
    row = msgspec.defstruct("Row", list(_plain(n)[0]))
    return [row(**cells) for cells in _plain(n)]


def _dumped(n: int) -> None:
    for row in _plain(n):
        json.dumps(row)


def _first(name: str, command: list[str], reach: Any, **environment: str) -> Work:
    ours = Side("ours", lambda: _process(command, **environment))
    peer = Side('python -c "import numpy"', lambda: _process(IMPORT_NUMPY, **environment))
    return Work(name, "start", ours, (Peer(peer, reach),))


def _cold(command: list[str]) -> Row:
    """Nothing compiled: neither bytecode nor machine code, ours and the libraries' alike."""
    times: list[tuple[float, float]] = []
    for _ in range(2):
        pair = []
        for words in (command, IMPORT_NUMPY):
            with tempfile.TemporaryDirectory() as empty:
                caches = {"PYTHONPYCACHEPREFIX": empty, "NUMBA_CACHE_DIR": empty}
                pair.append(timed(_process(words, **caches)))
        times.append((pair[0], pair[1]))
    ours, theirs = (median(side) for side in zip(*times, strict=True))
    ratios = [a / b for a, b in times]
    text = f"{number(median(ratios))} × its time ({number(min(ratios))}–{number(max(ratios))})"
    return Row(
        "first result, cold: nothing compiled, no bytecode",
        f"{duration(ours)} a start",
        'python -c "import numpy", cold',
        duration(theirs),
        text,
        raw={"times": times},
    )


def _cached(plan: Plan) -> Row:
    """A long run in a new process, without and with machine code on disk."""
    n = max(plan.sized(ROWS), 200_000)  # fewer are not compiled
    code = f"from stream_adam import simulate; simulate({SOURCE!r}, 'adam', ticks={n}, seed=1)"
    times: list[tuple[float, float]] = []
    for _ in range(plan.rounds[0]):
        with tempfile.TemporaryDirectory() as empty:
            act = _process([sys.executable, "-c", code], NUMBA_CACHE_DIR=empty)
            times.append((timed(act), timed(act)))
    nothing, kept = (median(side) for side in zip(*times, strict=True))
    ratios = [a / b for a, b in times]
    return Row(
        f"simulate, {n:,} ticks in a new process, from its start to the result; everything kept",
        f"{duration(kept)} a start",
        "the same, nothing kept",
        duration(nothing),
        f"{number(median(ratios))} × as fast ({number(min(ratios))}–{number(max(ratios))})",
        raw={"times": times},
    )
