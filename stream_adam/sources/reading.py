"""A source being read in one run: values tick by tick, with what must be remembered between blocks."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from stream_adam.errors import SpecError
from stream_adam.language.evaluation import OF_TICKS, Span, function_of
from stream_adam.language.tree import Call
from stream_adam.sources.feeds import Feed, FeedState, Given, Lines
from stream_adam.sources.program import is_noisy
from stream_adam.sources.words import RECORDING, NoiseWord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_adam.language.tree import Expression
    from stream_adam.sources.noise import Generator, Noise
    from stream_adam.sources.source import Source
    from stream_adam.typing import Array, Floats

    Values = Callable[["Span"], Array]

AT_ONCE = 16_384  # ticks: what a formula makes on the way stays in the processor's cache


class Memory(Protocol):
    """A term that remembers something between blocks, and can be put back to where it was."""

    def save(self) -> Any:
        """What it remembers."""

    def restore(self, saved: Any) -> None:
        """Remember that instead."""


class Reading:
    """A source being read from tick 0 on.

    `columns(n)` gives the next n ticks of every open-loop part, shape (parts, n): the gradient itself, a part a
    component, for an open-loop source, and the columns of its `program` for a closed-loop one. Block lengths never
    change a value.

    Attributes:
        program: the closed loop's, with room of this run's own; None for another source.
        network: the native objective that gives the gradient, made for this run's seed; None for another source.
        feeds: what arrives from outside.
    """

    def __init__(self, source: Source, seed: int, components: int = 1) -> None:
        self.tick = 0
        self.program = source.program_for(components)
        self.network = source.network_for(seed)
        self.feeds: list[FeedState] = []
        self._length = source.length
        self._recordings = source.recordings
        self._is_recorded = source.tree in source.recordings
        self._generators = _generators(seed)
        self._memories: list[Memory] = []
        self._unread: Floats | None = None  # ticks that were read, and not used
        self._lines: Values | None = None
        self.parts = [function_of(tree, OF_TICKS, self._term) for tree in self._trees(source, components)]

    def _trees(self, source: Source, components: int) -> tuple[Expression, ...]:
        if self.network is not None:
            return ()
        if self.program is not None:
            return self.program.columns
        return (source.tree,) * (components if is_noisy(source.tree) else 1)

    def ready(self, n: int) -> int:
        """How many of the next n ticks can be had; 0 when the source has ended.

        Raises:
            SpecError: an async iterable would have to be awaited, or the next value is no number.
            Exception: what an iterable raised in place of the next value.
        """
        if self._length is not None:
            n = min(n, self._length - self.tick)
        for feed in self.feeds:
            here = self._spare + feed.pull(n - self._spare)
            if not here and n:
                feed.fail()
            n = min(n, here)
        return n

    def columns(self, n: int) -> Floats:
        """The next n ticks of each part, shape (parts, n)."""
        again, self._unread = self._unread, None
        if again is None:
            return self._read(n)
        self.tick += min(n, again.shape[1])
        if again.shape[1] > n:
            self._unread = again[:, n:]
            return again[:, :n]
        return np.concatenate([again, self._read(n - again.shape[1])], axis=1)

    def unread(self, columns: Floats) -> None:
        """Take back the last ticks that `columns` gave: they come next."""
        if not columns.shape[1]:
            return
        self.tick -= columns.shape[1]
        self._unread = columns if self._unread is None else np.concatenate([columns, self._unread], axis=1)

    @property
    def _spare(self) -> int:
        return 0 if self._unread is None else self._unread.shape[1]

    def _read(self, n: int) -> Floats:
        if self._is_recorded:  # as it is, where it can be: fresh memory costs more than a tick
            return np.require(self._rows(n)[0], np.float64, ["C", "W"])[np.newaxis]
        made = np.empty((len(self.parts), n))
        for start in range(0, n, AT_ONCE):
            count = min(AT_ONCE, n - start)
            for row, values in zip(made, self._rows(count), strict=True):
                row[start : start + count] = values
        return made

    def _rows(self, n: int) -> list[Array]:
        """The next n ticks of each part, or one value for all of them."""
        span = Span(self.tick, n)
        self.tick += n
        return [part(span) for part in self.parts]

    def save(self) -> Any:
        """Where the reading stands, for `restore`."""
        return self.tick, self._unread, [memory.save() for memory in self._memories]

    def restore(self, saved: Any) -> None:
        """Go back to where `save` was called.

        Raises:
            SpecError: values came from an iterable, which can't be wound back.
        """
        if self.feeds:
            raise SpecError("a source that arrives from outside can't be wound back: record it first")
        self.tick, self._unread, memories = saved
        for memory, state in zip(self._memories, memories, strict=True):
            memory.restore(state)

    def _term(self, node: Expression) -> Values:
        """What is not of the language itself: data, or a noise with a generator of its own."""
        if isinstance(node, Feed):
            return self._fed(node.values)
        if isinstance(node, Given):
            return self._recorded(node)
        assert isinstance(node, Call), node  # theta is in no open-loop part
        if isinstance(node.word, NoiseWord):
            arguments = [function_of(argument, OF_TICKS, self._term) for argument in node.children()]
            term = NoiseTerm(node.word.noise, next(self._generators), arguments)
            self._memories.append(term)
            return term
        if node.word == RECORDING:
            return self._recorded(node)
        choice = map(node.text, ("column", "blanks", "lane"))
        self._lines = self._lines or self._fed(Lines(None, *choice))  # one input, however often it stands there
        return self._lines

    def _recorded(self, node: Expression) -> Values:
        values = self._recordings[node]
        return lambda span: values[span.start : span.start + span.count]

    def _fed(self, values: Any) -> Values:
        feed = FeedState(values)
        self.feeds.append(feed)
        return lru_cache(maxsize=1)(lambda span: np.array(feed.take(span.count)))  # for each place where it stands


class NoiseTerm:
    """One noise term of one run."""

    def __init__(self, noise: Noise, rng: Generator, arguments: list[Values]) -> None:
        self._noise = noise
        self._rng = rng
        self._arguments = arguments
        self._sum = 0.0

    def __call__(self, span: Span) -> Array:
        """The draws of the next ticks, one each."""
        draws = np.asarray(self._noise.draw(self._rng, span.count, *(argument(span) for argument in self._arguments)))
        if not self._noise.accumulates:
            return draws
        walk = np.cumsum(np.concatenate([[self._sum], draws]))[1:]
        self._sum = walk[-1]
        return walk

    def save(self) -> Any:
        """The generator's state, and the sum so far."""
        return deepcopy(self._rng.bit_generator.state), self._sum

    def restore(self, saved: Any) -> None:
        """Go back to where `save` was called."""
        state, self._sum = saved
        self._rng.bit_generator.state = deepcopy(state)


def _generators(seed: int) -> Iterator[Generator]:
    """One generator a noise term: the seed's own for the first, then ones spawned from the same seed."""
    root = np.random.SeedSequence(seed)
    yield np.random.default_rng(root)
    while True:
        yield np.random.default_rng(root.spawn(1)[0])
