"""Derivatives of formulas, held against complex steps; and what `descend(…)` makes of them."""

from __future__ import annotations

import math
import time
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import assert_same_bits

from stream_adam import simulate, stream
from stream_adam.engine import Run
from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.language import derivatives
from stream_adam.language.evaluation import function_of
from stream_adam.language.functions import FUNCTION_WORDS
from stream_adam.language.grammar import parse
from stream_adam.language.tree import PI, Call, Expression, Number, Operation, Variable, operation
from stream_adam.sources import VARIABLES, WORDS, Source
from stream_adam.sources.formulas import WEIGHTS

X, Y = Variable("x"), Variable("y")
AT = {X: lambda point: point[0], Y: lambda point: point[1]}
SMOOTH = ["sin", "cos", "tan", "tanh", "exp", "log", "sqrt"]
NO_RULE = {"clip"}  # made of others


def value(tree: Expression, point: Any) -> Any:
    with np.errstate(all="ignore"):
        return function_of(tree, AT)(point)


def by_complex_steps(tree: Expression, point: Any) -> list[float]:
    """The derivatives of an analytic formula, to the last digits."""
    return [float(np.imag(value(tree, point + 1e-30j * axis)) / 1e-30) for axis in np.eye(2)]


leaves = st.sampled_from([X, Y, PI]) | st.floats(-3, 3).map(lambda x: Number(round(x, 3)))
smooth = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(operation, st.sampled_from(["+", "-", "*", "/", "**"]), inner, inner),
        st.builds(operation, st.just("negative"), inner),
        st.builds(lambda name, x: FUNCTION_WORDS[name](x), st.sampled_from(SMOOTH), inner),
    ),
    max_leaves=12,
)


@given(smooth, st.floats(0.1, 2.5), st.floats(0.1, 2.5))
def test_a_derivative_is_that_of_complex_steps(tree: Expression, x: float, y: float) -> None:
    point = np.array([x, y])
    expected, size = by_complex_steps(tree, point), abs(value(tree, point))
    assume(np.isfinite(expected).all() and size < 1e6 and max(map(abs, expected)) < 1e6)
    nearby = by_complex_steps(tree, point * (1 + 1e-9))  # where it is badly conditioned, rounding shows
    found = [value(by, point) for by in derivatives.gradient(tree, (X, Y))]
    assume(np.allclose(nearby, expected, rtol=1e-5, atol=1e-5))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_every_operator_and_function_has_a_rule() -> None:
    assert set(derivatives.FUNCTIONS) | NO_RULE == set(FUNCTION_WORDS)
    operators = {"+", "-", "*", "/", "%", "**", "negative", "<", "<=", ">", ">=", "==", "!="}
    assert set(derivatives.OPERATIONS) == operators


@pytest.mark.parametrize(
    ("formula", "at", "expected"),
    [
        ("abs(x)", -2.0, -1.0), ("abs(x)", 0.0, 0.0), ("minimum(x, 3*x)", 0.0, 1.0), ("maximum(3*x, x)", 0.0, 3.0),
        ("maximum(2, x)", 3.0, 1.0), ("clip(x, -1, 1)", 1.0, 1.0), ("clip(x, -1, 1)", 1.5, 0.0),
        ("clip(x, -1, 2*x)", -0.25, 2.0), ("sign(x)", 0.0, 0.0), ("floor(x)", 1.0, 0.0), ("x % 3", 7.5, 1.0),
        ("7 % x", 3.0, -2.0), ("where(x < 1, x**3, 5)", 0.5, 0.75), ("where(x < 1, x**3, 5)", 1.0, 0.0),
        ("x**0", 3.0, 0.0), ("x**1", 0.0, 1.0), ("x**2", 0.0, 0.0), ("x**3", -2.0, 12.0), ("x**4", -1.0, -4.0),
        ("x**0.5", 4.0, 0.25), ("2**x", 3.0, 8 * math.log(2)), ("0**x", 2.0, 0.0), ("x**x", 1.0, 1.0),
        ("sqrt(x)", 0.0, math.inf), ("x*(3 + t) - t", 1.0, 3.0), ("sin(pi*x) + sine(25)*x", 1.0, -math.pi),
    ],
)  # fmt: skip
def test_at_kinks_and_beside_them(formula: str, at: float, expected: float) -> None:
    run = simulate(f"descend({formula})", "sgd", ticks=1, theta0=at)
    assert run["g"][0] == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_a_formula_of_several_weights_descends() -> None:
    source = "descend((8*x**2 + y**2)/2 + 0.8*x*y)"
    run = simulate(source, "sgd(alpha=0.08)", ticks=1, theta0=(2.2, -2))
    np.testing.assert_allclose(run["theta"][-1], (0.92, -1.9808), rtol=1e-15)
    numbered = source.replace("x", "x0").replace("y", "x1")
    assert_same_bits(simulate(numbered, "sgd(alpha=0.08)", ticks=9, theta0=(2.2, -2))["theta"],
                     simulate(source, "sgd(alpha=0.08)", ticks=9, theta0=(2.2, -2))["theta"])  # fmt: skip
    assert Source.of("descend(z)").components == 3
    assert Source.of("descend(x7 - x0)").components == 8


async def test_streamed_it_is_the_same_to_the_bit_as_at_once() -> None:
    source, start = "descend(exp(-x)*(y - t/100)**2 + tanh(x*y)) + normal(0.1)", (0.3, -0.2)
    once = simulate(source, "adam(alpha=0.01)", ticks=300, seed=1, theta0=start)
    states = [s async for s in stream(source, "adam(alpha=0.01)", ticks=300, seed=1, theta0=start)]
    assert_same_bits(once["theta"], np.array([state.theta for state in states]))
    compiled = Run(Experiment.of(source, "adam(alpha=0.01)", seed=1, theta0=start))
    compiled.compile()
    assert_same_bits(once["theta"], compiled.advance(300).lanes[0]["theta"])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("descend(3 + t)", "descend(…) needs a weight in its formula: x, or x, y, z, or x0, x1, … (column 1)"),
        ("descend(x + x0)", "descend(…) takes x, y, z or x0, x1, …, not both (column 1)"),
        ("descend(x + normal())", "normal(…) can't stand inside descend(…): add it outside (column 1)"),
        ("descend(x*rosenbrock())", "rosenbrock(…) can't stand inside descend(…): add it outside (column 1)"),
        ("descend(descend(x))", "descend(…) can't stand inside descend(…): add it outside (column 1)"),
        ("descend(theta**2)", "theta can't stand inside descend(…): the weights are called x, or x, y, z, or x"),
        ("descend(sine(x))", "sine(…) has no derivative by the weights: it takes numbers and functions of t"),
        ("descend(x) + rosenbrock() + descend(z)", "components"),
        ("x + 1", "unknown word 'x' at column 1"),
    ],
)  # fmt: skip
def test_what_is_no_formula_is_told_in_words(source: str, said: str) -> None:
    with pytest.raises(SpecError) as error:
        Source.of(source)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "formula",
    ["*".join(["(x + y)"] * 300), "+".join(["x*y"] * 666), "**".join(["x"] * 90), "sin(" * 95 + "x" + ")" * 95,
     "/".join(["x"] * 95), "*".join(["tan(x)"] * 95), "x/(" * 95 + "x" + ")" * 95],
)  # fmt: skip
def test_a_hostile_formula_is_refused_or_read_in_bounded_time(formula: str) -> None:
    began = time.process_time()
    try:
        source = Source.of(f"descend({formula})")
    except SpecError as error:
        source, said = None, str(error)
    if source is None:
        assert len(said) < 200
    else:
        assert source.program is not None
        assert len(source.program.codes) <= derivatives.MOST_NODES
        Run(Experiment.of(source, "sgd", seed=1, theta0=0.5)).advance(2)
    assert time.process_time() - began < 5  # seconds, where it could have been years


def test_a_formula_is_spelled_as_it_is_read() -> None:
    for text in ("descend(x**2 + y)", "descend(0.5 * x0 * x3 - t) + normal(0.1)", "descend(clip(x, -1, 1))"):
        tree = parse(text, WORDS, VARIABLES)
        assert str(tree) == text
        assert parse(str(tree), WORDS, VARIABLES) == tree


def test_outside_a_formula_its_weights_are_unknown_again() -> None:
    assert isinstance(parse("descend(x) + t", WORDS, VARIABLES), Operation)
    with pytest.raises(SpecError, match="unknown word 'x' at column 14"):
        parse("descend(x) + x", WORDS, VARIABLES)


def test_in_python_a_formula_is_composed_of_symbols() -> None:
    x, y = (cast("Any", WEIGHTS[name]) for name in "xy")  # numpy's own annotations know arrays alone
    tree = WORDS["descend"](np.where(x < 1, np.sin(x) * np.float64(2), np.clip(y, 0, 1)) + np.abs(x) - np.tanh(y))
    assert isinstance(tree, Call)
    assert str(tree) == "descend(where(x < 1, sin(x) * 2, clip(y, 0, 1)) + abs(x) - tanh(y))"
    with pytest.raises(SpecError, match=r"np.arctan can't be written as a formula: known are "):
        np.arctan(x)
    with pytest.raises(SpecError, match=r"np.add.reduce can't be written as a formula"):
        np.add.reduce(x)
