"""Numbers that arrive line by line: one a line, JSON lines, or a table with a line of names."""

from __future__ import annotations

import csv
from itertools import chain
from typing import TYPE_CHECKING

from stream_adam.data import cells
from stream_adam.data.records import Records
from stream_adam.data.selection import DEFAULT, Selection
from stream_adam.data.tables import Table
from stream_adam.errors import SpecError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Line = tuple[int, str]  # its number, from 1 on, and its text

MARK = "\ufeff"  # that Windows writes before UTF-8


def arriving(lines: Iterable[str], column: str = DEFAULT, *, blanks: str = "refuse", lane: str = "") -> Iterator[float]:
    """The numbers of the lines, each as soon as its line is there; blank lines are passed over.

    The first line says what they are: numbers, JSON (a number, an array or an object a line), or a line of names.
    `column`, `blanks` and `lane` are those of `read`.

    Raises:
        SpecError: a line does not fit the first, or it has no number in that column.

    >>> list(arriving(["g,loss", "0.5,2", "nan,1"])), list(arriving(['{"g": 1}', '{"g": 2}']))
    ([0.5, nan], [1.0, 2.0])
    """
    selection = Selection(column, blanks, lane)
    numbered = ((number, line) for number, line in enumerate(_unmarked(lines), start=1) if line.strip())
    first = next(numbered, None)
    if first is None:
        return
    if cells.is_number(first[1]):
        yield from _numbers(first, numbered)
        return
    values = _records if first[1].lstrip()[0] in "{[" else _table
    try:
        for value in values(first[1], chain([first], numbered), selection):
            if value is not None:
                yield value
    except SpecError as error:
        raise SpecError(f"the input: {error}") from None
    except csv.Error as error:
        raise SpecError(f"the input can't be split into cells: {error}") from None


def _unmarked(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix(MARK)


def _numbers(first: Line, rest: Iterator[Line]) -> Iterator[float]:
    for number, line in chain([first], rest):
        if not cells.is_number(line):
            raise SpecError(f"line {number} of the input is {shown(line.strip())}: one number a line is needed")
        yield float(line)


def _records(first: str, lines: Iterator[Line], selection: Selection) -> Iterator[float | None]:
    records = Records(first, selection)
    for number, line in lines:
        yield records.value(line, number)


def _table(_: str, lines: Iterator[Line], selection: Selection) -> Iterator[float | None]:
    place = 0

    def text() -> Iterator[str]:
        nonlocal place
        for place, line in lines:  # noqa: B007  (where the reader stands)
            yield line

    rows = csv.reader(text(), skipinitialspace=True, strict=True)
    names = next(rows)
    table = Table(names, ",", selection)
    for number, row in enumerate(rows if table.names else chain([names], rows), start=1):
        yield table.value(row, number, place)
