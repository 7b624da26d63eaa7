"""The original experiment's program, transcribed: what `stream_adam` is held against. Nothing of the project is used.

Its names are its own: `v` is the first moment here, `s` the second.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = list[tuple[float, ...]]

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 0.0000001
COLUMNS = ("t", "g", "m", "v", "m_hat", "v_hat", "direction")  # of its rows, in the project's words


def build_swinging(size: int) -> Array:
    two_pi = size / 50 * 2 * np.pi
    x1 = np.linspace(0.0, two_pi * 0.5, num=size, dtype=np.float64)
    x2 = np.linspace(0.0, two_pi * 2, num=size, dtype=np.float64)
    x3 = np.linspace(0.0, two_pi * 4, num=size, dtype=np.float64)
    swings: Array = np.sin(x1) * 20 + np.power(np.cos(x2), 2) * 10 + np.sin(x3) * 3
    return swings


def build_swinging_soft(size: int) -> Array:
    two_pi = size / 50 * 2 * np.pi
    swing: Array = np.sin(np.linspace(0.0, two_pi * 2, num=size, dtype=np.float64)) * 5 + 10
    return swing


def noisy(build: Callable[[int], Array], noise_stddev: float, size: int, seed: int) -> Array:
    return build(size) + np.random.default_rng(seed).normal(size=size, scale=noise_stddev)


def update_beta(value: float, beta: float, beta_running: float, t: int) -> tuple[float, float]:
    if t == 0:
        return value, beta
    return value / (1 - beta_running), beta_running * beta


def ema(cur_value: float, running_value: float, beta: float) -> float:
    return (1 - beta) * cur_value + beta * running_value


def simulate_adam(dw_array: Array) -> Rows:
    v_dw = s_dw = beta_1_running = beta_2_running = 0.0
    collected: Rows = []
    for t, dw in enumerate(dw_array):
        v_dw = ema(dw, v_dw, BETA_1)
        s_dw = ema(np.power(dw, 2), s_dw, BETA_2)
        v_corr, beta_1_running = update_beta(v_dw, BETA_1, beta_1_running, t)
        s_corr, beta_2_running = update_beta(s_dw, BETA_2, beta_2_running, t)
        collected.append((t, dw, v_dw, s_dw, v_corr, s_corr, v_corr / (np.sqrt(s_corr) + EPSILON)))
    return collected


def simulate_modified_adam(dw_array: Array) -> Rows:
    v_dw = s_dw = beta_1_running = beta_2_running = 0.0
    collected: Rows = []
    for t, dw in enumerate(dw_array):
        v_dw = ema(dw, v_dw, BETA_1)
        s_dw = ema(np.power(dw - v_dw, 2), s_dw, BETA_2)  # modified
        v_corr, beta_1_running = update_beta(v_dw, BETA_1, beta_1_running, t)
        s_corr, beta_2_running = update_beta(s_dw, BETA_2, beta_2_running, t)
        collected.append((t, dw, v_dw, s_dw, v_corr, s_corr, dw / (np.sqrt(s_corr) + EPSILON) + v_corr))  # modified
    return collected
