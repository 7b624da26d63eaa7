"""Rows: a block of ticks as JSON lines, CSV or a table for people.

JSON lines and CSV are both encoded by msgspec, whose shortest digits read back to the same bits: a line of CSV is the
inside of a JSON array.
"""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np

from stream_adam.errors import as_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stream_adam.engine import Block
    from stream_adam.experiment import Experiment
    from stream_adam.runs import Choice

LANE = "lane"
SCREEN = 40  # rows of a table under one header
WIDTH = 12  # characters of a number in a table: -1.23456e-05
_encode_lines = msgspec.json.Encoder().encode_lines


class Rows(Protocol):
    """A way to write blocks, after its header."""

    header: bytes

    def __call__(self, block: Block) -> bytes:
        """The rows of a block, tick by tick, those of all lanes of a tick together."""
        ...

    def count(self, data: bytes) -> int:
        """How many rows these lines hold."""
        ...


class JsonLines:
    """An object a row, with its lane's own columns."""

    header = b""

    def __init__(self, experiment: Experiment, choice: Choice) -> None:
        self._choice = choice
        lanes = experiment.lanes
        first = [LANE] if len(lanes) > 1 else []
        self._lanes: list[tuple[Any, list[str]]] = [
            (_struct(first + choice.names(i)), [lane.label] * len(first)) for i, lane in enumerate(lanes)
        ]

    def __call__(self, block: Block) -> bytes:
        """The block's objects, a line each."""
        lanes = [
            map(row, *map(repeat, first), *(_cells(column, str) for column in self._choice.flat(columns).values()))
            for (row, first), columns in zip(self._lanes, block.lanes, strict=True)
        ]
        return _encode_lines(_by_tick(lanes))

    def count(self, data: bytes) -> int:
        """A row a line."""
        return data.count(b"\n")


class Csv:
    """Comma-separated values: a header, then a row a line; blank where a lane has no such column."""

    def __init__(self, experiment: Experiment, choice: Choice) -> None:
        self._choice = choice
        lanes = experiment.lanes
        self._names = choice.names()
        first = [LANE] if len(lanes) > 1 else []
        self.header = ",".join(first + self._names).encode() + b"\n"
        self._row = _struct(first + self._names, array_like=True)
        self._firsts = [[msgspec.Raw(_quoted(lane.label))] * len(first) for lane in lanes]

    def __call__(self, block: Block) -> bytes:
        """The block's lines."""
        lanes = [
            map(self._row, *map(repeat, first), *(_column(columns, name) for name in self._names))
            for first, columns in zip(self._firsts, map(self._choice.flat, block.lanes), strict=True)
        ]
        return _unbracketed(_encode_lines(_by_tick(lanes)))

    def count(self, data: bytes) -> int:
        """A row a line."""
        return data.count(b"\n")


class Table:
    """Aligned columns, six digits a number, for people."""

    def __init__(self, experiment: Experiment, choice: Choice) -> None:
        self._choice = choice
        lanes = experiment.lanes
        self._names = choice.names()
        labels = [as_line(lane.label) for lane in lanes]  # which may have been typed over several lines
        width = max(len(LANE), *map(len, labels))
        self._labels = [f"{label:<{width}}  " if len(lanes) > 1 else "" for label in labels]
        lane = f"{LANE:<{width}}  " if len(lanes) > 1 else ""
        self.header = f"{lane}{'  '.join(_padded(name, name) for name in self._names)}\n".encode()
        self._rows = 0

    def __call__(self, block: Block) -> bytes:
        """The block's lines, with the header again where a screen is full."""
        lanes = [
            map(label.__add__, map("  ".join, zip(*(_texts(columns, name) for name in self._names), strict=True)))
            for label, columns in zip(self._labels, map(self._choice.flat, block.lanes), strict=True)
        ]
        return b"".join(map(self._line, _by_tick(lanes)))

    def count(self, data: bytes) -> int:
        """A row a line, but for the headers and the blank lines before them."""
        return sum(line + b"\n" not in {b"\n", self.header} for line in data.splitlines())

    def _line(self, row: str) -> bytes:
        again = b"\n" + self.header if self._rows and self._rows % SCREEN == 0 else b""
        self._rows += 1
        return again + row.rstrip().encode() + b"\n"


FORMATS: dict[str, Callable[[Experiment, Choice], Rows]] = {"jsonl": JsonLines, "csv": Csv, "table": Table}


def _by_tick(lanes: Sequence[Iterable[Any]]) -> Iterable[Any]:
    """All lanes' rows of the first tick, then of the next."""
    return list(lanes[0]) if len(lanes) == 1 else list(chain.from_iterable(zip(*lanes, strict=True)))


def _struct(names: list[str], array_like: bool = False) -> Any:
    """A class of rows with these names, which need not be Python's."""
    places = [f"column_{i}" for i in range(len(names))]
    rename = dict(zip(places, names, strict=True))
    return msgspec.defstruct("Row", places, rename=rename, array_like=array_like, gc=False)


def _cells(column: np.ndarray[Any, Any], spell: Callable[[str], Any]) -> list[Any]:
    """The column as Python's numbers; NaN and infinities, which JSON has no number for, as spelled."""
    cells: list[Any] = column.tolist()
    odd = np.flatnonzero(~np.isfinite(column))
    for i in odd.tolist():
        cells[i] = spell(str(cells[i]))
    return cells


def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def _column(columns: Any, name: str) -> Iterable[Any]:
    return _cells(columns[name], _raw) if name in columns else repeat(_raw(""))


def _quoted(text: str) -> bytes:
    """The text as a cell of CSV, on one line: so a file can be cut at the end of any line."""
    text = " ".join(text.splitlines())
    return ('"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text).encode()


def _unbracketed(lines: bytes | bytearray) -> bytes:
    """JSON arrays, a line each, without their brackets; none of the cells can hold one."""
    return bytes(lines[1:-2].replace(b"]\n[", b"\n")) + b"\n"


def _padded(text: str, name: str) -> str:
    return text.rjust(max(8 if name == "t" else WIDTH, len(name)))


def _texts(columns: Any, name: str) -> Iterable[str]:
    if name not in columns:
        return repeat(_padded("", name), len(columns["t"]))
    spell = str if name == "t" else "{:.6g}".format
    return [_padded(spell(value), name) for value in columns[name].tolist()]
