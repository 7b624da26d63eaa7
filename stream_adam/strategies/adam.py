"""Adam, and the two programs of the original experiment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_adam.strategies.arithmetic import ema, moments, next_powers
from stream_adam.strategies.hyper import MeanBeta, SquareBeta
from stream_adam.strategies.strategy import Carried, Derived, DerivedSquare, Epsilon, Rate, Square


class AdamState(NamedTuple):
    """The two moments, their bias-corrected forms, and the running products of the betas.

    `beta1_t` is beta1·beta1·…, one factor a tick, in place of a power: so it holds when beta1 changes on the way.
    """

    m: float = 0.0
    v: Square = 0.0
    m_hat: Derived = 0.0
    v_hat: DerivedSquare = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0


class AdamHyper(NamedTuple):
    """Settings of `adam`, as Kingma & Ba have them."""

    alpha: Rate = 1e-3
    beta1: MeanBeta = 0.9
    beta2: SquareBeta = 0.999
    eps: Epsilon = 1e-8


def adam(g: float, s: AdamState, h: AdamHyper) -> AdamState:
    """Adam: the mean of the gradient over the root of its mean square (Kingma & Ba 2014).

        m = beta1·m + (1 - beta1)·g                m_hat = m / (1 - beta1^k)
        v = beta2·v + (1 - beta2)·g²               v_hat = v / (1 - beta2^k)        k = t + 1
        direction = m_hat / (√v_hat + eps)

    eps stands outside the root: Algorithm 1 of the paper, ``torch.optim.Adam`` and ``optax.adam``; not the reordered
    form of its section 2, whose eps is added to the uncorrected root. g, m, m_hat and √v_hat have the unit of g,
    direction has none. Source: D. P. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization*, arXiv:1412.6980.

    >>> first = adam(3.0, AdamState(), AdamHyper(eps=0.0))
    >>> round(first.m_hat, 12), round(first.v_hat, 12), round(first.direction, 12)
    (3.0, 9.0, np.float64(1.0))
    """
    m, v, m_hat, v_hat, beta1_t, beta2_t = moments(g, s, h)
    return AdamState(m, v, m_hat, v_hat, beta1_t, beta2_t, m_hat / (np.sqrt(v_hat) + h.eps))


class OriginalState(NamedTuple):
    """As `AdamState`, and the number of ticks so far: the correction starts with the second."""

    m: float = 0.0
    v: Square = 0.0
    m_hat: Derived = 0.0
    v_hat: DerivedSquare = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    ticks: Carried = 0.0
    direction: float = 0.0


class OriginalHyper(NamedTuple):
    """Settings of the original experiment."""

    alpha: Rate = 1e-3
    beta1: MeanBeta = 0.9
    beta2: SquareBeta = 0.999
    eps: Epsilon = 1e-7


def adam_zero_based(g: float, s: OriginalState, h: OriginalHyper) -> OriginalState:
    """The original experiment's Adam: its bias correction counts from t = 0, one tick late.

        m = (1 - beta1)·g + beta1·m                v = (1 - beta2)·g² + beta2·v
        m_hat = m, v_hat = v                                                     at t = 0
        m_hat = m / (1 - beta1^t), v_hat = v / (1 - beta2^t)                     afterwards
        direction = m_hat / (√v_hat + eps)

    With the defaults the first direction is 0.1/√0.001 = 3.16 times the sign of g, where `adam` has 1.
    Source: the experiment this project grew out of, `simulate_adam`.

    >>> round(adam_zero_based(3.0, OriginalState(), OriginalHyper(eps=0.0)).direction, 5)
    np.float64(3.16228)
    """
    m = ema(s.m, g, h.beta1)
    v = ema(s.v, g * g, h.beta2)
    corrected = np.minimum(s.ticks, 1.0)  # 0 at t = 0, 1 afterwards
    m_hat = m / (1 - corrected * s.beta1_t)
    v_hat = v / (1 - corrected * s.beta2_t)
    direction = m_hat / (np.sqrt(v_hat) + h.eps)
    return OriginalState(m, v, m_hat, v_hat, *next_powers(s, h), s.ticks + 1, direction)


def adam_centered(g: float, s: OriginalState, h: OriginalHyper) -> OriginalState:
    """The original experiment's "modified Adam": the second moment is taken around the running mean.

        m = (1 - beta1)·g + beta1·m                v = (1 - beta2)·(g - m)² + beta2·v
        m_hat, v_hat as in `adam_zero_based`
        direction = g / (√v_hat + eps) + m_hat

    The new m is used in v; m_hat is added as it is, in units of the gradient.
    Source: the experiment this project grew out of, `simulate_modified_adam`: "THIS IS NOT THE ADAM ALGORITHM".

    >>> round(adam_centered(1.0, OriginalState(), OriginalHyper()).m, 12)
    0.1
    """
    m = ema(s.m, g, h.beta1)
    v = ema(s.v, (g - m) * (g - m), h.beta2)
    corrected = np.minimum(s.ticks, 1.0)  # 0 at t = 0, 1 afterwards
    m_hat = m / (1 - corrected * s.beta1_t)
    v_hat = v / (1 - corrected * s.beta2_t)
    direction = g / (np.sqrt(v_hat) + h.eps) + m_hat
    return OriginalState(m, v, m_hat, v_hat, *next_powers(s, h), s.ticks + 1, direction)
