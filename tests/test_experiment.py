"""The recipe: what it takes, and changes on the way as parts of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import room_around

from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.language.tree import Expression, Number, T
from stream_adam.sources import Reading, Source
from stream_adam.strategies import STRATEGIES, as_strategy


def experiment(*strategies: str, **settings: Any) -> Experiment:
    return Experiment.of("line()", strategies or ("adam",), **({"seed": 1} | settings))


def knob(recipe: Experiment, name: str, lane: int = 0) -> Expression:
    strategy = recipe.lanes[lane]
    return dict(zip(strategy.knobs, strategy.hyper, strict=True))[name]


def over(value: Expression, ticks: int) -> list[float]:
    """The values of a hyperparameter."""
    with np.errstate(all="ignore"):
        return [float(x) for x in Reading(Source.of(value), seed=0).columns(ticks)[0]]


def depth(tree: Expression) -> int:
    return 1 + max(map(depth, tree.children()), default=0)


changes = st.lists(st.tuples(st.integers(0, 60), st.sampled_from([0.0, 0.5, 0.9, 0.99, 0.125])), max_size=25)
STARTS = ["adam", "adam(beta2=0.5)", "adam(beta2=step(20, 0.5, 0.25))", "adam(beta2=0.5 + 0.25*sin(t))",
          "adam(beta2=step(30, step(10, 0.1, 0.2 + 0.1*sin(t)), step(40, 0.3, 0.4)))",
          "adam(beta2=step(30, step(50, 0.1, 0.2), step(10, 0.3, 0.4)))"]  # fmt: skip


@given(st.sampled_from(STARTS), changes)
def test_a_change_holds_from_its_tick_on_and_forgets_later_ones(start: str, steps: list[tuple[int, float]]) -> None:
    recipe = experiment(start)
    expected = over(knob(recipe, "beta2"), 80)
    for tick, value in steps:
        recipe = recipe.changed(tick, 0, "beta2", value)
        expected[tick:] = [value] * (80 - tick)
        assert over(knob(recipe, "beta2"), 80) == expected
    assert as_strategy(str(recipe.lanes[0])) == recipe.lanes[0]
    assert as_strategy(recipe.lanes[0].label) == recipe.lanes[0]


@settings(max_examples=50)
@given(st.sampled_from(STARTS), changes, st.integers(0, 79))
def test_settled_is_the_value_of_that_tick(start: str, steps: list[tuple[int, float]], tick: int) -> None:
    recipe = begun = experiment(start)
    for at, value in steps:
        recipe = recipe.changed(at, 0, "beta2", value)
    settled = recipe.settled(tick, begun)
    assert over(knob(settled, "beta2"), 80)[tick] == over(knob(recipe, "beta2"), 80)[tick]
    assert settled.settled(tick, settled) == settled
    if knob(recipe, "beta2") == knob(begun, "beta2"):
        assert settled == begun  # what was typed is no change, though it be a step
    else:
        assert "step" not in str(settled.lanes[0])


def test_what_was_not_changed_stays_as_it_was() -> None:
    recipe = experiment("adam( beta1 = 0.8 )", "sgd", bounds=(-1, 1), theta0=0.5)
    assert recipe.settled(100, recipe) == recipe
    assert recipe.settled(100, recipe).lanes[0].label == "adam( beta1 = 0.8 )"
    changed = recipe.changed(10, 1, "alpha", 0.5)
    assert changed.lanes[0] is recipe.lanes[0]
    assert str(changed.lanes[1]) == "sgd(alpha=step(10, 0.001, 0.5))"
    assert (changed.source, changed.seed, changed.theta0, changed.bounds) == (recipe.source, 1, 0.5, (-1.0, 1.0))
    assert str(recipe.lanes[1]) == "sgd"


def test_a_change_before_the_first_tick_is_a_plain_value() -> None:
    assert str(experiment().changed(0, 0, "beta2", 0.5).lanes[0]) == "adam(beta2=0.5)"
    recipe = experiment().changed(5, 0, "beta2", 0.5).changed(0, 0, "beta2", 0.999)
    assert str(recipe.lanes[0]) == "adam"


def test_a_knob_turned_at_the_same_tick_again_has_the_last_value() -> None:
    recipe = experiment()
    for value in (0.1, 0.2, 0.3):
        recipe = recipe.changed(7, 0, "beta2", value)
    assert str(recipe.lanes[0]) == "adam(beta2=step(7, 0.999, 0.3))"


def test_three_hundred_changes_of_one_knob_stay_readable_and_shallow() -> None:
    recipe = experiment()
    for i in range(1, 301):
        recipe = recipe.changed(10 * i, 0, "beta2", i / 1000)
    value = knob(recipe, "beta2")
    assert depth(value) <= 12
    text = str(recipe.lanes[0])
    assert as_strategy(text) == recipe.lanes[0]
    assert over(value, 3_010)[9::10] == [0.999, *[i / 1000 for i in range(1, 301)]]
    back = recipe.changed(15, 0, "beta2", 0.5)
    assert str(back.lanes[0]) == "adam(beta2=step(10, 0.999, step(15, 0.001, 0.5)))"


def test_a_recipe_that_can_hold_no_more_says_so() -> None:
    beta2: Expression = Number(0.5)
    for doublings in (9, 8, 7):  # nearly full from the start
        large: Expression = T
        for _ in range(doublings):
            large = large + large
        beta2 = beta2 + 0 * large
    recipe = Experiment.of("line()", as_strategy("adam")(beta2=beta2), seed=1)
    held = 0
    with pytest.raises(SpecError, match="an expression may have 2,000 terms"):  # noqa: PT012
        while held < 2_000:
            recipe = recipe.changed(held + 1, 0, "beta2", 0.5)
            held += 1
    assert held > 50
    assert as_strategy(str(recipe.lanes[0])) == recipe.lanes[0]


def test_a_change_that_cannot_be_is_refused() -> None:
    for name, value, said in (
        ("beta3", 0.5, "adam has no hyperparameter 'beta3'"), ("beta2", 1.0, "adam: beta2 is 1: it must be below 1"),
        ("beta2", math.nan, "adam: beta2 is nan: it must be finite"),
        ("alpha", -1.0, "adam: alpha is -1: it must be at least 0"),
    ):  # fmt: skip
        with pytest.raises(SpecError, match=said):
            experiment().changed(10, 0, name, value)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_lane_reads_back_to_the_same_lane(name: str) -> None:
    recipe = experiment(name)
    for i, ((hyper, knob), value) in enumerate(
        zip(STRATEGIES[name].knobs.items(), STRATEGIES[name].hyper, strict=True)
    ):
        centre, room = room_around(knob, value)
        recipe = recipe.changed(10 + i, 0, hyper, centre - 0.5 * room).changed(30 + i, 0, hyper, centre)
    assert as_strategy(str(recipe.lanes[0])) == recipe.lanes[0]
    assert experiment(str(recipe.lanes[0])).lanes == recipe.lanes


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"seed": -1}, "seed is -1: it must be a whole number from 0 on"),
        ({"seed": 1.5}, "seed is 1.5: it must be a whole number from 0 on"),
        ({"seed": True}, "seed is True: it must be a whole number from 0 on"),
        ({"seed": "1"}, "seed is '1': it must be a whole number from 0 on"),
        ({"theta0": math.nan}, "theta0 is nan: it must be a finite number"),
        ({"theta0": math.inf}, "theta0 is inf: it must be a finite number"),
        ({"theta0": "x"}, "theta0 is 'x': it must be a finite number"),
        ({"theta0": None}, "theta0 is None: it must be a finite number"),
        ({"theta0": 10**400}, "it must be a finite number"),
        ({"bounds": (1, 0)}, "bounds are 1,0: the first must not be above the second"),
        ({"bounds": (math.nan, 0)}, "bounds are nan,0: the first must not be above the second"),
        ({"bounds": (0, math.nan)}, "bounds are 0,nan: the first must not be above the second"),
        ({"bounds": (1,)}, "two numbers are needed, the lower one first"),
        ({"bounds": (1, 2, 3)}, "two numbers are needed, the lower one first"),
        ({"bounds": 5}, "two numbers are needed, the lower one first"),
        ({"bounds": ("a", "b")}, "two numbers are needed, the lower one first"),
    ],
)
def test_what_a_recipe_cannot_start_from(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        experiment(**settings)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_a_recipe_is_made_of() -> None:
    strategies = ["adam", as_strategy("sgd"), STRATEGIES["momentum"].rule]
    recipe = Experiment.of("sine(25)", strategies, seed=2**70, theta0=np.float64(2))
    assert [str(lane) for lane in recipe.lanes] == ["adam", "sgd", "momentum"]
    assert (recipe.seed, recipe.theta0, type(recipe.theta0)) == (2**70, 2.0, float)
    numpys = Experiment.of("sine(25)", strategies, seed=np.int64(3), theta0=np.array(2.0))  # type: ignore[arg-type]
    assert (numpys.seed, type(numpys.seed), numpys.theta0) == (3, int, 2.0)
    assert recipe == Experiment.of("sine( 25 )", ("adam", "sgd", "momentum"), seed=2**70, theta0=2)
    assert recipe != Experiment.of("sine(26)", ("adam", "sgd", "momentum"), seed=2**70, theta0=2)
    drawn = [Experiment.of("sine(25)", "adam").seed for _ in range(3)]
    assert len(set(drawn)) > 1
    assert all(isinstance(seed, int) and seed >= 0 for seed in drawn)
    with pytest.raises(SpecError, match="at least one strategy is needed"):
        Experiment.of("line()", [], seed=1)
