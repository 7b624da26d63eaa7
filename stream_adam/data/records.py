"""JSON lines: an object a line, or an array or a number a line.

Of an object, `msgspec` makes only the one value that is wanted. A line that it refuses goes through the standard
`json`, which takes what Python writes (a bare NaN is NaN), and what is odd about it is said in words.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from stream_adam.data import cells
from stream_adam.data.selection import Lanes, Selection
from stream_adam.errors import SpecError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_adam.typing import Floats

_KINDS = {dict: "an object", list: "an array", str: "text", bool: "true or false", type(None): "null"}
_FAILURES = (msgspec.MsgspecError, UnicodeEncodeError, RecursionError)


class Records:
    """The lines of a file, one by one; the first says whether they are objects, arrays or numbers."""

    def __init__(self, first: str, selection: Selection) -> None:
        record = _decoded(first, "line 1")
        self._selection = selection
        self._kind = _kind(record)
        self._lanes, self._found = Lanes(selection.lane), False
        self.column, self._place, self._has_lanes = selection.column, 0, False
        self._absent: SpecError | None = None
        if isinstance(record, dict):
            names = list(record)
            self._has_lanes = bool(selection.lane) or names[:1] == ["lane"]
            self._key(names)
        else:
            self._width = len(record) if isinstance(record, list) else 1
            self._place = selection.place(None, self._width)
            self.column = str(self._place)
        self._decode = self._decoder()

    def _key(self, names: list[str]) -> None:
        """Which key is wanted; a column that the first line lacks may come later."""
        try:
            self.column = names[self._selection.place(names, len(names))]
        except SpecError as error:
            self._absent = error

    def _decoder(self) -> Any:
        kind: Any = float | str | None | msgspec.UnsetType
        wanted = msgspec.defstruct("Wanted", [("value", kind, msgspec.UNSET)], rename={"value": self.column})
        return msgspec.json.Decoder(wanted).decode

    def value(self, line: str, number: int) -> float | None:
        """The number of one line; None where it is passed over.

        Raises:
            SpecError: the line is no JSON or has another shape, or there is no number.
        """
        if self._kind == "an object" and not self._has_lanes:
            try:
                value = self._decode(line).value
            except _FAILURES:
                pass
            else:
                if type(value) is float:
                    self._found = True
                    return value
        where = f"line {number}"
        return self._value_of(_decoded(line, where), where)

    def _value_of(self, record: Any, where: str) -> float | None:
        if (kind := _kind(record)) != self._kind:
            raise SpecError(f"{where} is {kind}, and line 1 is {self._kind}")
        if isinstance(record, dict):
            if self._has_lanes and not self._takes(record, where):
                return None
            if self.column not in record:
                if not self._found and self._selection.blanks == "refuse":
                    self._selection.place(list(record), len(record))  # which says what there is
                self._blank(f"{where} has no {shown(self.column)}")
                return None
            value = record[self.column]
        elif isinstance(record, list):
            if len(record) != self._width:
                raise SpecError(f"{where} has {len(record)} values, line 1 has {self._width}")
            value = record[self._place]
        else:
            value = record
        if value is None or value == "":
            self._blank(f"{where} has {'null' if value is None else 'nothing'} in {shown(self.column)}")
            return None
        self._found = True
        return cells.of_json(value, where, self.column)

    def _takes(self, record: dict[str, Any], where: str) -> bool:
        if "lane" not in record:
            raise SpecError(f"{where} has no 'lane'")
        return self._lanes.take(record["lane"], record.get("t"), where)

    def _blank(self, what: str) -> None:
        if self._selection.blanks == "refuse":
            raise SpecError(f"{what}; {cells.BLANK}")

    def check(self) -> None:
        """Tell where the lines are over and no row was of the chosen lane, or none had the column."""
        self._lanes.check()
        if self._absent is not None and not self._found:
            raise self._absent


def read_records(lines: Iterable[str], selection: Selection) -> Floats:
    """One column of JSON lines; blank lines are passed over.

    Raises:
        SpecError: a line that does not fit the others, a value that is no number, no such column.
    """
    records: Records | None = None
    found: list[float] = []
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        if records is None:
            records = Records(line, selection)
        value = records.value(line, number)
        if value is not None:
            found.append(value)
    if records is None:
        raise SpecError("the file is empty")
    records.check()
    return np.array(found, dtype=np.float64)


def _decoded(line: str, where: str) -> Any:
    try:
        return msgspec.json.decode(line)
    except _FAILURES:
        pass
    try:
        return json.loads(line.rstrip(" \t\r\n"))  # what JSON takes for white space
    except json.JSONDecodeError as error:
        raise SpecError(f"{where} is not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise SpecError(f"{where} is nested too deep") from None
    except ValueError:
        raise SpecError(f"{where} has a number of too many digits") from None


def _kind(record: object) -> str:
    return _KINDS.get(type(record), "a number")
