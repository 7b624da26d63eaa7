"""The transport: every key in every state, and what it says about a number that can't be used."""

from __future__ import annotations

import itertools
import math
import threading
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stream_adam import SpecError, Transport
from stream_adam.transport import TRANSITIONS, Event, State

PLAYING, PAUSED, STEPPING = State.PLAYING, State.PAUSED, State.STEPPING

# what each event does in each state; what is not here can't happen
TABLE = {
    (PLAYING, Event.PLAY): PLAYING,
    (PLAYING, Event.PAUSE): PAUSED,
    (PLAYING, Event.STEP): STEPPING,
    (PAUSED, Event.PLAY): PLAYING,
    (PAUSED, Event.PAUSE): PAUSED,
    (PAUSED, Event.STEP): STEPPING,
    (STEPPING, Event.PLAY): PLAYING,
    (STEPPING, Event.PAUSE): PAUSED,
    (STEPPING, Event.STEP): STEPPING,
    (STEPPING, Event.STEPS_DONE): PAUSED,
}


def in_state(state: State) -> Transport:
    transport = Transport(paused=state is not PLAYING)
    if state is STEPPING:
        transport.step()
    assert transport.state is state
    return transport


def press(transport: Transport, event: Event) -> None:
    keys = {
        Event.PLAY: transport.play,
        Event.PAUSE: transport.pause,
        Event.STEP: transport.step,
        Event.STEPS_DONE: transport.take_step,
    }
    keys[event]()


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_every_event_in_every_state(state: State, event: Event) -> None:
    transport = in_state(state)
    if (state, event) in TABLE:
        press(transport, event)
        assert transport.state is TABLE[state, event]
        assert transport.paused == (transport.state is not PLAYING)
        assert TRANSITIONS[state][event] is transport.state
    else:
        assert event is Event.STEPS_DONE
        assert not transport.take_step()
        assert transport.state is state
        assert event not in TRANSITIONS[state]


def test_every_key_is_told_to_the_stream_and_counted() -> None:
    told: list[int] = []

    def listener() -> None:
        told.append(transport.revision)

    transport = Transport(paused=True)
    transport.attach(listener)
    before = transport.revision
    transport.play()
    transport.pause()
    transport.step(2)
    transport.rate = 5
    assert transport.take_step()  # not a key: the stream itself does this …
    assert [revision - before for revision in told] == [1, 2, 3, 4]
    assert transport.take_step()  # … but the last one changes the state
    assert [revision - before for revision in told] == [1, 2, 3, 4, 5]
    transport.detach(listener)
    transport.play()
    assert len(told) == 5


def test_the_newest_stream_is_driven_and_the_one_before_is_told() -> None:
    told: list[str] = []
    transport = Transport()

    def former() -> None:
        told.append("former")

    def newer() -> None:
        told.append("newer")

    transport.attach(former)
    assert transport.drives(former)
    transport.attach(newer)
    assert told == ["former"]
    assert (transport.drives(former), transport.drives(newer)) == (False, True)
    transport.detach(former)  # its end comes later, and takes nothing from the other
    transport.pause()
    assert told == ["former", "newer"]
    transport.detach(newer)
    assert not transport.drives(newer)


def test_steps_are_taken_once_by_whatever_thread_and_every_key_counts() -> None:
    transport = Transport(paused=True)
    taken = [0] * 4

    def take(i: int) -> None:
        for _ in range(2000):
            transport.step()
            taken[i] += transport.take_step()

    threads = [threading.Thread(target=take, args=(i,)) for i in range(4)]
    before = transport.revision
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while transport.take_step():
        taken[0] += 1
    assert sum(taken) == 8000
    assert transport.state is PAUSED
    assert transport.revision >= before + 8000


UNUSABLE_RATES: list[Any] = [
    0, -1, 0.0, -0.0, math.nan, math.inf, -math.inf, True, False, "20", b"1", [], 1j, 10**400, -(10**400), 5e-324,
    np.float64("nan"), np.bool_(True),
]  # fmt: skip


@pytest.mark.parametrize("rate", UNUSABLE_RATES, ids=lambda rate: repr(rate)[:20])
def test_a_rate_that_cant_be_used(rate: Any) -> None:
    with pytest.raises(SpecError) as error:
        Transport(rate=rate)
    said = repr(rate) if len(repr(rate)) <= 60 else f"{repr(rate)[:60]}…"
    assert str(error.value) == f"rate is {said}: it must be a number of ticks per second above 0, or None"
    transport = Transport(rate=7)
    before = transport.revision
    with pytest.raises(SpecError):
        transport.rate = rate
    assert (transport.rate, transport.revision) == (7.0, before)


@pytest.mark.parametrize("rate", [20, 0.1, 1e-300, 1e308, np.int64(20), np.float32(0.5), Fraction(1, 3)])
def test_any_real_number_above_0_is_a_rate(rate: Any) -> None:
    transport = Transport(rate=rate)
    assert transport.rate == float(rate)
    assert type(transport.rate) is float
    transport.rate = None
    assert transport.rate is None


@pytest.mark.parametrize("n", [0, -1, 1.5, 1.0, True, False, None, "3", math.nan, np.float64(2)])
def test_a_number_of_steps_that_cant_be_used(n: Any) -> None:
    transport = Transport()
    with pytest.raises(SpecError) as error:
        transport.step(n)
    assert str(error.value) == f"step({n!r}): the number of ticks must be a whole number from 1 on"
    assert (transport.state, transport.revision) == (PLAYING, 0)


def test_steps_of_numpy_and_large_ones() -> None:
    transport = Transport(paused=True)
    transport.step(np.int64(2))  # type: ignore[arg-type]  # numpy's whole numbers are whole numbers
    transport.step(10**30)
    transport.take_step()
    assert transport.state is STEPPING


class Keys(RuleBasedStateMachine):
    """Any keys in any order, against a model: a state and the steps owed."""

    def __init__(self) -> None:
        super().__init__()
        self.transport = Transport(paused=True)
        self.playing = False
        self.owed = 0
        self.presses = 0

    @rule()
    def play(self) -> None:
        self.transport.play()
        self.playing, self.owed = True, 0
        self.presses += 1

    @rule()
    def pause(self) -> None:
        self.transport.pause()
        self.playing, self.owed = False, 0
        self.presses += 1

    @rule(n=st.integers(1, 5))
    def step(self, n: int) -> None:
        self.transport.step(n)
        self.playing, self.owed = False, self.owed + n
        self.presses += 1

    @rule(rate=st.none() | st.floats(0.1, 1e6))
    def turn(self, rate: float | None) -> None:
        self.transport.rate = rate
        self.presses += 1

    @precondition(lambda self: self.owed > 0)
    @rule()
    def take(self) -> None:
        self.transport.take_step()
        self.owed -= 1
        self.presses += self.owed == 0

    @precondition(lambda self: self.owed == 0)
    @rule()
    def take_none(self) -> None:
        assert not self.transport.take_step()

    @invariant()
    def agrees(self) -> None:
        expected = PLAYING if self.playing else STEPPING if self.owed else PAUSED
        assert self.transport.state is expected
        assert self.transport.paused is not self.playing
        assert self.transport.revision == self.presses


TestKeys = Keys.TestCase
