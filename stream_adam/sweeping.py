"""A sweep: many settings of a strategy's hyperparameters on the same gradient at once."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.engine import UNBOUNDED, Run, Settings
from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.language.tree import Number
from stream_adam.numeric import as_array
from stream_adam.sources.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from stream_adam.sources import Source, SourceLike
    from stream_adam.sources.program import Program
    from stream_adam.strategies import Strategy, StrategyLike
    from stream_adam.typing import Array, Floats

BLOCK = 16_384  # ticks computed at once, so that memory does not grow with their number


def sweep(
    source: Source | SourceLike,
    strategy: StrategyLike,
    *,
    ticks: int,
    seed: int | None = None,
    theta0: float = 0.0,
    bounds: tuple[float, float] | None = None,
    **settings: Array,
) -> Mapping[str, np.ndarray[Any, Any]]:
    """How many settings of a strategy end, and what they did on the way, all on the same gradient or noise.

    Args:
        source: a spec, an expression, an array or an iterable of floats; of one component.
        strategy: a spec, a function or a strategy. Its hyperparameters hold where `settings` has no others; they may
            change with t.
        ticks: how many; fewer where the source ends before.
        seed: of the noise; None draws one.
        theta0: the weight before the first tick.
        bounds: (low, high): the weight is projected on these after every tick.
        **settings: hyperparameters by name, as arrays that are broadcast together: of one shape, one setting stands
            beside the other; of shapes such as (n, 1) and (m,), every value meets every other.

    Returns:
        Arrays of the shape that the settings have together. By the columns' names, the values of the last tick, each
        the same bits as `simulate` with that setting; and over all ticks ``direction_mean``, ``direction_rms`` (the
        root of the mean square), ``theta_min`` and ``theta_max``. NaN says that a setting left the numbers.

    Raises:
        SpecError: anything of that can't be used.

    Nothing is stored of the ticks between, so memory grows with the settings alone.

    >>> end = sweep("quadratic(1)", "sgd", ticks=100, seed=1, theta0=1.0, alpha=np.array([0.1, 1.9, 2.1]))
    >>> abs(end["theta"]).round(4).tolist()
    [0.0, 0.0, 13780.6123]
    >>> grid = sweep("normal(1)", "adam", ticks=50, seed=1, alpha=[[1e-3], [1e-2]], beta2=[0.9, 0.99, 0.999])
    >>> grid["theta"].shape, bool((grid["direction_rms"][0] == grid["direction_rms"][1]).all())
    ((2, 3), True)
    """
    if isinstance(strategy, list | tuple):
        raise SpecError("sweep() takes one strategy: call it for each, with the same seed")
    experiment = Experiment.of(source, strategy, seed=seed, theta0=theta0, bounds=bounds)
    if experiment.source.components is None and isinstance(experiment.theta0, tuple):
        raise SpecError(f"theta0 has {len(experiment.theta0)} values: sweep() takes one for all settings")
    if experiment.shown is not None:
        raise SpecError("sweep() takes a source of one component: this one has several")
    if isinstance(ticks, bool) or not isinstance(ticks, int | np.integer) or ticks < 1:
        raise SpecError(f"ticks is {ticks!r}: it must be a whole number from 1 on")
    shape, values = _checked(experiment.lanes[0], settings)
    from stream_adam.compiled.making import CannotCompile  # noqa: PLC0415  (numba is imported on first need)
    from stream_adam.compiled.settings import sweep_of  # noqa: PLC0415

    try:
        loop = sweep_of(experiment.lanes[0])
    except CannotCompile as error:
        warnings.warn(str(error), RuntimeWarning, stacklevel=2)
        done, rows = _one_by_one(experiment, values, int(ticks))
    else:
        done, rows = _side_by_side(loop, experiment, values, int(ticks))
    if not done:
        raise SpecError("the source has no ticks")
    total, squares, least, most = rows[-4:]
    named = dict(
        zip(("g", *_fields(experiment.lanes[0]), "theta"), rows[:-4], strict=True), t=np.full(len(total), done - 1)
    )
    columns = {name: named[name] for name in experiment.lanes[0].columns}
    statistics = {
        "direction_mean": total / done, "direction_rms": np.sqrt(squares / done), "theta_min": least, "theta_max": most
    }  # fmt: skip
    return {name: column.reshape(shape) for name, column in (columns | statistics).items()}


def _checked(strategy: Strategy, settings: Mapping[str, Array]) -> tuple[tuple[int, ...], dict[str, Floats]]:
    """The shape of the settings together, and the values of each, one after the other.

    Raises:
        SpecError: an unknown name, a value out of bounds, or shapes that don't go together.
    """
    arrays = {}
    for name, given in settings.items():
        arrays[name] = as_array(given, f"{name} is {{}}: a sweep takes numbers or arrays of them")
        if not arrays[name].size:
            raise SpecError(f"{name} has no values")
        for value in (arrays[name].min(), arrays[name].max()):
            strategy(**{name: float(value)})
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        hint = f"{next(iter(arrays))}[:, None] makes a grid"
        raise SpecError(f"the settings' shapes don't go together: {shapes}; {hint}") from None
    return shape, {name: np.broadcast_to(array, shape).reshape(-1) for name, array in arrays.items()}


def _side_by_side(
    loop: Callable[..., None], experiment: Experiment, values: dict[str, Floats], ticks: int
) -> tuple[int, Floats]:
    """How many ticks there were, and the rows at their end: g, the state's fields, theta, four statistics."""
    from stream_adam.compiled.work import WIDTH, Work  # noqa: PLC0415

    strategy = experiment.lanes[0](**{name: float(of[0]) for name, of in values.items()})
    count = max(map(len, values.values()), default=1)
    start = experiment.theta0
    assert isinstance(start, float)  # of one component
    places, groups = Work.of(strategy), -(-count // WIDTH)
    work = np.empty((groups, places.rows, WIDTH))
    work[:, places.state : places.theta] = np.array(strategy.initial_state(start))[:, None]
    work[:, places.theta] = start
    work[:, places.statistics :] = np.array([0.0, 0.0, np.inf, -np.inf])[:, None]
    scheduled = []
    for k, (name, value) in enumerate(zip(strategy.knobs, strategy.hyper, strict=True)):
        if name in values:  # the last group is filled up with the last setting
            filled = np.pad(values[name], (0, groups * WIDTH - count), "edge")
            work[:, places.hyper + k] = filled.reshape(groups, WIDTH)
        elif isinstance(value, Number):
            work[:, places.hyper + k] = value.value
        else:
            scheduled.append(k)
    done = 0
    for table, parts, program in _blocks(experiment, strategy, ticks):
        loop(work.reshape(groups, -1), table, np.array(scheduled, np.int64), parts, program, _clamp(experiment))
        done += parts.shape[1]
    rows = np.concatenate([work[:, : places.hyper], work[:, places.statistics :]], axis=1)
    return done, np.ascontiguousarray(np.moveaxis(rows, 1, 0)).reshape(rows.shape[1], -1)[:, :count]


def _blocks(experiment: Experiment, strategy: Strategy, ticks: int) -> Iterator[tuple[Floats, Floats, Program | None]]:
    """The hyperparameters, the open-loop parts, and what a closed loop walks, block by block.

    Raises:
        SpecError: a hyperparameter that changes with t is out of bounds.
    """
    reading, schedule = Reading(experiment.source, experiment.seed), Settings(strategy)
    while count := reading.ready(min(BLOCK, ticks - reading.tick)):
        with np.errstate(all="ignore"):
            table = schedule.over(np.arange(reading.tick, reading.tick + count))
            count = min(count, table.usable)
            parts = reading.columns(count)
        yield table.first(count), parts, reading.program


def _one_by_one(experiment: Experiment, values: dict[str, Floats], ticks: int) -> tuple[int, Floats]:
    """The same by the engine, a setting after the other."""
    if experiment.source.is_live:
        raise SpecError("values that arrive one by one can't be read for each setting anew: make an array of them")
    strategy, ends = experiment.lanes[0], []
    for setting in zip(*values.values(), strict=True) if values else [()]:
        lane = strategy(**dict(zip(values, map(float, setting), strict=True)))
        run = Run(replace(experiment, lanes=(lane,)))
        total, squares, least, most, done = 0.0, 0.0, np.inf, -np.inf, 0
        last: list[float] = []
        while done < ticks and len(block := run.advance(min(BLOCK, ticks - done))):
            columns = block.lanes[0]
            direction, theta = columns["direction"], columns["theta"]
            total = np.cumsum([total, *direction])[-1]
            squares = np.cumsum([squares, *(direction * direction)])[-1]
            least, most = np.minimum(least, theta.min()), np.maximum(most, theta.max())
            last = [columns[name][-1] for name in ("g", *_fields(lane), "theta")]
            done += len(block)
        ends.append([*last, total, squares, least, most])
    return done, np.array(ends).T


def _fields(strategy: Strategy) -> tuple[str, ...]:
    return tuple(strategy.State._fields)  # type: ignore[attr-defined]


def _clamp(experiment: Experiment) -> tuple[float, float]:
    return experiment.bounds or UNBOUNDED
