"""What a strategy is: a function from one state to the next, with its hyperparameters.

The function is a page of the textbook. Its three parameters are the gradient, the state and the hyperparameters, the
last two `typing.NamedTuple`s of floats whose defaults are the initial state and the usual settings:

    def rule(g: float, s: State, h: Hyper) -> State: ...

It works elementwise with `+ - * /`, `np.sqrt`, `np.maximum`, `np.where` and their kin, and no `if` on a value. Then
the same function runs on floats, on arrays of components and compiled, with the same bits. Plain functions that it
calls are compiled with it.

The step is ``theta ← theta − alpha·direction``. A rule that moves the weight another way, as weight decay does, has a
last field `theta` in its state: it finds the weight before the tick there, and leaves the weight after the tick there.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import numpy as np

from stream_adam import states
from stream_adam.errors import SpecError, shown, suggestion
from stream_adam.language.functions import ALIASES, FUNCTION_WORDS, FunctionWord
from stream_adam.language.grammar import Named, parse_named
from stream_adam.language.signals import SIGNAL_WORDS, SignalWord
from stream_adam.language.tree import (
    THETA,
    VARIABLES,
    Call,
    Expression,
    Number,
    Operation,
    Variable,
    as_expression,
    check,
    mentions,
)  # fmt: skip
from stream_adam.numeric import repr_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_adam.typing import Array

Scale = Literal["linear", "log", "one_minus"]
KindName = Literal["square", "carried", "derived"]


@dataclass(frozen=True)
class Knob:
    """A hyperparameter as a thing to turn: its meaning, its bounds, and the slider that moves it.

    `low` and `high` bound what is accepted (`low` is left out where `above_low`, `high` where `below_high`), and it
    must be `finite`; `reach` is what a slider spans.
    """

    help: str
    low: float = -math.inf
    high: float = math.inf
    above_low: bool = False
    below_high: bool = False
    scale: Scale = "linear"
    reach: tuple[float, float] | None = None
    finite: bool = True

    def fault(self, value: float) -> str | None:
        """Why the value can't be used; None when it can."""
        if math.isnan(value) or (self.finite and math.isinf(value)):
            return "must be finite"
        if value < self.low or (value == self.low and self.above_low):
            return f"must be {'above' if self.above_low else 'at least'} {self.low:g}"
        if value > self.high or (value == self.high and self.below_high):
            return f"must be {'below' if self.below_high else 'at most'} {self.high:g}"
        return None


FREE = Knob("", finite=False)  # of a rule of the user's own, which may take infinity for "no limit"
Rate = Annotated[float, Knob("learning rate", low=0.0, scale="log", reach=(1e-6, 10.0))]
PositiveRate = Annotated[float, Knob("learning rate", low=0.0, above_low=True, scale="log", reach=(1e-6, 10.0))]
Beta = Annotated[
    float,
    Knob(
        "how much is remembered from tick to tick", 0.0, 1.0, below_high=True, scale="one_minus", reach=(0.0, 0.99999)
    ),
]
Epsilon = Annotated[float, Knob("keeps the division finite", low=0.0, scale="log", reach=(1e-16, 1.0))]


@dataclass(frozen=True)
class Kind:
    """What a state's field is, beyond its value."""

    name: KindName


Square = Annotated[float, Kind("square")]  # in units of g²: shown as its root
Carried = Annotated[float, Kind("carried")]  # needed to go on, not to look at: the same in all components
Derived = Annotated[float, Kind("derived")]  # follows from the others: to look at, not needed to go on
DerivedSquare = Annotated[float, Kind("square"), Kind("derived")]

Rule = Any  # (g, state, hyperparameters) -> state; each rule has its own NamedTuples
RESERVED = ("t", "g", "lane", "asdict")


@dataclass(frozen=True)
class Strategy:
    """A rule with its hyperparameters, each an expression of t.

    Attributes:
        rule: the function from one state to the next.
        State: the NamedTuple of its state; one field is `direction`.
        Hyper: the NamedTuple of its hyperparameters; one is `alpha`.
        hyper: the expressions of the hyperparameters, in the order of `Hyper`.
        text: how it was written.

    Call it to set hyperparameters; ``str()`` gives the spec.

    >>> from stream_adam.strategies import adam
    >>> str(Strategy.of(adam)(beta2=0.99))
    'adam(beta2=0.99)'
    """

    rule: Rule
    State: type[tuple[float, ...]]
    Hyper: type[tuple[float, ...]]
    hyper: tuple[Expression, ...]
    text: str = field(default="", compare=False)

    @classmethod
    def of(cls, strategy: StrategyLike, known: dict[str, Strategy] | None = None) -> Strategy:
        """The strategy that a spec, a function or a strategy stands for.

        Raises:
            SpecError: an unknown name or hyperparameter, a value out of bounds, or a function of another shape.
        """
        if isinstance(strategy, Strategy):
            return strategy
        if isinstance(strategy, str):
            return _parsed(strategy, known or {})
        if callable(strategy):
            return _from_rule(strategy)
        raise SpecError(f"a strategy is a spec or a function (g, state, hyperparameters), not {repr_of(strategy)}")

    def __call__(self, /, **settings: Expression | float | str) -> Strategy:
        """The same rule with these hyperparameters.

        Raises:
            SpecError: an unknown name, or a value out of bounds.
        """
        names = list(self.knobs)
        hyper = dict(zip(names, self.hyper, strict=True))
        for name, value in settings.items():
            if name not in hyper:
                raise SpecError(
                    f"{self.name} has no hyperparameter {shown(name)}: {suggestion(name, names, kind='hyperparameter')}"
                )
            if isinstance(value, str):
                raise SpecError(f"{self.name}: {name} takes a number or an expression of t, not text")
            if isinstance(value, float) and math.isnan(value):
                self.check_value(name, value)  # which no expression spells
            hyper[name] = self._checked(name, as_expression(value))
        return replace(self, hyper=tuple(hyper.values()), text="")

    def _checked(self, name: str, value: Expression) -> Expression:
        check(value)
        if mentions(value, THETA):
            raise SpecError(f"{self.name}: {name} may change with t, but not with theta")
        for node in value.walk():
            if not isinstance(node, Number | Variable | Operation) and not _is_of_t(node):
                raise SpecError(f"{self.name}: {name} may change with t alone: {node} can't stand in it")
        if isinstance(value, Number):
            self.check_value(name, value.value)
        return value

    def check_value(self, name: str, value: float) -> None:
        """Whether a hyperparameter may have this value.

        Raises:
            SpecError: it may not.
        """
        if fault := self.knobs[name].fault(value):
            text = Number(value) if math.isfinite(value) else f"{value:g}"
            raise SpecError(f"{self.name}: {name} is {text}: it {fault}")

    def initial_state(self, theta0: Array = 0.0) -> Any:
        """The state before the first tick, when the weight is `theta0`."""
        state: Any = self.State()
        return self.state_of((*state[:-1], theta0) if self.moves else state)

    def state_of(self, values: Iterable[Array]) -> Any:
        """The state of these values, as numpy floats: they divide by zero as IEEE says, without an exception."""
        state: Any = self.State
        return state(*map(np.float64, values))

    @cached_property
    def moves(self) -> bool:
        """Whether the rule moves the weight itself: its state ends with `theta`."""
        return _fields(self.State)[-1] == "theta"

    @property
    def name(self) -> str:
        """The rule's own name."""
        return str(self.rule.__name__)

    @property
    def help(self) -> str:
        """The rule's first line of documentation."""
        return (inspect.getdoc(self.rule) or "").split("\n", maxsplit=1)[0]

    @property
    def label(self) -> str:
        """How it was written, or its spec."""
        return self.text or str(self)

    @cached_property
    def knobs(self) -> dict[str, Knob]:
        """Each hyperparameter with its bounds and its help."""
        hints = _hints(self.Hyper)
        return {name: _annotation(hints.get(name), Knob) or FREE for name in _fields(self.Hyper)}

    @cached_property
    def defaults(self) -> tuple[Expression, ...]:
        """The hyperparameters as the rule has them."""
        return _defaults(self.Hyper)

    @cached_property
    def own_columns(self) -> tuple[str, ...]:
        """The state's fields but for the direction and the weight."""
        return tuple(name for name in _fields(self.State) if name not in {"direction", "theta"})

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All columns of a row: ``t, g, <own>, direction, theta``."""
        return ("t", "g", *self.own_columns, "direction", "theta")

    @cached_property
    def Row(self) -> type[states.State]:  # noqa: N802  (a class made for this strategy)
        """The immutable state of a tick, with the columns as attributes; half the cost of a named tuple."""
        return states.state_type(f"{self.name}_row", self.columns)

    def __getstate__(self) -> dict[str, Any]:
        """What pickles: not what was found out on the way, such as the class of its rows."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def fields_of(self, kind: KindName) -> frozenset[str]:
        """The state's fields that are of that kind."""
        hints = _hints(self.State)
        return frozenset(name for name, hint in hints.items() if Kind(kind) in getattr(hint, "__metadata__", ()))

    def __str__(self) -> str:
        given = [
            f"{name}={value}"
            for name, value, default in zip(self.knobs, self.hyper, self.defaults, strict=True)
            if value != default
        ]
        return f"{self.name}({', '.join(given)})" if given else self.name


StrategyLike = Strategy | str | Rule


def _parsed(text: str, known: dict[str, Strategy]) -> Strategy:
    named = _named(text)
    if named.name not in known:
        raise SpecError(f"unknown strategy {shown(named.name)}: {suggestion(named.name, known, kind='strategy')}")
    return _set(known[named.name], text)


@lru_cache(maxsize=256)
def _named(text: str) -> Named:
    return parse_named(text, FUNCTION_WORDS | ALIASES | SIGNAL_WORDS, VARIABLES)


@lru_cache(maxsize=256)
def _set(strategy: Strategy, text: str) -> Strategy:
    """The strategy with the hyperparameters of the spec; the same object for the same spec, with what it has cached."""
    named = _named(text)
    if named.positional:
        first = next(iter(strategy.knobs))
        raise SpecError(f"{named.name}: hyperparameters are given by name, as in {named.name}({first}=…)")
    return replace(strategy(**named.named), text=text.strip())


def _from_rule(rule: Rule) -> Strategy:
    """Read a function's two NamedTuples off its annotations, or off its defaults."""
    name = getattr(rule, "__name__", type(rule).__name__)
    if not inspect.isfunction(rule) or not name.isidentifier():
        raise SpecError(f"{name} is no plain function: a strategy is one, made with def")
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    parameters = [p for p in inspect.signature(rule).parameters.values() if p.kind in positional]
    if len(parameters) != 3:
        raise SpecError(f"{name} takes {len(parameters)} parameters: a strategy takes (g, state, hyperparameters)")
    hints = _hints(rule)
    types = [hints.get(p.name, type(p.default)) for p in parameters[1:]]
    for kind, p in zip(types, parameters[1:], strict=True):
        if not (isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")):
            raise SpecError(f"{name}: annotate '{p.name}' with a NamedTuple of floats that have defaults")
    state, hyper = types
    _check_fields(name, state, hyper)
    return Strategy(rule, state, hyper, _defaults(hyper))


def _check_fields(name: str, state: type, hyper: type) -> None:
    for kind in (state, hyper):
        missing = [f for f in _fields(kind) if f not in kind._field_defaults]  # type: ignore[attr-defined]
        if missing:
            raise SpecError(f"{name}: {kind.__name__}.{missing[0]} needs a default")
        for field_name, default in kind._field_defaults.items():  # type: ignore[attr-defined]
            if not isinstance(default, int | float):
                raise SpecError(f"{name}: {kind.__name__}.{field_name} is {default!r:.40}: a default is a number")
    if "direction" not in _fields(state):
        raise SpecError(f"{name}: {state.__name__} needs a field 'direction': the step is theta - alpha*direction")
    if "alpha" not in _fields(hyper):
        raise SpecError(f"{name}: {hyper.__name__} needs a field 'alpha', the learning rate")
    if "theta" in _fields(state)[:-1]:
        raise SpecError(f"{name}: 'theta', the weight that the rule moves itself, stands last in {state.__name__}")
    taken = [f for f in _fields(state) if f in RESERVED]
    if taken:
        raise SpecError(f"{name}: {state.__name__} can't have a field '{taken[0]}': every row has that already")


def _is_of_t(node: Expression) -> bool:
    return isinstance(node, Call) and isinstance(node.word, FunctionWord | SignalWord)


_hints_of = partial(get_type_hints, include_extras=True)
_hints_of_class = lru_cache(maxsize=256)(_hints_of)  # reading them takes as long as a thousand ticks


def _hints(annotated: Any) -> dict[str, Any]:
    """The annotations; none where they can't be read, or not yet."""
    read = _hints_of_class if isinstance(annotated, type) else _hints_of
    try:
        return read(annotated)
    except NameError:  # names defined inside a function, under postponed annotations: only defaults can tell
        return {}


def _fields(kind: type) -> tuple[str, ...]:
    return tuple(kind._fields)  # type: ignore[attr-defined]


def _defaults(kind: type) -> tuple[Expression, ...]:
    return tuple(as_expression(value) for value in kind())


def _annotation(hint: Any, kind: type) -> Any:
    return next((extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, kind)), None)
