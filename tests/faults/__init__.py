"""Faults, tried in numbers: what a user, a disk, a network or another process can do to the package.

A file here is a plain test file. Its parameters are short in `make test`; `make faults` sets STREAM_ADAM_FAULTS=all
and tries all of them:

    from faults import Tally, wide

    @pytest.mark.parametrize("at", range(0, SIZE, wide(short=97, all=1)))
    def test_a_flipped_byte(at: int, tally: Tally) -> None:
        for bit in range(8):
            with tally.trying(f"byte {at}, bit {bit}"):
                assert numbers(flipped(at, bit)) == RIGHT

The test goes on after a fault that was lost, fails at its end, and names the first ones. Every test is a row of the
table that the run prints: tried, survived, lost; one without a `tally` is one fault, or as many as it has parameters.
The row's title is the first line of the test's docstring, or its name. With hypothesis, `@given` belongs on a function
inside the test, which calls `tally.survived()` last.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")
WIDE = os.environ.get("STREAM_ADAM_FAULTS") == "all"
NAMED = 5  # lost faults that a failing test names


def wide(short: T, all: T) -> T:  # noqa: A002  (called by keyword, it reads as what it is)
    """The parameter for `make test`, or the one for `make faults`."""
    return all if WIDE else short


class Tally:
    """How many faults a test tried, and which of them were lost."""

    def __init__(self) -> None:
        self.tried = 0
        self.lost: list[str] = []

    @contextmanager
    def trying(self, fault: str) -> Iterator[None]:
        """One fault: lost if the block raises."""
        self.tried += 1
        try:
            yield
        except Exception as error:
            self.lost.append(f"{fault}: {type(error).__name__}: {error}")

    def survived(self, count: int = 1) -> None:
        """So many faults, each checked by the caller, which raises where one is lost."""
        self.tried += count

    def check(self) -> None:
        """AssertionError if anything was lost, or nothing tried."""
        assert self.tried, "the test tried no fault"
        named = "\n".join(self.lost[:NAMED])
        assert not self.lost, f"{len(self.lost)} of {self.tried} lost, among them\n{named}"
