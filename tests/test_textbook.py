"""What the papers say of single strategies, and laws of their hyperparameters and scales."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import advanced, assert_same_bits, assert_same_run, even, mixed

from stream_adam import simulate
from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.strategies import STRATEGIES
from stream_adam.strategies.arithmetic import exponential

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stream_adam.strategies.strategy import Knob

    Array = NDArray[np.float64]

NAMES = list(STRATEGIES)
OPEN = "student_t(2)*where(t % 300 < 30, 0, 1)*where(t == 700, 1000, 1) + 0.3"
NEVER_ZERO = "0.1 + abs(student_t(2))*where(t % 70 < 9, -1, 1)*where(t == 700, 1000, 1)"


def rows_of(spec: Any, source: Any = OPEN, ticks: int = 1_000, theta0: float = 0.5) -> dict[str, Array]:
    return dict(Run(Experiment.of(source, spec, seed=5, theta0=theta0)).advance(ticks).lanes[0])


# The exponential


def true_exponential(x: float) -> float:
    with localcontext(prec=60):
        return float(Decimal(x).exp())


@settings(max_examples=200)
@given(st.one_of(st.floats(-746.0, 0.0), st.floats(-1.0, 0.0), st.floats(-1e300, 0.0)))
def test_the_exponential_is_true_to_two_ulps(x: float) -> None:
    assert abs(float(exponential(x)) - true_exponential(x)) <= 2 * math.ulp(true_exponential(x))


def test_the_exponential_has_the_same_bits_on_floats_arrays_and_compiled() -> None:
    spread = np.random.default_rng(1).uniform(0, 1, 5_000)
    xs = np.concatenate([-760 * spread, -spread, [0.0, -0.0, -1e-300, -5e-324, -math.inf, -1e308, math.nan]])
    components: Any = xs
    with np.errstate(all="ignore"):
        compiled = numba.njit(error_model="numpy")(exponential)
        expected = exponential(components)
        assert_same_bits([exponential(np.float64(x)) for x in xs], expected)
        assert_same_bits([compiled(x) for x in xs], expected)
    assert exponential(np.float64(-math.inf)) == 0.0


# The page of documentation


def test_the_table_of_documentation_is_the_table_of_strategies() -> None:
    page = (Path(__file__).parent.parent / "docs" / "strategies.md").read_text(encoding="utf-8")
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert rows == NAMES


# Any hyperparameters within their bounds


def values_of(knob: Knob) -> st.SearchStrategy[float]:
    """What a hyperparameter may be: anything that its slider reaches, and its bounds where they are allowed."""
    assert knob.reach is not None
    low, high = knob.reach
    inside = st.floats(low, high)
    if knob.scale == "log":
        inside = st.floats(math.log10(low), math.log10(high)).map(lambda exponent: min(max(10.0**exponent, low), high))
    ends = [end for end in (knob.low, knob.high) if math.isfinite(end) and knob.fault(end) is None]
    return st.one_of(inside, st.sampled_from([low, high, *ends]))


def hypers(name: str) -> st.SearchStrategy[dict[str, float]]:
    return st.fixed_dictionaries({knob: values_of(bounds) for knob, bounds in STRATEGIES[name].knobs.items()})


@pytest.mark.parametrize("name", NAMES)
def test_any_hyperparameters_give_the_same_bits_three_ways(name: str) -> None:
    sources = (OPEN, "0", "1e-8*normal()", "normal()*where(t > 9, 1, 0)")
    streams = np.array([rows_of("sgd", source, 90)["g"] for source in sources])

    @settings(max_examples=20)
    @given(hypers(name))
    def law(h: dict[str, float]) -> None:
        strategy = STRATEGIES[name](**h)
        alone = []
        for stream in streams:
            run, loop = (Run(Experiment.of(stream, strategy, seed=1, theta0=0.5)) for _ in range(2))
            loop.compile()
            lanes = advanced(run, even(90, 90))
            assert_same_run(advanced(loop, mixed(90)), lanes, f"{strategy}")
            alone.append(lanes[0])
        side_by_side(strategy, streams, h, alone)

    law()


def side_by_side(strategy: Any, streams: Array, h: dict[str, float], alone: list[dict[str, Array]]) -> None:
    """The rule on all streams at once, as arrays of components, against each alone."""
    hyper = strategy.Hyper(**h)
    state = strategy.initial_state(np.full(len(streams), 0.5))
    with np.errstate(all="ignore"):
        for i, g in enumerate(streams.T):
            state = strategy.rule(g, state, hyper)
            for field, values in zip(state._fields, state, strict=True):
                expected = np.array([rows[field][i] for rows in alone])
                assert_same_bits(np.broadcast_to(values, expected.shape), expected, f"{strategy}: {field} at {i}")


# Scale

SCALE_FREE = [  # at eps 0 and without decay the directions do not see the gradient's scale
    "adam", "adam_zero_based", "adam_eps_inside", "adam_eps_hat", "adam_uncorrected", "adam_variance", "adamw",
    "amsgrad", "amsgrad_uncorrected", "adamax", "nadam", "adabelief", "adabelief_fresh_eps", "adan", "novograd",
    "laprop", "ademamix", "adopt", "stable_adamw", "cautious_adamw", "schedule_free_adamw", "adagrad", "rmsprop",
    "rmsprop_centered",
]  # fmt: skip
SIGNS = ["sign_sgd", "signum", "lion", "rprop"]
LINEAR = ["sgd", "momentum", "nesterov"]
NOT_FREE = {
    "adam_centered": "m_hat is added in units of the gradient",
    "adadelta": "eps sets it in motion",
    "radam": "m_hat is the step until the rectification begins",
    "radam_paper": "so it is here",
    "yogi": "the moments start at 1e-6",
    "diffgrad": "xi is taken of a difference of gradients",
}


def plain(name: str) -> Any:
    """Without eps and decay."""
    knobs = STRATEGIES[name].knobs
    return STRATEGIES[name](**{knob: 0.0 for knob in ("eps", "weight_decay") if knob in knobs})


def test_every_strategy_has_its_word_on_scale() -> None:
    assert sorted([*SCALE_FREE, *SIGNS, *LINEAR, *NOT_FREE]) == sorted(NAMES)


@pytest.mark.parametrize("scale", [2.0**20, 2.0**-20, 2.0**100], ids="{:.0e}".format)
@pytest.mark.parametrize("name", [*SCALE_FREE, *SIGNS])
def test_a_power_of_two_leaves_the_direction_to_the_bit(name: str, scale: float) -> None:
    g = rows_of("sgd", NEVER_ZERO)["g"]
    one, other = (rows_of(plain(name), stream) for stream in (g, scale * g))
    assert np.isfinite(one["direction"]).all()
    assert_same_bits(one["direction"], other["direction"])
    assert_same_bits(one["theta"], other["theta"])


@pytest.mark.parametrize("scale", [3.7, 1e-5, 1e12])
@pytest.mark.parametrize("name", SIGNS)
def test_no_positive_scale_changes_a_sign(name: str, scale: float) -> None:
    g = rows_of("sgd", NEVER_ZERO)["g"]
    one, other = (rows_of(name, stream) for stream in (g, scale * g))
    assert_same_bits(one["theta"], other["theta"])


@pytest.mark.parametrize("name", LINEAR)
def test_momentum_is_linear(name: str) -> None:
    g = rows_of("sgd", OPEN)["g"]
    one, other = (rows_of(name, stream) for stream in (g, 2.0**20 * g))
    assert_same_bits(2.0**20 * one["direction"], other["direction"])


@pytest.mark.parametrize("name", NOT_FREE)
def test_the_others_see_the_scale(name: str) -> None:
    g = rows_of("sgd", NEVER_ZERO)["g"]
    rows = [rows_of(STRATEGIES[name] if name == "adadelta" else plain(name), stream) for stream in (g, 2.0**-20 * g)]
    assert not np.allclose(rows[0]["direction"], rows[1]["direction"], rtol=1e-3, equal_nan=True)


# Other conventions, by the formulas with powers


def by_formula(step: Callable[..., float]) -> Callable[[Array, dict[str, float]], list[float]]:
    """Directions from ``step(m, v, v_max, k, beta1, beta2, eps)``, with Adam's two moments."""

    def directions(stream: Array, h: dict[str, float]) -> list[float]:
        m = v = v_max = 0.0
        out = []
        for k, g in enumerate(stream.tolist(), start=1):
            m = h["beta1"] * m + (1 - h["beta1"]) * g
            v = h["beta2"] * v + (1 - h["beta2"]) * g**2
            v_max = max(v, v_max)
            out.append(step(m, v, v_max, k, h["beta1"], h["beta2"], h["eps"]))
        return out

    return directions


def paper_radam(m: float, v: float, v_max: float, k: int, beta1: float, beta2: float, eps: float) -> float:
    m_hat, limit = m / (1 - beta1**k), 2 / (1 - beta2) - 1
    rho = limit - 2 * k * beta2**k / (1 - beta2**k)
    if rho <= 4:
        return m_hat
    r = math.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
    return m_hat * r * math.sqrt(1 - beta2**k) / (math.sqrt(v) + eps)


def paper_adabelief(stream: Array, h: dict[str, float]) -> list[float]:
    beta1, beta2, eps = h["beta1"], h["beta2"], h["eps"]
    m = spread = 0.0
    out = []
    for k, g in enumerate(stream.tolist(), start=1):
        m = beta1 * m + (1 - beta1) * g
        spread = beta2 * spread + (1 - beta2) * (g - m) ** 2
        out.append(m / (1 - beta1**k) / (math.sqrt((spread + eps) / (1 - beta2**k)) + eps))
    return out


def by_variance(stream: Array, h: dict[str, float]) -> list[float]:
    beta1, beta2, eps = h["beta1"], h["beta2"], h["eps"]
    m = v = 0.0
    out = []
    for k, g in enumerate(stream.tolist(), start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (g - m) ** 2
        out.append(m / (1 - beta1**k) / (math.sqrt(v / (1 - beta2**k)) + eps))
    return out


FORMULAS: dict[str, Callable[[Array, dict[str, float]], list[float]]] = {
    "adam_eps_inside": by_formula(
        lambda m, v, _, k, beta1, beta2, eps: m / (1 - beta1**k) / (v / (1 - beta2**k) + eps) ** 0.5
    ),
    "adam_eps_hat": by_formula(
        lambda m, v, _, k, beta1, beta2, eps: (1 - beta2**k) ** 0.5 / (1 - beta1**k) * m / (v**0.5 + eps)
    ),
    "adam_uncorrected": by_formula(lambda m, v, _, k, beta1, beta2, eps: m / (v**0.5 + eps)),
    "amsgrad_uncorrected": by_formula(lambda m, _, v_max, k, beta1, beta2, eps: m / (v_max**0.5 + eps)),
    "adam_variance": by_variance,
    "adabelief_fresh_eps": paper_adabelief,
    "radam_paper": by_formula(paper_radam),
}


@settings(max_examples=40)
@given(
    st.lists(st.one_of(st.floats(-1e3, 1e3), st.floats(-1e-8, 1e-8), st.just(0.0)), min_size=1, max_size=50),
    st.floats(0, 0.999), st.floats(0.5, 0.9999), st.sampled_from([1e-12, 1e-8, 1e-4, 0.1]),
)  # fmt: skip
@pytest.mark.parametrize("name", FORMULAS)
def test_other_conventions_are_their_formulas(
    name: str, gradients: list[float], beta1: float, beta2: float, eps: float
) -> None:
    h = {"beta1": beta1, "beta2": beta2, "eps": eps}
    here = rows_of(STRATEGIES[name](**h), gradients, 50)["direction"]
    expected = FORMULAS[name](np.array(gradients), h)
    assert here.tolist() == pytest.approx(expected, rel=1e-8, abs=1e-8 * float(np.abs(expected).max()))


@pytest.mark.parametrize(
    ("spec", "source", "tick", "expected"),
    [
        ("adam(eps=1e-7)", "1e-7", 1, 0.5),
        ("adam_eps_hat(eps=1e-7)", "1e-7", 1, 0.0306534),
        ("adam_eps_hat(eps=1e-7)", "1e-7", 20_000, 0.5),
        ("adam_eps_hat(eps=1e-7)", "1e-7", 100, 0.2358),
        ("adam_eps_hat(eps=1e-7)", "1e-7", 1_000, 0.442951),
        ("adam_eps_inside(eps=1e-7)", "1e-7", 1, 0.000316228),
        ("adam_eps_inside(eps=1e-14)", "1e-7", 1, math.sqrt(0.5)),
        ("adam_uncorrected(eps=0)", "3", 1, 0.1 / math.sqrt(0.001)),
        ("adam_uncorrected(eps=0)", "3", 2, 4.24959),
        ("adam_uncorrected(eps=0)", "3", 3, 4.95024),
        ("adam_uncorrected(eps=0)", "3", 12, 6.56852),
        ("adam_uncorrected(eps=0)", "3", 1_000, 1.25758),
        ("adam(eps=0)", "3", 1_000, 1.0),
        ("adam_zero_based(eps=0)", "3", 1, 3.16228),
        ("adam_zero_based(eps=0)", "3", 2, 1.34384),
        ("adam_zero_based(eps=0)", "3", 3, 1.16487),
        ("adam_zero_based(eps=0)", "3", 12, 1.00146),
        ("adam_zero_based(eps=0)", "3", 1_000, 0.999709),
        ("radam", "10", 5, 10.0),
        ("radam", "10", 6, 0.0258211),
        ("radam_paper", "10", 4, 10.0),
        ("radam_paper", "10", 5, 0.0173115),
        ("adabelief", "1", 1_000, 20.0312),
        ("adabelief(eps=1e-8)", "1", 20_000, 316.227),
        ("adabelief_fresh_eps(eps=1e-8)", "1", 20_000, 9_994.63),
        ("adabelief(eps=1e-4)", "1", 1_000, 3.12262),
        ("adabelief_fresh_eps(eps=1e-4)", "1", 1_000, 19.3867),
    ],
)
def test_numbers_of_the_conventions(spec: str, source: str, tick: int, expected: float) -> None:
    assert rows_of(spec, source, tick)["direction"][-1] == pytest.approx(expected, rel=4e-6)


def test_a_moving_beta_is_corrected_otherwise_than_in_torch() -> None:
    """The figures of docs/strategies.md: torch corrects with a power of the current beta, we with the product."""
    run = simulate("normal(1)", "adam(beta1=0.95-0.1*minimum(t/100,1))", ticks=1_000, seed=1)
    m = v = theta = 0.0
    directions, weights = [], []
    for t, g in enumerate(run["g"].tolist()):
        beta1, beta2 = 0.95 - 0.1 * min(t / 100, 1), 0.999
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))
        directions.append(m_hat / (math.sqrt(v_hat) + 1e-8))
        theta -= 1e-3 * directions[-1]
        weights.append(theta)
    apart = np.abs(run["direction"] / directions - 1)
    assert apart[0] < 1e-15
    assert (int(apart.argmax()), round(float(apart.max()), 3)) == (17, 0.077)
    assert apart[99:].max() < 0.00003
    assert (round(float(run["theta"][-1]), 7), round(theta, 7)) == (0.0506957, 0.0507519)
    assert round(float(np.abs(run["theta"] - weights).max()), 5) == 0.0002
    constant = simulate(3.0, "adam(beta1=0.95-0.1*minimum(t/100,1), eps=0)", ticks=200)
    assert constant["direction"] == pytest.approx(np.ones(200), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "drift", "bound", "reached"), [("adam", 0.680950, 1.0, 441), ("amsgrad", -0.349062, -1.0, 853)]
)
def test_uncorrected_adam_goes_to_the_worst_point_and_amsgrad_to_the_best(
    name: str, drift: float, bound: float, reached: int
) -> None:
    """Theorem 1 of Reddi, Kale & Kumar: the gradient's sum is 1 in three ticks, so the least is at -1."""
    spec = f"{name}_uncorrected(alpha=0.01, beta1=0, beta2=0.1, eps=0)"
    experiment = Experiment.of("where(t % 3 == 0, 3, -1)", spec, seed=1, bounds=(-1, 1))
    theta = Run(experiment).advance(3_000).lanes[0]["theta"]
    assert (theta[299] - theta[296]) / 0.01 == pytest.approx(drift, rel=1e-5)
    assert int(np.flatnonzero(theta == bound)[0]) + 1 == reached


# What else is said of single strategies


@pytest.mark.parametrize("name", ["adamw", "cautious_adamw", "stable_adamw", "ademamix", "lion"])
def test_without_a_gradient_the_weight_only_decays(name: str) -> None:
    rows = rows_of(STRATEGIES[name](alpha=0.1, weight_decay=0.2), "0", 200)
    assert set(rows["direction"]) == {0.0}
    assert rows["theta"] == pytest.approx(0.5 * 0.98 ** np.arange(1, 201), rel=1e-12)


def test_adans_decay_is_a_division() -> None:
    theta = rows_of("adan(alpha=0.1, weight_decay=0.2)", "0", 200)["theta"]
    assert theta == pytest.approx(0.5 / 1.02 ** np.arange(1, 201), rel=1e-12)


def test_yogi_moves_at_first_without_a_gradient() -> None:
    rows = rows_of("yogi", "0", 3, theta0=0.0)
    assert rows["theta"][0] == pytest.approx(-0.01 * 0.9e-6 / (0.1 * (math.sqrt(0.001) + 0.001)), rel=1e-12)


def test_rprop_rests_after_a_change_of_sign() -> None:
    rows = rows_of("rprop", [1.0, 1.0, -1.0, -1.0, -1.0], 5, theta0=0.0)
    assert rows["step"].tolist() == pytest.approx([0.01, 0.012, 0.006, 0.006, 0.0072])
    assert (rows["direction"] * 0.01).tolist() == pytest.approx([0.01, 0.012, 0.0, -0.006, -0.0072])
    assert rows["g_prev"].tolist() == [1.0, 1.0, 0.0, -1.0, -1.0]
    clamped = rows_of("rprop(alpha=2, step_max=1.5)", [1.0, 1.0], 2)
    assert clamped["step"].tolist() == [1.5, 1.5]


def test_adopt_rests_on_its_first_tick_whatever_comes() -> None:
    for first in (3.0, math.nan, math.inf):
        rows = rows_of("adopt", [first, 1.0], 2)
        assert rows["direction"][0] == 0.0
        assert rows["theta"][0] == 0.5
        assert_same_bits(rows["v"][0], first * first)
    assert np.isnan(rows_of("adopt", [math.nan, 1.0], 2)["direction"][1])


def test_adopt_clips_at_the_fourth_root_of_t() -> None:
    rows = rows_of("adopt(beta1=0)", [1e-3] + [1e3] * 16 + [-1e9], 18)
    assert rows["c"] == pytest.approx(np.arange(18) ** 0.25, rel=1e-15)
    assert rows["direction"][1] == 1.0
    assert rows["direction"][17] == -rows["c"][17]


@pytest.mark.parametrize("beta2", [0.0, 0.3, 0.5, 0.6, 0.66])
def test_radam_with_a_short_memory_is_never_rectified(beta2: float) -> None:
    rows = rows_of(f"radam(beta2={beta2})")
    assert set(rows["r"]) == {0.0}
    assert_same_bits(rows["direction"], rows["m_hat"])
    assert (rows["rho"] <= 5).all()


def test_adabeliefs_eps_accumulates_unless_it_is_fresh() -> None:
    kept, fresh = (rows_of(f"{name}(eps=1e-3)", "0", 20_000)["s"] for name in ("adabelief", "adabelief_fresh_eps"))
    assert kept[-1] == pytest.approx(1e-3 / (1 - 0.999), rel=1e-6)
    assert not fresh.any()


def test_cautious_steps_never_go_with_the_gradient() -> None:
    rows, plain_rows = rows_of("cautious_adamw"), rows_of("adamw")
    assert (rows["direction"] * rows["g"] >= 0).all()
    assert set(rows["phi"]) == {0.0, 1.0}
    assert_same_bits(rows["direction"], rows["phi"] * plain_rows["direction"])


def test_diffgrads_friction_lies_between_a_half_and_one() -> None:
    rows = rows_of("diffgrad")
    assert ((rows["xi"] >= 0.5) & (rows["xi"] <= 1.0)).all()
    assert_same_bits(rows_of("diffgrad", "2")["xi"][1:], np.full(999, 0.5))


def test_stable_adamw_bounds_what_an_outlier_does() -> None:
    rows = rows_of("stable_adamw(eps=0)", NEVER_ZERO)
    assert rows["r"].max() > 3
    assert_same_bits(rows["r"], np.maximum(1.0, np.sqrt(rows["g"] * rows["g"] / rows["v"])))
    first = rows_of("stable_adamw", [-3.0], 1)
    assert (first["m"][0], first["v"][0]) == (-3.0, 9.0)


def test_schedule_free_averages_its_fast_point() -> None:
    rows = rows_of("schedule_free_adamw")
    assert rows["x"] == pytest.approx(np.cumsum(rows["z"]) / np.arange(1, 1_001), rel=1e-12)
    assert rows["theta"] == pytest.approx(0.9 * rows["x"] + 0.1 * rows["z"], rel=1e-12)


def test_novograd_holds_the_decay_in_its_moment() -> None:
    rows = rows_of("novograd(alpha=0.1, weight_decay=0.2, beta1=0)", "0", 3)
    assert rows["direction"].tolist() == pytest.approx([0.1, 0.098, 0.09604], rel=1e-12)


def test_centred_rmsprop_loses_a_constant_gradient_to_rounding() -> None:
    variance = rows_of("rmsprop_centered(rho=0.9)", "0.7", 1_000)["variance"]
    k = np.arange(1, 101)
    assert variance[:100] == pytest.approx(0.49 * 0.9**k * (1 - 0.9**k), rel=1e-9)
    assert np.abs(variance[500:]).max() < 1e-15


def test_adagrad_starts_from_its_accumulator() -> None:
    rows = rows_of("adagrad(initial_accumulator=4, eps=0)", [3.0, 6.0], 2)
    assert rows["v"].tolist() == [13.0, 49.0]
