"""The original author's experiment, as a user of the package: Adam with two changed lines.

stream-adam run --load examples/two_lines.py --strategy two_lines --ticks 5 --format table
stream-adam serve --load examples/two_lines.py
"""

from typing import NamedTuple

import numpy as np

from stream_adam import Beta, Carried, Epsilon, Rate, Square, register


class State(NamedTuple):
    """What is carried from tick to tick, with the values before the first; `direction` is the step."""

    m: float = 0.0
    v: Square = 0.0
    m_hat: float = 0.0
    v_hat: Square = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    begun: Carried = 0.0
    direction: float = 0.0


class Hyper(NamedTuple):
    """The settings, with their usual values; the types give bounds and sliders."""

    alpha: Rate = 1e-3
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Epsilon = 1e-7


@register
def two_lines(g: float, s: State, h: Hyper) -> State:
    """The original author's Adam with two changed lines; its bias correction counts from t = 0."""
    m = h.beta1 * s.m + (1 - h.beta1) * g
    v = h.beta2 * s.v + (1 - h.beta2) * ((g - m) * (g - m))  # changed: Adam has g * g
    m_hat = m / (1 - s.begun * s.beta1_t)  # at t = 0 nothing is corrected
    v_hat = v / (1 - s.begun * s.beta2_t)
    direction = g / (np.sqrt(v_hat) + h.eps) + m_hat  # changed: Adam has m_hat / (…)
    return State(m, v, m_hat, v_hat, h.beta1 * s.beta1_t, h.beta2 * s.beta2_t, 1.0, direction)


if __name__ == "__main__":
    from stream_adam import simulate

    for name, run in zip(
        ("adam", "two_lines"),
        simulate("swinging_soft() + normal(0.5)", ["adam", two_lines], ticks=10_000, seed=1),
        strict=True,
    ):
        last = run["direction"][-200:]
        print(f"{name:10} mean step over the last 200 ticks {last.mean():7.3f}, spread {last.std():6.3f}")
