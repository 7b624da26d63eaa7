"""Objectives: gradients against their values, minima that are minima, the literature's figures; and the network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import assert_same_bits

from stream_adam import register_objective, simulate
from stream_adam.errors import SpecError
from stream_adam.language.tree import THETA, Number, T, Variable
from stream_adam.sources import Source
from stream_adam.sources.digits import COUNT, Digits, _data, cross_entropy, split
from stream_adam.sources.objective import Objective
from stream_adam.sources.objectives import DEVIATION, FLIGHTS, MEAN, OBJECTIVES
from stream_adam.sources.program import Program, numbers_of
from stream_adam.sources.words import GROUPS, OBJECTIVE_WORDS, WORDS

# Settings to look at each objective with; the defaults of the word unless another is named.
PARAMETERS: dict[str, list[dict[str, float]]] = {
    "quadratic": [{}, {"curvature": 4.0}, {"condition": 100.0, "components": 2.0}, {"curvature": 0.3, "condition": 7.0,
                  "components": 5.0}],
    "absolute": [{}, {"slope": 2.5}],
    "huber": [{}, {"delta": 0.3}],
    "rosenbrock": [{}, {"a": -1.5, "b": 7.0}],
    "styblinski_tang": [{}, {"components": 1.0}, {"components": 4.0}],
    "rastrigin": [{}, {"components": 1.0}, {"components": 3.0}],
    "griewank": [{}, {"components": 1.0}, {"components": 20.0}],
    "plateau": [{}, {"width": 0.2}],
    "cliff": [{}, {"height": 3.0, "width": 0.5}],
}  # fmt: skip
# Where a function is not analytic, how far from its value's kinks a difference must keep.
KINKS: dict[str, Callable[..., list[float]]] = {
    "absolute": lambda **_: [0.0],
    "huber": lambda delta: [-delta, delta],
    "cliff": lambda width, **_: [1 - width / 2, 1 + width / 2],
}


def full(name: str, some: dict[str, float]) -> dict[str, float]:
    """The parameters of a word, defaults filled in."""
    return {p.name: some.get(p.name, float(p.default or 0)) for p in WORDS[name].parameters}


CASES = [(name, full(name, some)) for name in OBJECTIVES for some in PARAMETERS.get(name, [{}])]
every_case = pytest.mark.parametrize(("name", "parameters"), CASES, ids=[f"{n}{list(p.values())}" for n, p in CASES])


def ranges(objective: Objective, components: int) -> list[Any]:
    """The view's range on each axis."""
    first = objective.view[0]
    return list(objective.view) if isinstance(first, tuple) else [objective.view] * components


@lru_cache(maxsize=8)
def program_of(name: str, components: int, /, **parameters: float) -> Program:
    program = Source.of(WORDS[name](**parameters)).program_for(components)
    assert program is not None
    assert not program.columns, "plain numbers need none"
    return program


def gradient(name: str, parameters: dict[str, float], theta: Any) -> Any:
    """The gradient as a source gives it: from its trees, by the closed loop's program."""
    program = program_of(name, len(theta), **parameters)
    with np.errstate(all="ignore"):
        return np.array([program.value(np.zeros((0, 1)), 0, np.asarray(theta), c) for c in range(len(theta))])


def differences(value: Callable[[Any], Any], theta: Any, analytic: bool) -> Any:
    """The derivative of a value in each component: by complex steps, or of order six."""
    axes = np.eye(len(theta))
    if analytic:
        return np.array([value(theta + 1e-30j * axis).imag / 1e-30 for axis in axes])
    h, weights = 1e-3, {1: 45, -1: -45, 2: -9, -2: 9, 3: 1, -3: -1}
    return np.array([sum(w * value(theta + k * h * axis) for k, w in weights.items()) / (60 * h) for axis in axes])


@every_case
@given(data=st.data())
def test_a_gradient_is_the_derivative_of_its_value(
    name: str, parameters: dict[str, float], data: st.DataObject
) -> None:
    objective = OBJECTIVES[name]
    box = ranges(objective, objective.count(**parameters))
    theta = np.array([data.draw(st.floats(low, high)) for low, high in box])
    kinks = KINKS[name](**parameters) if name in KINKS else []
    if min((abs(theta[0] - kink) for kink in kinks), default=1.0) < 4e-3 or (
        name == "ackley" and abs(theta).max() < 1e-9
    ):
        theta = theta + 0.01
    expected = differences(lambda x: objective.value(x, **parameters), theta, analytic=name not in KINKS)
    atol = 1e-10 if name not in KINKS else 1e-9
    np.testing.assert_allclose(gradient(name, parameters, theta), expected, rtol=1e-10, atol=atol)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("quadratic", {"curvature": -1.0}), ("quadratic", {"curvature": 0.0}), ("absolute", {"slope": -1.0}),
     ("rosenbrock", {"b": -1.0})],
)  # fmt: skip
def test_upside_down_it_has_no_least_value(name: str, parameters: dict[str, float]) -> None:
    call = Source.of(f"{name}({', '.join(f'{key}={value}' for key, value in parameters.items())})").objective
    assert call is not None
    assert OBJECTIVES[name].minima(**numbers_of(call)) == ()


@every_case
def test_at_its_minima_a_gradient_is_zero_and_the_derivative(name: str, parameters: dict[str, float]) -> None:
    objective = OBJECTIVES[name]
    minima = objective.minima(**parameters)
    for point in itertools.chain(minima, objective.critical):
        theta = np.array(point)
        np.testing.assert_allclose(gradient(name, parameters, theta), 0.0, rtol=0.0, atol=2e-13)
        if name not in {"absolute", "ackley"}:  # there these have no derivative
            expected = differences(lambda x: objective.value(x, **parameters), theta, analytic=name not in KINKS)
            np.testing.assert_allclose(expected, 0.0, rtol=0.0, atol=1e-12)
    assert len(set(minima)) == len(minima)
    assert minima or objective.critical


@every_case
@given(data=st.data())
def test_nothing_is_less_than_a_minimum(name: str, parameters: dict[str, float], data: st.DataObject) -> None:
    objective = OBJECTIVES[name]
    minima = objective.minima(**parameters)
    box = ranges(objective, objective.count(**parameters))
    elsewhere = np.array([data.draw(st.floats(low, high)) for low, high in box])
    nearby = elsewhere / (1 + np.linalg.norm(elsewhere)) * 10 ** data.draw(st.floats(-7, -1))
    for point in minima:
        least = objective.value(np.array(point), **parameters)
        rounding = 1e-14 * max(1.0, abs(least))
        assert objective.value(elsewhere, **parameters) >= least - rounding
        assert objective.value(np.array(point) + nearby, **parameters) >= least - rounding
    for point in objective.critical if not minima else ():  # a saddle goes down somewhere
        around = [np.array(point) + 0.1 * np.array([math.cos(a), math.sin(a)]) for a in np.arange(12) * math.pi / 6]
        assert min(objective.value(x, **parameters) for x in around) < objective.value(np.array(point), **parameters)


@every_case
def test_a_value_keeps_the_shape_of_a_map(name: str, parameters: dict[str, float]) -> None:
    objective = OBJECTIVES[name]
    count = objective.count(**parameters)
    box = ranges(objective, count)
    grid = np.array([np.linspace(low, high, 12).reshape(3, 4) for low, high in box])
    values = objective.value(grid, **parameters)
    assert values.shape == (3, 4)
    np.testing.assert_allclose(values[1, 2], objective.value(grid[:, 1, 2], **parameters), rtol=1e-14)
    assert np.isfinite(values).all()
    assert not objective.log or (values > 0).all()
    start = objective.start if len(objective.start) > 1 else objective.start * count
    places = (start, *(objective.minima(**parameters) if parameters == full(name, {}) else ()))
    assert all(low <= x <= high for place in places for x, (low, high) in zip(place, box, strict=True))
    assert np.linalg.norm(gradient(name, parameters, start)) > 0


# The literature's figures: a point, the value there, how close.
KNOWN: dict[str, list[tuple[tuple[float, ...], float, float]]] = {
    "quadratic": [((3.0,), 4.5, 0)],
    "absolute": [((-3.0,), 3.0, 0)],
    "huber": [((0.5,), 0.125, 0), ((3.0,), 2.5, 0)],
    "rosenbrock": [((-1.2, 1.0), 24.2, 1e-12), ((1.0, 1.0), 0.0, 0)],  # Moré, Garbow & Hillstrom 1981, number 1
    "beale": [((3.0, 0.5), 0.0, 0), ((0.0, 0.0), 14.203125, 0)],
    "himmelblau": [((-0.270845, -0.923039), 181.617, 1e-3), ((3.0, 2.0), 0.0, 0)],  # its hilltop
    "booth": [((1.0, 3.0), 0.0, 0)],
    "styblinski_tang": [((-2.903534, -2.903534), -78.33233, 1e-5), ((2.746803, -2.903534), -64.19561, 1e-5)],
    "rastrigin": [((0.0, 0.0), 0.0, 0), ((4.52299366, 4.52299366), 80.70658, 1e-5)],  # greatest within 5.12
    "saddle": [((1.0, 2.0), -3.0, 0)],
    "monkey_saddle": [((2.0, 1.0), 2.0, 0)],
    "ackley": [((0.0, 0.0), 0.0, 0), ((1.0, 1.0), 20 * (1 - math.exp(-0.2)), 1e-14)],
    "matyas": [((0.0, 0.0), 0.0, 0), ((10.0, -10.0), 100.0, 1e-12)],
    "three_hump_camel": [((0.0, 0.0), 0.0, 0), ((1.747552, -0.873776), 0.298638, 1e-6)],
    "goldstein_price": [
        ((0.0, -1.0), 3.0, 0),
        ((-0.6, -0.4), 30.0, 1e-11),
        ((1.8, 0.2), 84.0, 1e-11),
        ((1.2, 0.8), 840.0, 1e-10),
    ],
    "easom": [((math.pi, math.pi), -1.0, 0)],
    "griewank": [((0.0, 0.0), 0.0, 0), ((math.pi, 4.4385), 0.007396, 1e-5)],  # the nearest other minimum
    "plateau": [((1.0,), 0.5, 0), ((1e9,), 1.0, 1e-15)],
    "cliff": [((1.0,), 5.5, 0), ((0.9,), 0.405, 1e-12), ((1.1,), 10.605, 1e-12)],
    "logistic": [((0.0, 0.0), math.log(2), 1e-15), ((math.log(7 / 16), 0.0), 28.267 / 46, 1e-5)],  # null deviance
}


def test_every_objective_has_known_figures() -> None:
    assert set(KNOWN) == set(OBJECTIVES) == set(OBJECTIVE_WORDS)
    assert set(GROUPS["objectives"]) == {*OBJECTIVES, "descend", "mlp_digits"}


@pytest.mark.parametrize("name", KNOWN)
def test_the_literatures_figures(name: str) -> None:
    for point, value, close in KNOWN[name]:
        assert OBJECTIVES[name].value(np.array(point), **full(name, {})) == pytest.approx(value, rel=0, abs=close), (
            point
        )


def test_the_logistic_minimum_is_the_published_fit() -> None:
    """Dalal, Fowlkes & Hoadley 1989: log-odds 15.043 − 0.2322·T, deviance 20.315."""
    (point,) = OBJECTIVES["logistic"].minima()
    slope = point[1] / DEVIATION
    assert slope == pytest.approx(-0.2322, abs=5e-5)
    assert point[0] - slope * MEAN == pytest.approx(15.043, abs=5e-4)
    assert 2 * FLIGHTS * OBJECTIVES["logistic"].value(np.array(point)) == pytest.approx(20.315, abs=5e-4)


def test_rosenbrocks_condition_number() -> None:
    parameters, h = full("rosenbrock", {}), 1e-6
    rows = [gradient("rosenbrock", parameters, 1 + step) - gradient("rosenbrock", parameters, 1 - step)
            for step in h * np.eye(2)]  # fmt: skip
    assert np.linalg.cond(np.array(rows)) == pytest.approx(2508, abs=0.5)


def test_one_component_of_a_quadratic_is_the_plain_product() -> None:
    for curvature in (Number(4), T, Variable("x")):
        assert OBJECTIVES["quadratic"].gradient((THETA,), curvature, Number(1), Number(1)) == [curvature * THETA]
    for x in (0.1, -1e300, 5e-324, math.inf, -0.0):
        assert_same_bits(gradient("quadratic", full("quadratic", {"curvature": 0.3}), [x]), [0.3 * x])


@settings(max_examples=25)
@given(curvature=st.floats(0.01, 100), condition=st.floats(0.001, 1e6), components=st.integers(2, 100))
def test_a_quadratics_curvatures_are_evenly_spaced_in_their_logarithm(
    curvature: float, condition: float, components: int
) -> None:
    parameters = {"curvature": curvature, "condition": condition, "components": float(components)}
    g = gradient("quadratic", parameters, np.ones(components))
    np.testing.assert_allclose(g, np.geomspace(curvature, curvature * condition, components), rtol=1e-10)


@given(st.floats(-320, -3), st.floats(0, 2 * math.pi))
def test_ackleys_tip_is_a_cone_that_ends_in_zero(exponent: float, angle: float) -> None:
    theta = 10**exponent * np.array([math.cos(angle), math.sin(angle)])
    size = np.linalg.norm(gradient("ackley", {}, theta))
    if exponent > -149:
        assert size == pytest.approx(2 * math.sqrt(2), rel=0.05)
    assert size < 3
    assert gradient("ackley", {}, [0.0, 0.0]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_far_out_nothing_is_raised(name: str) -> None:
    count = OBJECTIVES[name].count(**full(name, {}))
    for far in (1e308, -1e308, math.inf):
        assert gradient(name, full(name, {}), [far] * count).shape == (count,)
        assert (
            name == "absolute" or not math.isnan(far) or np.isnan(gradient(name, full(name, {}), [far] * count)).all()
        )


NAMED = "w1.0…63.0…15, b1.0…15, w2.0…15.0…9, b2.0…9"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("quadratic(components=0)", "quadratic(…) needs a whole number from 1 to 100, written out, for 'components'"),
        ("quadratic(components=2.5)", "needs a whole number from 1 to 100"),
        ("quadratic(components=101)", "needs a whole number from 1 to 100"),
        ("quadratic(components=t)", "needs a whole number from 1 to 100, written out"),
        ("quadratic(components=1e999)", "needs a whole number from 1 to 100"),
        ("huber(0)", "huber(…) needs a number above 0 for 'delta'"),
        ("cliff(height=-1)", "cliff(…) needs a number from 0 on for 'height'"),
        ("cliff(width=0)", "cliff(…) needs a number above 0 and below 2 for 'width'"),
        ("1 + cliff(width=2)", "cliff(…) needs a number above 0 and below 2 for 'width'"),
        ("styblinski_tang(-2)", "styblinski_tang(…) needs a whole number from 1 to 100"),
        ("rastrigin(1 + 1)", "rastrigin(…) needs a whole number from 1 to 100, written out"),
        ("quadratic(1, t, 2)", "quadratic(…) needs a number above 0, written out, for 'condition'"),
        ("quadratic(1, 0, 2)", "needs a number above 0, written out, for 'condition'"),
        ("quadratic(1, 1e999, 2)", "needs a number above 0, written out, for 'condition'"),
        ("quadratic(1, 10)", "quadratic(…) of one component has no 'condition': give 'components', 2 or more, as well"),
        ("mlp_digits(batch=0)", "mlp_digits(…) needs a whole number from 1 to 1797 for 'batch'"),
        ("mlp_digits(batch=1798)", "needs a whole number from 1 to 1797 for 'batch'"),
        ("mlp_digits(hidden=1.5)", "needs a whole number from 1 to 100 for 'hidden'"),
        ("mlp_digits(shown='b2.8,b2.8')", "mlp_digits(…) shows up to 100 weights, each once"),
        *((f"mlp_digits(shown='{name}')", f"no weight '{name[:40]}': 'shown' names some of {NAMED}, with commas")
          for name in ("", "w1", "w1.64.0", "w1.0.16", "w1.0", "b1.0.0", "b2.10", "w3.0.0", "b2.-1", "b2.8 9", "W1.0.0",
                       "w1.1.99999999999999999999", "x" * 90)),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        Source.of(text)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_cliff_throws_gradient_descent_and_not_adam() -> None:
    specs = ("sgd(alpha=0.02)", "adam(alpha=0.02)")
    thrown, steady = (simulate("cliff()", spec, ticks=300, theta0=2)["theta"] for spec in specs)
    assert np.diff(thrown).min() == pytest.approx(-0.02 * 101, abs=0.002)
    assert thrown.min() < -0.9
    assert np.abs(np.diff(steady)).max() < 0.25
    assert steady.min() > -1


def test_on_a_plateau_gradient_descent_stands_and_adam_walks() -> None:
    standing, walking = (
        simulate("plateau()", spec, ticks=1_000, theta0=8)["theta"][-1]
        for spec in ("sgd(alpha=0.01)", "adam(alpha=0.01)")
    )
    assert 7.9 < standing < 8
    assert abs(walking) < 0.1


# The network


def test_the_images_are_the_data_sets() -> None:
    images, digits = _data()
    assert images.shape == (COUNT, 64)
    assert np.bincount(digits).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert set((images * 16).ravel()) == set(map(float, range(17)))
    assert (images[:, 24] > 0).sum() == 2  # as the docstring says of w1.24.0
    assert (images[:, 28] > 0).mean() > 0.8
    first = [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0, 0, 8, 8, 0]
    assert (images[0, :32] * 16).tolist() == first  # as optdigits.tes has it in its first line


def test_the_images_are_read_on_first_need() -> None:
    _data.cache_clear()
    network = Digits(seed=1)
    assert _data.cache_info().currsize == 0
    network.gradient(0, np.zeros(network.components))
    assert _data.cache_info().currsize == 1


@pytest.mark.parametrize(("batch", "hidden", "seed"), [(32, 16, 1), (1, 3, 0), (1797, 1, 2**64), (100, 40, 7)])
def test_the_networks_gradient_is_the_derivative_of_its_loss(batch: int, hidden: int, seed: int) -> None:
    network = Digits(batch, hidden, "b2.8", seed=seed)
    rng = np.random.default_rng(seed)
    images, digits = _data()
    for tick in (0, 3, 5_000):
        theta = 0.3 * rng.standard_normal(network.components)
        epoch, place = divmod(tick, COUNT // batch)
        chosen = np.random.default_rng([seed, epoch]).permutation(COUNT)[place * batch :][:batch]
        g = network.gradient(tick, theta)
        for direction in rng.standard_normal((5, network.components)):
            weights = split(network._start + theta + 1e-30j * direction, hidden)
            slope = cross_entropy(weights, images[chosen], digits[chosen]).imag / 1e-30
            assert g @ direction == pytest.approx(slope, rel=1e-11, abs=1e-12)
        assert g.shape == (network.components,)
    assert network.loss(theta) == pytest.approx(float(cross_entropy(network._weights(theta), images, digits)))


def test_the_gradient_of_a_whole_batch_is_that_of_the_loss() -> None:
    network = Digits(batch=COUNT, hidden=4, shown="b2.8", seed=3)
    theta = np.zeros(network.components)
    h = 1e-5 * np.eye(network.components)[-1]
    slope = (network.loss(theta + h) - network.loss(theta - h)) / 2e-5
    assert network.gradient(0, theta)[-1] == pytest.approx(slope, rel=1e-8)


@given(ticks=st.lists(st.integers(0, 10_000), min_size=2, max_size=5), seed=st.integers(0, 2**70))
def test_a_ticks_gradient_depends_on_nothing_before(ticks: list[int], seed: int) -> None:
    theta = np.full(Digits(hidden=2, seed=seed, shown="b2.8").components, 0.1)
    one, other = (Digits(hidden=2, seed=seed, shown="b2.8") for _ in range(2))
    forward = {tick: one.gradient(tick, theta) for tick in ticks}
    for tick in reversed(ticks):
        assert_same_bits(other.gradient(tick, theta), forward[tick])
    assert not np.array_equal(one.gradient(0, theta), Digits(hidden=2, seed=seed + 1, shown="b2.8").gradient(0, theta))


def test_an_epoch_sees_no_image_twice() -> None:
    """With one image a minibatch, the output biases' gradients add up to the difference of the counts."""
    network = Digits(batch=1, hidden=1, shown="b2.8", seed=1)
    theta = -network._start  # all weights 0: every probability is 1/10
    for epoch in (0, 1):
        total = sum(network.gradient(epoch * COUNT + i, theta)[-10:] for i in range(COUNT))
        np.testing.assert_allclose(total, COUNT / 10 - np.bincount(_data()[1]), atol=1e-9)


@pytest.mark.parametrize(
    ("shown", "places"),
    [
        ("w1.0.0", (0,)),
        ("w1.28.3, b1.1", (28 * 16 + 3, 1025)),
        ("w2.0.8,b2.9", (1048, 1209)),
        ("b2.9,w1.63.15", (1209, 1023)),
    ],
)
def test_a_weights_name_is_its_place(shown: str, places: tuple[int, ...]) -> None:
    network = Digits(shown=shown, seed=1)
    assert network.shown == places
    for name, place in zip(shown.split(","), places, strict=True):
        layer, *index = name.strip().split(".")
        flat = np.arange(network.components)
        assert getattr(split(flat, 16), layer)[tuple(map(int, index))] == place


def test_adam_learns_to_read() -> None:
    network = Digits(seed=1)
    theta, m, v = (np.zeros(network.components) for _ in range(3))
    assert network.accuracy(theta) < 0.3
    for tick in range(1_500):
        g = network.gradient(tick, theta)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        theta = theta - 0.003 * (m / (1 - 0.9 ** (tick + 1))) / (np.sqrt(v / (1 - 0.999 ** (tick + 1))) + 1e-8)
    assert network.accuracy(theta) > 0.97
    assert network.loss(theta) < 0.1


def test_a_diverged_network_says_nan_and_nothing_else() -> None:
    network = Digits(seed=1)
    for far in (math.nan, math.inf):
        theta = np.full(network.components, far)
        assert np.isnan(network.gradient(0, theta)).any()
        assert math.isnan(network.loss(theta))
        assert network.accuracy(theta) < 0.2


# Objectives of the user's own


@pytest.mark.usefixtures("own_strategies")
def test_an_objective_of_ones_own_descends_and_is_listed_and_has_a_map() -> None:
    @register_objective(start=(2.2, -2.0), minima=[(0.0, 0.0)])
    def own_bowl(x: Any, y: Any, steep: float = 8.0) -> Any:
        """A bowl with a slope across."""
        return (steep * x**2 + y**2) / 2 + 0.8 * x * y

    here = simulate("own_bowl()", "sgd(alpha=0.08)", ticks=50, theta0=(2.2, -2))
    there = simulate("descend((8*x**2 + y**2)/2 + 0.8*x*y)", "sgd(alpha=0.08)", ticks=50, theta0=(2.2, -2))
    np.testing.assert_allclose(here["theta"][0], (0.92, -1.9808), rtol=1e-15)
    np.testing.assert_allclose(here["theta"], there["theta"], rtol=1e-13, atol=1e-15)
    steeper = simulate("own_bowl(10) + 0*normal()", "sgd(alpha=0.08)", ticks=1, theta0=(2.2, -2))
    assert steeper["g"][0] == pytest.approx((20.4, -0.24), rel=1e-14)
    word = GROUPS["objectives"]["own_bowl"]
    assert (word.signature, word.help) == (
        "own_bowl(x, y, steep=8)".replace("x, y, ", ""),
        "A bowl with a slope across.",
    )
    assert np.allclose(word.objective.view, ((-1.1, 3.3), (-3.0, 1.0)))  # type: ignore[attr-defined]
    assert word.objective.minima() == ((0.0, 0.0),)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("own_strategies")
def test_a_gradient_of_ones_own_is_taken_as_it_is() -> None:
    @register_objective(start=(1.0,), gradient=lambda x: (3 * np.sign(x),))
    def own_kink(x: Any) -> Any:
        return 3 * np.abs(x)

    assert simulate("own_kink()", "sgd", ticks=1, theta0=-0.5)["g"].tolist() == [-3.0]


@pytest.mark.usefixtures("own_strategies")
@pytest.mark.parametrize(
    ("function", "options", "said"),
    [
        (lambda x: x, {"name": "<lambda>"}, "<lambda> is no plain function: an objective is one, made with def"),
        (math.sqrt, {"name": ""}, "sqrt is no plain function"),
        (lambda x: math.sin(x), {}, "f can't be called with symbols: "),  # noqa: PLW0108
        (lambda x: 1 if x > 0 else 2, {}, "an expression is neither true nor false"),
        (lambda x: np.arctan(x), {}, "f: np.arctan can't be written"),  # noqa: PLW0108
        (lambda x: "x", {}, "f: 'x' is text"),
        (lambda x: x, {"name": "rosenbrock"}, "'rosenbrock' is a word of the language already"),
        (lambda x, y: x, {}, "f takes 2 weights (arguments without a default), and start has 1"),
        (lambda x: x, {"start": ("a",)}, "start has 'a': it is one finite number a weight"),
        (lambda x: x, {"minima": [(math.inf,)]}, "minima have inf: they are points of finite numbers"),
        (lambda x: x, {"minima": [(1, 2)]}, "minima have (1.0, 2.0): a point has 1 numbers, as start has"),
    ],
)  # fmt: skip
def test_what_cannot_be_an_objective_is_told(function: Any, options: dict[str, Any], said: str) -> None:
    if name := options.get("name", "f"):
        function.__name__ = name
    with pytest.raises(SpecError) as error:
        register_objective(start=options.get("start", (1.0,)), minima=options.get("minima", ()))(function)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
