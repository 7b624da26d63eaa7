"""The compiled loops: a strategy's own rule over ticks, over components and over settings, by numba.

Numba compiles the very function that the interpreter runs, inside generic loops: nothing is written twice. Without
fast-math and with numpy's error model the bits are the same. This module is imported on first need.

What was compiled is kept on disk, in `__pycache__` or the user's own cache, and found again by the code of the rule and
of all that it calls: a changed line is another rule.
"""

from __future__ import annotations

import inspect
import operator
from functools import cache
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import NAMESPACE_OID, uuid5

import numba
import numpy as np
from numba.extending import intrinsic, models, overload, register_jitable, register_model

from stream_adam.sources import program as walker

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.sources.program import Program
    from stream_adam.strategies import Strategy
    from stream_adam.strategies.strategy import Rule
    from stream_adam.typing import Floats

OPTIONS: Any = {"nogil": True, "error_model": "numpy"}
INLINE: Any = {"forceinline": True}  # a call would count the references to its arrays: 50 ns where the work takes 6
_NO_CODES, _NO_NUMBERS = np.zeros(0, dtype=np.int64), np.zeros(0)


class CannotCompile(Exception):  # noqa: N818  (it says what is the case)
    """A rule uses what numba can't compile."""


def loop_of(strategy: Strategy, closed: bool) -> Callable[..., Any]:
    """The compiled loop of a strategy's rule, for closed loops or for open ones.

    It takes ``(state, theta, hyper, parts, program, clamp, out)``: the state and the weight of each component, shape
    (components, fields) and (components,), which it moves on; the hyperparameters, shape (hyperparameters, ticks or 1);
    the open-loop parts, shape (parts, ticks); and where g, the state's fields and theta go as rows, shape
    (fields + 2, ticks, components).

    Raises:
        CannotCompile: the rule uses what numba can't compile.
    """
    run = _run_of(strategy.rule, strategy.State, strategy.Hyper, strategy.moves, closed)
    settings, fields = len(strategy.hyper), len(strategy.initial_state())
    nothing = np.zeros((fields + 2, 0, 1))
    try:  # no ticks: only the types count
        run(
            np.zeros((1, fields)), np.zeros(1), np.zeros((settings, 1)), np.zeros((1, 0)), None, (-np.inf, np.inf),
            nothing,
        )  # fmt: skip
    except Exception as error:  # numba raises more than its own errors
        raise _refusal(strategy, error) from error
    return run


def _refusal(strategy: Strategy, error: Exception) -> CannotCompile:
    lines = (line.strip() for line in str(error).splitlines())
    why = next((line for line in lines if line and not line.startswith("Failed in ")), type(error).__name__)
    return CannotCompile(f"{strategy.name} can't be compiled and runs interpreted: {why}")


@cache
def _run_of(rule: Rule, state_type: Any, hyper_type: Any, moves: bool, closed: bool) -> Callable[..., Any]:
    _register_callees(rule)
    tick, value_at, weight_after, settled = _compile(rule), _walker(), _weight_after(moves), _settled(state_type, moves)
    settings, fields = len(hyper_type._fields), len(state_type._fields)
    setting_at, field_at = tuple(range(settings)), tuple(range(fields))
    code = _code_of(rule, state_type, hyper_type) + _fingerprint(walker.value_at)

    @_compile_and_keep
    def loop(  # noqa: PLR0913, PLR0917
        states: Floats, weights: Floats, table: Floats, parts: Floats, codes: Any, constants: Floats, ends: Any,
        stack: Floats, low: float, high: float, out: Floats,
    ) -> None:  # fmt: skip
        code  # noqa: B018  (enclosed)
        _, ticks, components = out.shape
        together = closed and components > 1  # each gradient looks at all weights, so that no component goes ahead
        moving = table.shape[0] > settings
        span = 1 if together or moving else max(ticks, 1)
        for first in range(0, ticks, span):
            h = hyper_type(*picked(table, setting_at, first * settings if moving else 0))
            if together:
                for c in range(components):
                    start = ends[c - 1] if c > 0 else 0
                    out[0, first, c] = value_at(codes, constants, start, ends[c], stack, parts, first, weights)
            for c in range(components):
                state = state_type(*picked(states, field_at, c * fields))
                theta = weights[c]
                for i in range(first, first + span):
                    if not closed:
                        out[0, i, c] = parts[c if parts.shape[0] > 1 else 0, i]
                    elif not together:
                        out[0, i, c] = value_at(codes, constants, 0, ends[0], stack, parts, i, weights)
                    state = tick(out[0, i, c], state, h)
                    theta = weight_after(state, theta, h)
                    if theta < low:
                        theta = low
                    elif theta > high:
                        theta = high
                    state = settled(state, theta)
                    stored(out, 1, i, c, state)
                    weights[c] = out[fields + 1, i, c] = theta
                placed(states, field_at, c * fields, state)

    def run(
        states: Floats, weights: Floats, table: Floats, parts: Floats, program: Program | None,
        clamp: tuple[float, float], out: Floats,
    ) -> None:  # fmt: skip
        loop(states.reshape(-1), weights, table.T.reshape(-1), parts, *_walked(program), *clamp, out)

    return run


def _walked(program: Program | None) -> tuple[Any, ...]:
    """What `value_at` walks, and room for its operands; empty for an open loop."""
    if program is None:
        return _NO_CODES, _NO_NUMBERS, _NO_CODES, _NO_NUMBERS
    return program.codes, program.constants, program.ends, program.stack


@cache
def _weight_after(moves: bool) -> Any:
    """The weight after a tick, as a function of the new state, the weight before, and the hyperparameters."""

    def stepped(state: Any, theta: float, h: Any) -> float:
        return theta - h.alpha * state.direction  # type: ignore[no-any-return]

    def moved(state: Any, theta: float, h: Any) -> float:  # noqa: ARG001  (in the place of `stepped`)
        return state.theta  # type: ignore[no-any-return]

    return _compile(moved if moves else stepped)


@cache
def _settled(state_type: Any, moves: bool) -> Any:
    """The state with the weight as it is after the projection, where the rule keeps the weight."""
    last = len(state_type._fields) - 1

    def unmoved(state: Any, theta: float) -> Any:  # noqa: ARG001  (in the place of `moved`)
        return state

    def moved(state: Any, theta: float) -> Any:
        return state_type(*state[:last], theta)

    return _compile(moved if moves else unmoved)


# Many components


def step_of(strategy: Strategy, slots: tuple[int, ...], shared: tuple[int, ...], dtype: Any) -> Callable[..., Any]:
    """One compiled tick of a strategy's rule over any number of components, in parallel.

    It takes ``(g, theta, rows, shared, setting)``: the gradient and the weights, shape (components,), of that dtype;
    the state's fields that stand at the places `slots`, an array for each, of the same; those at `shared`, one number
    each for all components; and the hyperparameters. It moves weights and rows on, and gives the new shared numbers.
    What the state has beside these is 0 before the tick, and is forgotten after it.

    What differs from component to component is computed in that dtype, what all share in float64: see `Single`. A rule
    for which that is not known is computed in float64 whatever is stored.

    Raises:
        CannotCompile: the rule uses what numba can't compile.
    """
    nothing = np.zeros(0, dtype)
    arguments = nothing, nothing, (nothing,) * len(slots), (0.0,) * len(shared), (0.0,) * len(strategy.hyper)
    last: Exception
    for single in (True, False) if dtype == np.float32 else (False,):
        step = _step_of(strategy.rule, strategy.State, strategy.Hyper, strategy.moves, slots, shared, single)
        try:
            step(*arguments)
        except Exception as error:  # numba raises more than its own errors
            last = error
        else:
            return step
    raise _refusal(strategy, last) from last


@cache
def _step_of(
    rule: Rule, state_type: Any, hyper_type: Any, moves: bool, slots: tuple[int, ...], shared: tuple[int, ...],
    single: bool,
) -> Callable[..., Any]:  # fmt: skip
    _register_callees(rule)
    tick, weight_after = _compile(rule), _weight_after(moves)
    code = _code_of(rule, state_type, hyper_type) + repr((slots, shared, single))
    known: tuple[int | None, ...] = (None, None, *slots, *shared)  # the gradient and the weight come first; last a zero
    places = [known.index(k) if k in known else len(known) for k in range(len(state_type._fields))]
    if moves:
        places[-1] = 1
    ordered, kept, common = picker(tuple(places)), picker(slots), picker(shared)
    numbers_of, nothing = singles if single else doubles, (0.0,) * (2 + len(slots))

    @_compile_apart
    def part(g: Any, theta: Any, rows: Any, numbers: Any, setting: Any) -> None:
        code  # noqa: B018  (enclosed)
        h = hyper_type(*setting)
        for c in range(g.shape[0]):
            own = numbers_of((g[c], theta[c]) + at(rows, c))  # noqa: RUF005
            state = tick(own[0], state_type(*ordered(own + numbers + (0.0,))), h)
            put(rows, c, kept(state))
            theta[c] = plain(weight_after(state, own[1], h))

    @_compile_threads_and_keep
    def step(g: Any, theta: Any, rows: Any, numbers: Any, setting: Any, parts: int) -> Any:
        code  # noqa: B018  (enclosed)
        n = g.shape[0]
        if n <= ONE_PART:
            part(g, theta, rows, numbers, setting)
        else:
            for p in numba.prange(parts):
                low, high = p * n // parts, (p + 1) * n // parts
                part(g[low:high], theta[low:high], cut(rows, low, high), numbers, setting)
        return common(tick(0.0, state_type(*ordered(nothing + numbers + (0.0,))), hyper_type(*setting)))

    def run(g: Any, theta: Any, rows: Any, numbers: Any, setting: Any) -> Any:
        return step(g, theta, rows, numbers, setting, PARTS * numba.get_num_threads())

    return run


ONE_PART = 4_096  # components that one thread has done before the others have started
PARTS = 4  # a thread: one that is held up leaves some of its own to the others


# Many settings


def sweep_of(strategy: Strategy) -> Callable[..., Any]:
    """The compiled loop of a strategy's rule over ticks, for many settings at once, in parallel.

    It takes ``(work, table, scheduled, parts, program, clamp)``: what `Work` describes, which it moves on; the
    hyperparameters, shape (hyperparameters, ticks or 1), of which those at the places `scheduled` are taken from there;
    and the open-loop parts, shape (parts, ticks).

    Raises:
        CannotCompile: the rule uses what numba can't compile.
    """
    run = _sweep_of(strategy.rule, strategy.State, strategy.Hyper, strategy.moves)
    work = np.zeros((0, WIDTH * Work.of(strategy).rows))
    try:
        run(work, np.zeros((len(strategy.hyper), 1)), _NO_CODES, np.zeros((1, 0)), None, (-np.inf, np.inf))
    except Exception as error:  # numba raises more than its own errors
        raise _refusal(strategy, error) from error
    return run


WIDTH = 32  # settings side by side: four of the widest registers, so that one division needn't wait for another


class Work(NamedTuple):
    """Where things stand in a group of `WIDTH` settings: g, the state, theta, the hyperparameters, four statistics.

    The groups have the shape (groups, rows·WIDTH): in each, the values of row k, one a setting, begin at k·WIDTH. All
    of a group lies at fixed distances, which tells the compiler that no row overlaps another.
    """

    state: int
    theta: int
    hyper: int
    statistics: int
    rows: int

    @classmethod
    def of(cls, strategy: Strategy) -> Work:
        """For this strategy's number of fields and of hyperparameters."""
        return cls.sized(len(strategy.initial_state()), len(strategy.hyper))

    @classmethod
    def sized(cls, fields: int, settings: int) -> Work:
        """For these numbers of fields and of hyperparameters."""
        theta = 1 + fields
        return cls(1, theta, theta + 1, theta + 1 + settings, theta + 5 + settings)


@cache
def _sweep_of(rule: Rule, state_type: Any, hyper_type: Any, moves: bool) -> Callable[..., Any]:
    _register_callees(rule)
    tick, weight_after, value_at = _compile(rule), _weight_after(moves), _walker()
    code = _code_of(rule, state_type, hyper_type) + _fingerprint(walker.value_at)
    settings, fields = len(hyper_type._fields), len(state_type._fields)
    rows = Work.sized(fields, settings)
    starts = tuple(WIDTH * k for k in range(rows.rows))
    state_at, hyper_at = starts[rows.state : rows.theta], starts[rows.hyper : rows.statistics]
    theta_at, hyper_first = starts[rows.theta], starts[rows.hyper]
    sum_at, squares_at, least_at, most_at = starts[rows.statistics :]

    @_compile_apart
    def group(  # noqa: PLR0913, PLR0917
        work: Floats, table: Floats, scheduled: Any, parts: Floats, codes: Any, constants: Floats, ends: Any,
        stack: Floats, low: float, high: float,
    ) -> None:  # fmt: skip
        code  # noqa: B018  (enclosed)
        for i in range(parts.shape[1]):
            for k in scheduled:
                for c in range(WIDTH):
                    work[hyper_first + WIDTH * k + c] = table[k, i if table.shape[1] > 1 else 0]
            for c in range(WIDTH):
                if codes.shape[0] > 0:
                    weight = work[theta_at + c : theta_at + c + 1]
                    work[c] = value_at(codes, constants, 0, ends[0], stack, parts, i, weight)
                else:
                    work[c] = parts[0, i]
            for c in range(WIDTH):
                h = hyper_type(*picked(work, hyper_at, c))
                state = tick(work[c], state_type(*picked(work, state_at, c)), h)
                theta = weight_after(state, work[theta_at + c], h)
                if theta < low:
                    theta = low
                elif theta > high:
                    theta = high
                placed(work, state_at, c, state)
                if moves:
                    work[theta_at - WIDTH + c] = theta
                work[theta_at + c] = theta
                work[sum_at + c] += state.direction
                work[squares_at + c] += state.direction * state.direction
                work[least_at + c] = np.minimum(work[least_at + c], theta)
                work[most_at + c] = np.maximum(work[most_at + c], theta)

    @_compile_threads_and_keep
    def loop(  # noqa: PLR0913, PLR0917
        work: Floats, table: Floats, scheduled: Any, parts: Floats, codes: Any, constants: Floats, ends: Any,
        stack: Floats, low: float, high: float,
    ) -> None:  # fmt: skip
        code  # noqa: B018  (enclosed)
        for p in numba.prange(work.shape[0]):
            group(work[p], table, scheduled, parts, codes, constants, ends, np.empty_like(stack), low, high)

    def run(
        work: Floats, table: Floats, scheduled: Any, parts: Floats, program: Program | None,
        clamp: tuple[float, float],
    ) -> None:  # fmt: skip
        loop(work, table, scheduled, parts, *_walked(program), *clamp)

    return run


# Tuples, whose length numba knows: each of these is unrolled while it compiles


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


def _unrolled(function: Any) -> Callable[[Any], Any]:
    return overload(function, jit_options=OPTIONS | INLINE, strict=False)  # strict compares annotations, too


def stored(out: Any, k: int, i: int, c: int, values: Any) -> Any:
    """Set what stands in the rows from k on, at i and c."""


@_unrolled(at)
def _at(rows: Any, c: int) -> Any:  # noqa: ARG001
    if not len(rows):
        return lambda rows, c: ()  # noqa: ARG005
    return lambda rows, c: (rows[0][c],) + at(rows[1:], c)  # noqa: RUF005


@_unrolled(put)
def _put(rows: Any, c: int, values: Any) -> Any:  # noqa: ARG001
    def rest(rows: Any, c: int, values: Any) -> None:
        rows[0][c] = plain(values[0])
        put(rows[1:], c, values[1:])

    return rest if len(rows) else lambda rows, c, values: None  # noqa: ARG005


@_unrolled(cut)
def _cut(rows: Any, low: int, high: int) -> Any:  # noqa: ARG001
    if not len(rows):
        return lambda rows, low, high: ()  # noqa: ARG005
    return lambda rows, low, high: (rows[0][low:high],) + cut(rows[1:], low, high)  # noqa: RUF005


@_unrolled(picked)
def _picked(values: Any, places: Any, c: int) -> Any:  # noqa: ARG001
    if not len(places):
        return lambda values, places, c: ()  # noqa: ARG005
    return lambda values, places, c: (values[places[0] + c],) + picked(values, places[1:], c)  # noqa: RUF005


@_unrolled(placed)
def _placed(values: Any, places: Any, c: int, new: Any) -> Any:  # noqa: ARG001
    def rest(values: Any, places: Any, c: int, new: Any) -> None:
        values[places[0] + c] = new[0]
        placed(values, places[1:], c, new[1:])

    return rest if len(places) else lambda values, places, c, new: None  # noqa: ARG005


@_unrolled(stored)
def _stored(out: Any, k: int, i: int, c: int, values: Any) -> Any:  # noqa: ARG001
    def rest(out: Any, k: int, i: int, c: int, values: Any) -> None:
        out[k, i, c] = values[0]
        stored(out, k + 1, i, c, values[1:])

    return rest if len(values) else lambda out, k, i, c, values: None  # noqa: ARG005


def picker(places: tuple[int, ...]) -> Any:
    """A function that gives what stands at these places of a tuple whose values may be of several types."""
    if not places:
        return _compile(lambda values: ())  # noqa: ARG005
    first, rest, all_of_them = places[0], picker(places[1:]), str(places)

    @_compile
    def pick(values: Any) -> Any:
        all_of_them  # noqa: B018  (enclosed)
        return (values[first],) + rest(values)  # noqa: RUF005

    return pick


# Half the width


class Single(numba.types.Type):
    """A float32 that stays one beside numbers of other types, as an array does beside Python's numbers.

    Beside a float64, numba would go on in float64, and so it would beside the 1 in ``1 - beta``: an integer.
    """


SINGLE = Single("single")
NUMBERS = (numba.types.Integer, numba.types.Float)


@register_model(Single)
class _SingleModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, manager[numba.types.float32].get_value_type())  # type: ignore[no-untyped-call]


def _intrinsic(function: Any) -> Any:
    return intrinsic(function)  # which gives its first argument itself


@_intrinsic
def _as_single(_: Any, x: Any) -> Any:
    """A float32 as a single."""
    return SINGLE(x), lambda _context, _builder, _signature, arguments: arguments[0]


@_intrinsic
def _as_float(_: Any, x: Any) -> Any:
    """A single as a float32."""
    return numba.types.float32(x), lambda _context, _builder, _signature, arguments: arguments[0]


def singles(values: Any) -> Any:
    """Each of these numbers as a single."""


def doubles(values: Any) -> Any:
    """Each of these numbers in float64."""


def plain(x: Any) -> Any:
    """What was computed, as what is stored."""


def narrow(x: Any) -> Any:
    """Any number as a float32."""


@_unrolled(singles)
def _singles(values: Any) -> Any:
    if not len(values):
        return lambda values: ()  # noqa: ARG005
    return lambda values: (_as_single(values[0]),) + singles(values[1:])  # noqa: RUF005


@_unrolled(doubles)
def _doubles(values: Any) -> Any:
    if not len(values):
        return lambda values: ()  # noqa: ARG005
    return lambda values: (np.float64(values[0]),) + doubles(values[1:])  # noqa: RUF005


@_unrolled(plain)
def _plain(x: Any) -> Any:
    return (lambda x: _as_float(x)) if isinstance(x, Single) else (lambda x: x)  # noqa: PLW0108


@_unrolled(narrow)
def _narrow(x: Any) -> Any:
    return (lambda x: _as_float(x)) if isinstance(x, Single) else (lambda x: np.float32(x))  # noqa: PLW0108


def _teach(function: Any, result: Any) -> None:
    """Have the function of one or two numbers take singles; `result` makes of a float32 what it gives then."""

    def takes(*kinds: Any) -> bool:
        return any(isinstance(kind, Single) for kind in kinds) and all(isinstance(k, (Single, *NUMBERS)) for k in kinds)

    if function in ONE_OPERAND:
        _unrolled(function)(lambda x: (lambda x: result(function(narrow(x)))) if takes(x) else None)
    else:
        _unrolled(function)(lambda x, y: (lambda x, y: result(function(narrow(x), narrow(y)))) if takes(x, y) else None)


ONE_OPERAND = (operator.neg, operator.pos, abs, np.abs, np.sqrt, np.sign, np.floor)
ARITHMETIC = (
    *ONE_OPERAND, operator.add, operator.sub, operator.mul, operator.truediv, np.maximum, np.minimum, np.fmax, np.fmin,
)  # fmt: skip
COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
for _function in ARITHMETIC:
    _teach(_function, _as_single)
for _function in COMPARISONS:
    _teach(_function, bool)


# How a function is compiled, and found again


def _compile(function: Any, **options: Any) -> Any:
    """The function for numba, under an identity that is the same in every process: what encloses it can be kept."""
    compiled = numba.njit(**OPTIONS, **(options or INLINE))(function)
    compiled._set_uuid(uuid5(NAMESPACE_OID, f"{function.__qualname__} {_fingerprint(function)}"))  # noqa: SLF001
    return compiled


def _compile_apart(function: Any) -> Any:
    """The same as a function of its own: LLVM vectorises the loop in it, which it does not where a thread's begins."""
    return _compile(function, forceinline=False)


def _compile_and_keep(function: Any, **options: Any) -> Any:
    """The function for numba, kept on disk where there is a place for it."""
    try:
        return numba.njit(**OPTIONS, **options, cache=True)(function)
    except RuntimeError:  # numba can write nowhere
        return numba.njit(**OPTIONS, **options)(function)


def _compile_threads_and_keep(function: Any) -> Any:
    """The same; what it counts with `prange` is shared out to threads."""
    return _compile_and_keep(function, parallel=True)


def _code_of(rule: Rule, state_type: Any, hyper_type: Any) -> str:
    """What a loop of this rule encloses: numba tells cached loops apart by that."""
    return _fingerprint(rule) + repr((state_type._fields, hyper_type._fields))


@cache
def _walker() -> Any:
    """`program.value_at` compiled, with the functions that it calls."""
    _register_callees(walker.value_at)
    return _compile(walker.value_at)


def _callees(function: Any) -> list[Any]:
    """The plain functions that this one calls by their names."""
    known = inspect.getclosurevars(function)
    return [value for value in {**known.globals, **known.nonlocals}.values() if inspect.isfunction(value)]


def _register_callees(function: Any) -> None:
    """Let numba compile the plain functions that this one calls, and the ones that they call."""
    for callee in _callees(function):
        if callee not in _registered:
            _registered.add(callee)
            _register_callees(callee)
            register_jitable(error_model="numpy")(callee)


_registered: set[Any] = set()


def _fingerprint(function: Any, seen: frozenset[Any] = frozenset()) -> str:
    """The function's code, with the numbers that it finds outside and the functions that it calls."""
    known = inspect.getclosurevars(function)
    numbers = {
        name: value
        for name, value in sorted({**known.globals, **known.nonlocals}.items())
        if isinstance(value, int | float | str | tuple)
    }
    own = repr((_spelled(function.__code__), function.__defaults__, numbers))
    return own + "".join(_fingerprint(callee, seen | {function}) for callee in _callees(function) if callee not in seen)


def _spelled(code: CodeType) -> tuple[Any, ...]:
    """What makes a code object what it is, the same in every process."""
    constants = [_spelled(value) if isinstance(value, CodeType) else value for value in code.co_consts]
    return code.co_code, constants, code.co_names, code.co_varnames
