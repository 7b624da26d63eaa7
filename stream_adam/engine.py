"""The engine: a run advances by blocks of ticks, as columns.

Numbers only: no clock, no event loop, no page. A run is the one mutable thing; `advance` moves it on, `save` and
`restore` put it back, and whatever the block lengths, the values are the same to the bit.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from stream_adam.errors import SpecError
from stream_adam.language.evaluation import OF_TICKS, Span, function_of
from stream_adam.language.tree import Number
from stream_adam.numeric import NotANumberError, as_table, repr_of
from stream_adam.sources.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.experiment import Experiment
    from stream_adam.sources.program import Program
    from stream_adam.strategies import Strategy
    from stream_adam.strategies.strategy import Knob, Rule
    from stream_adam.typing import Floats

COMPILE_AFTER = 100_000  # ticks: interpreting these takes about as long as having them compiled does

Columns = Mapping[str, "np.ndarray[Any, Any]"]
Ticks = NDArray[np.int64]
Clamp = tuple[float, float]
UNBOUNDED: Clamp = (-np.inf, np.inf)


@dataclass(frozen=True)
class Block:
    """Consecutive ticks of every lane, as columns: shape (ticks,), or, but for `t`, (ticks, components shown)."""

    start: int
    lanes: tuple[Columns, ...]

    def __len__(self) -> int:
        return len(self.lanes[0]["t"])


class Run:
    """An experiment under way.

    >>> from stream_adam.experiment import Experiment
    >>> run = Run(Experiment.of("line(1)", "adam", seed=1))
    >>> [round(float(d), 6) for d in run.advance(3).lanes[0]["direction"]]
    [1.0, 1.0, 1.0]
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.reading = Reading(experiment.source, experiment.seed, experiment.size or 1)
        self.lanes = [Lane(experiment, strategy) for strategy in experiment.lanes]
        self._error: Exception | None = None  # what the next tick has raised: the next advance raises it

    @property
    def tick(self) -> int:
        """The tick that comes next."""
        return self.reading.tick

    def advance(self, n: int) -> Block:
        """Go n ticks on, or up to the end of the source, and give them; an empty block says that the source has ended.

        A block ends before a tick that fails, whether the source, a hyperparameter or a rule does; the next call raises
        what is wrong with that tick. So no tick before it is lost, whatever the block lengths.

        Raises:
            SpecError: the next tick's hyperparameters are out of bounds, or a value can't be had.
            Exception: what the source or a rule raised at the next tick. In either case the run has not moved.
        """
        self._raise()
        start = self.tick
        with np.errstate(all="ignore"):  # NaN and infinity flow through as IEEE says
            ticks = np.arange(start, start + self.reading.ready(n), dtype=np.int64)
            tables = [lane.settings.over(ticks) for lane in self.lanes]
            parts = self.reading.columns(min(len(ticks), *(table.usable for table in tables)))
            made: list[Steps] = []
            try:
                made, self._error = self._steps(ticks[: parts.shape[1]], tables, parts)
            finally:
                self.reading.unread(parts[:, len(made[0]) if made else 0 :])
            block = Block(start, tuple(map(Lane.take, self.lanes, made)))
        if not len(block):
            self._raise()
        return block

    def _raise(self) -> None:
        """Raise what the next tick has raised, if it has."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _steps(self, ticks: Ticks, tables: list[Table], parts: Floats) -> tuple[list[Steps], Exception | None]:
        """The same number of ticks of every lane, and what the next tick raises, if it does."""
        count, error = len(ticks), None
        made: dict[int, Steps] = {}
        while ahead := [i for i in range(len(self.lanes)) if i not in made or len(made[i]) > count]:
            for i in ahead:  # a second time only where a later lane failed before: a rule is a pure function
                columns = np.ascontiguousarray(parts[:, :count])
                made[i] = self.lanes[i].steps(ticks[:count], tables[i].first(count), columns, self.reading)
                if made[i].error is not None:
                    count, error = len(made[i]), made[i].error
        return [made[i] for i in range(len(self.lanes))], error

    def complete(self, n: int) -> Block:
        """Go n ticks on, or up to the end of the source, and give them.

        Raises:
            SpecError: any tick's hyperparameters are out of bounds, or a value can't be had.
            Exception: what the source or a rule raised at any tick.
        """
        block = self.advance(n)
        if len(block) < n:
            self.advance(1)  # nothing where the source has ended; otherwise this raises what is wrong with the tick
        return block

    def compile(self, *, aside: bool = False) -> None:
        """Have numba compile the lanes, so that long blocks go fast; may be called from another thread.

        With `aside`, another process compiles what it can, which leaves this one's event loop alone but takes longer.
        """
        for lane in self.lanes:
            lane.compile(aside=aside)

    def use_compiled(self) -> None:
        """Go on with the loops that were compiled in this process before, where there are."""
        for lane in self.lanes:
            lane.use_compiled()

    def change(self, experiment: Experiment) -> None:
        """Go on with other strategies of the same shape from the next tick on; every state stays."""
        self.experiment = experiment
        self._error = None
        for lane, strategy in zip(self.lanes, experiment.lanes, strict=True):
            lane.configure(strategy)

    def save(self) -> Any:
        """Where the run stands, for `restore`."""
        return self.reading.save(), [(lane.state, lane.theta) for lane in self.lanes]

    def restore(self, saved: Any) -> None:
        """Go back to where `save` was called."""
        reading, lanes = saved
        self.reading.restore(reading)
        self._error = None
        for lane, (state, theta) in zip(self.lanes, lanes, strict=True):
            lane.state, lane.theta = state, theta


@dataclass(frozen=True)
class Steps:
    """Some ticks of a lane, which `Lane.take` makes part of the run.

    Attributes:
        columns: the values, as in a block.
        state, theta: after the last of the ticks.
        error: what the tick after them raised.
    """

    columns: Columns
    state: Any
    theta: Any
    error: Exception | None = None

    def __len__(self) -> int:
        return len(self.columns["t"])


class Lane:
    """One strategy of a run: its state and its weight, each of one value or of one a component."""

    def __init__(self, experiment: Experiment, strategy: Strategy) -> None:
        self.configure(strategy)
        self._experiment = experiment
        self._clamp = experiment.bounds or UNBOUNDED
        self._loop: Callable[..., Any] | None = None
        self._complaint: str | None = None
        self._shown = experiment.shown
        start = np.array(experiment.theta0, dtype=np.float64)
        self.theta: Any = start[()] if experiment.size is None else np.array(np.broadcast_to(start, experiment.size))
        self.state = strategy.initial_state(self.theta)

    def configure(self, strategy: Strategy) -> None:
        """Take the hyperparameters of this strategy from the next tick on."""
        self.strategy = strategy
        self.settings = Settings(strategy)

    def steps(self, ticks: Ticks, hyper: Floats, parts: Floats, reading: Reading) -> Steps:
        """What comes of these ticks, up to the first that fails; the lane itself stays where it is.

        The hyperparameters and the open-loop parts of the ticks are given.
        """
        if self._complaint:
            warnings.warn(self._complaint, RuntimeWarning, stacklevel=2)
            self._complaint = None
        if self._loop is not None:
            table, state, theta = self._compiled(len(ticks), hyper, parts, reading.program)
            return Steps(self._columns(ticks, table), state, theta)
        gradient = gradient_of(reading, ticks, parts, self._experiment.size)
        rows, state, theta, error = self._interpreted(len(ticks), hyper, gradient)
        try:
            table = self._table(rows)
        except NotANumberError as wrong:
            tick, before = ticks[wrong.row], parts[:, : wrong.row]
            error = SpecError(f"{self.strategy.name} gave {wrong} at tick {tick}: a number is needed")
            return replace(self.steps(ticks[: wrong.row], hyper, before, reading), error=error)
        return Steps(self._columns(ticks[: len(rows)], table), state, theta, error)

    def take(self, steps: Steps) -> Columns:
        """Go on over these ticks; their columns."""
        self.state, self.theta = steps.state, steps.theta
        return steps.columns

    def _columns(self, ticks: Ticks, table: Floats) -> Columns:
        values = dict(zip(("g", *self.strategy.State._fields, "theta"), table, strict=True), t=ticks)  # type: ignore[attr-defined]
        return {name: values[name] for name in self.strategy.columns}

    def _interpreted(
        self, count: int, hyper: Floats, gradient: Callable[[int, Any], Any]
    ) -> tuple[list[Any], Any, Any, Exception | None]:
        """Tick by tick in Python, with the rule as it stands: a row a tick, where that ends, and what stopped it."""
        strategy, state, theta = self.strategy, self.state, self.theta
        rule, moves = self._rule, strategy.moves
        kind: Any = strategy.State
        low, high = self._clamp
        settings: list[Any] = [strategy.Hyper(*column) for column in hyper.T]
        rows: list[Any] = []
        try:
            for i in range(count):
                h = settings[i if len(settings) > 1 else 0]
                g = gradient(i, theta)
                new = rule(g, state, h)
                if type(new) is not kind:
                    self._refuse(new)
                weight = new.theta if moves else theta - h.alpha * new.direction
                if self._clamp is not UNBOUNDED:
                    weight = np.where(weight < low, low, np.where(weight > high, high, weight))[()]
                    new = new._replace(theta=weight) if moves else new
                rows.append(self._row(g, new, weight))
                state, theta = new, weight
        except Exception as error:
            return rows, state, theta, error
        return rows, state, theta, None

    def _refuse(self, made: object) -> NoReturn:
        name, kind = self.strategy.name, self.strategy.State.__name__
        raise SpecError(f"{name} gave {repr_of(made)}: it must return its {kind}")

    def _table(self, rows: list[Any]) -> Floats:
        """The rows as an array: g, the state's fields and theta, shape (columns, ticks) or (…, components).

        Raises:
            NotANumberError: there is something else among them.
        """
        names = ("g", *self.strategy.State._fields, "theta")  # type: ignore[attr-defined]
        table = as_table(rows, names, self._experiment.shape)
        return np.ascontiguousarray(np.moveaxis(table, 1, 0))

    @cached_property
    def _rule(self) -> Rule:
        """The strategy's rule, as it is applied to a tick; a component at a time where it can't take all at once."""
        rule = self.strategy.rule
        if self._experiment.size is None:
            return rule

        def applied(g: Any, state: Any, h: Any) -> Any:
            try:
                return rule(g, state, h)
            except (TypeError, ValueError):  # an `if`, a `max` or something of `math` takes no arrays
                kind = type(state)
                columns = [np.broadcast_to(np.float64(value), g.shape) for value in (g, *state)]
                each = [rule(x, kind(*values), h) for x, *values in zip(*columns, strict=True)]
                wrong = [made for made in each if type(made) is not kind]
                return wrong[0] if wrong else kind(*map(np.array, zip(*each, strict=True)))

        return applied

    def _row(self, g: Any, state: Any, theta: Any) -> Any:
        """A tick's values; with several components, those that are shown of each."""
        if self._shown is None:
            return (g, *state, theta)
        return [np.broadcast_to(value, theta.shape)[self._shown] for value in (g, *state, theta)]

    def _compiled(self, count: int, hyper: Floats, parts: Floats, program: Program | None) -> tuple[Floats, Any, Any]:
        """The same by the compiled loop, whose components stand side by side."""
        assert self._loop is not None
        size = self._experiment.size or 1
        weights = np.array(np.broadcast_to(self.theta, size))
        states = np.empty((size, len(self.state)))
        for i, value in enumerate(self.state):
            states[:, i] = value
        out = np.empty((len(self.state) + 2, count, size))
        self._loop(states, weights, hyper, parts, program, self._clamp, out)
        if self._experiment.size is not None:
            return out, self.strategy.state_of(states.T), weights
        return out[..., 0], self.strategy.state_of(states[0]), np.float64(weights[0])

    def compile(self, *, aside: bool) -> None:
        """Go on compiled; where the rule can't be, go on interpreted and say so once."""
        if self._loop is not None or self._experiment.source.native is not None:
            return  # compiled before; or its gradient is numpy's own work
        from stream_adam.compiled.quiet import loading_quietly  # noqa: PLC0415

        with loading_quietly() if aside else nullcontext():
            from stream_adam.compiled.making import CannotCompile  # noqa: PLC0415  (numba is imported on first need)
            from stream_adam.compiled.ticks import loop_of  # noqa: PLC0415

        try:
            self._loop = loop_of(self.strategy, self._experiment.source.is_closed_loop, aside=aside)
        except CannotCompile as error:
            self._complaint = str(error)

    def use_compiled(self) -> None:
        """Go on compiled where the rule has been compiled before."""
        source = self._experiment.source
        if self._loop is None and source.native is None and "stream_adam.compiled.ticks" in sys.modules:
            from stream_adam.compiled.ticks import known_loop_of  # noqa: PLC0415

            self._loop = known_loop_of(self.strategy, source.is_closed_loop)


@dataclass(frozen=True)
class Table:
    """Hyperparameters over some ticks.

    Attributes:
        values: shape (hyperparameters, ticks), or (hyperparameters, 1) where none changes.
        usable: how many of the ticks, from the first on, are within bounds.
    """

    values: Floats
    usable: int

    def first(self, count: int) -> Floats:
        """The values of the first ticks alone."""
        return self.values if count >= self.values.shape[1] else np.ascontiguousarray(self.values[:, :count])


class Settings:
    """The hyperparameters of a strategy, tick by tick."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._parts = [function_of(value, OF_TICKS) for value in strategy.hyper]
        self._knobs = list(strategy.knobs.items())
        self._constant = all(isinstance(value, Number) for value in strategy.hyper)

    def over(self, ticks: Ticks) -> Table:
        """Their values over these ticks, which follow one another.

        Raises:
            SpecError: one is out of bounds at the first of them.
        """
        ticks = ticks[:1] if self._constant else ticks
        values = np.empty((len(self._parts), len(ticks)))
        span = Span(int(ticks[0]) if len(ticks) else 0, len(ticks))
        for row, part in zip(values, self._parts, strict=True):
            row[:] = part(span)
        if self._constant:
            return Table(values, sys.maxsize)
        return Table(
            values, min(self._usable(*knob, row, ticks) for knob, row in zip(self._knobs, values, strict=True))
        )

    def _usable(self, name: str, knob: Knob, row: Floats, ticks: Ticks) -> int:
        """How many of the values, from the first on, are within bounds."""
        if not len(row) or not any(map(knob.fault, (row.min(), row.max()))):  # NaN is the least and the largest
            return len(ticks)
        bad = next(i for i, value in enumerate(row) if knob.fault(value))
        if bad == 0:
            fault = knob.fault(row[0])
            raise SpecError(f"{self._strategy.name}: {name} is {row[0]:g} at tick {ticks[0]}: it {fault}")
        return bad


def settings_at(strategy: Strategy, tick: int) -> dict[str, float]:
    """The hyperparameters of a strategy at a tick, by name."""
    table = Settings(strategy).over(np.array([tick], dtype=np.int64)).values
    return dict(zip(strategy.knobs, table[:, 0].tolist(), strict=True))


def gradient_of(reading: Reading, ticks: Ticks, parts: Floats, size: int | None) -> Callable[[int, Any], Any]:
    """The gradient at a tick of a block, given the weight: a number, or an array of one a component."""
    program, network = reading.program, reading.network
    if network is not None:
        return lambda i, theta: network.gradient(int(ticks[i]), theta)
    if program is None:
        return (
            (lambda i, _: parts[0, i]) if size is None else (lambda i, _: np.array(np.broadcast_to(parts[:, i], size)))
        )
    if size is None:
        return lambda i, theta: program.value(parts, i, (theta,))
    return lambda i, theta: np.array([program.value(parts, i, theta, component) for component in range(size)])
