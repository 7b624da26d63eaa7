"""A session against a model of the page's actions: whatever a person does, its numbers are those of a fresh run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from laws import assert_same_bits

from faults import wide
from faults.tab import Tab
from server_app.view import MOST_LANES, WINDOWS, read
from stream_adam.engine import Run
from stream_adam.presets import PRESETS
from stream_adam.sources import Files

if TYPE_CHECKING:
    from faults import Tally
    from server_app.session import Session

FILES = Files(None, anywhere=False)
SOURCES = ("sine(25) + normal(0.1)", "2*theta + normal(0.1)", "rosenbrock()", "swinging_soft()", "norml(1)", "sine(")
STRATEGIES = ("adam", "sgd", "adam_zero_based", "no_such")
QUICK = ("original_soft", "bowl", "one_tick_late", "no_such")


class Page(RuleBasedStateMachine):
    """A session without a browser, in a loop of its own; it plays only when the machine lets time pass."""

    acts = 0  # of all sessions

    def __init__(self) -> None:
        super().__init__()
        self.paused = True
        self.tab = Tab(read({"paused": [b"1"], "rate": [b"2000"]}, FILES))

    @property
    def session(self) -> Session:
        return self.tab.session

    def do(self, act: Any, *arguments: Any) -> None:
        Page.acts += 1
        self.tab.do(act, *arguments)

    def teardown(self) -> None:
        self.tab.close()

    # What a person does

    @rule()
    def toggle(self) -> None:
        self.paused = not self.paused if not self.session.running.ended else False
        self.do(self.session.toggle)

    @rule(times=st.integers(1, 4))
    def step(self, times: int) -> None:
        self.paused = True
        for _ in range(times):
            self.do(self.session.step)

    @rule()
    def back(self) -> None:
        self.paused = True
        self.do(self.session.back)

    @rule()
    def reset(self) -> None:
        self.do(self.session.reset)

    @precondition(lambda self: not self.paused)
    @rule()
    def wait(self) -> None:
        self.tab.wait(0.02)

    @rule(lane=st.integers(0, MOST_LANES - 1), share=st.floats(0.1, 0.9))
    def turn(self, lane: int, share: float) -> None:
        lanes = self.session.view.experiment.lanes
        strategy = lanes[lane % len(lanes)]
        if strategy.knobs:
            name, knob = next(iter(strategy.knobs.items()))
            low, high = knob.reach or (0.0, 1.0)
            self.do(self.session.turn, lane % len(lanes), name, low + share * (high - low))

    @rule(text=st.sampled_from(SOURCES))
    def set_source(self, text: str) -> None:
        before = self.session.view.experiment
        self.do(self.session.set_source, text)
        known = text not in {"norml(1)", "sine("}
        assert self.session.view.experiment.source.text == (text if known else before.source.text)

    @rule(lane=st.integers(0, MOST_LANES - 1), name=st.sampled_from(STRATEGIES))
    def set_strategy(self, lane: int, name: str) -> None:
        self.do(self.session.set_strategy, lane % len(self.session.view.experiment.lanes), name)

    @rule()
    def add_lane(self) -> None:
        before = len(self.session.view.experiment.lanes)
        self.do(self.session.add_lane)
        assert len(self.session.view.experiment.lanes) == min(before + 1, MOST_LANES)

    @rule(lane=st.integers(0, MOST_LANES - 1))
    def remove_lane(self, lane: int) -> None:
        before = len(self.session.view.experiment.lanes)
        self.do(self.session.remove_lane, lane % before)
        assert len(self.session.view.experiment.lanes) == max(before - 1, 1)

    @rule(name=st.sampled_from(QUICK))
    def set_preset(self, name: str) -> None:
        self.do(self.session.set_preset, name)
        if name in PRESETS:
            assert self.session.view.experiment.source.text == PRESETS[name].source

    @rule(seed=st.integers(0, 9) | st.none() | st.just("x"))
    def set_seed(self, seed: object) -> None:
        self.do(self.session.set_seed, seed)

    @rule(seen=st.booleans())
    def look(self, seen: bool) -> None:
        self.do(setattr, self.session.screen.visible, "active", seen)

    @rule(window=st.integers(*WINDOWS))
    def set_window(self, window: int) -> None:
        self.do(self.session.set_window, window)

    @rule(count=st.integers(-5, 10**9))
    def paint(self, count: int) -> None:
        self.do(setattr, self.session.screen.painted, "value", count)

    # What must hold

    @invariant()
    def it_stands_as_it_says(self) -> None:
        assert self.session.running.transport.paused == self.paused == self.session.view.paused
        assert self.session.controls.play.label == ("Play" if self.paused else "Pause")

    @invariant()
    def its_numbers_are_those_of_a_fresh_run(self) -> None:
        running, experiment = self.session.running, self.session.view.experiment
        fresh = Run(experiment).advance(running.hub.tick)
        kept = running.hub.between(max(0, running.hub.tick - 300), running.hub.tick)
        for lane, columns in enumerate(kept.lanes):
            for name, values in columns.items():
                assert_same_bits(values, fresh.lanes[lane][name][kept.start :], name)

    @invariant()
    def its_address_says_the_same_view(self) -> None:
        query = self.session.view.query
        assert self.session.screen.query.value == query
        words = {name: [value.encode() for value in values] for name, values in parse_qs(query).items()}
        assert read(words, FILES).query == query


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_session_against_a_model(tally: Tally) -> None:
    """What a person does on the page, after anything that was done before: its numbers stay those of a fresh run"""
    profile = settings(max_examples=wide(short=2, all=12), stateful_step_count=wide(short=10, all=40), deadline=None)
    Page.acts = 0
    run_state_machine_as_test(Page, settings=profile)
    tally.survived(Page.acts)


def test_a_run_that_is_replaced_is_over(tally: Tally) -> None:
    """A run is woken while another one is about to take its place"""
    tab = Tab(read({"rate": [b"100"]}, FILES))
    session = tab.session
    former = session.running

    def replaced_and_seen() -> None:
        session.set_strategy(0, "sgd")
        session._looked_at(True)

    with tally.trying("seen again meanwhile"):
        tab.do(replaced_and_seen)
        assert session.running is not former
        assert session.running.is_awake
        assert not former.is_awake
    tab.close()
