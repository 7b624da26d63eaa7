"""A strategy by hand: one tick at a time on an array of any number of components, for a training loop of one's own."""

from __future__ import annotations

import warnings
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_adam.engine import Settings
from stream_adam.errors import SpecError
from stream_adam.strategies import as_strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stream_adam.engine import Table
    from stream_adam.strategies import Strategy, StrategyLike

    Step = Callable[..., tuple[float, ...]]  # (g, theta, slots, shared, setting) -> shared

Weights = NDArray[np.float64] | NDArray[np.float32]
AHEAD = 256  # ticks whose hyperparameters are computed at once


class Descent:
    """A strategy that moves an array of weights in place, a gradient at a time.

    The rule is the one that `simulate` runs, in every component by itself. It is compiled on first use, and the
    components are shared out to all cores.

    Args:
        strategy: a spec, a function ``(g, state, hyperparameters) -> state``, or a strategy.
        theta: the weights, float64 or float32, of any shape: this very array is moved.

    With float64 weights the bits are those of `simulate`. With float32 ones, gradient, weights and what is kept of each
    component are float32, and so is the arithmetic between them; hyperparameters, and what all components share, such
    as Adam's running products of the betas, are computed in float64 and rounded where they meet a component. A rule is
    computed in float64, and rounded as it is stored, where it needs more than arithmetic, comparisons, square roots,
    absolute values, signs, floors, minima and maxima.

    Only what is needed to go on is kept; what merely follows from it, such as Adam's ``m_hat`` and the direction, never
    leaves the processor's registers. A rule with an ``if`` on a value can't be looked through: everything is kept then.

    Attributes:
        strategy: the strategy.
        theta: the weights.
        tick: how many gradients there have been; hyperparameters that change with t are taken at this tick.

    Raises:
        SpecError: the strategy or the array can't be used.

    >>> theta = np.array([[3.0, -1.0], [0.5, 2.0]])
    >>> descent = Descent("adam(alpha=0.1)", theta)
    >>> for _ in range(200):
    ...     descent.step(2 * theta)
    >>> bool(abs(theta).max() < 0.01), descent.tick, list(descent.state)
    (True, 200, ['m', 'v', 'beta1_t', 'beta2_t'])
    """

    def __init__(self, strategy: StrategyLike, theta: Weights) -> None:
        self.strategy = as_strategy(strategy)
        self.theta: Any = _checked(theta)
        self.tick = 0
        self._settings = Settings(self.strategy)
        self._table, self._since = self._settings.over(np.arange(1)), 0
        kept = kept_of(self.strategy, self._setting())
        start = self.strategy.initial_state()
        self._slots = tuple(np.full(theta.size, start[k], theta.dtype) for k in kept.slots)
        self._shared = tuple(float(start[k]) for k in kept.shared)
        self._kept = kept
        self._step = _step_of(self.strategy, kept, theta.dtype)

    def step(self, g: Any) -> None:
        """Move the weights by one tick.

        Args:
            g: the gradient at the weights, of their shape; taken in their precision.

        Raises:
            SpecError: g has another shape, or a hyperparameter is out of bounds at this tick; nothing has moved then.
        """
        if np.shape(g) != self.theta.shape:
            raise SpecError(f"g has the shape {np.shape(g)}: the weights have {self.theta.shape}")
        slope = np.ascontiguousarray(g, self.theta.dtype)
        weights = self.theta.reshape(-1)  # a copy where they don't lie in one piece
        self._shared = self._step(slope.reshape(-1), weights, self._slots, self._shared, self._setting())
        if not np.may_share_memory(weights, self.theta):
            self.theta[...] = weights.reshape(self.theta.shape)
        self.tick += 1

    @property
    def state(self) -> Mapping[str, Any]:
        """What is needed to go on, by name: arrays of the weights' shape and dtype, and numbers that all share.

        The arrays are the state itself: writing into one changes how it goes on.
        """
        names = self.strategy.State._fields  # type: ignore[attr-defined]
        arrays = [values.reshape(self.theta.shape) for values in self._slots]
        found = dict(zip((*self._kept.slots, *self._kept.shared), (*arrays, *self._shared), strict=True))
        return MappingProxyType({names[k]: found[k] for k in sorted(found)})

    def _setting(self) -> tuple[float, ...]:
        """The hyperparameters at this tick."""
        i = self.tick - self._since
        if not _reaches(self._table, i):
            self._table = self._settings.over(np.arange(self.tick, self.tick + AHEAD))
            self._since, i = self.tick, 0
        return tuple(self._table.values[:, min(i, self._table.values.shape[1] - 1)].tolist())


class Kept(NamedTuple):
    """The places in a state of what must be kept from tick to tick.

    `slots` may differ from component to component, `shared` can't.
    """

    slots: tuple[int, ...]
    shared: tuple[int, ...]


def kept_of(strategy: Strategy, setting: tuple[float, ...]) -> Kept:
    """What must be kept of a state, and what of that all components share.

    A rule works elementwise. So what it makes of arrays where one input is an array and the others are numbers tells
    what depends on that input: that is an array, too. First everything is one, so that a rule that looks at a value, as
    with ``if``, fails here; of such a one, everything is a slot.

    >>> from stream_adam.strategies import adam
    >>> kept_of(as_strategy(adam), (1e-3, 0.9, 0.999, 1e-8))
    Kept(slots=(0, 1), shared=(4, 5))
    """
    own = range(len(strategy.own_columns) + 1)  # and the direction; the weight is kept anyway
    places = set(range(len(strategy.initial_state())))
    try:
        _made_of(strategy, setting, places, everything=True)
        read = [k for k in own if _made_of(strategy, setting, {k})]
        shared = set(own)
        while found := shared & _made_of(strategy, setting, places - shared, slope=True):
            shared -= found
    except Exception:  # it is the user's function: it may raise anything
        return Kept(tuple(own), ())
    return Kept(tuple(k for k in read if k not in shared), tuple(k for k in read if k in shared))


def _made_of(
    strategy: Strategy, setting: tuple[float, ...], arrays: set[int], *, slope: bool = False, everything: bool = False
) -> set[int]:
    """The places in the new state that are arrays when these of the old one are, or the gradient, or all there is."""

    def value(of: float, array: bool) -> Any:
        return np.full(3, of) if array else np.float64(of)

    kind: Any = strategy.State
    state = kind(*(value(v, k in arrays) for k, v in enumerate(strategy.initial_state())))
    hyper = strategy.Hyper(*(value(h, everything) for h in setting))
    with np.errstate(all="ignore"):
        new = strategy.rule(value(1.0, slope or everything), state, hyper)
    if type(new) is not kind:
        raise SpecError(f"{strategy.name} gave {new!r:.60}: it must return its {kind.__name__}")
    return {k for k, v in enumerate(new) if np.ndim(v)}


def _step_of(strategy: Strategy, kept: Kept, dtype: Any) -> Step:
    """The rule as one tick over components: compiled, or by numpy where it can't be, which is said."""
    from stream_adam.compiled.components import step_of  # noqa: PLC0415  (numba is imported on first need)
    from stream_adam.compiled.making import CannotCompile  # noqa: PLC0415

    try:
        return step_of(strategy, kept.slots, kept.shared, dtype)
    except CannotCompile as error:
        warnings.warn(str(error), RuntimeWarning, stacklevel=3)
        return _by_numpy(strategy, kept)


class Singles(np.ndarray[Any, Any]):
    """Float32 components, which stay that beside numbers and arrays in float64."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """What the function makes of the inputs as float32."""
        made = getattr(ufunc, method)(*(np.asarray(x, np.float32) for x in inputs), **options)
        return made.view(Singles) if made.dtype == np.float32 else made


def _by_numpy(strategy: Strategy, kept: Kept) -> Step:
    """The same by numpy."""
    fields = len(strategy.initial_state())

    def own(values: Weights) -> Any:
        return values.view(Singles) if values.dtype == np.float32 else values

    def step(g: Weights, theta: Weights, slots: Any, shared: Any, setting: Any) -> tuple[float, ...]:
        before = own(theta.copy())
        known: dict[int, Any] = dict(
            zip((*kept.slots, *kept.shared), (*map(own, slots), *map(np.float64, shared)), strict=True)
        )
        if strategy.moves:
            known[fields - 1] = before
        kind: Any = strategy.State
        settings: Any = strategy.Hyper
        state = kind(*(known.get(k, np.float64(0)) for k in range(fields)))
        h = settings(*map(np.float64, setting))
        with np.errstate(all="ignore"):
            new = strategy.rule(own(g), state, h)
            theta[:] = new.theta if strategy.moves else before - h.alpha * new.direction
            for slot, k in zip(slots, kept.slots, strict=True):
                slot[:] = new[k]
        return tuple(float(new[k]) for k in kept.shared)

    return step


def _reaches(table: Table, i: int) -> bool:
    """Whether the table has the i-th tick."""
    return i < table.usable and (i < table.values.shape[1] or table.usable > table.values.shape[1])


def _checked(theta: Any) -> Weights:
    if not isinstance(theta, np.ndarray) or theta.dtype not in {np.dtype(np.float64), np.dtype(np.float32)}:
        kind = theta.dtype if isinstance(theta, np.ndarray) else type(theta).__name__
        raise SpecError(f"theta is {kind}: a float64 or float32 array is needed, which is moved in place")
    if not theta.flags.writeable:
        raise SpecError("theta is read-only: it is moved in place")
    return theta
