"""The engine: runs move by blocks, can be put back, and no length of block is ever seen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import BLOCK_LENGTHS, advanced, assert_same_bits, assert_same_run, even, mixed, rest

from stream_adam.compiled.keeping import Files, fingerprint
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


OWN = """
from typing import NamedTuple
import numpy as np
from stream_adam import register
from stream_adam.engine import Run
from stream_adam.experiment import Experiment

FACTOR = {factor}
TABLE = np.array([0.0, {entry}])

class State(NamedTuple):
    direction: float = 0.0

class Hyper(NamedTuple):
    alpha: float = 1.0

def helped(g):
    return {share} * TABLE[1] * g

def own(g: float, s: State, h: Hyper) -> State:
    return State({times} * FACTOR * helped(g))

def main():
    run = Run(Experiment.of([1.0, 1.0], own, seed=1))
    run.compile()
    print(run.advance(2).lanes[0]["theta"].tolist())

if __name__ == "__main__":
    main()
"""


def test_what_was_compiled_is_found_again_by_its_code(tmp_path: Path) -> None:
    """A rule, a number or a table it finds outside, a function it calls: each may change between two programs."""
    kept, program, counts = tmp_path / "kept", tmp_path / "program.py", []
    changes = ((1, 1, 1, 1), (2, 1, 1, 1), (2, 3, 0.5, 4), (1, 1, 1, 1))
    for times, factor, share, entry in changes:
        program.write_text(OWN.format(times=times, factor=factor, share=share, entry=entry), encoding="utf-8")
        for how in (["-c", "import program; program.main()"], [str(program)]):  # a script's own rules are not kept
            done = subprocess.run(
                [sys.executable, "-W", "error", *how], cwd=tmp_path,
                capture_output=True, text=True, check=True, env=os.environ | {"NUMBA_CACHE_DIR": str(kept)},
            )  # fmt: skip
            step = -1.0 * times * factor * share * entry
            assert done.stdout == f"{[step, 2 * step]}\n"
            counts.append(len(list(kept.rglob("*.nbc"))))
    assert not list(kept.rglob("*.nbi"))  # numba's index, which processes can get wrong
    assert counts == [1, 1, 2, 2, 3, 3, 3, 3]


class SimpleModule(ModuleType):
    """A module with these values."""

    def __init__(self, **values: Any) -> None:
        super().__init__("constants")
        vars(self).update(values)


@numba.njit
def _doubled(g: float) -> float:
    return 2 * g


@numba.njit
def _tripled(g: float) -> float:
    return 3 * g


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("K", [2, 2.0, 3.0, np.float32(2), np.float32(3), np.float64(2), True, 2 + 0j, (2.0, np.float32(3))]),
        ("K", [np.zeros(2_000), np.ones(2_000), np.zeros(2_000, np.float32), np.zeros((2, 1_000))]),
        ("K", [(np.arange(5_000), 1), (np.arange(5_000) + (np.arange(5_000) == 2_500), 1)]),
        ("constants.K", [2, 3.0, np.float32(3)]),
        ("constants.constants.K", [2, 3.0]),
        ("helper", [_doubled, _tripled]),
    ],
)
def test_whatever_numba_takes_from_outside_tells_rules_apart(name: str, values: list[Any]) -> None:
    def rule(g: float) -> float:
        return K * constants.K * constants.constants.K * helper(g)  # type: ignore[name-defined, no-any-return]  # noqa: F821

    def print_of(value: Any) -> str:
        inner = SimpleModule(K=1)
        outer = SimpleModule(K=1, constants=inner)
        outside = {"K": 1, "constants": outer, "helper": _doubled}
        *path, last = name.split(".")
        place = (outside, vars(outer), vars(inner))[len(path)]
        place[last] = value
        return fingerprint(FunctionType(rule.__code__, outside))

    prints = [print_of(value) for value in values]
    assert len(set(prints)) == len(prints)
    assert prints == [print_of(value) for value in values]


LOADED = """
import sys
from stream_adam import simulate
from stream_adam.compiled import keeping

if sys.argv[1] == "missing":
    keeping.address_of_symbol = lambda name: 0
weights = simulate("quadratic(1) + sine(5)", "adam", ticks=100_000, seed=1)["theta"]
print(weights[-1], "numba.np.arraymath" in sys.modules)
"""


def test_what_was_kept_is_loaded_without_what_compiling_needs(tmp_path: Path) -> None:
    """Unless it calls something that would then be missing."""

    def result(outside: str) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", LOADED, outside],
            capture_output=True, text=True, check=True, env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
        )  # fmt: skip
        weight, registries = done.stdout.split()
        return weight, registries

    weight, registries = result("there")
    assert registries == "True"
    assert result("there") == (weight, "False")
    assert result("missing") == (weight, "True")


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


AT_ONCE = """
import sys
import time
from stream_adam.compiled.keeping import Files

files, me, start = Files(sys.argv[1], "loop", 0), sys.argv[2], float(sys.argv[3])
time.sleep(max(0.0, start - time.time()))
for k in range(200):
    files.save((me, k), (me, k))
print(sum(Files(sys.argv[1], "loop", 0).load((me, k)) == (me, k) for k in range(200)))
"""


def test_what_several_processes_keep_at_once_is_not_mixed_up(tmp_path: Path) -> None:
    start = str(time.time() + 3)
    programs = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", AT_ONCE, str(tmp_path), name, start],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "abcd"
    ]
    assert [program.communicate()[0] for program in programs] == ["200\n"] * 4


def test_what_is_kept_of_an_earlier_version_goes(tmp_path: Path) -> None:
    Files(str(tmp_path), "loop", "before").save("key", 1)
    Files(str(tmp_path), "other", "before").save("key", 2)
    now = Files(str(tmp_path), "loop", "now")
    assert now.load("key") is None
    now.save("key", 3)
    assert now.load("key") == 3
    assert len(list(tmp_path.iterdir())) == 2


def test_what_was_cut_off_while_it_was_kept_is_replaced(tmp_path: Path) -> None:
    files = Files(str(tmp_path), "loop", "now")
    files.save("key", 1)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    assert files.load("key") is None
    files.save("key", 2)
    assert files.load("key") == 2
