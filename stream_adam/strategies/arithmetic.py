"""What several rules are made of, with the same bits on floats, on arrays of components and compiled."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

LOG2_E = 1 / math.log(2)
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # their sum is ln 2; k·LN2_HIGH is exact
LEAST_NORMAL = sys.float_info.min
KEEP_IF = np.array([math.nan, 1.0])
ONE = (bool, np.bool_)
HALVES = np.ldexp(1.0, -np.arange(601))  # powers of ½
TAYLOR = tuple(1 / math.factorial(n) for n in range(13, -1, -1))  # of eˣ, the highest power first


def ema(old: float, new: float, beta: float) -> float:
    """The running mean that keeps the share beta of the old: beta·old + (1 - beta)·new."""
    return beta * old + (1 - beta) * new


def next_product(product: float, factor: float) -> float:
    """A running product with one more factor below 1: 0 once it is smaller than every normal number of float64.

    Rounding would keep the product at a few denormals for good, and each more of these takes some processors as long as
    five whole ticks. All rules use it beside 1, where it ceased to count long before.

    >>> next_product(0.5, 0.9), next_product(1e-307, 0.01), next_product(0.0, 0.9)
    (0.45, 0.0, 0.0)
    """
    after = product * factor
    return after * (after >= LEAST_NORMAL)


def next_powers(s: Any, h: Any) -> tuple[float, float]:
    """The running products ``beta1_t, beta2_t`` after one more tick."""
    return next_product(s.beta1_t, h.beta1), next_product(s.beta2_t, h.beta2)


def moments(g: float, s: Any, h: Any) -> tuple[float, float, float, float, float, float]:
    """Adam's two moments after this gradient: ``m, v, m_hat, v_hat`` and the running products ``beta1_t, beta2_t``."""
    m = ema(s.m, g, h.beta1)
    v = ema(s.v, g * g, h.beta2)
    beta1_t, beta2_t = next_powers(s, h)
    return m, v, m / (1 - beta1_t), v / (1 - beta2_t), beta1_t, beta2_t


def decayed(theta: float, direction: float, h: Any) -> float:
    """The weight after a step with decoupled decay: (1 - alpha·λ)·theta - alpha·direction."""
    after: float = (1 - h.alpha * h.weight_decay) * theta - h.alpha * direction
    return after


def choose(condition: Any, yes: float, no: float) -> float:
    """``yes`` where the condition holds, else ``no``: `numpy.where`, but quick on numbers, too.

    Of arrays, a factor of 1 leaves the one as it is, a factor of NaN turns the other into what `numpy.fmax` ignores:
    so float32 stays float32. Compiled, the processor chooses: see `stream_adam.compiled.singles`.

    >>> float(choose(True, -0.0, math.inf)), float(choose(False, math.nan, 2.0)), float(choose(True, math.nan, 2.0))
    (-0.0, 2.0, nan)
    """
    if isinstance(condition, ONE) and isinstance(yes, float) and isinstance(no, float):
        return np.float64(yes if condition else no)
    held: Any = np.asarray(condition, dtype=bool).astype(np.int64)
    chosen: float = np.fmax(yes * KEEP_IF[held], no * KEEP_IF[1 - held])
    return chosen


def sign(x: float) -> float:
    """1, 0 or -1; NaN of NaN. The sum makes one zero of 0 and -0, which numpy and numba treat differently."""
    signed: float = np.sign(x) + 0.0
    return signed


def exponential(x: float) -> float:
    """eˣ for x ≤ 0, to within an ulp or so of the true value.

    numpy's own differs in the last place between floats, arrays and compiled code. Here every operation is exact or
    correctly rounded: x = k·ln 2 + r with |r| ≤ ln 2 / 2, a Taylor polynomial of r, and a power of two.

    >>> float(exponential(0.0)), float(exponential(-1.0)), float(exponential(-1e9))
    (1.0, 0.36787944117144233, 0.0)
    """
    x = np.maximum(x, -800.0)  # where 0 is the nearest number already
    k = np.fmax(np.floor(x * LOG2_E + 0.5), -1200.0)  # a number also where x is NaN
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    power = TAYLOR[0] + 0.0 * r
    for coefficient in TAYLOR[1:]:
        power = power * r + coefficient
    n = np.int64(-k)
    scaled: float = power * HALVES[n // 2] * HALVES[n - n // 2]  # only the last product can round
    return scaled
