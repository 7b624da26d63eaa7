"""A run at once: its ticks as arrays by column name, all of them or a choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from stream_adam.engine import COMPILE_AFTER, Block, Run
from stream_adam.errors import SpecError, suggestion
from stream_adam.experiment import Experiment
from stream_adam.numeric import as_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_adam.engine import Columns
    from stream_adam.sources import Source, SourceLike
    from stream_adam.strategies import StrategyLike

    Values = np.ndarray[Any, Any]

PART = 65_536  # ticks computed at once where not all of them are kept, or their number is not known


class SimulatedRun(dict[str, "np.ndarray[Any, Any]"]):
    """The columns of a run, each of shape (ticks,), under their names in a row: ``g``, or ``g.0``, ``g.1``.

    A dict, so that pandas and polars take it as it is. ``run["g"]`` of several components gives all of them, shape
    (ticks, components).

    Attributes:
        experiment: the recipe; running it again gives the same bits.
    """

    def __init__(self, columns: Mapping[str, Values], experiment: Experiment) -> None:
        super().__init__(columns)
        self.experiment = experiment

    @property
    def seed(self) -> int:
        """The seed of its noise, also where it was drawn."""
        return self.experiment.seed

    def __missing__(self, name: str) -> Values:
        parts = [self[part] for part in self.experiment.names(name) if part != name and part in self]
        if not parts:
            raise KeyError(f"no column {name!r}; {suggestion(str(name), self, kind='column')}")
        return np.stack(parts, axis=1)

    def __reduce__(self) -> tuple[Any, ...]:
        return SimulatedRun, (dict(self), self.experiment)


class Choice:
    """Which columns and which ticks of an experiment are kept.

    Raises:
        SpecError: no lane has such a column, or `every` is no whole number from 1 on.
    """

    def __init__(self, experiment: Experiment, columns: Sequence[str] | None = None, every: int = 1) -> None:
        self._experiment = experiment
        self._every = as_whole(every, 1, "every is {}: it must be a whole number from 1 on")
        self._wanted = None if columns is None else self._expanded(columns)

    @property
    def keeps_all(self) -> bool:
        """Whether nothing is left out."""
        return self._wanted is None and self._every == 1

    def _expanded(self, columns: Sequence[str]) -> list[str]:
        if isinstance(columns, str):
            raise SpecError(f"columns is {columns!r}: it is a list of names")
        known = {name: column for column in self._all() for name in self._experiment.names(column)}
        wanted = []
        for column in columns:
            names = [name for name, whole in known.items() if column in {name, whole}]
            if not names:
                raise SpecError(f"no column {column!r}; {suggestion(str(column), known, kind='column')}")
            wanted += names
        if not wanted:
            raise SpecError("columns is empty: at least one column is needed")
        return list(dict.fromkeys(wanted))

    def _all(self) -> list[str]:
        """The columns of all lanes, each once; the direction and the weight stay last."""
        lanes = self._experiment.lanes
        return [*dict.fromkeys(column for lane in lanes for column in lane.columns[:-2]), *lanes[0].columns[-2:]]

    def names(self, lane: int | None = None) -> list[str]:
        """The names of the columns that are kept, of one lane or of all."""
        columns = self._all() if lane is None else self._experiment.lanes[lane].columns
        there = [name for column in columns for name in self._experiment.names(column)]
        return there if self._wanted is None else [name for name in self._wanted if name in there]

    def flat(self, columns: Columns) -> dict[str, Values]:
        """What is kept of a lane's columns, under their names in a row."""
        flat = self._experiment.flat(columns)
        return flat if self._wanted is None else {name: flat[name] for name in self._wanted if name in flat}

    def thinned(self, block: Block) -> Block:
        """The ticks of a block that are kept: those that `every` divides."""
        if self._every == 1:
            return block
        chosen = slice(-block.start % self._every, None, self._every)
        return Block(
            block.start, tuple({name: values[chosen] for name, values in lane.items()} for lane in block.lanes)
        )


@overload
def simulate(
    source: Source | SourceLike, strategy: list[Any] | tuple[Any, ...], *, ticks: int | None = None,
    seed: int | None = None, theta0: float | Sequence[float] = 0.0, bounds: tuple[float, float] | None = None,
    columns: Sequence[str] | None = None, every: int = 1,
) -> list[SimulatedRun]: ...  # fmt: skip


@overload
def simulate(
    source: Source | SourceLike, strategy: StrategyLike, *, ticks: int | None = None,
    seed: int | None = None, theta0: float | Sequence[float] = 0.0, bounds: tuple[float, float] | None = None,
    columns: Sequence[str] | None = None, every: int = 1,
) -> SimulatedRun: ...  # fmt: skip


def simulate(
    source: Source | SourceLike,
    strategy: StrategyLike | Sequence[StrategyLike],
    *,
    ticks: int | None = None,
    seed: int | None = None,
    theta0: float | Sequence[float] = 0.0,
    bounds: tuple[float, float] | None = None,
    columns: Sequence[str] | None = None,
    every: int = 1,
) -> SimulatedRun | list[SimulatedRun]:
    """The same run at once, as arrays by column name, each of shape (ticks,), or shorter where the source ends.

    Same source, strategy and seed: the same bits as `stream`. The columns of a source of several components are
    ``g.0``, ``g.1`` and so on; ``run["g"]`` has them all, shape (ticks, components).

    Args:
        source: a spec, an expression, an array or an iterable of floats.
        strategy: a spec or a function; a list of them gives a list of runs, all on the same gradient.
        ticks: how many; may be left out where the source ends by itself.
        seed: of the noise; None draws one, which is then ``run.seed``.
        theta0: the weight before the first tick; of several components, one for all or one for each.
        bounds: (low, high): the weight is projected on these after every tick.
        columns: the names of those that are kept; None keeps all.
        every: only the ticks that it divides are kept.

    Raises:
        SpecError: source, strategy or any number can't be used, or a hyperparameter leaves its bounds on the way.

    >>> run = simulate("line(1)", "adam(eps=0)", ticks=3, seed=1)
    >>> list(run)
    ['t', 'g', 'm', 'v', 'm_hat', 'v_hat', 'beta1_t', 'beta2_t', 'direction', 'theta']
    >>> [round(float(d), 6) for d in run["direction"]]
    [1.0, 1.0, 1.0]
    >>> run = simulate("rosenbrock()", "adam(alpha=0.01)", ticks=2_000, seed=1, theta0=(-1.2, 1))
    >>> run["theta"].shape, [round(float(run[name][-1]), 2) for name in ("theta.0", "theta.1")]
    ((2000, 2), [0.78, 0.62])
    >>> simulate([3.0, 5.0, 7.0], "sgd(alpha=1)", columns=["t", "theta"], every=2)["theta"].tolist()
    [-3.0, -15.0]
    """
    experiment = Experiment.of(source, strategy, seed=seed, theta0=theta0, bounds=bounds)
    left = _ticks(experiment, ticks)
    choice = Choice(experiment, columns, every)
    run = Run(experiment)
    run.use_compiled()
    if left is not None and left >= COMPILE_AFTER:
        run.compile()
    parts: list[list[Mapping[str, Values]]] = [[] for _ in experiment.lanes]
    for block in _blocks(run, left, choice.keeps_all):
        for part, lane in zip(parts, choice.thinned(block).lanes, strict=True):
            kept = choice.flat(lane)
            # a copy of what is kept, so that the memory of what is not is free again
            part.append(kept if choice.keeps_all else {name: values.copy() for name, values in kept.items()})
    runs = [
        SimulatedRun(_joined(part), replace(experiment, lanes=(lane,)))
        for part, lane in zip(parts, experiment.lanes, strict=True)
    ]
    return runs if isinstance(strategy, list | tuple) else runs[0]


def _ticks(experiment: Experiment, ticks: int | None) -> int | None:
    """How many ticks are computed at the most; None where the source ends by itself, nobody knows when."""
    if ticks is not None:
        return as_whole(ticks, 0, "ticks is {}: it must be a whole number from 0 on")
    if experiment.source.is_live:
        return None
    if experiment.source.length is None:
        raise SpecError("ticks is needed: this source goes on forever")
    return experiment.source.length


def _blocks(run: Run, ticks: int | None, at_once: bool) -> Iterator[Block]:
    """The ticks in blocks; an empty one at least, for the columns of a run without ticks."""
    block = run.advance(_count(run, ticks, at_once))
    yield block
    while len(block) and (count := _count(run, ticks, at_once)):
        yield (block := run.advance(count))


def _count(run: Run, ticks: int | None, at_once: bool) -> int:
    left = PART if ticks is None else ticks - run.tick
    return left if at_once and ticks is not None else min(left, PART)


def _joined(parts: list[Mapping[str, Values]]) -> Mapping[str, Values]:
    parts = [part for part in parts if len(next(iter(part.values())))] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
