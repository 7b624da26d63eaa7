"""The engine: runs move by blocks, can be put back, and no length of block is ever seen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import BLOCK_LENGTHS, advanced, assert_same_bits, assert_same_run, even, mixed, rest

from stream_adam.engine import Run
from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.strategies import STRATEGIES

OPEN, CLOSED = "swinging_soft() + normal(0.5) + random_walk(0.1)", "quadratic(2) + normal(0.1) + sin(theta)"
SCHEDULED = "adam(beta2=step(40, 0.99, 0.9) + 0.005*sin(t), alpha=0.1/(t + 1))"


def run_of(source: object = OPEN, *strategies: str, **settings: object) -> Run:
    return Run(Experiment.of(source, strategies or ("adam",), **({"seed": 5} | settings)))  # type: ignore[arg-type]


def test_a_block_has_its_ticks_and_columns() -> None:
    run = run_of(OPEN, "adam", "momentum")
    for start, length in ((0, 3), (3, 1), (4, 200)):
        assert run.tick == start
        block = run.advance(length)
        assert (block.start, len(block), len(block.lanes)) == (start, length, 2)
        for lane, strategy in zip(block.lanes, run.experiment.lanes, strict=True):
            assert tuple(lane) == strategy.columns
            assert lane["t"].tolist() == list(range(start, start + length))
            assert lane["t"].dtype == np.int64
            for name, column in lane.items():
                assert column.shape == (length,)
                assert name == "t" or column.dtype == np.float64


@settings(max_examples=60)
@given(
    st.lists(st.one_of(st.sampled_from(BLOCK_LENGTHS), st.integers(0, 90)), max_size=12),
    st.sampled_from([OPEN, CLOSED]),
    st.sampled_from([None, (-0.05, 0.05)]),
    st.booleans(),
)
def test_blocks_of_any_lengths_are_one_run(
    lengths: list[int], source: str, bounds: tuple[float, float] | None, compiled: bool
) -> None:
    run, whole = (run_of(source, "adam", SCHEDULED, bounds=bounds) for _ in range(2))
    if compiled:
        run.compile()
    total = sum(lengths)
    assert_same_run(advanced(run, iter([0, *lengths])), advanced(whole, iter([total])), str(lengths))
    assert run.tick == total


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("source", [OPEN, CLOSED])
def test_going_back_and_forward_is_the_same_run(source: str, compiled: bool) -> None:
    run = run_of(source, *STRATEGIES)
    run.advance(60)
    saved = run.save()
    ahead = advanced(run, mixed(300))
    if compiled:
        run.compile()
    for lengths in (even(300, 300), even(300, 1), mixed(300)):
        run.restore(saved)
        assert run.tick == 60
        assert_same_run(advanced(run, lengths), ahead)
    run.restore(saved)
    again = run.save()
    run.advance(10)
    run.restore(again)
    assert_same_run(advanced(run, even(300, 7)), ahead)


def test_lanes_of_an_open_loop_see_the_same_gradient() -> None:
    lanes = run_of(OPEN, *STRATEGIES).advance(500).lanes
    for lane, name in zip(lanes, STRATEGIES, strict=True):
        assert_same_bits(lane["g"], lanes[0]["g"])
        assert_same_run([dict(lane)], [dict(run_of(OPEN, name).advance(500).lanes[0])], name)


def test_lanes_of_a_closed_loop_have_their_own_weight_and_the_same_noise() -> None:
    lanes = run_of("3*theta + normal(0.1)", "sgd(alpha=0.1)", "sgd(alpha=0.2)", "adam", theta0=1.0).advance(500).lanes
    noise = run_of("normal(0.1)", "sgd").advance(500).lanes[0]["g"]
    for lane in lanes:
        before = np.concatenate([[1.0], lane["theta"][:-1]])
        assert_same_bits(lane["g"], 3 * before + noise)
    assert len({float(lane["theta"][-1]) for lane in lanes}) == 3


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (0.25, 0.25), (-np.inf, 0.0), (2.0, 3.0), (0.0, np.inf)])
def test_the_weight_is_projected_on_its_bounds_after_every_tick(bounds: tuple[float, float], compiled: bool) -> None:
    run = run_of("normal(3)", "sgd(alpha=1)", bounds=bounds, theta0=0.5)
    if compiled:
        run.compile()
    rows = run.advance(400).lanes[0]
    theta, expected = 0.5, []
    for g in rows["g"].tolist():
        theta = min(max(theta - g, bounds[0]), bounds[1])
        expected.append(theta)
    assert_same_bits(rows["theta"], expected)


def test_a_source_that_ends_ends_the_run_and_leaves_it_there() -> None:
    for strategy in ("adam", SCHEDULED):
        for source in (np.arange(10.0), 'recording(path="digits.npy")'):
            run = run_of(source, strategy)
            total = 10 if isinstance(source, np.ndarray) else 10_000
            assert len(run.advance(total + 5)) == total
            state = run.lanes[0].state
            for n in (1, 0, 1000):
                block = run.advance(n)
                assert (len(block), block.start, run.tick) == (0, total, total)
                assert tuple(block.lanes[0]) == run.experiment.lanes[0].columns
            assert run.lanes[0].state == state


def test_a_schedule_that_leaves_its_bounds_ends_the_block_before_and_moves_nothing_after() -> None:
    run, other = (run_of(OPEN, "sgd", "adam(beta2=0.9 + 0.001*t)") for _ in range(2))
    run.advance(90)
    assert_same_run(list(run.advance(20).lanes), rest(advanced(other, mixed(100)), 90))
    assert run.tick == 100
    for _ in range(2):
        with pytest.raises(SpecError, match=r"adam: beta2 is 1 at tick 100: it must be below 1"):
            run.advance(20)
        assert run.tick == 100


def test_a_change_keeps_every_state() -> None:
    run = run_of(OPEN, "adam", "sgd")
    run.advance(100)
    states = [lane.state for lane in run.lanes]
    run.change(run.experiment.changed(100, 0, "beta1", 0.5))
    assert [lane.state for lane in run.lanes] == states
    assert run.tick == 100


IN_PARALLEL = """
import sys
import numpy as np
from stream_adam import Descent, sweep

def descended(name):
    descent = Descent(name, np.ones(5))
    for _ in range(9):
        descent.step(descent.theta - [0, 1, 2, 3, 4])
    return descent.theta.tolist()

def swept(name):
    return sweep("square(8)", name, ticks=20, seed=1, alpha=[0.1, 0.2])["theta"].tolist()

for name in sys.argv[2:]:
    print(globals()[sys.argv[1]](name))
"""


@pytest.mark.parametrize("how", ["descended", "swept"])
def test_what_two_processes_kept_runs_beside_each_other_in_a_third(how: str, tmp_path: Path) -> None:
    """Both loops have functions of the same names and types in them, and each must find its own."""

    def lines(*names: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", IN_PARALLEL, how, *names],
            capture_output=True, text=True, check=True, env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
        )  # fmt: skip
        return done.stdout.splitlines()

    adam, yogi = lines("adam"), lines("yogi")
    assert adam != yogi
    assert lines("adam", "yogi") == adam + yogi
