"""Kernels written by hand for one algorithm alone: what the machine allows, and so the limit to approach."""

from __future__ import annotations

import sys
from typing import Any

import numba
import numpy as np

ALPHA, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8
LEAST_NORMAL = sys.float_info.min
Array = np.ndarray[Any, Any]
_compiled = numba.njit(nogil=True, error_model="numpy")
_parallel = numba.njit(nogil=True, error_model="numpy", parallel=True)


@_compiled
def _next(product: float, factor: float) -> float:
    after = product * factor
    return after if after >= LEAST_NORMAL else 0.0  # else it stays at denormals, which some processors are slow with


@_compiled
def _columns(g: Array, out: Array) -> None:
    m = v = theta = 0.0
    beta1_t = beta2_t = 1.0
    for i in range(g.shape[0]):
        m = BETA1 * m + (1 - BETA1) * g[i]
        v = BETA2 * v + (1 - BETA2) * (g[i] * g[i])
        beta1_t = _next(beta1_t, BETA1)
        beta2_t = _next(beta2_t, BETA2)
        m_hat = m / (1 - beta1_t)
        v_hat = v / (1 - beta2_t)
        direction = m_hat / (np.sqrt(v_hat) + EPS)
        theta -= ALPHA * direction
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i] = g[i], m, v, m_hat, v_hat
        out[5, i], out[6, i], out[7, i], out[8, i] = beta1_t, beta2_t, direction, theta


def adam_columns(g: Array) -> tuple[Array, Array]:
    """Adam on one component, with all the columns of `adam`: the ticks, and the others as rows."""
    out = np.empty((9, len(g)))
    _columns(g, out)
    return np.arange(len(g)), out


@_parallel
def adam_tick(g: Array, m: Array, v: Array, theta: Array, rates: Array) -> None:
    """A tick of Adam on many components, in place.

    `rates` are alpha/(1 − beta1^k), 1/√(1 − beta2^k), beta1, beta2 and eps.
    """
    step, root, beta1, beta2, eps = rates[0], rates[1], rates[2], rates[3], rates[4]
    rest1, rest2 = 1 - beta1, 1 - beta2
    for c in numba.prange(g.shape[0]):
        m[c] = beta1 * m[c] + rest1 * g[c]
        v[c] = beta2 * v[c] + rest2 * (g[c] * g[c])
        theta[c] -= step * m[c] / (np.sqrt(v[c]) * root + eps)


@_parallel
def adam_sweep(g: Array, alphas: Array, beta2s: Array, out: Array) -> None:
    """Adam over settings: the weight at last, and the sums of the direction and of its square, as rows of `out`."""
    for k in numba.prange(alphas.shape[0]):
        m = v = theta = total = squares = 0.0
        beta1_t = beta2_t = 1.0
        for i in range(g.shape[0]):
            m = BETA1 * m + (1 - BETA1) * g[i]
            v = beta2s[k] * v + (1 - beta2s[k]) * (g[i] * g[i])
            beta1_t = _next(beta1_t, BETA1)
            beta2_t = _next(beta2_t, beta2s[k])
            direction = m / (1 - beta1_t) / (np.sqrt(v / (1 - beta2_t)) + EPS)
            theta -= alphas[k] * direction
            total += direction
            squares += direction * direction
        out[0, k], out[1, k], out[2, k] = theta, total, squares
