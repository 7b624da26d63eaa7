"""Closed loops: what strategies do on a landscape, where each step changes the gradient of the next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stream_adam.presets.outcome import at, first_when, highest, largest, lowest
from stream_adam.presets.preset import Check, Preset
from stream_adam.sources.objectives import DEVIATION, MEAN, OBJECTIVES

if TYPE_CHECKING:
    from stream_adam.presets.outcome import Measure, Outcome
    from stream_adam.typing import Floats

REDDI = "alpha=0.01, beta1=0, beta2=0.1, eps=0"
ROUND = 1e-6  # how near to a minimum counts as there
OTHER_STARTS = (
    ((1.0, 1.0), (3.0, 2.0)),
    ((-1.0, 1.0), (-2.805118, 3.131313)),
    ((-1.0, -1.0), (-3.779310, -3.283186)),
    ((3.0, -3.0), (3.584428, -1.848127)),
)


def _thetas(run: Outcome, lane: int = 0) -> Floats:
    """The weight of two components, shape (2, ticks)."""
    return np.stack([run("theta.0", lane), run("theta.1", lane)])


def _far_from(point: tuple[float, float], lane: int = 0, tick: int = -1) -> Measure:
    """How far the weight is from a point at a tick."""
    return lambda run: math.dist(_thetas(run, lane)[:, tick], point)


def _ticks_to(nearness: float, point: tuple[float, float], lane: int = 0) -> Measure:
    """How many ticks until every component stays within `nearness` of a point's."""

    def measure(run: Outcome) -> float:
        away = np.abs(_thetas(run, lane) - np.array(point)[:, None]).max(axis=0) >= nearness
        return float(np.flatnonzero(away)[-1] + 2)

    return measure


def _rosenbrock(lane: int, tick: int) -> Measure:
    """The height in Rosenbrock's valley at a tick."""
    return lambda run: float(OBJECTIVES["rosenbrock"].value(_thetas(run, lane)[:, tick], a=1.0, b=100.0))


def _alpha_over_root(run: Outcome) -> Floats:
    """alpha/√v̂ of the first lane, with alpha = 0.5: the step that gradient descent would have to have."""
    return 0.5 / np.sqrt(run("v_hat"))


def _drift(lane: int) -> Measure:
    """How far theta goes in a round of three, in units of alpha = 0.01."""
    return lambda run: float(run("theta", lane)[302] - run("theta", lane)[299]) / 0.01


def _chance_of_damage(fahrenheit: float, lane: int = 0) -> Measure:
    """The probability of damage at a temperature by the fit."""

    def measure(run: Outcome) -> float:
        intercept, slope = _thetas(run, lane)[:, -1]
        return 1 / (1 + math.exp(-(intercept + slope * (fahrenheit - MEAN) / DEVIATION)))

    return measure


def _slow_flow(start: float, end: float, alpha: float) -> float:
    """Ticks from start to end on the plateau x²/(1 + x²) by gradient flow: ∫ (1 + x²)²/(2x) dx / alpha."""
    reached = [math.log(x) / 2 + x**2 / 2 + x**4 / 8 for x in (start, end)]
    return (reached[0] - reached[1]) / alpha


DESCENTS = (
    Preset(
        "bowl",
        "A noisy bowl",
        "quadratic(2) + normal(0.1)",
        ("adam(alpha=0.01)", "sgd(alpha=0.01)"),
        2_000,
        "The loop is closed: each lane sees the gradient at its own weight, with the same noise. From 1, gradient "
        "descent slows down as the slope vanishes; Adam walks at alpha a tick until it is there.",
        "ours",
        (
            Check("gradient descent without noise, after 100 ticks", at("theta", 99, 1), 0.98**100, 1e-12,
                  "(1 − α·curvature)¹⁰⁰", source="quadratic(2)"),
            Check("adam without noise, after 50 ticks", at("theta", 49), 0.536821, 5e-7, source="quadratic(2)"),
            Check("gradient descent in the end, RMS",
                  lambda run: math.sqrt(float(np.square(run("theta", 1)[500:]).mean())),
                  0.01 * 0.1 / math.sqrt(1 - 0.98**2), 0.15, "α·σ/√(1 − (1 − α·curvature)²)", relative=True,
                  ticks=20_000),
        ),
        theta0=1.0,
    ),
    Preset(
        "spike_on_a_bowl",
        "A spike on the plainest bowl",
        "quadratic(1)",
        ("adam(alpha=0.5, beta1=0, beta2=0.99, eps=1e-8)", "sgd(alpha=0.5)"),
        3_000,
        "Adam has all but arrived when √v̂ has shrunk so far that alpha/√v̂ passes 2, beyond which a bowl of "
        "curvature 1 "
        "throws everything out: theta shoots up beyond its start. From then on it bounces with alpha/√v̂ at 2, the "
        "edge "
        "of stability.",
        "ours; that such spikes come from v̂ falling is known from the training of large models",
        (
            Check("the least |theta| before the spike",
                  lambda run: float(np.abs(run("theta")[:40]).min()), 1.13844e-9, 1e-5, relative=True),
            Check("its tick, from 1", lambda run: float(np.abs(run("theta")[:40]).argmin() + 1), 18, 0),
            Check("the tick at which alpha/√v̂ passes 2", lambda run: float((_alpha_over_root(run) > 2).argmax() + 1),
                  19, 0),
            Check("the peak of |theta|", largest("theta", 18), 1.30254, 5e-6),
            Check("the tick of the peak", lambda run: float(np.abs(run("theta")[18:]).argmax() + 19), 54, 0),
            Check("gradient descent by then", at("theta", 53, 1), 0.5**54, 1e-20, "(1 − α)⁵⁴, below 1e-16"),
            Check("alpha/√v̂, mean of the last 500 ticks", lambda run: float(_alpha_over_root(run)[-500:].mean()), 2,
                  5e-5,
                  "2/curvature, the edge of stability"),
        ),
        theta0=1.0,
    ),
    Preset(
        "not_converging",
        "Where Adam does not converge",
        "where(t % 3 == 0, 3, -1)",
        (f"adam_uncorrected({REDDI})", f"amsgrad_uncorrected({REDDI})"),
        1_200,
        "Of three gradients one is 3 and two are -1, so that theta should go down to -1, the best that the bounds "
        "permit. Adam shrinks the rare large one and walks to 1, the worst; AMSGrad remembers it and walks to -1.",
        "Reddi, Kale & Kumar 2018, Theorem 1; the figures are ours",
        (
            Check("Adam: drift in 3 ticks, in units of alpha", _drift(0), 0.680950, 5e-7),
            Check("the tick at which Adam is at 1, the worst",
                  first_when("theta", lambda theta: theta >= 1), 441, 0),
            Check("AMSGrad: drift in 3 ticks, in units of alpha", _drift(1), -0.349062, 5e-7),
            Check("the tick at which AMSGrad is at -1, the best",
                  first_when("theta", lambda theta: theta <= -1, 0, 1), 853, 0),
        ),
        bounds=(-1.0, 1.0),
        about_theta=True,
    ),
    Preset(
        "two_over_curvature",
        "Gradient descent's edge",
        "quadratic(1)",
        ("sgd(alpha=1.9)", "sgd(alpha=2)", "sgd(alpha=2.1)", "adam(alpha=2.1)"),
        200,
        "A bowl of curvature L throws gradient descent out when alpha is above 2/L: at 1.9 it comes to rest, at 2 it "
        "bounces for ever, at 2.1 it leaves. Adam's first step is 2.1 as well, and it comes to rest.",
        "a fact of the textbooks; Adam's figures are ours",
        (
            Check("alpha = 1.9: theta after 50 ticks", at("theta", 49), 0.9**50, 1e-12, "(1 − α)⁵⁰"),
            Check("alpha = 2: theta after 50 ticks", at("theta", 49, 1), 1, 0, "(1 − α)⁵⁰"),
            Check("alpha = 2.1: theta after 50 ticks", at("theta", 49, 2), 1.1**50, 1e-9, "(1 − α)⁵⁰", relative=True),
            Check("adam: the largest |theta|", largest("theta", 0, 3), 1.1, 1e-6, "alpha − theta0: its first step"),
            Check("adam: |theta| after 2,000 ticks", lambda run: float(abs(run("theta", 3)[-1])), 0, 1e-12, "at rest",
                  ticks=2_000),
        ),
        theta0=1.0,
    ),
    Preset(
        "heavy_ball_edge",
        "The heavy ball's edge",
        "quadratic(1)",
        ("momentum(alpha=3.7)", "momentum(alpha=3.9)", "sgd(alpha=2.1)"),
        200,
        "Momentum of 0.9 nearly doubles the learning rate that a bowl bears: its edge is at 2(1 + 0.9)/L = 3.8 where "
        "gradient descent's is at 2. Below the edge the bouncing fades as √0.9 a tick, at 3.7 as at 1.",
        "Polyak 1964, for the heavy ball; its edge is a fact of the textbooks",
        (
            Check("alpha = 3.7: theta after 200 ticks", at("theta", -1),
                  2 * ((0.5 + 3j) * (-0.9 + 0.3j) ** 200).real, 1e-12,
                  "2·Re((½ + 3i)·z²⁰⁰), z = −0.9 + 0.3i the root of z² + 1.8z + 0.9"),
            Check("its fading a tick, over 1,000 ticks",
                  lambda run: (largest("theta", 1_000)(run) / largest("theta", 0)(run)) ** 0.001,
                  math.sqrt(0.9), 1e-3, "√β, the size of the roots of z² − (1 + β − α)z + β", ticks=1_100),
            Check("alpha = 3.9: growth a tick", lambda run: float(abs(run("theta", 1)[-1] / run("theta", 1)[-2])),
                  1 + math.sqrt(0.1), 1e-9, "the largest root of z² + 2z + 0.9 is −1 − √0.1"),
        ),
        theta0=1.0,
    ),
    Preset(
        "ill_conditioned",
        "A bowl a hundred times steeper across",
        "quadratic(condition=100, components=2)",
        ("sgd(alpha=2/101)", "momentum(alpha=4/121, momentum=(9/11)**2)", "adam(alpha=0.02, eps=0)"),
        800,
        "At its best rate gradient descent needs 691 ticks to come a million times nearer in both directions, and the "
        "heavy ball 95. Adam divides each direction's scale away, and both components go the very same way.",
        "Polyak 1964, for the rates; that Adam does not see a diagonal scale is Kingma & Ba 2014",
        (
            Check("gradient descent: ticks to 1e-6", _ticks_to(ROUND, (0, 0)),
                  math.ceil(math.log(ROUND) / math.log(99 / 101)), 0, "log 1e-6 / log((κ − 1)/(κ + 1))"),
            Check("the heavy ball: ticks to 1e-6", _ticks_to(ROUND, (0, 0), 1), 95, 0,
                  "(1 + c·k)·(9/11)ᵏ, whose rate is (√κ − 1)/(√κ + 1)"),
            Check("Adam: distance between the components, largest",
                  lambda run: float(np.abs(run("theta.0", 2) - run("theta.1", 2)).max()), 0, 1e-14,
                  "the direction of c·g is that of g"),
        ),
        theta0=(1.0, 1.0),
    ),
    Preset(
        "rosenbrock_race",
        "A race in Rosenbrock's valley",
        "rosenbrock()",
        ("sgd(alpha=0.001)", "momentum(alpha=0.0005)", "adam(alpha=0.02)"),
        5_000,
        "All start at (-1.2, 1), the paper's own place, and go down the wall and along the curved floor to (1, 1). "
        "Gradient descent crawls, momentum leads for the first 2,000 ticks, and Adam comes nearest in the end.",
        "Rosenbrock 1960, for the function and the start; the race is ours",
        (
            Check("gradient descent: height after 2,000 ticks", _rosenbrock(0, 1_999), 0.0782075, 1e-5, relative=True),
            Check("momentum: height after 2,000 ticks", _rosenbrock(1, 1_999), 4.06469e-05, 1e-3, relative=True),
            Check("adam: height after 2,000 ticks", _rosenbrock(2, 1_999), 7.84459e-4, 1e-3, relative=True),
            Check("adam: distance from (1, 1) in the end", _far_from((1, 1), 2), 0, 1e-9, "the minimum is at (a, a²)"),
            Check("momentum: distance then", _far_from((1, 1), 1), 0, 1e-4, "the minimum"),
            Check("gradient descent: distance then", _far_from((1, 1)), 0.133890, 5e-6),
        ),
        theta0=(-1.2, 1.0),
    ),
    Preset(
        "four_minima",
        "Four minima, and which one is found",
        "himmelblau()",
        ("adam(alpha=0.05)", "sgd(alpha=0.01)"),
        1_000,
        "Himmelblau's function has four minima, all equally deep. From (1, -1) gradient descent finds the nearest one, "
        "and Adam, whose first step goes along a diagonal, another.",
        "Himmelblau 1972, for the function; the figures are ours",
        (
            Check("adam: distance from (3, 2)", _far_from((3, 2)), 0, 1e-5, "a minimum"),
            Check("gradient descent: distance from (3.584428, -1.848127)", _far_from((3.584428, -1.848127), 1), 0, 1e-5,
                  "a minimum"),
            *(
                Check("adam from ({:g}, {:g}): distance from ({:g}, {:g})".format(*start, *minimum),
                      _far_from(minimum), 0, 1e-5, "a minimum",
                      theta0=start, strategies=("adam(alpha=0.05)",))
                for start, minimum in OTHER_STARTS
            ),
        ),
        theta0=(1.0, -1.0),
    ),
    Preset(
        "beale_valley",
        "Beale's flat valley",
        "beale()",
        ("adam(alpha=0.05)", "sgd(alpha=0.01)", "momentum(alpha=0.001)"),
        1_000,
        "The valley's floor is flat, and gradient descent slows down the nearer it comes to (3, 0.5). Adam keeps its "
        "step and is there by tick 1,000.",
        "Beale 1958, for the function; the figures are ours",
        (
            Check("adam: distance from (3, 0.5)", _far_from((3, 0.5)), 0, 1e-4, "the minimum"),
            Check("gradient descent: distance by then", _far_from((3, 0.5), 1), 0.0183, 2e-4),
            Check("gradient descent after 5,000 ticks", _far_from((3, 0.5)), 0, 1e-5, "the minimum", ticks=5_000,
                  strategies=("sgd(alpha=0.01)",)),
        ),
        theta0=(1.0, 1.0),
    ),
    Preset(
        "saddle_escape",
        "Leaving a saddle",
        "saddle()",
        ("sgd(alpha=0.01)", "adam(alpha=0.01)", "momentum(alpha=0.01)"),
        400,
        "From (1, 0.001) all roll towards the saddle, and on along y, where it falls. Gradient descent leaves in "
        "proportion to its tiny distance and needs 349 ticks to y = 1; Adam needs 77.",
        "ours",
        (
            Check("gradient descent: ticks to y = 1", first_when("theta.1", lambda y: y >= 1),
                  math.ceil(math.log(1_000) / math.log(1.02)), 0, "log 1000 / log(1 + 2α)"),
            Check("adam: ticks to y = 1", first_when("theta.1", lambda y: y >= 1, 0, 1), 77, 0),
            Check("momentum: ticks to y = 1", first_when("theta.1", lambda y: y >= 1, 0, 2), 72, 0),
        ),
        theta0=(1.0, 0.001),
    ),
    Preset(
        "plateau_crossing",
        "Across a plateau",
        "plateau()",
        ("sgd(alpha=0.1)", "adam(alpha=0.1)"),
        6_000,
        "Eight away from the valley the slope is 0.004. Gradient descent needs 5,447 ticks to come to 1; Adam divides "
        "the "
        "slope's size away and needs 56.",
        "ours; the shape is Geman & McClure's 1985",
        (
            Check("gradient descent: ticks from 8 to 1", first_when("theta", lambda x: x <= 1), _slow_flow(8, 1, 0.1),
                  5,
                  "∫ (1 + x²)²/(2x) dx / α = 5,444, by gradient flow"),
            Check("adam: ticks from 8 to 1", first_when("theta", lambda x: x <= 1, 0, 1), 56, 0),
        ),
        theta0=8.0,
    ),
    Preset(
        "cliff_throw",
        "Thrown by a cliff",
        "cliff()",
        ("sgd(alpha=0.03)", "adam(alpha=0.03)"),
        400,
        "Coming down from 2, gradient descent steps onto the cliff at 1, where the slope is 101, and is thrown far "
        "beyond the minimum. Adam's step on the cliff is hardly larger than any other.",
        "Pascanu, Mikolov & Bengio 2013, for the phenomenon; the figures are ours",
        (
            Check("gradient descent: its largest step", lambda run: float(np.abs(np.diff(run("theta"))).max()),
                  0.03 * (2 * 0.97**22 + 100), 1e-9, "α·(x + height/width) at x = 2·(1 − α)²², the first below 1.05"),
            Check("where that takes it", lowest("theta"), 2 * 0.97**23 - 3, 1e-9, "2·(1 − α)²³ − α·height/width"),
            Check("adam: its largest step", lambda run: float(np.abs(np.diff(run("theta", 1))).max()), 0.03284, 5e-6),
        ),
        theta0=2.0,
    ),
    Preset(
        "kink",
        "A kink, where a fixed step never settles",
        "absolute()",
        ("sign_sgd(alpha=0.03)", "sgd(alpha=0.03)", "adam(alpha=0.03)", "adagrad(alpha=0.3)"),
        400,
        "The slope is 1 on one side and -1 on the other, however near the minimum is. A fixed step bounces for ever "
        "between two places that are alpha apart, and AdaGrad's shrinking step comes nearer and nearer.",
        "a fact of the textbooks; the figures are ours",
        (
            Check("gradient descent: from, in the end", highest("theta", -100, 1), 0.01, 1e-9, "1 − 33·α"),
            Check("gradient descent: to", lowest("theta", -100, 1), -0.02, 1e-9, "1 − 34·α"),
            Check("sign_sgd: the same to the bit, largest distance",
                  lambda run: float(np.abs(run("theta") - run("theta", 1)).max()), 0, 0,
                  "the gradient is its own sign"),
            Check("adagrad: |theta|, the largest of the last 100", largest("theta", -100, 3), 0, 0.02, "α/√t and less"),
        ),
        theta0=1.0,
    ),
    Preset(
        "rprop_bowl",
        "Rprop finds its own step",
        "quadratic(1)",
        ("rprop", "sgd(alpha=0.01)"),
        200,
        "Rprop's step begins at 0.01 and grows by a fifth a tick while the sign holds: it is across the bowl at tick "
        "17, "
        "and then halves its step at each crossing. It never looks at the gradient's size, and a bowl a million times "
        "as steep gives the same path to the bit.",
        "Riedmiller & Braun 1993, for the strategy; the figures are ours",
        (
            Check("ticks until it is across", first_when("theta", lambda theta: theta < 0),
                  math.ceil(math.log(21) / math.log(1.2)), 0, "0.01·Σ 1.2ᵏ > 1: log 21 / log 1.2"),
            Check("where it is then", at("theta", 16), 1 - 0.05 * (1.2**17 - 1), 1e-12, "1 − 0.05·(1.2¹⁷ − 1)"),
            Check("a bowl 1,000,000 times as steep: the same", at("theta", 16), 1 - 0.05 * (1.2**17 - 1), 1e-12,
                  "the same: only signs count", source="quadratic(1000000)"),
            Check("|theta| after 400 ticks", lambda run: float(abs(run("theta")[-1])), 0, 1e-6, "the smallest step",
                  ticks=400),
        ),
        theta0=1.0,
    ),
    Preset(
        "schedule_free_average",
        "An average in place of a schedule",
        "quadratic(1) + normal(1)",
        ("schedule_free_adamw(alpha=0.05)", "adam(alpha=0.05)"),
        2_000,
        "The noise is as large as the slope at the start, and z jumps about in it for good. The mean of all z so far "
        "is x, which comes to rest without any schedule of the learning rate.",
        "Defazio et al. 2024, for the strategy; the figures are ours",
        (
            Check("x against the mean of all z, largest distance",
                  lambda run: float(np.abs(run("x") - run("z").cumsum() / (run("t") + 1)).max()), 0, 1e-12,
                  "x ← (1 − 1/k)·x + z/k"),
            Check("theta against 0.9·x + 0.1·z, largest distance",
                  lambda run: float(np.abs(run("theta") - 0.9 * run("x") - 0.1 * run("z")).max()), 0, 1e-12,
                  "β1·x + (1 − β1)·z"),
        ),
        theta0=1.0,
    ),
    Preset(
        "challenger",
        "The Challenger's O-rings",
        "logistic()",
        ("adam(alpha=0.05)", "sgd(alpha=1)"),
        1_000,
        "Damage to the O-rings in 23 flights, by temperature: both lanes find the published fit. At the 31 °F of the "
        "last morning it gives a chance of damage of 99.96 %.",
        "Dalal, Fowlkes & Hoadley 1989, for the data; the fit is the published one",
        (
            Check("adam: distance from the minimum", _far_from((-1.107550, -1.602378)), 0, 1e-5,
                  "log-odds 15.0429 − 0.232163·T"),
            Check("gradient descent: distance", _far_from((-1.107550, -1.602378), 1), 0, 1e-5, "the same"),
            Check("chance of damage at 31 °F", _chance_of_damage(31), 1 / (1 + math.exp(-(15.0429 - 0.232163 * 31))),
                  1e-6,
                  "1/(1 + exp(−(15.0429 − 0.232163·31)))"),
            Check("chance of damage at 75 °F", _chance_of_damage(75), 1 / (1 + math.exp(-(15.0429 - 0.232163 * 75))),
                  1e-4,
                  "1/(1 + exp(−(15.0429 − 0.232163·75)))"),
        ),
    ),
    Preset(
        "digits_network",
        "A network learns to read",
        "mlp_digits()",
        ("adam(alpha=0.01)", "sgd(alpha=0.1)"),
        1_000,
        "A small network learns handwritten digits from minibatches; four of its 1,210 weights are shown. After 1,000 "
        "ticks each lane reads more than 95 of 100 images rightly, Adam more than 99.",
        "ours, on the data of Alpaydin & Kaynak 1998",
        (
            Check("adam: images read rightly, percent", lambda run: 100 * run.accuracy(0), 99.5, 0.5, "above 99"),
            Check("gradient descent: images read rightly, percent", lambda run: 100 * run.accuracy(1), 97.5, 2.5,
                  "above 95"),
        ),
    ),
)  # fmt: skip
