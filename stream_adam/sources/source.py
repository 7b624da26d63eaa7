"""A source: the checked tree of a gradient, ready to be read by any number of runs."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from stream_adam.errors import SpecError
from stream_adam.expression import Call, Expression, Number, as_expression, check
from stream_adam.grammar import parse
from stream_adam.sources.feeds import Feed, Given, as_float
from stream_adam.sources.program import Program, is_closed, lower
from stream_adam.sources.recordings import ANY_FILE, Files, load
from stream_adam.sources.words import RECORDING, STDIN, VARIABLES, WORDS, NoiseWord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_adam.typing import Floats

SourceLike = str | Expression | float | Iterable[float] | AsyncIterable[float]


@dataclass(frozen=True)
class Source:
    """A gradient a tick, as an expression.

    Attributes:
        tree: what is evaluated.
        text: how it was written.
        recordings: the data of each `recording(…)` and each array, in the order written, each of shape (ticks,).
        program: the closed loop's program, None for an open-loop source.

    >>> Source.of("2*theta + normal(0.1)").is_closed_loop
    True
    """

    tree: Expression
    text: str = field(compare=False)
    recordings: tuple[Floats, ...] = field(default=(), compare=False, repr=False)
    program: Program | None = field(default=None, compare=False, repr=False)

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
        if not files.anywhere and any(call.word == STDIN for call in calls):
            raise SpecError("stdin() belongs to the command line: this page has no standard input")
        for call in calls:
            _check_noise(call)
        return cls(tree, text, _recordings(tree, files), lower(tree) if is_closed(tree) else None)

    @property
    def is_closed_loop(self) -> bool:
        """Whether the gradient depends on theta."""
        return self.program is not None

    @property
    def length(self) -> int | None:
        """How many ticks its recordings hold; None without one."""
        return min(map(len, self.recordings), default=None)

    @property
    def is_live(self) -> bool:
        """Whether values arrive from outside, one by one."""
        return any(
            isinstance(node, Feed) or (isinstance(node, Call) and node.word == STDIN) for node in self.tree.walk()
        )

    def __str__(self) -> str:
        return str(self.tree)


def _tree(source: object) -> Expression:
    if isinstance(source, Expression):
        return source
    if isinstance(source, Real):
        return as_expression(source)
    if isinstance(source, np.ndarray | list | tuple):
        return Given(_array(source))
    if isinstance(source, Iterable | AsyncIterable):
        return Feed(source)
    raise SpecError(f"a source is text, an expression or an iterable of floats, not {type(source).__name__}")


def _recordings(tree: Expression, files: Files) -> tuple[Floats, ...]:
    """The data of the tree's recordings and arrays; a file is read once, however often it is named."""
    read = cache(partial(load, files=files))
    data = []
    for node in tree.walk():
        if isinstance(node, Given):
            data.append(node.values)
        elif isinstance(node, Call) and node.word == RECORDING:
            data.append(read(node.text("path"), node.text("column")))
    return tuple(data)


def _array(values: Sequence[float] | Floats) -> Floats:
    """The values as floats."""
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise SpecError(f"an array as a source has a value a tick: this one has the shape {values.shape}")
        if np.issubdtype(values.dtype, np.number) and not np.iscomplexobj(values):
            return values.astype(np.float64)
    return np.array([as_float(value) for value in values], dtype=np.float64)


def _check_noise(call: Call) -> None:
    """Draw once from a throwaway generator, where the arguments are numbers: numpy knows what it can't draw."""
    if isinstance(call.word, NoiseWord) and all(isinstance(argument, Number) for argument in call.arguments):
        numbers = [argument.value for argument in call.arguments if isinstance(argument, Number)]
        try:
            call.word.noise.draw(np.random.default_rng(0), 1, *numbers)
        except ValueError as error:
            raise SpecError(f"{call}: {error}") from None
