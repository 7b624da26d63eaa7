"""The original author's experiment, as a user of the package: Adam with two changed lines.

stream-adam run --load examples/two_lines.py --strategy two_lines --ticks 5 --format table
stream-adam serve --load examples/two_lines.py
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_adam import register, simulate
from stream_adam.strategies.strategy import Beta, Carried, Epsilon, Rate, Square


class State(NamedTuple):
    """What is carried from tick to tick, with the values before the first; `direction` is the step."""

    m: float = 0.0
    v: Square = 0.0
    m_hat: float = 0.0
    v_hat: Square = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0


class Hyper(NamedTuple):
    """The settings, with their usual values; the types give bounds and sliders."""

    alpha: Rate = 1e-3
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Epsilon = 1e-7


@register
def two_lines(g: float, s: State, h: Hyper) -> State:
    """Adam with two changed lines: the spread around the mean, and the mean added to the step."""
    m = h.beta1 * s.m + (1 - h.beta1) * g
    v = h.beta2 * s.v + (1 - h.beta2) * ((g - m) * (g - m))  # changed: Adam has g * g
    beta1_t, beta2_t = s.beta1_t * h.beta1, s.beta2_t * h.beta2
    m_hat = m / (1 - beta1_t)
    v_hat = v / (1 - beta2_t)
    direction = g / (np.sqrt(v_hat) + h.eps) + m_hat  # changed: Adam has m_hat / (…)
    return State(m, v, m_hat, v_hat, beta1_t, beta2_t, direction)


if __name__ == "__main__":
    source = "swinging_soft() + normal(0.5)"
    changed = simulate(source, two_lines, ticks=10_000, seed=1)
    usual = simulate(source, "adam", ticks=10_000, seed=1)
    for name, run in (("adam", usual), ("two_lines", changed)):
        last = run["direction"][-200:]
        print(f"{name:10} mean step over the last 200 ticks {last.mean():7.3f}, spread {last.std():6.3f}")
