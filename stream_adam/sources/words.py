"""The words of the language, and what each does: one table, made from the functions beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from stream_adam.language import functions
from stream_adam.language.functions import FunctionWord
from stream_adam.language.signals import SIGNAL_WORDS, SignalWord
from stream_adam.language.tree import Argument, Call, Expression, Parameter, Word, help_of, parameters_of
from stream_adam.sources.digits import Digits
from stream_adam.sources.formulas import DESCEND, FormulaWord, objective_of_formula
from stream_adam.sources.noise import NOISES, Noise
from stream_adam.sources.objective import Objective
from stream_adam.sources.objectives import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import SupportsIndex

    from stream_adam.typing import Floats


__all__ = [
    "DATA_WORDS", "FUNCTION_WORDS", "GROUPS", "NATIVE_WORDS", "NOISE_WORDS", "OBJECTIVE_WORDS", "RECORDING",
    "SIGNAL_WORDS", "STDIN", "WORDS", "DataWord", "FunctionWord", "NativeWord", "Network", "NoiseWord",
    "ObjectiveWord", "SignalWord", "word",
]  # fmt: skip


@dataclass(frozen=True)
class NoiseWord(Word):
    """Draws from a seeded generator of its own."""

    noise: Noise


@dataclass(frozen=True)
class ObjectiveWord(Word):
    """A function of the weights to descend; in a source it stands for its gradient at theta."""

    objective: Objective

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """One of the package's own pickles by its name: its functions may have none."""
        if OBJECTIVE_WORDS.get(self.name) is self:
            return _objective_word, (self.name,)
        return super().__reduce_ex__(protocol)


def _objective_word(name: str) -> Word:
    return OBJECTIVE_WORDS[name]


@dataclass(frozen=True)
class SizeWord(FunctionWord):
    """`abs(x)` of the language; without an x, as in `abs()` and `abs(slope=2)`, the objective of that shape."""

    objective: Word

    def bind(self, positional: tuple[Argument, ...], named: dict[str, Argument]) -> Expression:
        """The function's call, or the objective's."""
        settings = {parameter.name for parameter in self.objective.parameters}
        if not positional and named.keys() <= settings:
            return self.objective.bind((), named)
        return super().bind(positional, named)


class Network(Protocol):
    """What a native objective makes for a run: the gradient of many weights, of which a few are shown.

    Attributes:
        components: how many weights there are.
        shown: the numbers of those that are shown.
    """

    components: int
    shown: tuple[int, ...]

    def gradient(self, tick: int, theta: Floats) -> Floats:
        """The gradient at a tick, of the same shape as theta, (components,); it depends on nothing else."""

    def loss(self, theta: Floats) -> float:
        """What is descended, over all the data."""

    def accuracy(self, theta: Floats) -> float:
        """The fraction of the data that is told rightly."""


@dataclass(frozen=True)
class NativeWord(Word):
    """An objective that is a whole source: too large for a tree, it computes its gradient by itself.

    `make(…, seed=seed)` takes the word's arguments as plain numbers and text; what can't be is a SpecError.
    """

    make: Callable[..., Network]


@dataclass(frozen=True)
class DataWord(Word):
    """Values that were made elsewhere: `recording`, `stdin`."""


NOISE_WORDS: dict[str, Word] = {
    noise.draw.__name__: NoiseWord(noise.draw.__name__, parameters_of(noise.draw, 2), help_of(noise.draw), noise)
    for noise in NOISES
}
OBJECTIVE_WORDS: dict[str, Word] = {
    name: ObjectiveWord(name, parameters_of(objective.value, 1), help_of(objective.value), objective)
    for name, objective in OBJECTIVES.items()
}
_ABS = functions.magnitude
FUNCTION_WORDS: dict[str, Word] = functions.FUNCTION_WORDS | {
    "abs": SizeWord(_ABS.name, _ABS.parameters, _ABS.help, np.abs, OBJECTIVE_WORDS["absolute"])
}
NATIVE_WORDS: dict[str, Word] = {
    "mlp_digits": NativeWord("mlp_digits", parameters_of(Digits, 0), help_of(Digits), Digits),
}
_CHOICE = tuple(
    Parameter(name, default, is_text=True) for name, default in (("column", "g"), ("blanks", "refuse"), ("lane", ""))
)
RECORDING = DataWord(
    "recording",
    (Parameter("path", None, is_text=True), *_CHOICE),
    "One column of a .npy, .npz, .csv, .tsv or .jsonl file, a row a tick; it ends with its file.",
)
STDIN = DataWord("stdin", _CHOICE, "A number, a JSON line or a row of CSV a tick, from standard input.")
DATA_WORDS: dict[str, Word] = {word.name: word for word in (RECORDING, STDIN)}

GROUPS: dict[str, dict[str, Word]] = {
    "signals": SIGNAL_WORDS,
    "noise": NOISE_WORDS,
    "data": DATA_WORDS,
    "objectives": {**OBJECTIVE_WORDS, DESCEND.name: DESCEND, **NATIVE_WORDS},
    "functions": FUNCTION_WORDS,
}
WORDS: dict[str, Word] = {name: word for group in GROUPS.values() for name, word in group.items()} | functions.ALIASES


def objective_of(node: Expression) -> Objective | None:
    """The function that this node descends; None for a node that descends none."""
    match node:
        case Call(ObjectiveWord(objective=objective)):
            return objective
        case Call(FormulaWord(), (Expression() as formula,)):
            return objective_of_formula(formula)
    return None


def word(name: str) -> Callable[..., Expression]:
    """The word as a Python function that composes: `word("sine")(25, 5) + 10`."""
    return WORDS[name]
