"""A run is a recipe: the frozen description that determines every bit of what is seen.

A hyperparameter is an expression of t, so a change made on the way is a part of the recipe like any other: after
`experiment.changed(1200, 0, "beta2", 0.99)` the strategy reads ``adam(beta2=step(1200, 0.999, 0.99))``, in the URL, on
the command line and in Python alike, and running that from tick 0 gives the same bits.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.errors import SpecError
from stream_adam.language.tree import Call, Expression, Number, as_expression
from stream_adam.numeric import as_finite, as_float, as_whole, repr_of
from stream_adam.sources.recordings import ANY_FILE, Files
from stream_adam.sources.source import Source, SourceLike
from stream_adam.sources.words import SIGNAL_WORDS
from stream_adam.strategies import Strategy, StrategyLike, as_strategy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Values = np.ndarray[Any, Any]

STEP = SIGNAL_WORDS["step"]
Weight = float | tuple[float, ...]


@dataclass(frozen=True)
class Experiment:
    """A source, the strategies that look at it (the lanes), and where they start.

    Attributes:
        source: the gradient.
        lanes: one strategy a lane.
        seed: of the source's noise.
        theta0: the weight before the first tick, in every lane; one for all components, or one for each.
        bounds: the weight, in each component, is projected on these after every tick.

    >>> Experiment.of("sine(25)", "adam", seed=1).changed(1200, 0, "beta2", 0.99).lanes[0].label
    'adam(beta2=step(1200, 0.999, 0.99))'
    """

    source: Source
    lanes: tuple[Strategy, ...]
    seed: int
    theta0: Weight = 0.0
    bounds: tuple[float, float] | None = None

    @classmethod
    def of(
        cls,
        source: Source | SourceLike,
        strategies: StrategyLike | Sequence[StrategyLike],
        *,
        seed: int | None = None,
        theta0: float | Sequence[float] = 0.0,
        bounds: tuple[float, float] | None = None,
        files: Files = ANY_FILE,
    ) -> Experiment:
        """The experiment of specs, functions or objects; without a seed, one is drawn and kept.

        Raises:
            SpecError: any of them can't be used.
        """
        listed = list(strategies) if isinstance(strategies, list | tuple) else [strategies]
        if not listed:
            raise SpecError("at least one strategy is needed")
        lanes = tuple(as_strategy(strategy) for strategy in listed)
        seed = secrets.randbits(32) if seed is None else _seed(seed)
        source = Source.of(source, files)
        return cls(source, lanes, seed, _start(theta0, source.components), _checked_bounds(bounds))

    @property
    def size(self) -> int | None:
        """How many components the gradient and the weight have; None where they are plain numbers."""
        return self.source.components or (len(self.theta0) if isinstance(self.theta0, tuple) else None)

    @property
    def shown(self) -> list[int] | None:
        """Which of the components are shown, all but for a network's; None where there are none."""
        return self.source.shown or (None if self.size is None else list(range(self.size)))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a tick's gradient, as far as it is shown: () or (components,)."""
        return () if self.shown is None else (len(self.shown),)

    def names(self, column: str) -> list[str]:
        """What a column is called in a row: ``g``, or ``g.0, g.1`` where there are components.

        >>> Experiment.of("rosenbrock()", "sgd", seed=1).names("g")
        ['g.0', 'g.1']
        """
        return [column] if self.shown is None or column == "t" else [f"{column}.{c}" for c in self.shown]

    def flat(self, columns: Mapping[str, Values]) -> dict[str, Values]:
        """The columns of a lane by their names in a row, each of shape (ticks,)."""
        return {
            name: values
            for column, whole in columns.items()
            for name, values in zip(self.names(column), np.atleast_2d(whole.T), strict=True)
        }

    def changed(self, tick: int, lane: int, name: str, value: float) -> Experiment:
        """This experiment with a lane's hyperparameter at `value` from `tick` on, later changes of it forgotten.

        Raises:
            SpecError: unknown name, value out of bounds, or more changes than a recipe can hold.
        """
        strategy = self.lanes[lane]
        strategy(**{name: value})  # the value must be a fair one by itself
        old = dict(zip(strategy.knobs, strategy.hyper, strict=True))[name]
        if tick <= 0:
            return self._with_lane(lane, strategy(**{name: value}))
        pieces = [piece for piece in _pieces(old) if piece[0] < tick]
        pieces.append((tick, as_expression(value)))
        return self._with_lane(lane, strategy(**{name: _stepped(pieces)}))

    def settled(self, tick: int, begun: Experiment) -> Experiment:
        """The experiment with each hyperparameter that was changed since it had `begun` at its value of that tick."""
        lanes = []
        for strategy, before in zip(self.lanes, begun.lanes, strict=True):
            changed = {
                name: [piece for at, piece in _pieces(value) if at <= tick][-1]
                for name, value, old in zip(strategy.knobs, strategy.hyper, before.hyper, strict=True)
                if value != old
            }
            lanes.append(strategy(**changed) if changed else strategy)
        return replace(self, lanes=tuple(lanes))

    def _with_lane(self, lane: int, strategy: Strategy) -> Experiment:
        return replace(self, lanes=(*self.lanes[:lane], strategy, *self.lanes[lane + 1 :]))


def _seed(seed: object) -> int:
    return as_whole(seed, 0, "seed is {}: it must be a whole number from 0 on")


def _start(theta0: object, components: int | None) -> Weight:
    """The weight before the first tick: a number, or a tuple of one a component.

    Raises:
        SpecError: it is no finite number, or there are more or fewer than components.
    """
    if isinstance(theta0, str | bytes) or not isinstance(theta0, Iterable) or getattr(theta0, "ndim", 1) == 0:
        return _weight(theta0)
    weights = tuple(map(_weight, theta0))
    if not weights or (components is not None and len(weights) != components):
        raise SpecError(f"theta0 has {len(weights)} components: the source has {components or 'at least 1'}")
    return weights


def _weight(theta0: Any) -> float:
    return as_finite(theta0, "theta0 is {}: it must be a finite number")


def _checked_bounds(bounds: tuple[float, float] | None) -> tuple[float, float] | None:
    if bounds is None:
        return None
    told = f"bounds are {repr_of(bounds)}: two numbers are needed, the lower one first"
    try:
        low, high = (as_float(bound, told) for bound in bounds)
    except (TypeError, ValueError):
        raise SpecError(told) from None
    if not low <= high:
        raise SpecError(f"bounds are {low:g},{high:g}: the first must not be above the second")
    return low, high


def _pieces(value: Expression) -> list[tuple[float, Expression]]:
    """The expression as pieces (from which tick, which value), where it is made of `step`s at fixed ticks."""
    if isinstance(value, Call) and value.word == STEP:
        at, before, after = value.children()
        if isinstance(at, Number):
            earlier = [piece for piece in _pieces(before) if piece[0] < at.value]
            later = [(max(start, at.value), piece) for start, piece in _pieces(after)]
            # of the later pieces that begin before `at`, only the last is ever seen
            kept = [p for i, p in enumerate(later) if i + 1 == len(later) or later[i + 1][0] > at.value]
            return earlier + kept
    return [(-math.inf, value)]


def _stepped(pieces: list[tuple[float, Expression]]) -> Expression:
    """The pieces as nested `step`s, balanced so that many changes don't nest deep."""
    if len(pieces) == 1:
        return pieces[0][1]
    middle = len(pieces) // 2
    return STEP(pieces[middle][0], _stepped(pieces[:middle]), _stepped(pieces[middle:]))
