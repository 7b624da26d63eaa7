"""Tables as text: CSV and TSV, with a line of names or without.

Rows are read by the standard `csv` module, some thousands at a time. A chunk without any oddity is turned into numbers
at once; any other goes through `Table.value` row by row, which says what is odd and where.
"""

from __future__ import annotations

import csv
import re
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol

import numpy as np

from stream_adam.data import cells
from stream_adam.data.selection import Lanes, Selection
from stream_adam.errors import SpecError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream_adam.typing import Floats

CHUNK = 256  # rows: more of them at once keep the garbage collector busy
_BREAK = re.compile(r"\r\n|\r|\n")
_OTHERS = {";": "semicolons", "\t": "tabs", ",": "commas"}


class Rows(Protocol):
    """What `csv.reader` gives."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]:
        """The rows."""
        ...


class Table:
    """The rows of a table, one by one, after its first line.

    Attributes:
        names: what the first line says, None where it is a row of numbers.
        place: which of the cells is wanted.
    """

    def __init__(self, first: list[str], delimiter: str, selection: Selection) -> None:
        _check_first(first, delimiter)
        self._selection = selection
        self._width = len(first)
        self.names = None if all(map(cells.is_number, first)) else [name.strip() for name in first]
        try:
            self.place = selection.place(self.names, self._width)
        except SpecError:
            _check_delimiter(first, delimiter)
            raise
        self.column = self.names[self.place] if self.names else str(self.place)
        self._lanes, self._lane_at = Lanes(selection.lane), self._find_lane()
        self._blank_line = ""  # where the first of the blank lines is that no row has followed yet
        self._tick_at = self.names.index("t") if self.names and "t" in self.names else None

    def _find_lane(self) -> int | None:
        """Where a row's lane stands; our own output has it first."""
        names = self.names or []
        if not self._selection.lane:
            return 0 if names[:1] == ["lane"] else None
        if "lane" not in names:
            raise SpecError(f"lane={shown(self._selection.lane)}: it has no column 'lane'")
        return names.index("lane")

    def values(self, chunk: list[list[str]], row: int, line: int) -> list[float]:
        """The numbers of consecutive rows, of which the first has these numbers."""
        plain = self._lane_at is None and not self._blank_line
        if plain and set(map(len, chunk)) == {self._width} and self.names not in chunk:
            wanted = list(map(itemgetter(self.place), chunk))
            if "_" not in "".join(wanted):
                try:
                    return list(map(float, wanted))
                except ValueError:
                    pass
        found = []
        for at, cells_ in enumerate(chunk, start=row):
            value = self.value(cells_, at, line)
            line += 1 + sum(len(_BREAK.findall(cell)) for cell in cells_)
            if value is not None:
                found.append(value)
        return found

    def value(self, row: list[str], number: int, line: int) -> float | None:
        """The number of one row; None where it is passed over.

        Raises:
            SpecError: the row does not fit the first line, or it has no number there.
        """
        where = f"row {number} (line {line})"
        if len(row) <= 1 and not "".join(row).strip():
            self._blank_line = self._blank_line or where
            return None
        if self._blank_line:
            self._blank(f"{self._blank_line} is blank")
        self._check_shape(row, where)
        if self._lane_at is not None:
            tick = None if self._tick_at is None else row[self._tick_at]
            if not self._lanes.take(row[self._lane_at], tick, where):
                return None
        cell = row[self.place]
        if not cell.strip():
            self._blank(f"{where} has nothing in the column {shown(self.column)}")
            return None
        return cells.of_text(cell, where, self.column)

    def _check_shape(self, row: list[str], where: str) -> None:
        if self.names is not None and [cell.strip() for cell in row] == self.names:
            raise SpecError(f"{where} repeats the line of names")
        if len(row) != self._width:
            if row[0].startswith("#"):
                raise SpecError(f"{where} begins with '#': a table has no comments")
            first = "the line of names" if self.names else "line 1"
            raise SpecError(f"{where} has {_counted(len(row))}, {first} has {self._width}")

    def _blank(self, what: str) -> None:
        if self._selection.blanks == "refuse":
            raise SpecError(f"{what}; {cells.BLANK}")

    def check(self) -> None:
        """Tell where the rows are over and none was of the chosen lane."""
        self._lanes.check()


def read_table(lines: Iterable[str], delimiter: str, selection: Selection) -> Floats:
    """One column of a table of text.

    Raises:
        SpecError: a row that does not fit the others, a cell that is no number, no such column.
    """
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    first = _next(rows, 1)
    if not first:
        raise SpecError("the file is empty")
    table = Table(first[0], delimiter, selection)
    chunk, number, line = ([], 0, 1 + rows.line_num) if table.names else (first, 0, 1)
    parts: list[Floats] = []
    while chunk or (chunk := _next(rows, CHUNK)):
        parts.append(np.array(table.values(chunk, number + 1, line), dtype=np.float64))
        chunk, number, line = [], number + len(chunk), 1 + rows.line_num
    table.check()
    if not parts:
        raise SpecError("it has a line of names, and no rows")
    return np.concatenate(parts)


def _next(rows: Rows, count: int) -> list[list[str]]:
    try:
        return list(islice(rows, count))
    except csv.Error as error:
        raise SpecError(f"line {rows.line_num} can't be split into cells: {error}") from None


def _check_first(first: list[str], delimiter: str) -> None:
    if not "".join(first).strip():
        raise SpecError("line 1 is blank: the names of the columns, or the first row, stand there")
    if first[0].startswith("#"):
        raise SpecError("line 1 begins with '#': the names of the columns stand there, without it")
    if len(first) == 1 and not cells.is_number(first[0]):
        _check_delimiter(first, delimiter)


def _check_delimiter(first: list[str], delimiter: str) -> None:
    for other, name in _OTHERS.items():
        if other != delimiter and any(other in cell for cell in first):
            would_do = "; with the ending .tsv it is read" if other == "\t" else ""
            raise SpecError(f"its cells are separated by {name}, not by {_OTHERS[delimiter]}{would_do}")


def _counted(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"
