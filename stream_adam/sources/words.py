"""The words of the language, and what each does: one table, made from the functions beside it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stream_adam.expression import PI, THETA, Expression, Operand, Parameter, T, Variable, Word
from stream_adam.sources.noise import NOISES, Noise
from stream_adam.sources.objectives import OBJECTIVES
from stream_adam.sources.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.typing import Array


@dataclass(frozen=True)
class FunctionWord(Word):
    """Elementwise arithmetic: `sin`, `where`, …"""

    apply: Callable[..., Array]


@dataclass(frozen=True)
class SignalWord(Word):
    """A function of the tick."""

    at: Callable[..., Array]


@dataclass(frozen=True)
class NoiseWord(Word):
    """Draws from a seeded generator of its own."""

    noise: Noise


@dataclass(frozen=True)
class ObjectiveWord(Word):
    """A gradient at theta: its function, given a tree for theta, gives a tree."""

    gradient: Callable[..., Operand]


@dataclass(frozen=True)
class DataWord(Word):
    """Values that were made elsewhere: `recording`, `stdin`."""


def _where(condition: Array, then: Array, otherwise: Array) -> Array:
    return np.where(np.not_equal(condition, 0), then, otherwise)


_FUNCTIONS: dict[str, tuple[Callable[..., Array], str, str]] = {
    "sin": (np.sin, "x", "sine of x, in radians"),
    "cos": (np.cos, "x", "cosine of x, in radians"),
    "tan": (np.tan, "x", "tangent of x, in radians"),
    "exp": (np.exp, "x", "e to the power of x"),
    "log": (np.log, "x", "natural logarithm"),
    "sqrt": (np.sqrt, "x", "square root"),
    "abs": (np.abs, "x", "x without its sign"),
    "sign": (np.sign, "x", "-1, 0 or 1"),
    "floor": (np.floor, "x", "the largest whole number up to x"),
    "minimum": (np.minimum, "x y", "the smaller of two"),
    "maximum": (np.maximum, "x y", "the larger of two"),
    "where": (_where, "condition then otherwise", "one of two values, by a condition such as t < 100"),
}


def _parameters(function: Callable[..., object], given_by_us: int) -> tuple[Parameter, ...]:
    """The parameters of a word's function, less the first ones, which the run gives."""
    listed = list(inspect.signature(function).parameters.values())[given_by_us:]
    return tuple(Parameter(p.name, None if p.default is p.empty else p.default) for p in listed)


def _help(function: Callable[..., object]) -> str:
    return (function.__doc__ or "").splitlines()[0]


FUNCTION_WORDS: dict[str, Word] = {
    name: FunctionWord(name, tuple(Parameter(p) for p in parameters.split()), text, apply)
    for name, (apply, parameters, text) in _FUNCTIONS.items()
}
SIGNAL_WORDS: dict[str, Word] = {f.__name__: SignalWord(f.__name__, _parameters(f, 1), _help(f), f) for f in SIGNALS}
NOISE_WORDS: dict[str, Word] = {
    noise.draw.__name__: NoiseWord(noise.draw.__name__, _parameters(noise.draw, 2), _help(noise.draw), noise)
    for noise in NOISES
}
OBJECTIVE_WORDS: dict[str, Word] = {
    f.__name__: ObjectiveWord(f.__name__, _parameters(f, 1), _help(f), f) for f in OBJECTIVES
}
RECORDING = DataWord(
    "recording",
    (Parameter("path", None, is_text=True), Parameter("column", "g", is_text=True)),
    "One column of a .npy, .csv or .jsonl file, a row a tick; it ends with its file.",
)
STDIN = DataWord("stdin", (), "One number a line from standard input; it ends with its input.")
DATA_WORDS: dict[str, Word] = {word.name: word for word in (RECORDING, STDIN)}

GROUPS: dict[str, dict[str, Word]] = {
    "signals": SIGNAL_WORDS,
    "noise": NOISE_WORDS,
    "data": DATA_WORDS,
    "objectives": OBJECTIVE_WORDS,
    "functions": FUNCTION_WORDS,
}
WORDS: dict[str, Word] = {name: word for group in GROUPS.values() for name, word in group.items()}
VARIABLES: dict[str, Variable] = {variable.name: variable for variable in (T, THETA, PI)}


def word(name: str) -> Callable[..., Expression]:
    """The word as a Python function that composes: `word("sine")(25, 5) + 10`."""
    return WORDS[name]
