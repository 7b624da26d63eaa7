"""More than a browser can paint: what is seen is only a few frames old, never wrong, and at last the newest."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from laws import assert_same_bits

from server_app.screen import MOST
from stream_adam.engine import Run
from stream_adam.experiment import Experiment

from .serving import LONG, PageServer
from .tab import Columns, Tab

DEFAULT = "swinging_soft() + normal(0.5)"
PAINTED = "() => Bokeh.documents[0].get_model_by_name('painted').value"


class Frames:
    """Every frame that the server sends, by its flow; no flow may have too many under way."""

    def __init__(self, flow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: defaultdict[Any, int] = defaultdict(int)
        self.most: defaultdict[Any, int] = defaultdict(int)
        send = flow.sent

        def sent(of: Any, now: float) -> None:
            send(of, now)
            self.sent[of] += 1
            self.most[of] = max(self.most[of], len(of._under_way))

        monkeypatch.setattr(flow, "sent", sent)


@pytest.fixture
def frames(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> Frames:
    return Frames(server.app("screen").Flow, monkeypatch)


def full_run(ticks: int) -> Columns:
    run = Run(Experiment.of(DEFAULT, "adam_zero_based", seed=1)).advance(ticks).lanes[0]
    return {**run, "sqrt_v": np.sqrt(run["v"]), "sqrt_v_hat": np.sqrt(run["v_hat"])}


def assert_every_tick(data: Columns, run: Columns, window: int) -> None:
    """The last ticks of the run up to the newest one that is shown, all of them."""
    stop = int(data["t"][-1]) + 1
    start = max(0, stop - window)
    for name, values in data.items():
        assert_same_bits(values, run[name][start:stop], name)


def assert_extremes(data: Columns, run: Columns, window: int) -> None:
    """The smallest and the largest of each bucket of those ticks, in buckets without a gap; and the newest tick."""
    starts, ends = data["t"][0:-1:2].astype(int), data["t"][1:-1:2].astype(int)
    newest = int(data["t"][-1])
    assert starts[0] == max(0, newest + 1 - window)
    assert ends[-1] == newest
    assert (starts[1:] == ends[:-1] + 1).all()
    assert len(starts) <= 400
    for name, values in data.items():
        if name != "t":
            for low, high, start, end in zip(values[0:-1:2], values[1:-1:2], starts, ends, strict=True):
                part = run[name][start : end + 1]
                assert (low, high) == (part.min(), part.max()), (name, start, end)
            assert values[-1] == run[name][newest]


@pytest.mark.parametrize(("window", "rate"), [(200, 60), (100_000, 100_000)])
def test_what_is_shown_is_right_while_it_runs_and_newest_at_last(
    tab: Tab, frames: Frames, window: int, rate: int
) -> None:
    tab.open(("window", window), ("rate", rate))
    seen = []
    for part in (0.1, 0.4, 0.8, 1.05):
        tab.wait_past(int(part * rate))
        seen.append(tab.data())
    ticks = tab.pause()
    seen.append(tab.data())
    assert seen[-1]["t"][-1] == ticks - 1
    run = full_run(ticks)
    for data in seen:
        (assert_every_tick if window <= 5000 else assert_extremes)(data, run, window)
    assert_every_tick(tab.data("first"), {name: column[:200] for name, column in run.items()}, 200)

    painted = tab.page.evaluate(PAINTED)
    tab.page.wait_for_timeout(200)
    assert tab.tick == ticks
    assert tab.page.evaluate(PAINTED) == painted
    assert_same_bits(tab.data()["t"], seen[-1]["t"])

    flow = tab.session.running.flow
    assert 0 < frames.most[flow] <= MOST
    assert painted == frames.sent[flow]  # each was acknowledged, once


def test_lanes_are_one_frame(tab: Tab, frames: Frames) -> None:
    tab.open(("window", 2000), ("rate", 2000), *[("strategy", "adam")] * 3)
    for _ in range(5):
        tab.wait_past(tab.newest("rolling:3") + 20, "rolling:3")
        painted = tab.page.evaluate(PAINTED)
        assert painted <= frames.sent[tab.session.running.flow], "frames are acknowledged that were never sent"
    tab.pause()
    assert tab.page.evaluate(PAINTED) == frames.sent[tab.session.running.flow]


def _tasks_of(owner: Any) -> list[str]:
    """The methods of the owner that are tasks under way."""
    coroutines: list[Any] = []
    for task in asyncio.all_tasks():
        coroutine: Any = task.get_coro()
        work = coroutine.cr_frame and coroutine.cr_frame.f_locals.get("work")  # what is metered
        coroutines.append(work if inspect.iscoroutine(work) else coroutine)
    return sorted(c.__name__ for c in coroutines if c.cr_frame and c.cr_frame.f_locals.get("self") is owner)


def test_silence_ends_with_a_word_or_a_new_run(tab: Tab, server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.app("running"), "SILENCE", 1.0)
    monkeypatch.setattr(server.app("session").Session, "_painted", lambda *_: None)  # the browser is not heard
    tab.open(("rate", 200))
    session = tab.session
    server.wait(lambda: not session.running.is_awake)

    def after(act: Callable[[], object]) -> list[str]:
        server.call(lambda: session._doc.add_next_tick_callback(server.app("locking").on_loop(act)))
        server.wait(lambda: session.running.is_awake)
        return server.call(lambda: _tasks_of(session.running))

    both = ["_paint", "_produce"]
    session.running.rest()  # the tab is hidden, seen again, and then heard
    assert after(lambda: (session._looked_at(True), session.running.painted(10**6))) == both
    server.wait(lambda: not session.running.is_awake)
    assert server.call(lambda: _tasks_of(session.running)) == []
    assert after(session.reset) == both


def test_a_client_that_never_reads_is_sent_a_few_frames(tab: Tab, server: PageServer, frames: Frames) -> None:
    tab.open(("rate", 200))
    before = set(server.sessions())
    script = Path(__file__).parent / "silent_client.py"
    command = [sys.executable, str(script), server.url()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "seen\n"
        silent = server.new_session(before)
        server.wait(lambda: silent.running.run.tick > 10_000)
        assert frames.sent[silent.running.flow] == frames.most[silent.running.flow] == MOST
        sending = server.call(lambda: _tasks_of(silent._doc.session_context))
        assert len(sending) <= MOST  # nothing piles up
        tab.wait_past(tab.newest() + 50)  # nobody else waits for it
        client.communicate(timeout=LONG)
    server.wait(lambda: not silent.running.is_awake, "its work goes on")
    server.wait(lambda: silent not in server.sessions_inside())
    tab.assert_reproduced(tab.pause())
