"""What is drawn: the original's six series in its order, markers' kinds, colours and words."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest

from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.series import LOOKS, NOTATIONS, OTHERS, noise_deviation, series_of
from stream_adam.sources import Source
from stream_adam.strategies import STRATEGIES, Strategy, as_strategy
from stream_adam.strategies.strategy import Square

ORIGINAL = [
    ("g", "noisy gradient component (σ = 0.50)", None),
    ("m", 'v (v ~ "1st moment", "mean")', "red"),
    ("m_hat", "v with bias correction", "orange"),
    ("sqrt_v", '√(s) (s ~ "2nd moment", "spread"))', "lime"),
    ("sqrt_v_hat", "√(s with bias correction)", "darkgreen"),
    ("direction", "regularized gradient component", "blue"),
]


@pytest.mark.parametrize("name", ["adam", "adam_zero_based", "adam_centered"])
def test_the_originals_six_series(name: str) -> None:
    source = Source.of("swinging_soft() + normal(0.5)")
    listed = series_of(as_strategy(name))
    assert [(s.column, s.words("original", source)) for s in listed] == [row[:2] for row in ORIGINAL]
    assert all(s.look.colour == colour for s, (_, _, colour) in zip(listed, ORIGINAL, strict=True) if colour)
    assert [s.is_gradient for s in listed] == [True] + [False] * 5


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_has_its_series(name: str) -> None:
    strategy = STRATEGIES[name]
    listed = series_of(strategy)
    columns = [s.column for s in listed]
    assert (columns[0], columns[-1]) == ("g", "direction")
    assert len(set(columns)) == len(columns)
    shown = {s.field for s in listed}
    assert shown == {"g", "direction", *strategy.own_columns} - strategy.fields_of("carried")
    assert {s.field for s in listed if s.is_root} == strategy.fields_of("square")
    assert len({s.look.colour for s in listed[: 6 + len(OTHERS)]}) == len(listed[: 6 + len(OTHERS)])
    source = Source.of("swinging_soft() + normal(0.5)")
    for series in listed:
        assert all(series.words(notation, source) for notation in NOTATIONS)


@pytest.mark.parametrize("name", STRATEGIES)
def test_values_are_columns_or_their_roots(name: str) -> None:
    columns = Run(Experiment.of("normal()", name, seed=1)).advance(100).lanes[0]
    for series in series_of(STRATEGIES[name]):
        values = series.values(columns)
        assert values.shape == (100,)
        column = columns[series.field]
        np.testing.assert_array_equal(values, np.sqrt(column) if series.is_root else column)


def test_the_root_of_what_is_below_zero_is_nan_and_quiet() -> None:
    root = next(s for s in series_of(as_strategy("adam")) if s.is_root)
    np.testing.assert_array_equal(root.values({"v": np.array([4.0, -1.0, np.nan])}), [2.0, np.nan, np.nan])


@pytest.mark.parametrize(
    ("text", "deviation", "said"),
    [
        ("swinging_soft() + normal(0.5)", 0.5, "noisy gradient component (σ = 0.50)"),
        ("swinging() + normal(1.0)", 1.0, "noisy gradient component (σ = 1.00)"),
        ("line()", 0.0, "gradient component"),
        ("normal(3) - normal(4)", 5.0, "noisy gradient component (σ = 5.00)"),
        ("10 - (t + normal(2))", 2.0, "noisy gradient component (σ = 2.00)"),
        ("quadratic() + normal(0.1)", 0.1, "noisy gradient component (σ = 0.10)"),
        ("normal(0.5)*2", None, "noisy gradient component"),
        ("normal(t)", None, "noisy gradient component"),
        ("-normal(1)", None, "noisy gradient component"),
        ("normal(1) + uniform()", None, "noisy gradient component"),
        ("cauchy()", None, "noisy gradient component"),
        ("recording('digits.npy') + normal(1)", None, "noisy gradient component"),
        ("sin(normal(1))", None, "noisy gradient component"),
    ],
)
def test_the_legend_tells_the_noise(text: str, deviation: float | None, said: str) -> None:
    source = Source.of(text)
    found = noise_deviation(source)
    assert found == (None if deviation is None else pytest.approx(deviation))
    assert series_of(as_strategy("adam"))[0].words("original", source) == said
    assert series_of(as_strategy("adam"))[1].words("original", source) == LOOKS["m"].words["original"]


class ManyState(NamedTuple):
    a: float = 0.0
    b: Square = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0
    direction: float = 0.0


class ManyHyper(NamedTuple):
    alpha: float = 0.1


def many(g: float, s: ManyState, h: ManyHyper) -> ManyState:
    """Six fields of its own."""
    return ManyState(g, g * g, g, g, g, g, g)


def test_a_strategy_of_ones_own_is_drawn_too() -> None:
    listed = series_of(Strategy.of(many))
    assert [s.column for s in listed] == ["g", "a", "sqrt_b", "c", "d", "e", "f", "direction"]
    assert listed[2].words("original", Source.of("line()")) == "√b"
    assert [s.look.colour for s in listed[1:5]] == [colour for colour, _ in OTHERS]
    assert math.isclose(listed[2].values({"b": np.array([9.0])})[0], 3.0)
