"""The same algorithms by other conventions, so that two lanes can show what a convention does.

Where eps stands, whether moments are corrected, what stays in a slot, when a rectification begins: papers and libraries
differ in these, often without a word.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_adam.strategies.adam import AdamHyper, AdamState
from stream_adam.strategies.adam_second import AdabeliefHyper, AdabeliefState, believed, surprise
from stream_adam.strategies.adam_step import RadamState, rectified
from stream_adam.strategies.arithmetic import ema, moments, next_powers
from stream_adam.strategies.strategy import Square


def adam_eps_inside(g: float, s: AdamState, h: AdamHyper) -> AdamState:
    """Adam with eps inside the root: `adam` otherwise (Kingma & Ba 2014).

        direction = m_hat / √(v_hat + eps)

    eps is in units of g² here, so that gradients below √eps count as small, not those below eps. It is what
    ``optax.adam(eps=0, eps_root=eps)`` does.

    >>> h = AdamHyper(eps=1e-8)
    >>> round(float(adam_eps_inside(1e-4, AdamState(), h).direction), 9)
    0.707106781
    """
    m, v, m_hat, v_hat, beta1_t, beta2_t = moments(g, s, h)
    return AdamState(m, v, m_hat, v_hat, beta1_t, beta2_t, m_hat / np.sqrt(v_hat + h.eps))


def adam_eps_hat(g: float, s: AdamState, h: AdamHyper) -> AdamState:
    """Adam in the reordered form, its eps added to the uncorrected root (Kingma & Ba 2014, section 2).

        direction = [√(1 - beta2^k) / (1 - beta1^k)]·m / (√v + eps)        k = t + 1

    The paper calls this eps "epsilon hat"; Keras has this form. At first it is 1/√(1 - beta2) times as large as that of
    `adam`, 31.6 times with the defaults, and as large in the long run.

    >>> h = AdamHyper(eps=1e-7)
    >>> round(float(adam_eps_hat(1e-7, AdamState(), h).direction), 7)
    0.0306534
    """
    m, v, m_hat, v_hat, beta1_t, beta2_t = moments(g, s, h)
    direction = np.sqrt(1 - beta2_t) / (1 - beta1_t) * m / (np.sqrt(v) + h.eps)
    return AdamState(m, v, m_hat, v_hat, beta1_t, beta2_t, direction)


class UncorrectedState(NamedTuple):
    """The two moments alone."""

    m: float = 0.0
    v: Square = 0.0
    direction: float = 0.0


def adam_uncorrected(g: float, s: UncorrectedState, h: AdamHyper) -> UncorrectedState:
    """Adam without bias correction (Kingma & Ba 2014, section 6.4, compare both).

        m, v as `adam`                                      direction = m / (√v + eps)

    The first direction is (1 - beta1)/√(1 - beta2) = 3.16 with the defaults, and a constant gradient drives it to 6.57
    on the twelfth tick.

    >>> round(float(adam_uncorrected(3.0, UncorrectedState(), AdamHyper(eps=0.0)).direction), 5)
    3.16228
    """
    m, v = ema(s.m, g, h.beta1), ema(s.v, g * g, h.beta2)
    return UncorrectedState(m, v, m / (np.sqrt(v) + h.eps))


def adam_variance(g: float, s: AdamState, h: AdamHyper) -> AdamState:
    """Adam with one changed line: its v is a variance, taken around the running mean.

        v = beta2·v + (1 - beta2)·(g - m)²                the new m                 `adam` otherwise

    Adam's own v is a variance only of gradients whose mean is zero. Of others it has the mean's square in it, which is
    what keeps a step near 1; here a step is the larger, without bound, the less a gradient differs from its mean.
    It is the question of the experiment this project grew out of, and `adabelief` without the eps that it keeps.

    >>> round(float(adam_variance(1.0, AdamState(), AdamHyper()).direction), 6)
    1.111111
    """
    m = ema(s.m, g, h.beta1)
    v = ema(s.v, (g - m) * (g - m), h.beta2)
    beta1_t, beta2_t = next_powers(s, h)
    m_hat, v_hat = m / (1 - beta1_t), v / (1 - beta2_t)
    return AdamState(m, v, m_hat, v_hat, beta1_t, beta2_t, m_hat / (np.sqrt(v_hat) + h.eps))


class AmsgradUncorrectedState(NamedTuple):
    """The two moments, and the largest v so far."""

    m: float = 0.0
    v: Square = 0.0
    v_max: Square = 0.0
    direction: float = 0.0


def amsgrad_uncorrected(g: float, s: AmsgradUncorrectedState, h: AdamHyper) -> AmsgradUncorrectedState:
    """AMSGrad as its paper has it, without bias correction (Reddi, Kale & Kumar 2018).

        m, v as `adam`                                      v_max = max(v_max, v)
        direction = m / (√v_max + eps)

    The paper has no eps; eps=0 gives its form. Source: *On the Convergence of Adam and Beyond*, arXiv:1904.09237,
    Algorithm 2.

    >>> h = AdamHyper(beta1=0.0, beta2=0.5, eps=0.0)
    >>> second = amsgrad_uncorrected(1.0, amsgrad_uncorrected(4.0, AmsgradUncorrectedState(), h), h)
    >>> float(second.v), float(second.v_max)
    (4.5, 8.0)
    """
    m, v = ema(s.m, g, h.beta1), ema(s.v, g * g, h.beta2)
    v_max = np.maximum(s.v_max, v)
    return AmsgradUncorrectedState(m, v, v_max, m / (np.sqrt(v_max) + h.eps))


def adabelief_fresh_eps(g: float, s: AdabeliefState, h: AdabeliefHyper) -> AdabeliefState:
    """AdaBelief whose inner eps is added where it is used and not kept (Zhuang et al. 2020).

        s = beta2·s + (1 - beta2)·(g - m)²                  s_hat = (s + eps) / (1 - beta2^k)
        direction = m_hat / (√s_hat + eps)                  `adabelief` otherwise

    >>> h = AdabeliefHyper(eps=1e-2)
    >>> s = AdabeliefState()
    >>> for _ in range(2):
    ...     s = adabelief_fresh_eps(0.0, s, h)
    >>> float(s.s), round(float(s.s_hat * (1 - s.beta2_t)), 12)
    (0.0, 0.01)
    """
    m, spread = surprise(g, s, h)
    return believed(m, spread, spread + h.eps, s, h)


def radam_paper(g: float, s: RadamState, h: AdamHyper) -> RadamState:
    """RAdam with its paper's threshold of 4: the fifth tick with the defaults (Liu et al. 2019).

        direction = m_hat·r·√(1 - beta2^k) / (√v + eps) if rho > 4, else m_hat        `radam` otherwise

    Source: *On the Variance of the Adaptive Learning Rate and Beyond*, arXiv:1908.03265, Algorithm 2.

    >>> s, sizes = RadamState(), []
    >>> for _ in range(5):
    ...     s = radam_paper(10.0, s, AdamHyper())
    ...     sizes.append(round(float(s.direction), 4))
    >>> sizes
    [10.0, 10.0, 10.0, 10.0, 0.0173]
    """
    return rectified(g, s, h, 4.0)
