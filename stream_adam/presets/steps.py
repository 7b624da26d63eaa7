"""How large a step gets, and how long a strategy remembers: open loops, where the gradient doesn't depend on theta."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stream_adam.presets.outcome import at, first_when, highest, largest, lowest, mean, rms
from stream_adam.presets.preset import Check, Preset

if TYPE_CHECKING:
    from stream_adam.presets.outcome import Measure, Outcome
    from stream_adam.typing import Floats

SETTLED = 20_000  # ticks, after which beta2^t is below 1e-8
BEFORE = 100  # ticks that a page plays before something happens
GROWING = "where(t >= 20000, (0.999/0.9)**(t - 20000), 0)"
CAUCHY = 'recording(path="cauchy.npy")'
SHIPPED = "computed in float64 from cauchy.npy"
FIRST = 0.1 / math.sqrt(0.001)
UNCORRECTED_12 = (1 - 0.9**12) / math.sqrt(1 - 0.999**12)
OUTLIER = 10.9 / math.sqrt(0.999 + 0.001 * 100**2)


def _erf_of(mean_over_deviation: float) -> float:
    """E sign(x) of a normal x."""
    return math.erf(mean_over_deviation / math.sqrt(2))


def _variance_excess(run: Outcome) -> float:
    """The largest relative distance of v from m² + σ², σ² by the recursion of Orvieto & Gower."""
    m, v = run("m"), run("v")
    return float(np.abs((m * m + _deviations(run("g"), m, 0.9)) / v - 1).max())


def _deviations(g: Floats, m: Floats, beta: float) -> Floats:
    """σ² = beta·σ² + beta·(1 − beta)·(g − m)², with the m before."""
    found, spread, before = [], 0.0, 0.0
    for value, after in zip(g.tolist(), m.tolist(), strict=True):
        spread = beta * spread + beta * (1 - beta) * (value - before) ** 2
        found.append(spread)
        before = after
    return np.array(found)


def _stale(beta2: float) -> float:
    """g²/v̂ where a gradient of 0.01 becomes 1 at tick 2,000."""
    corrected = 1 - beta2**2_001
    return corrected / ((1 - beta2) + (beta2 - beta2**2_001) * 1e-4)


def _jump(lane: int) -> Measure:
    """g²/v̂ at tick 2,000."""
    return lambda run: float(run("g", lane)[2_000] ** 2 / run("v_hat", lane)[2_000])


def _rectification(tick: int) -> float:
    """RAdam's r at a tick, from 1, by the paper's formula."""
    rho_inf = 2 / 0.001 - 1
    rho = rho_inf - 2 * tick * 0.999**tick / (1 - 0.999**tick)
    return math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))


STEPS = (
    Preset(
        "larger_than_the_bound",
        "A step larger than the paper's bound",
        GROWING,
        ("adam(eps=1e-12)",),
        SETTLED + 100,
        "After 20,000 zeros the gradient grows by beta2/beta1 a tick, the worst that it can do. The step goes beyond "
        "(1 - beta1)/√(1 - beta2) = 3.16, the largest that the paper speaks of, and climbs to 7.27.",
        "Kingma & Ba 2014, section 2.1, for the bound; the inputs that exceed it are ours",
        (
            Check("a single 1: the largest d", highest("direction"), FIRST, 5e-6, "(1 − β1)/√(1 − β2)",
                  source="impulse(20000)"),
            Check("two 1s: the largest d", highest("direction"), (1 - 0.9**2) / math.sqrt(1 - 0.999**2), 5e-6,
                  "(1 − β1²)/√(1 − β2²)", source="impulse(20000) + impulse(20001)"),
            Check("constant 1: the largest d", highest("direction"), UNCORRECTED_12, 5e-6,
                  "(1 − β1¹²)/√(1 − β2¹²)", source="step(20000)"),
            Check("constant 1: at which of its ticks",
                  first_when("direction", lambda d: d == d.max(), SETTLED), 12, 0,
                  "where (1 − β1ᵏ)/√(1 − β2ᵏ) is largest", source="step(20000)"),
            Check("growing by β2/β1: d after 200 ticks", at("direction", -1),
                  0.1 / math.sqrt(0.001 * (1 - 0.9**2 / 0.999)), 5e-6,
                  "(1 − β1)/√((1 − β2)(1 − β1²/β2)), the supremum by the Cauchy-Schwarz inequality",
                  ticks=SETTLED + 200),
        ),
        y_range=(0.0, 8.0),
        lead_in=SETTLED - BEFORE,
    ),
    Preset(
        "no_bias_correction",
        "What bias correction is for",
        "line(1)",
        ("adam(eps=1e-12)", "adam_uncorrected(eps=1e-12)"),
        1_000,
        "The gradient is 1 all the time, and corrected Adam's step is 1 all the time. Without correction it begins at "
        "3.16, climbs to 6.57 at the twelfth tick, and after 1,000 ticks is still a quarter too large.",
        "Kingma & Ba 2014, section 6.4, compare both; the figures are ours",
        (
            Check("d without it, at t = 1", at("direction", 0, 1), FIRST, 5e-6, "(1 − β1)/√(1 − β2)"),
            Check("its peak", highest("direction", 0, 1), UNCORRECTED_12, 5e-6, "(1 − β1¹²)/√(1 − β2¹²)"),
            Check("the tick of the peak, from 1", first_when("direction", lambda d: d == d.max(), 0, 1), 12, 0,
                  "where (1 − β1ᵏ)/√(1 − β2ᵏ) is largest"),
            Check("d at t = 1,000", at("direction", 999, 1), 1 / math.sqrt(1 - 0.999**1_000), 5e-6, "1/√(1 − β2¹⁰⁰⁰)"),
            Check("with it: the least d", lowest("direction"), 1, 1e-9, "m̂ = g, v̂ = g²"),
            Check("with it: the largest d", highest("direction"), 1, 1e-9, "m̂ = g, v̂ = g²"),
        ),
    ),
    Preset(
        "equal_betas",
        "beta1 = beta2: never above 1",
        "cauchy(1)",
        ("adam_uncorrected(beta1=0.9, beta2=0.9, eps=0)", "adam(eps=1e-12)", "adam(beta1=0.99, beta2=0.9, eps=1e-12)"),
        SETTLED,
        "The noise has no mean and no variance, so single gradients tower over all others. With equal betas m/√v can't "
        "leave -1 to 1, since v = m² + σ² is a mean square about the mean; with unequal ones it goes beyond.",
        "Orvieto & Gower 2025, for equal betas; the figures are ours",
        (
            Check("equal betas: ticks with |d| > 1", lambda run: float((np.abs(run("direction")) > 1).sum()), 0, 0,
                  "|m| ≤ √v by Jensen's inequality"),
            Check("v against m² + σ², largest relative distance", _variance_excess, 0, 1e-12,
                  "σ² ← β·σ² + β(1 − β)(g − m)²"),
            Check("(0.9, 0.999): the largest |d|", largest("direction", 0, 1), 3.08, 0.005, SHIPPED, source=CAUCHY),
            Check("(0.99, 0.9): the largest |d|", largest("direction", 0, 2), 5.86, 0.005, SHIPPED, source=CAUCHY),
        ),
        seed=7,
        y_range=(-7.0, 7.0),
    ),
    Preset(
        "change_of_mind",
        "A change of mind",
        "where(t < 20000, 1, -1)",
        ("adam(eps=1e-12)", "sign_sgd"),
        SETTLED + 100,
        "The gradient's sign changes at tick 20,000, and everything else stays. Adam goes on the old way for six ticks "
        "more and turns at the seventh, since m remembers.",
        "ours",
        (
            Check("the tick at which d turns negative", first_when("direction", lambda d: d < 0, SETTLED), 7, 0,
                  "the first k with 2·β1ᵏ < 1"),
            Check("d at that tick", at("direction", SETTLED + 6), 2 * 0.9**7 - 1, 5e-8, "2·β1⁷ − 1"),
        ),
        lead_in=SETTLED - BEFORE,
    ),
    Preset(
        "shadow_of_an_outlier",
        "The shadow of an outlier",
        "where(t == 20000, 100, 1)",
        ("adam(eps=1e-12)", "amsgrad(eps=1e-12)"),
        SETTLED + 200,
        "One gradient of 100 among ones makes one large step, and then v remembers it: 73 ticks later Adam's step is a "
        "third of what it was, and it takes 3,751 ticks to come back to 0.9. AMSGrad never forgets, and keeps its "
        "small step for good.",
        "ours",
        (
            Check("d at the outlier", at("direction", SETTLED), OUTLIER, 5e-6,
                  "(β1 + (1 − β1)·100)/√(β2 + (1 − β2)·100²)"),
            Check("the least d after it", lowest("direction", SETTLED), 0.313077, 5e-7,
                  "the least of (1 + 9.9·β1ᵏ)/√(1 + 9.999·β2ᵏ)", ticks=24_000),
            Check("how many ticks later",
                  lambda run: float(run("direction")[SETTLED:].argmin()), 73, 0,
                  "where that is least", ticks=24_000),
            Check("ticks until d is above 0.9 again",
                  lambda run: 74 + first_when("direction", lambda d: d > 0.9, SETTLED + 75)(run), 3_751, 0,
                  "where (1 + 9.9·β1ᵏ)/√(1 + 9.999·β2ᵏ) passes 0.9", ticks=24_000),
            Check("AMSGrad at the end", at("direction", -1, 1), 1 / math.sqrt(0.999 + 10), 5e-6,
                  "1/√(β2 + (1 − β2)·100²), for good", ticks=24_000),
        ),
        y_range=(0.0, 4.0),
        lead_in=SETTLED - BEFORE,
    ),
    Preset(
        "stale_second_moment",
        "A stale second moment",
        "where(t < 2000, 0.01, 1)",
        ("adam(beta2=0.999, eps=1e-12)", "adam(beta2=0.99, eps=1e-12)", "adam(beta2=0.95, eps=1e-12)"),
        2_150,
        "After 2,000 ticks of 0.01 the gradient becomes 1. The longer the memory of v, the longer it is out of date "
        "and the larger the steps: six times too large with beta2 = 0.999, hardly at all with 0.95.",
        "ours; that large models are trained with beta2 = 0.95 is well known",
        (
            *(
                Check(f"g²/v̂ at the jump, β2 = {beta2}", _jump(lane), _stale(beta2), 5e-4,
                      "(1 − β2²⁰⁰¹)/((1 − β2) + (β2 − β2²⁰⁰¹)·0.01²)")
                for lane, beta2 in enumerate((0.999, 0.99, 0.95))
            ),
            Check("peak d, β2 = 0.999", highest("direction", 2_000), 6.11627, 5e-6),
            Check("peak d, β2 = 0.99", highest("direction", 2_000, 1), 2.13758, 5e-6),
            Check("peak d, β2 = 0.95", highest("direction", 2_000, 2), 1.09822, 5e-6),
        ),
        lead_in=2_000 - BEFORE,
    ),
    Preset(
        "warm_up",
        "RAdam warms up by itself",
        "line(10)",
        ("radam", "radam_paper", "adam"),
        2_000,
        "While RAdam knows too little of the second moment it does not divide: its first steps are as large as the "
        "gradient, 10. From the sixth tick on, the fifth in its paper, it divides, and takes tiny steps that grow "
        "towards Adam's.",
        "Liu et al. 2019, for the rule; PyTorch and optax wait one tick longer",
        (
            Check("RAdam's d at t = 1", at("direction", 0), 10, 1e-9, "m̂ = g"),
            Check("at t = 5, the last before it divides", at("direction", 4), 10, 1e-9, "m̂ = g"),
            Check("at t = 6", at("direction", 5), _rectification(6), 5e-9,
                  "the rectification r at t = 6, 0.0258211"),
            Check("the paper's at t = 4", at("direction", 3, 1), 10, 1e-9, "m̂ = g"),
            Check("the paper's at t = 5", at("direction", 4, 1), _rectification(5), 5e-9,
                  "the rectification r at t = 5, 0.0173115"),
            Check("the same from t = 6 on, largest distance",
                  lambda run: float(np.abs(run("direction")[5:] - run("direction", 1)[5:]).max()), 0, 0,
                  "the same formula"),
        ),
        y_range=(0.0, 11.0),
    ),
    Preset(
        "white_noise",
        "Nothing but noise",
        "normal(1)",
        ("adam",),
        100_000,
        "The gradient is noise around 0, and Adam takes steps all the same. Their root mean square is 0.23, whatever "
        "the noise's size: (1 - beta1)/(1 + beta1) of its power passes through m.",
        "ours",
        (
            Check("d, RMS", rms("direction"), 0.2293, 0.05,
                  "√((1 − β1)/(1 + β1)) = 1/√19, less 0.05 % for v's own noise",
                  relative=True),
            Check("the power that m lets pass", lambda run: float(np.square(run("m")).sum()), 1 / 19, 1e-12,
                  "(1 − β1)/(1 + β1)", source="impulse(0)", ticks=1_000),
            Check("d, RMS for a noise of 1000", rms("direction"), 0.2293, 0.05, "the same: the size is divided away",
                  relative=True, source="normal(1000)"),
        ),
    ),
    Preset(
        "sign_of_noise",
        "The sign of a noisy gradient",
        "line(0.5) + normal(1)",
        ("sign_sgd", "signum", "lion(weight_decay=0)", "adam"),
        SETTLED,
        "The gradient is 0.5 under a noise of 1, and each lane but the last steps by a sign alone. The sign of the "
        "gradient is right 69 times in 100, the sign of its running mean 98.5 times, Lion's almost always.",
        "Bernstein et al. 2018 and Chen et al. 2023, for the strategies; the figures are ours",
        (
            Check("sign_sgd: mean direction", mean("direction"), _erf_of(0.5), 0.03, "erf(0.5/√2)"),
            Check("signum: mean direction", mean("direction", 0, 1), _erf_of(0.5 * math.sqrt(19)), 0.04,
                  "erf(0.5·√19/√2): the running mean has 1/19 of the variance"),
            Check("lion: mean direction", mean("direction", 0, 2),
                  _erf_of(0.5 / math.sqrt(0.9**2 * 0.01 / 1.99 + 0.1**2)), 0.002,
                  "erf(0.5/√(2·(β1²·(1 − β2)/(1 + β2) + (1 − β1)²)))"),
            Check("adam: mean direction", mean("direction", 0, 3), 0.5 / math.sqrt(1.25), 0.03, "0.5/√(0.5² + 1²)"),
        ),
    ),
    Preset(
        "adagrad_decay",
        "AdaGrad slows down by itself",
        "line(1)",
        ("adagrad(alpha=0.01)", "rmsprop(alpha=0.01)", "sgd(alpha=0.01)"),
        10_000,
        "The gradient stays at 1, and AdaGrad's step falls as 1/√t, since v adds up and never forgets. RMSprop "
        "forgets, "
        "and its step comes to rest at 1.",
        "Duchi, Hazan & Singer 2011, for the decay; the figures are ours",
        (
            Check("AdaGrad's d at t = 10,000", at("direction", -1), 0.01, 1e-9, "1/√t"),
            Check("how far it has come", at("theta", -1), -0.01 * (200 - 1.4603545088095868 + 1 / 200), 1e-7,
                  "−α·Σ 1/√k = −α·(2√t + ζ(1/2) + 1/(2√t))"),
            Check("RMSprop's d at t = 1", at("direction", 0, 1), 10, 1e-5, "1/√(1 − ρ): no bias correction"),
            Check("RMSprop's d at the end", at("direction", -1, 1), 1, 1e-6, "g/√g²"),
        ),
    ),
)  # fmt: skip
