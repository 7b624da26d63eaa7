"""Texts that are small and ask for much: read and run for a few ticks, or refused in one line, within seconds."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from faults import Tally, wide
from stream_adam import SpecError, simulate

MOST_COMPONENTS = 2_000  # every one is a column of the run: who asks for more waits for more
TOO_LONG = 20.0  # seconds: a text that hangs, not a slow machine
LENGTHS = wide(short=(50, 5_000), all=(1, 2, 10, 50, 99, 100, 101, 102, 500, 1_999, 2_000, 5_000, 100_000, 3_000_000))
SIZES = wide(
    short=("1e9", "1e308"), all=("0", "1", "1e5", "1e9", "2**63", "1e18", "1e19", "1e308", "1e309", "-1", "nan")
)

REPEATED = {
    "brackets": lambda n: "(" * n + "t" + ")" * n,
    "brackets that don't close": lambda n: "(" * n,
    "minus signs": lambda n: "-" * n + "t",
    "calls": lambda n: "sin(" * n + "t" + ")" * n,
    "powers to the right": lambda n: "9**" * n + "9",
    "powers of powers": lambda n: "(" * n + "9" + "**9)" * n,
    "sums": lambda n: "+".join(["t"] * n),
    "conditions": lambda n: "where(t>1," * n + "1" + ",0)" * n,
    "digits": lambda n: "9" * n,
    "digits after the point": lambda n: "0." + "0" * n + "1",
    "digits of an exponent": lambda n: "1e" + "9" * n,
    "a name": lambda n: "a" * n,
    "arguments": lambda n: "minimum(" + ",".join(["t"] * n) + ")",
    "noise terms": lambda n: "+".join(["normal()"] * n),
    "operators": lambda n: "1" + "*/" * n + "1",
    "blanks": lambda n: " " * n + "1" + "\n" * n,
    "zero bytes": lambda n: "\0" * n,
    "letters of other alphabets": lambda n: "\u0661\u00b2\u2212\U0001d7d8" * n,
}  # fmt: skip
LARGE = (
    "swinging({})", "sine({})", "sine(1, {0}, {0})", "step({})", "impulse({0}, {0})", "ramp({})", "chirp(1, 2, {})",
    "student_t({})", "normal({})", "bernoulli({})", "random_walk({})", "quadratic({})", "rosenbrock({0}, {0})",
    "mlp_digits({})", "mlp_digits(batch={})", "mlp_digits(hidden={})", "exp({})", "9**{0}", "t % {0}", "floor({})",
)  # fmt: skip


def assert_read_or_told(source: str, strategy: str = "sgd", theta0: float | tuple[float, ...] = 0.5) -> None:
    """Three ticks, or a line that says why not; neither takes long."""
    began, told = time.monotonic(), "in a line"
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)
            simulate(source, strategy, ticks=3, seed=1, theta0=theta0)
    except SpecError as error:
        told = str(error)
    assert 5 < len(told) < 400
    assert len(told.splitlines()) == 1
    assert time.monotonic() - began < TOO_LONG


def texts() -> Iterator[str]:
    for repeat in REPEATED.values():
        yield from map(repeat, LENGTHS)
    for text in LARGE:
        yield from map(text.format, SIZES)


def test_a_source_that_asks_for_much(tally: Tally) -> None:
    """A source that asks for much: brackets, names, digits and blanks by the million, sizes up to 1e309"""
    for text in texts():
        with tally.trying(f"{text:.60}"):
            assert_read_or_told(text)


@pytest.mark.parametrize("name", wide(short=["adam"], all=["adam", "sgd", "schedule_free_adamw"]))
def test_a_hyperparameter_that_asks_for_much(name: str, tally: Tally) -> None:
    """A hyperparameter that asks for much"""
    for text in texts():
        with tally.trying(f"{name}: {text:.60}"):
            assert_read_or_told("normal()", f"{name}(alpha={text})")


def test_a_start_that_asks_for_much(tally: Tally) -> None:
    """A start that asks for much"""
    for length in LENGTHS:
        with tally.trying(f"{length} components"):
            assert_read_or_told("quadratic()", theta0=(0.5,) * min(length, MOST_COMPONENTS))
    for value in (1e308, -1e308, 5e-324, -0.0, float("nan"), float("inf"), 10**400):
        with tally.trying(f"{value:.5}" if isinstance(value, float) else "an integer that no double holds"):
            assert_read_or_told("quadratic()", theta0=value)
