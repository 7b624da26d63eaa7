"""A source: the checked tree of a gradient, ready to be read by any number of runs."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from stream_adam.data import NOT_NUMBERS, Selection
from stream_adam.errors import SpecError
from stream_adam.language.grammar import parse
from stream_adam.language.tree import VARIABLES, Call, Expression, Number, T, as_expression, check
from stream_adam.numeric import REAL_KINDS
from stream_adam.sources.feeds import Feed, Given, value_of
from stream_adam.sources.formulas import FormulaWord
from stream_adam.sources.program import Program, components_of, is_closed, lower
from stream_adam.sources.recordings import ANY_FILE, Files, load
from stream_adam.sources.words import RECORDING, STDIN, WORDS, NativeWord, Network, NoiseWord, SignalWord, objective_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stream_adam.typing import Floats

SourceLike = str | Expression | float | Iterable[float] | AsyncIterable[float]


@dataclass(frozen=True)
class Source:
    """A gradient a tick, as an expression.

    Attributes:
        tree: what is evaluated.
        text: how it was written.
        recordings: the data of each `recording(…)` and each array, by its node, each of shape (ticks,).
        program: the closed loop's program, None for another source.
        components: how many the gradient has; None where any number will do.
        shown: which of them are shown, where those are not all.
        native: the call of a network that this source is; None for another source.

    >>> Source.of("2*theta + normal(0.1)").is_closed_loop
    True
    """

    tree: Expression
    text: str = field(compare=False)
    recordings: Mapping[Expression, Floats] = field(default_factory=dict, compare=False, repr=False)
    program: Program | None = field(default=None, compare=False, repr=False)
    components: int | None = field(default=None, compare=False)
    shown: list[int] | None = field(default=None, compare=False)
    native: Call | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, source: Source | SourceLike, files: Files = ANY_FILE) -> Source:
        """The source that a text, a tree, a number, an array or an iterable of floats stands for.

        Raises:
            SpecError: it is none of these, or its text is not of the language.
        """
        if isinstance(source, Source):
            return source
        if isinstance(source, str):
            return cls._checked(parse(source, WORDS, VARIABLES), source.strip(), files)
        tree = check(_tree(source))
        return cls._checked(tree, str(tree), files)

    @classmethod
    def _checked(cls, tree: Expression, text: str, files: Files) -> Source:
        calls = [node for node in tree.walk() if isinstance(node, Call)]
        _check_input(tree, files)
        for call in calls:
            _check_noise(call)
        native = _native(tree, calls)
        if native is not None:
            network = _network(native, seed=0)
            return cls(tree, text, components=network.components, shown=list(network.shown), native=native)
        components = _components(tree, calls)
        program = lower(tree, components or 1) if is_closed(tree) else None
        return cls(tree, text, _recordings(tree, files), program, components)

    @property
    def is_closed_loop(self) -> bool:
        """Whether the gradient depends on theta."""
        return self.program is not None or self.native is not None

    @property
    def objective(self) -> Call | None:
        """The one objective that it descends, whose value does not change with t; None without one, or with several."""
        calls = [node for node in self.tree.walk() if isinstance(node, Call) and objective_of(node) is not None]
        return calls[0] if len(calls) == 1 and _stays(calls[0]) else None

    def program_for(self, components: int) -> Program | None:
        """The closed loop's program for that many components, with room for one run; None for another source."""
        if self.program is None:
            return None
        known = len(self.program.ends) == components
        return (self.program if known else lower(self.tree, components)).for_one_run()

    def network_for(self, seed: int) -> Network | None:
        """The network whose gradient this source is, as of that seed; None for another source."""
        return None if self.native is None else _network(self.native, seed)

    @property
    def length(self) -> int | None:
        """How many ticks its recordings hold; None without one."""
        return min(map(len, self.recordings.values()), default=None)

    @property
    def is_live(self) -> bool:
        """Whether values arrive from outside, one by one."""
        return any(map(_is_live, self.tree.walk()))

    def __str__(self) -> str:
        return str(self.tree)


def _tree(source: object) -> Expression:
    if isinstance(source, Expression):
        return source
    if isinstance(source, Real):
        return as_expression(source)
    if isinstance(source, np.ndarray | list | tuple):
        return Given(_array(source))
    if isinstance(source, Iterable | AsyncIterable) and not isinstance(source, bytes | bytearray):
        return Feed(source)
    raise SpecError(f"a source is text, an expression or an iterable of floats, not {type(source).__name__}")


def _recordings(tree: Expression, files: Files) -> dict[Expression, Floats]:
    """The data of the tree's recordings and arrays; a file is read once, however often it is named."""
    data: dict[Expression, Floats] = {}
    for node in tree.walk():
        if isinstance(node, Given):
            data[node] = node.values
        elif isinstance(node, Call) and node.word == RECORDING and node not in data:
            path, *choice = map(node.text, ("path", "column", "blanks", "lane"))
            data[node] = load(path, choice[0], files, blanks=choice[1], lane=choice[2])
    return data


def _check_input(tree: Expression, files: Files) -> None:
    """Standard input can be read where there is one, and each of its lines gives one value."""
    calls = {str(node): node for node in tree.walk() if isinstance(node, Call) and node.word == STDIN}
    if calls and not files.anywhere:
        raise SpecError("stdin() belongs to the command line: this page has no standard input")
    if len(calls) > 1:
        raise SpecError(f"{' and '.join(list(calls)[:2])}: of standard input one column is read")
    for call in calls.values():
        Selection(*map(call.text, ("column", "blanks", "lane")))


def _stays(call: Call) -> bool:
    """Whether an objective is the same at every tick."""
    if isinstance(call.word, FormulaWord):
        return not any(
            node == T or (isinstance(node, Call) and isinstance(node.word, SignalWord)) for node in call.walk()
        )
    return all(isinstance(argument, Number) for argument in call.arguments)


def _is_live(node: Expression) -> bool:
    return isinstance(node, Feed) or (isinstance(node, Call) and node.word == STDIN)


def _native(tree: Expression, calls: list[Call]) -> Call | None:
    native = next((call for call in calls if isinstance(call.word, NativeWord)), None)
    if native is not None and native is not tree:
        raise SpecError(f"{native.word.name}(…) is a whole source: it can't be a part of an expression")
    return native


def _components(tree: Expression, calls: list[Call]) -> int | None:
    """How many components the gradient has; None where any number will do, as for an objective of one."""
    counts = {str(call): components_of(call) for call in calls if objective_of(call) is not None}
    several = {name: count for name, count in counts.items() if count > 1}
    if len(set(several.values())) > 1:
        (one, first), *_, (other, second) = sorted(several.items(), key=lambda item: item[1])
        raise SpecError(f"{one} has {first} components and {other} has {second}: the terms of a source must agree")
    if several and any(map(_is_live, tree.walk())):
        raise SpecError(f"values from outside have one component, and {next(iter(several))} has several")
    return next(iter(several.values()), None)


def _network(call: Call, seed: int) -> Network:
    assert isinstance(call.word, NativeWord)
    names = [parameter.name for parameter in call.word.parameters]
    values = [argument if isinstance(argument, str) else _plain(call, argument) for argument in call.arguments]
    return call.word.make(seed=seed, **dict(zip(names, values, strict=True)))


def _plain(call: Call, argument: Expression) -> float:
    if not isinstance(argument, Number):
        raise SpecError(f"{call.word.name}(…) takes plain numbers: {argument} is none")
    return argument.value


def _array(values: Sequence[float] | Floats) -> Floats:
    """The values as floats.

    Raises:
        SpecError: they are no numbers, some are masked, or the shape is not one value a tick.
    """
    if isinstance(values, np.ndarray):
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim != 1:
            raise SpecError(f"an array as a source has a value a tick: this one has the shape {values.shape}")
        if np.ma.is_masked(values):
            raise SpecError("an array as a source has masked values: .filled(numpy.nan) makes them NaN")
        if values.dtype.kind in REAL_KINDS:
            return np.array(values, dtype=np.float64)
        if values.dtype.kind in NOT_NUMBERS and values.dtype.kind != "O":
            raise SpecError(f"an array as a source has numbers, not {NOT_NUMBERS[values.dtype.kind]}")
    return np.array([value_of(value, tick) for tick, value in enumerate(values)], dtype=np.float64)


def _check_noise(call: Call) -> None:
    """Draw once from a throwaway generator, where the arguments are numbers."""
    if isinstance(call.word, NoiseWord) and all(isinstance(argument, Number) for argument in call.arguments):
        numbers = [argument.value for argument in call.arguments if isinstance(argument, Number)]
        with np.errstate(all="ignore"):
            draw = call.word.noise.draw(np.random.default_rng(0), 1, *numbers)
        if np.isnan(draw).any():
            raise SpecError(f"{call}: it needs {call.word.noise.needs}")
