"""Play, pause, step and rate, as a small state machine. There is no clock and no event loop in here.

Whoever holds the transport presses its keys, in any thread; the stream looks at its `setting` and takes the steps one
by one. What each key does in each state is the table `TRANSITIONS`.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from enum import Enum, auto
from numbers import Real
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple

from stream_adam.errors import SpecError
from stream_adam.numeric import as_whole, repr_of

if TYPE_CHECKING:
    from collections.abc import Callable

LOWEST, HIGHEST = sys.float_info.min, sys.float_info.max  # rates whose interval is a number, too


class State(Enum):
    """What a transport is doing."""

    PLAYING = auto()
    PAUSED = auto()
    STEPPING = auto()  # paused, but for a number of ticks that were asked for


class Event(Enum):
    """What can happen to it."""

    PLAY = auto()
    PAUSE = auto()
    STEP = auto()
    STEPS_DONE = auto()


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.PLAYING: {Event.PLAY: State.PLAYING, Event.PAUSE: State.PAUSED, Event.STEP: State.STEPPING},
    State.PAUSED: {Event.PLAY: State.PLAYING, Event.PAUSE: State.PAUSED, Event.STEP: State.STEPPING},
    State.STEPPING: {
        Event.PLAY: State.PLAYING,
        Event.PAUSE: State.PAUSED,
        Event.STEP: State.STEPPING,
        Event.STEPS_DONE: State.PAUSED,
    },
}


class Setting(NamedTuple):
    """All of a transport at one moment."""

    state: State
    rate: float | None
    revision: int


class Transport:
    """The keys of one stream: `play`, `pause`, `step`, and the `rate`.

    They act from any thread, and from a signal handler. A stream that begins takes the transport over from the one
    before, which raises a SpecError if somebody goes on with it.

    Args:
        rate: ticks per second; None lets them through as fast as they are asked for.
        paused: whether to wait for `play` or `step` from the start.

    Raises:
        SpecError: a rate that is not above 0, or a number of steps below 1.

    >>> transport = Transport(rate=20, paused=True)
    >>> transport.step(3)
    >>> transport.state.name, transport.paused
    ('STEPPING', True)
    """

    def __init__(self, rate: float | None = None, paused: bool = False) -> None:
        self._rate = _checked_rate(rate)
        self._state = State.PAUSED if paused else State.PLAYING
        self._steps = 0
        self._listener: Callable[[], None] | None = None
        self._lock = RLock()  # a signal handler may press a key in the middle of another
        self.revision = 0  # counts the keys pressed, and the streams that took over

    @property
    def state(self) -> State:
        """What it is doing now."""
        return self._state

    @property
    def setting(self) -> Setting:
        """State, rate and revision, as they are together."""
        with self._lock:
            return Setting(self._state, self._rate, self.revision)

    @property
    def paused(self) -> bool:
        """Whether ticks wait for `play` or `step`; while stepping they still do."""
        return self._state is not State.PLAYING

    @property
    def rate(self) -> float | None:
        """Ticks per second, None for as fast as they are asked for; may be set at any time."""
        return self._rate

    @rate.setter
    def rate(self, rate: float | None) -> None:
        rate = _checked_rate(rate)
        with self._lock:
            self._rate = rate
            self.revision += 1
        self._notify()

    def play(self) -> None:
        """Let ticks through at the rate."""
        self._on(Event.PLAY)

    def pause(self) -> None:
        """Let no further tick through; steps still owed are forgotten."""
        self._on(Event.PAUSE)

    def step(self, n: int = 1) -> None:
        """Let exactly n ticks through, without regard to the rate, then pause."""
        self._on(Event.STEP, _checked_steps(n))

    def take_step(self) -> bool:
        """Let one of the ticks that `step` asked for through; False where none is owed."""
        with self._lock:
            if self._state is not State.STEPPING:
                return False
            self._steps -= 1
            if self._steps == 0:
                self._on(Event.STEPS_DONE)
        return True

    def attach(self, listener: Callable[[], None]) -> None:
        """Call the listener after every key from now on, in place of the one before: what a stream does as it starts.

        The one before is called once more, and finds out by `drives`.
        """
        with self._lock:
            former, self._listener = self._listener, listener
            self.revision += 1
        if former is not None:
            former()

    def drives(self, listener: Callable[[], None]) -> bool:
        """Whether no other stream has taken over."""
        return self._listener == listener

    def detach(self, listener: Callable[[], None]) -> None:
        """Leave the transport to another stream, unless one has taken it."""
        with self._lock:
            if self._listener == listener:
                self._listener = None

    def _on(self, event: Event, steps: int = 0) -> None:
        with self._lock:
            self._state = TRANSITIONS[self._state][event]
            self._steps = self._steps + steps if self._state is State.STEPPING else 0
            self.revision += 1
        self._notify()

    def _notify(self) -> None:
        listener = self._listener
        if listener is not None:
            listener()


def _checked_rate(rate: object) -> float | None:
    if rate is None:
        return None
    if not isinstance(rate, bool) and isinstance(rate, Real):
        with suppress(OverflowError):  # a whole number larger than any float
            if LOWEST <= float(rate) <= HIGHEST:
                return float(rate)
    raise SpecError(f"rate is {repr_of(rate)}: it must be a number of ticks per second above 0, or None")


def _checked_steps(n: object) -> int:
    return as_whole(n, 1, "step({}): the number of ticks must be a whole number from 1 on")
