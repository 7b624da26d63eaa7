"""Reading a column of a file that something else wrote."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from bench.harness import Act, Peer, Plan, Row, Side, Work, faster, optional, run, within
from stream_adam.data import read

SIZE = 110_000  # rows: 6.5 MB of CSV
COLUMNS = ("t", "loss", "g")


class Wanted(msgspec.Struct):
    """The one value of a line."""

    g: float


def rows(plan: Plan) -> Iterator[Row]:
    """A column of three, of a table and of JSON lines."""
    n = plan.sized(SIZE)
    with tempfile.TemporaryDirectory() as folder:
        table, lines = Path(folder) / "log.csv", Path(folder) / "log.jsonl"
        values = np.random.default_rng(1).normal(size=(n, 3))
        np.savetxt(table, values, delimiter=",", header=",".join(COLUMNS), comments="", fmt="%.17g")
        lines.write_text("".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in values.tolist()))
        by_numpy = Side("numpy.loadtxt", lambda: lambda: np.loadtxt(table, delimiter=",", skiprows=1, usecols=2), n)
        by_pandas = Side("pandas", lambda: lambda: optional("pandas").read_csv(table, usecols=["g"]), n, ("pandas",))
        by_csv = Peer(Side("csv.DictReader", lambda: lambda: _by_csv(table), n), faster(1.5))
        by_json = Peer(Side("json.loads", lambda: lambda: _by_json(lines), n), faster(2))
        bound = Peer(Side("limit: msgspec alone, the lines ready", lambda: _msgspec(lines), n), within(4))
        yield from run(_column("a CSV", table, n, Peer(by_numpy), by_csv, Peer(by_pandas)), plan)
        yield from run(_column("JSON lines", lines, n, by_json, bound), plan)


def _column(of: str, path: Path, n: int, *peers: Peer) -> Work:
    megabytes = path.stat().st_size / 1e6
    name = f"a column of {of} of {megabytes:.1f} MB, {n:,} rows"
    return Work(name, "row", Side("ours", lambda: _fresh(path), n), peers)


def _fresh(path: Path) -> Act:
    """Read the file itself: what was written just now is not kept."""

    def act() -> None:
        os.utime(path)
        read(path)

    return act


def _by_csv(path: Path) -> list[float]:
    with path.open(newline="", encoding="utf-8") as file:
        return [float(row["g"]) for row in csv.DictReader(file)]


def _by_json(path: Path) -> list[float]:
    with path.open(encoding="utf-8") as file:
        return [float(json.loads(line)["g"]) for line in file]


def _msgspec(path: Path) -> Act:
    lines = path.read_bytes().splitlines()
    decode = msgspec.json.Decoder(Wanted).decode
    return lambda: [decode(line).g for line in lines]
