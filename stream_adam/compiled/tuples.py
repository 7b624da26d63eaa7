"""Tuples, whose length numba knows: each of these functions is unrolled while it compiles."""

from __future__ import annotations

from typing import Any

from stream_adam.compiled.keeping import jit, unrolled
from stream_adam.compiled.singles import plain


def at(rows: Any, c: int) -> Any:
    """The value at c of each of several arrays."""


def put(rows: Any, c: int, values: Any) -> Any:
    """Set the values at c of several arrays."""


def cut(rows: Any, low: int, high: int) -> Any:
    """The part of each of several arrays from low to before high."""


def picked(values: Any, places: Any, c: int) -> Any:
    """What stands c after each of the places."""


def placed(values: Any, places: Any, c: int, new: Any) -> Any:
    """Set what stands c after each of the places."""


def stored(out: Any, k: int, i: int, c: int, values: Any) -> Any:
    """Set what stands in the rows from k on, at i and c."""


@unrolled(at)
def _at(rows: Any, c: int) -> Any:  # noqa: ARG001
    if not len(rows):
        return lambda rows, c: ()  # noqa: ARG005
    return lambda rows, c: (rows[0][c],) + at(rows[1:], c)  # noqa: RUF005


@unrolled(put)
def _put(rows: Any, c: int, values: Any) -> Any:  # noqa: ARG001
    def rest(rows: Any, c: int, values: Any) -> None:
        rows[0][c] = plain(values[0])
        put(rows[1:], c, values[1:])

    return rest if len(rows) else lambda rows, c, values: None  # noqa: ARG005


@unrolled(cut)
def _cut(rows: Any, low: int, high: int) -> Any:  # noqa: ARG001
    if not len(rows):
        return lambda rows, low, high: ()  # noqa: ARG005
    return lambda rows, low, high: (rows[0][low:high],) + cut(rows[1:], low, high)  # noqa: RUF005


@unrolled(picked)
def _picked(values: Any, places: Any, c: int) -> Any:  # noqa: ARG001
    if not len(places):
        return lambda values, places, c: ()  # noqa: ARG005
    return lambda values, places, c: (values[places[0] + c],) + picked(values, places[1:], c)  # noqa: RUF005


@unrolled(placed)
def _placed(values: Any, places: Any, c: int, new: Any) -> Any:  # noqa: ARG001
    def rest(values: Any, places: Any, c: int, new: Any) -> None:
        values[places[0] + c] = new[0]
        placed(values, places[1:], c, new[1:])

    return rest if len(places) else lambda values, places, c, new: None  # noqa: ARG005


@unrolled(stored)
def _stored(out: Any, k: int, i: int, c: int, values: Any) -> Any:  # noqa: ARG001
    def rest(out: Any, k: int, i: int, c: int, values: Any) -> None:
        out[k, i, c] = values[0]
        stored(out, k + 1, i, c, values[1:])

    return rest if len(values) else lambda out, k, i, c, values: None  # noqa: ARG005


def picker(places: tuple[int, ...]) -> Any:
    """A function that gives what stands at these places of a tuple whose values may be of several types."""
    if not places:
        return jit(lambda values: ())  # noqa: ARG005
    first, rest, all_of_them = places[0], picker(places[1:]), str(places)

    @jit
    def pick(values: Any) -> Any:
        all_of_them  # noqa: B018  (enclosed)
        return (values[first],) + rest(values)  # noqa: RUF005

    return pick
