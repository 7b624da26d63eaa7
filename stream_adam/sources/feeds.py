"""Feeds: values that arrive one by one, from an iterable, an async iterable or standard input."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from stream_adam.errors import SpecError
from stream_adam.expression import Expression

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
    """Where a run stands in a feed: the values that have arrived and not been used yet."""

    values: Iterable[float] | AsyncIterable[float]
    waiting: deque[float] = field(default_factory=deque)
    ended: bool = False
    _iterator: Iterator[float] | None = None

    def pull(self, n: int) -> None:
        """Take values until n are there, or the feed has ended.

        Raises:
            SpecError: a value is not a number, or would have to be awaited.
        """
        while len(self.waiting) < n and not self.ended:
            if not isinstance(self.values, Iterable):
                raise SpecError("an async iterable can only be streamed: use stream(…) in place of simulate(…)")
            self._iterator = self._iterator or iter(self.values)
            try:
                self.arrive(next(self._iterator))
            except StopIteration:
                self.ended = True

    def arrive(self, value: float) -> None:
        """Note a value that has come.

        Raises:
            SpecError: it is not a number.
        """
        self.waiting.append(as_float(value))

    def take(self, n: int) -> list[float]:
        """The next n of the values that have arrived."""
        return [self.waiting.popleft() for _ in range(n)]


def as_float(value: object) -> float:
    """A value that a source gave, as a float.

    Raises:
        SpecError: it is not a number.
    """
    try:
        return float(value)  # type: ignore[arg-type]  # whatever has a float in it
    except (TypeError, ValueError, OverflowError):
        raise SpecError(f"the source gave {value!r:.60}: a float a tick is needed") from None


@dataclass(frozen=True)
class Lines:
    """The numbers of a text stream, one a line; standard input unless another is given."""

    stream: TextIO | None = None

    def __iter__(self) -> Iterator[float]:
        try:
            for number, line in enumerate(self.stream or sys.stdin, start=1):
                if line.strip():
                    yield _number(line, number)
        except UnicodeDecodeError as error:
            raise SpecError(f"the input is not text: {error}") from None


def _number(line: str, place: int) -> float:
    try:
        return float(line)
    except ValueError:
        raise SpecError(f"line {place} of the input is {line.strip()[:40]!r}: one number a line is needed") from None
