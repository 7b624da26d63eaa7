"""Where papers and libraries differ, and what Adam is as a filter: open loops that show what a convention does."""

from __future__ import annotations

import cmath
import math

import numpy as np

from stream_adam.presets.outcome import amplitude, at, lag, mean, root_mean
from stream_adam.presets.preset import Check, Preset

SPREAD = 2 * 0.9**2 / 1.9  # the mean square of white noise less its running mean, where the noise has 1
ALTERNATING = "where(t % 2 == 0, 1, -1)"


def _passed(period: int) -> complex:
    """What m makes of a wave of that period: its gain and its lag."""
    return 0.1 / (1 - 0.9 * cmath.exp(-2j * math.pi / period))


def _behind(period: int) -> float:
    """By how many ticks m is behind a wave of that period."""
    return -cmath.phase(_passed(period)) * period / (2 * math.pi)


def _surprise(ticks: int) -> float:
    """AdaBelief's corrected mean of (g − m)² under a constant 1, where g − m = beta1ᵏ at tick k."""
    return sum(0.999 ** (ticks - k) * 0.001 * 0.9 ** (2 * k) for k in range(1, ticks + 1)) / (1 - 0.999**ticks)


CONVENTIONS = (
    Preset(
        "epsilon_gate",
        "Epsilon is a gate",
        "line(1e-7)",
        ("adam(eps=1e-7)", "adam_eps_hat(eps=1e-7)", "adam_eps_inside(eps=1e-7)"),
        5_000,
        "The gradient is as large as eps, and Adam's step is half of what it would be. In Kingma & Ba's epsilon-hat "
        "form the gate is 31.6 times as high at first, and inside the root it is so high that hardly a step is left.",
        "Kingma & Ba 2014, section 2, for the epsilon-hat form, which Keras has; the figures are ours",
        (
            Check("d, eps outside the root", at("direction", -1), 0.5, 1e-9, "g/(g + ε) with g = ε"),
            Check("epsilon-hat: d at t = 1", at("direction", 0, 1), 1 / (1 + 1 / math.sqrt(0.001)), 5e-8,
                  "1/(1 + 1/√(1 − β2))"),
            Check("epsilon-hat: d at t = 5,000", at("direction", -1, 1), 1 / (1 + 1 / math.sqrt(1 - 0.999**5_000)),
                  1e-9,
                  "1/(1 + 1/√(1 − β2⁵⁰⁰⁰))"),
            Check("eps inside the root: d", at("direction", -1, 2), 1e-7 / math.sqrt(1e-14 + 1e-7), 1e-9,
                  "g/√(g² + ε)"),
        ),
    ),
    Preset(
        "epsilon_places",
        "Three places for epsilon",
        "line(1e-4)",
        ("adam(eps=1e-8)", "adam_eps_inside(eps=1e-8)", "adam_eps_hat(eps=1e-8)"),
        1_000,
        "The gradient is √eps = 0.0001, far above eps, and outside the root eps takes a ten-thousandth from the step. "
        "Inside the root it is in units of g², and takes 29 %.",
        "ours; the other places are optax's eps_root and Keras's epsilon",
        (
            Check("d, outside the root", at("direction", -1), 1 / (1 + 1e-4), 1e-9, "g/(g + ε) with g² = ε"),
            Check("d, inside the root", at("direction", -1, 1), 1 / math.sqrt(2), 1e-9, "g/√(g² + ε) with g² = ε"),
            Check("d, epsilon-hat, at t = 1", at("direction", 0, 2), 1 / (1 + 1e-4 / math.sqrt(0.001)), 1e-9,
                  "g/(g + ε/√(1 − β2))"),
        ),
        y_range=(0.0, 1.0),
    ),
    Preset(
        "adam_as_a_filter",
        "Adam as a filter",
        "sine(25)",
        ("adam",),
        5_000,
        "The running mean of a wave is a wave, smaller and later. At a period of 25 ticks m has 39 % of the gradient's "
        "height and is four ticks behind; at 100 it has 86 %, and is eight behind.",
        "ours; m is an exponential smoother, a filter of the textbooks",
        (
            Check("m's gain, period 25", amplitude("m", 25, 2_500), abs(_passed(25)), 1e-6,
                  "|H|, H = (1 − β1)/(1 − β1·exp(−2πi/25)) = 0.387637"),
            Check("m's lag in ticks, period 25", lag("m", 25, 2_500), _behind(25), 1e-5,
                  "−arg H·25/2π = 4.17933"),
            Check("m's gain, period 100", amplitude("m", 100, 2_500), abs(_passed(100)), 1e-6, "|H| = 0.859014",
                  source="sine(100)"),
            Check("m's lag in ticks, period 100", lag("m", 100, 2_500), _behind(100), 1e-5,
                  "−arg H·100/2π = 8.06705", source="sine(100)"),
            Check("m's lag on a ramp", lambda run: float(run("g")[-1] - run("m")[-1]), 9, 1e-9, "β1/(1 − β1)",
                  source="ramp(1)"),
        ),
    ),
    Preset(
        "belief",
        "AdaBelief against Adam",
        "line(1)",
        ("adabelief", "adam"),
        1_000,
        "The gradient is 1 all the time, as expected as can be: AdaBelief, which divides by the surprise, takes steps "
        "that grow to twenty times Adam's. Under a gradient that alternates between 1 and -1 the two are nearly the "
        "same.",
        "Zhuang et al. 2020, for the strategy; the figures are ours",
        (
            Check("constant 1: AdaBelief's d at t = 1,000", at("direction", -1), 1 / math.sqrt(_surprise(1_000)), 5e-5,
                  "1/√(Σ β2ⁿ⁻ᵏ·(1 − β2)·β1²ᵏ / (1 − β2ⁿ)), n = 1,000"),
            Check("constant 1: Adam's d", at("direction", -1, 1), 1, 1e-6, "m̂ = g, v̂ = g²"),
            Check("alternating: AdaBelief's |d|", lambda run: float(abs(run("direction")[-1])), 1 / 18, 1e-6,
                  "m = g/19, so |g − m| = 18/19", source=ALTERNATING, ticks=20_000),
            Check("alternating: Adam's |d|", lambda run: float(abs(run("direction", 1)[-1])), 1 / 19, 1e-6,
                  "(1 − β1)/(1 + β1)", source=ALTERNATING, ticks=20_000),
        ),
    ),
    Preset(
        "zero_mean",
        "Adam's v is no variance",
        "line(5) + normal(0.5)",
        ("adam", "adam_variance", "adabelief"),
        10_000,
        "Subtract the mean before squaring, as the experiment's author asked, and a gradient of 5 with little noise "
        "takes steps of 11, as AdaBelief does: the steadier, the longer. Adam's v has the mean's square in it, which "
        "keeps its steps near 1; for noise around zero the two are nearly the same.",
        "the original experiment, for the question; Zhuang et al. 2020, for the other choice; the figures are ours",
        (
            Check("Adam's d, mean of the second half", mean("direction", 5_000), 5 / math.sqrt(5**2 + 0.5**2), 0.01,
                  "5/√(5² + 0.5²): at most 1", relative=True),
            Check("v a variance: d", mean("direction", 5_000, 1), 5 / math.sqrt(0.5**2 * SPREAD), 0.02,
                  "5/√(0.5²·2·β1²/(1 + β1)), β1 = 0.9: g − m is the noise less its running mean", relative=True),
            Check("AdaBelief: d", mean("direction", 5_000, 2), 5 / math.sqrt(0.5**2 * SPREAD), 0.02, "the same",
                  relative=True),
            Check("no noise, v a variance: d at t = 1,000", at("direction", -1, 1), 1 / math.sqrt(_surprise(1_000)),
                  5e-5, "1/√(Σ β2ⁿ⁻ᵏ·(1 − β2)·β1²ᵏ / (1 − β2ⁿ)), n = 1,000: it grows and grows", source="line(5)",
                  ticks=1_000),
            Check("mean zero: Adam's √v̂", root_mean("v_hat", 5_000), 0.5, 0.03, "the noise's σ", source="normal(0.5)",
                  relative=True),
            Check("mean zero: √v̂ of the variance", root_mean("v_hat", 5_000, 1), 0.5 * math.sqrt(SPREAD), 0.03,
                  "σ·√(2·β1²/(1 + β1)): 8 % less", source="normal(0.5)", relative=True),
        ),
    ),
    Preset(
        "belief_epsilon",
        "AdaBelief's eps adds up",
        "line(1)",
        ("adabelief(eps=1e-4)", "adabelief_fresh_eps(eps=1e-4)"),
        20_000,
        "Nothing surprises any more, so eps alone says how large a step is. AdaBelief's stays in its slot from tick to "
        "tick and adds up to 1,000 times eps: its step ends 31 times smaller than where eps is added afresh.",
        "ours; the paper's Algorithm 2 adds eps in the slot",
        (
            Check("d where eps stays", at("direction", -1), 1 / (math.sqrt(1e-4 / 0.001) + 1e-4), 1e-6,
                  "1/(√(ε/(1 − β2)) + ε)"),
            Check("d where it is added afresh", at("direction", -1, 1), 1 / (math.sqrt(1e-4) + 1e-4), 1e-4,
                  "1/(√ε + ε)"),
        ),
    ),
    Preset(
        "weight_decay",
        "Where weight decay leads",
        "line(3)",
        ("adamw(alpha=0.01, weight_decay=0.1)", "lion(alpha=0.01, weight_decay=0.1)",
         "adan(alpha=0.01, weight_decay=0.1)"),
        20_000,
        "A gradient pushes theta down, and the decay pulls it back to 0: theta comes to rest at -1/weight_decay = -10. "
        "Where decay is decoupled that place is the same for a gradient of 3 and of 0.03; coupled, it is at -30 and "
        "-0.3, where the pulls are equal.",
        "Loshchilov & Hutter 2017, for decoupling; the figures are ours",
        (
            Check("adamw: theta after 1,000 ticks", at("theta", 999), -10 * (1 - 0.999**1_000), 1e-6,
                  "−(1 − (1 − α·λ)¹⁰⁰⁰)/λ"),
            Check("adamw: theta at the end", at("theta", -1), -10, 1e-5, "−1/λ"),
            Check("lion: theta at the end", at("theta", -1, 1), -10, 1e-5, "−1/λ"),
            Check("adan: theta at the end", at("theta", -1, 2), -10, 1e-5, "−1/λ"),
            Check("adamw: the same for a gradient of 0.03", at("theta", -1), -10, 1e-4, "−1/λ", source="line(0.03)"),
            Check("coupled, under adam", at("theta", -1), -30, 1e-6, "−g/λ", source="line(3) + 0.1*theta",
                  strategies=("adam(alpha=0.01)",)),
            Check("coupled, for a gradient of 0.03", at("theta", -1), -0.3, 1e-6, "−g/λ",
                  source="line(0.03) + 0.1*theta", strategies=("adam(alpha=0.01)",)),
        ),
        about_theta=True,
    ),
    Preset(
        "learning_rate_warm_up",
        "A learning rate that warms up",
        "line(1)",
        ("adam(alpha=0.001*minimum(1, (t+1)/2000), eps=0)", "adam(eps=0)"),
        4_000,
        "Both lanes take steps of size 1, times alpha, and alpha climbs to 0.001 over 2,000 ticks in the first one. At "
        "the end it is half of those ticks behind the other.",
        "ours; a hyperparameter is an expression of t",
        (
            Check("theta after the warm-up", at("theta", 1_999), -1.0005, 1e-9, "−0.001·Σ k/2000, k to 2,000"),
            Check("the other's lead at the end", lambda run: float(run("theta")[-1] - run("theta", 1)[-1]), 0.9995,
                  1e-9,
                  "0.001·Σ (1 − k/2000)"),
            Check("d, the largest distance from 1", lambda run: float(np.abs(run("direction") - 1).max()), 0, 1e-9,
                  "m̂ = g, v̂ = g²: alpha is no part of d"),
        ),
        about_theta=True,
    ),
)  # fmt: skip
