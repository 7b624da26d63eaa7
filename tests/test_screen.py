"""What server and browser tell each other: frames under way, and the scripts that count them."""

from __future__ import annotations

import re

from bokeh.models import CustomJS, Toggle
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from server_app.screen import MOST, SLOW, STATIC, Flow, Screen, script

seconds = st.floats(0, 10)


class Traffic(RuleBasedStateMachine):
    """A truthful browser: it paints what it is sent in order, sometime."""

    def __init__(self) -> None:
        super().__init__()
        self.flow = Flow()
        self.now = 0.0
        self.sent = self.painted = 0

    @rule(passing=seconds)
    def wait(self, passing: float) -> None:
        self.now += passing

    @precondition(lambda self: self.flow.may_send())
    @rule()
    def send(self) -> None:
        self.flow.sent(self.now)
        self.sent += 1

    @precondition(lambda self: self.painted < self.sent)
    @rule()
    def paint(self) -> None:
        self.painted += 1
        self.flow.painted(self.painted, self.now)

    @rule(count=st.integers(-5, 0))
    def tell_old_news(self, count: int) -> None:
        self.flow.painted(self.painted + count, self.now)

    @invariant()
    def never_too_many_under_way(self) -> None:
        assert self.sent - self.painted <= MOST

    @invariant()
    def never_stuck(self) -> None:
        assert self.flow.may_send() or self.painted < self.sent


TestTraffic = Traffic.TestCase


@given(st.lists(st.tuples(st.booleans(), st.integers(), seconds)))
def test_whatever_a_browser_says_no_more_are_under_way(said: list[tuple[bool, int, float]]) -> None:
    flow = Flow()
    now = 0.0
    for send, count, passing in said:
        now += passing
        if send and flow.may_send():
            flow.sent(now)
        flow.painted(count, now)
        assert len(flow._under_way) <= MOST


def test_slow_browsers_are_sent_one_by_one_and_quick_ones_more() -> None:
    flow, now, count = Flow(), 0.0, 0

    def filled(delay: float) -> int:
        """Send as many as may go, and have the browser paint them all at once; how many these were."""
        nonlocal now, count
        before = count
        while flow.may_send():
            flow.sent(now)
            count += 1
        now += delay
        flow.painted(count, now)
        return count - before

    rooms = [filled(delay) for delay in [10 * SLOW] * 5 + [SLOW / 10] * 30]
    assert rooms[:5] == [MOST, 1, 1, 1, 1]
    assert rooms[5:] == sorted(rooms[5:])
    assert rooms[-1] == MOST
    while flow.may_send():
        flow.sent(now)
    flow.forget()
    assert flow.may_send()


HELPERS = re.findall(r"^function (\w+)", (STATIC / "numbers.js").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_script_takes_the_models_that_it_is_given() -> None:
    screen = Screen(Toggle())
    for path in STATIC.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert script(path.stem).code.endswith(text)
        missing = [name for name in HELPERS if f"{name}(" in text and f"function {name}(" not in script(path.stem).code]
        assert not missing, path.name
        named = re.search(r"export default \(\{(.*?)\}", text)
        if named and "screen" in named[1]:
            callback = script(path.stem, screen=screen)
            assert isinstance(callback, CustomJS)
            used = set(re.findall(r"\bscreen\.(\w+)", text))
            assert used <= set(screen.models), path.name
            assert callback.args["screen"] == screen.models
