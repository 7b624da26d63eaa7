"""What is wanted of a file: which column, which lane's rows, and what to do with blanks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stream_adam.errors import SpecError, listed, shown, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT = "g"
NOT_YET = "several components can't be read yet"


@dataclass(frozen=True)
class Selection:
    """One column of a file.

    Attributes:
        column: its name, or its number from 0; a name goes before a number.
        blanks: "skip" leaves out the rows where the column is empty, null or absent; "refuse" stops there.
        lane: the rows of one lane, where a file has those of several; "" where it has not.
    """

    column: str = DEFAULT
    blanks: str = "refuse"
    lane: str = ""

    def __post_init__(self) -> None:
        if self.blanks not in {"skip", "refuse"}:
            raise SpecError(f"blanks is {shown(self.blanks)}: it is 'skip' or 'refuse'")

    def place(self, names: Sequence[str] | None, width: int) -> int:
        """Where the column stands among the names, or among `width` columns without names.

        Raises:
            SpecError: there is no such column, or more than one.
        """
        if names is not None and self.column in names:
            if (count := list(names).count(self.column)) > 1:
                raise SpecError(f"{count} columns are named {shown(self.column)}: choose one by its number, from 0 on")
            return names.index(self.column)
        if self.column.isascii() and self.column.isdigit():
            if len(self.column) < 10 and (number := int(self.column)) < width:
                return number
            raise SpecError(f"no column {shown(self.column)}: it has {width}, numbered from 0 on")
        if names is None:
            return self._unnamed(width)
        raise SpecError(self._missing(names))

    def _unnamed(self, width: int) -> int:
        if width == 1 and self.column == DEFAULT:
            return 0
        if self._several():
            raise SpecError(f"column={shown(self.column)}: {NOT_YET}; choose one")
        raise SpecError(
            f'no column {shown(self.column)}: it has no line of names; choose by number, as in column="{width - 1}"'
        )

    def _missing(self, names: Sequence[str]) -> str:
        parts = [name for name in names if name.startswith(f"{self.column}.")]
        if parts or self._several():
            which = f"{shown(self.column)} is {listed(parts)} here: " if parts else f"column={shown(self.column)}: "
            return f"{which}{NOT_YET}; choose one"
        return f"no column {shown(self.column)}; {suggestion(self.column, names, kind='column')}"

    def _several(self) -> bool:
        return "," in self.column


class Lanes:
    """Takes the rows of the chosen lane; without a choice, all rows must be of one lane."""

    def __init__(self, chosen: str) -> None:
        self._chosen = chosen
        self._seen: dict[str, None] = {}
        self._tick: object = None

    def take(self, label: object, tick: object, where: str) -> bool:
        """Whether a row, of this lane and tick, is wanted.

        Raises:
            SpecError: a second lane without a choice, or two lanes of one name.
        """
        name = str(label)
        if name not in self._seen:
            self._seen[name] = None
            if len(self._seen) > 1 and not self._chosen:
                raise SpecError(f"it has rows of several lanes, {listed(self._seen)}: choose one, as in lane={name!r}")
        if self._chosen and name != self._chosen:
            return False
        if tick is not None and tick == self._tick:
            raise SpecError(f"{where} has tick {shown(str(tick))} again: two lanes have the name {shown(name)}")
        self._tick = tick
        return True

    def check(self) -> None:
        """Tell where no row was of the chosen lane."""
        if self._chosen and self._chosen not in self._seen:
            raise SpecError(f"no lane {shown(self._chosen)}; {suggestion(self._chosen, self._seen, kind='lane')}")
