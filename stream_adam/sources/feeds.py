"""Feeds: values that arrive one by one, from an iterable, an async iterable or standard input."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from stream_adam.data import arriving
from stream_adam.errors import SpecError
from stream_adam.language.tree import Expression
from stream_adam.numeric import as_float

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterator

    from stream_adam.typing import Floats


@dataclass(frozen=True, eq=False)
class Feed(Expression):
    """An iterable or async iterable of floats, as a term of a source."""

    values: Iterable[float] | AsyncIterable[float]

    def __str__(self) -> str:
        return f"<{type(self.values).__name__}>"


@dataclass(frozen=True, eq=False)
class Given(Expression):
    """An array, list or tuple of floats, as a term of a source; like a recording, it ends with its last value."""

    values: Floats

    def __str__(self) -> str:
        return f"<{len(self.values):,} values>"


@dataclass
class FeedState:
    """Where a run stands in a feed: the values that have arrived and not been used yet, and what comes after them.

    Attributes:
        waiting: the values.
        ended: whether no more come.
        error: what the feed raised after the values that wait; `fail` raises it when they are used up.
    """

    values: Iterable[float] | AsyncIterable[float]
    waiting: deque[float] = field(default_factory=deque)
    ended: bool = False
    error: Exception | None = None
    _arrived: int = 0
    _iterator: Iterator[float] | None = None

    def pull(self, n: int) -> int:
        """Take values until n are there, or no more come; how many of the n are there."""
        while len(self.waiting) < n and not self.ended and self.error is None:
            try:
                self.arrive(next(self._values()))
            except StopIteration:
                self.ended = True
            except Exception as error:
                self.error = error
        return min(n, len(self.waiting))

    def fail(self) -> None:
        """Raise what came in place of the next value, if something did.

        Raises:
            SpecError: the value is not a number, or would have to be awaited.
            Exception: what the iterable raised.
        """
        error, self.error = self.error, None
        if error is not None:
            raise error

    def _values(self) -> Iterator[float]:
        if self._iterator is None:
            if not isinstance(self.values, Iterable):
                raise SpecError("an async iterable can only be streamed: use stream(…)")
            self._iterator = iter(self.values)
        return self._iterator

    def arrive(self, value: float) -> None:
        """Note a value that has come.

        Raises:
            SpecError: it is not a number.
        """
        tick, self._arrived = self._arrived, self._arrived + 1
        self.waiting.append(value_of(value, tick))

    def take(self, n: int) -> list[float]:
        """The next n of the values that have arrived."""
        return [self.waiting.popleft() for _ in range(n)]


def value_of(value: object, tick: int) -> float:
    """What a source gave at a tick, as a float.

    Raises:
        SpecError: it is not a number.
    """
    return as_float(value, f"the source gave {{}} at tick {tick}: a float a tick is needed")


@dataclass(frozen=True)
class Lines:
    """The numbers of a text stream, as `stream_adam.data.arriving` reads them; of standard input without one."""

    stream: TextIO | None = None
    column: str = "g"
    blanks: str = "refuse"
    lane: str = ""

    def __iter__(self) -> Iterator[float]:
        try:
            yield from arriving(self.stream or sys.stdin, self.column, blanks=self.blanks, lane=self.lane)
        except UnicodeDecodeError as error:
            marked = error.object.startswith((b"\xff\xfe", b"\xfe\xff"))
            if marked:
                raise SpecError("the input is UTF-16: send it as UTF-8, as iconv -f UTF-16 -t UTF-8 does") from None
            byte = error.object[error.start]
            raise SpecError(f"the input is not text in UTF-8: it has a byte 0x{byte:02x}") from None
