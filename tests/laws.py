"""What several test files measure with: equality to the bit, and runs in blocks of mixed length."""

from __future__ import annotations

from itertools import chain, cycle, islice, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.engine import Run
from stream_adam.language.tree import Call, Expression, Number
from stream_adam.sources import WORDS
from stream_adam.sources.formulas import WEIGHTS, FormulaWord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stream_adam.language.tree import Argument, Parameter, Word
    from stream_adam.strategies import Strategy
    from stream_adam.strategies.strategy import Knob

BLOCK_LENGTHS = (1, 2, 7, 256, 1000)
AWKWARD = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 0.1, -0.1, 7.25, -7.25, 1e-310, -1e-310, 5e-324, 1e-8, 1e8,
    1e16, -1e16, 1e300, -1e300, 1.7976931348623157e308, 709.782712893384, 709.7827128933841, -745.2, 0.7853981633974483,
    float("inf"), float("-inf"), float("nan"),
)  # fmt: skip


def bits(values: Any) -> np.ndarray[Any, Any]:
    """The values as integers: zeros keep their sign, and every NaN is the same one."""
    array = np.array(values, dtype=np.float64)
    array[np.isnan(array)] = np.nan
    return array.view(np.int64)


def assert_same_bits(left: Any, right: Any, what: str = "") -> None:
    """Equal to the bit, signs of zero included; NaN equals NaN."""
    one, other = np.atleast_1d(bits(left)), np.atleast_1d(bits(right))
    assert one.shape == other.shape, f"{what}: {one.shape} and {other.shape}"
    apart = np.flatnonzero(one.ravel() != other.ravel())
    if len(apart):
        at = apart[0]
        pair = np.asarray(left, float).ravel()[at], np.asarray(right, float).ravel()[at]
        raise AssertionError(f"{what}: {len(apart)} of {one.size} differ, first at {at}: {pair[0]!r} and {pair[1]!r}")


def room_around(knob: Knob, default: Expression) -> tuple[float, float]:
    """The default, and how far one may go from it to either side; something to move where it is 0."""
    assert isinstance(default, Number)
    centre = default.value
    if centre == 0 and knob.low == 0 and knob.high >= 1:
        return 0.3, 0.4
    return centre, min(centre - knob.low, knob.high - centre, abs(centre))


def ticked(strategy: Strategy, g: Any, state: Any, theta: Any, h: Any) -> tuple[Any, Any]:
    """The state and the weight after a tick, by the rule alone."""
    state = strategy.rule(g, state, h)
    return state, state.theta if strategy.moves else theta - h.alpha * state.direction


def mixed(total: int) -> Iterator[int]:
    """Block lengths that add up to `total`: 1, 2, 7, 256, 1000 in turn."""
    yield from capped(cycle(BLOCK_LENGTHS), total)


def even(total: int, length: int) -> Iterator[int]:
    """Block lengths that add up to `total`, all alike but for the last."""
    yield from capped(repeat(length), total)


def capped(lengths: Iterator[int], total: int) -> Iterator[int]:
    for length in lengths:
        if total <= 0:
            return
        yield min(length, total)
        total -= length


def advanced(run: Run, lengths: Iterator[int]) -> list[dict[str, np.ndarray[Any, Any]]]:
    """The columns of each lane over blocks of these lengths."""
    blocks = [run.advance(length) for length in lengths]
    return [
        {name: np.concatenate([block.lanes[lane][name] for block in blocks]) for name in blocks[0].lanes[lane]}
        for lane in range(len(blocks[0].lanes))
    ]


def assert_same_run(left: list[Any], right: list[Any], what: str = "") -> None:
    """Every column of every lane equal to the bit."""
    assert len(left) == len(right)
    for lane, (one, other) in enumerate(zip(left, right, strict=True)):
        assert list(one) == list(other)
        for name in one:
            assert_same_bits(one[name], other[name], f"{what} lane {lane}, column {name}")


def rest(lanes: list[Any], start: int) -> list[Any]:
    """The columns of each lane from that row on."""
    return [{name: column[start:] for name, column in lane.items()} for lane in lanes]


def example(word: Word) -> str:
    """A use of the word, with something in each parameter that must be given."""
    needed = islice(chain((3.0, 11.0, 100.0), repeat(2.0)), sum(p.default is None for p in word.parameters))
    arguments = [given(word, p, next(needed)) for p in word.parameters if p.default is None]
    return str(word.bind(tuple(arguments), {}))


def given(word: Word, parameter: Parameter, number: float) -> Argument:
    """Something that the parameter takes: this number, unless it takes something else."""
    if parameter.is_text:
        return "digits.npy"
    return number * WEIGHTS["x"] ** 2 if isinstance(word, FormulaWord) else number


def examples(*groups: Mapping[str, Word]) -> list[str]:
    """A use of each word of the groups."""
    return [example(word) for group in groups for word in group.values()]


def words_in(tree: Expression) -> set[str]:
    """The names of the words that a tree calls."""
    return {node.word.name for node in tree.walk() if isinstance(node, Call)} & set(WORDS)
