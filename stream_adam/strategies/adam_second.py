"""Adam's family: another second moment."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from stream_adam.strategies.adam import AdamHyper
from stream_adam.strategies.arithmetic import choose, ema, moments, next_powers, next_product, sign
from stream_adam.strategies.hyper import MeanBeta, SquareBeta, share
from stream_adam.strategies.strategy import Carried, Derived, DerivedSquare, Epsilon, Rate, Square


class AmsgradState(NamedTuple):
    """Adam's moments, and the largest v so far; v_hat is corrected from that."""

    m: float = 0.0
    v: Square = 0.0
    v_max: Square = 0.0
    m_hat: Derived = 0.0
    v_hat: DerivedSquare = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0


def amsgrad(g: float, s: AmsgradState, h: AdamHyper) -> AmsgradState:
    """Adam without forgetting its largest second moment (Reddi, Kale & Kumar 2018).

        m, v, m_hat as `adam`                               v_max = max(v_max, v)
        v_hat = v_max / (1 - beta2^k)                       k = t + 1
        direction = m_hat / (√v_hat + eps)

    The maximum is over the uncorrected v, and is corrected with the current k afterwards, as in
    ``torch.optim.Adam(amsgrad=True)``. ``optax.amsgrad`` takes the maximum of corrected moments; the paper corrects
    nothing: `amsgrad_uncorrected`. Source: S. J. Reddi, S. Kale, S. Kumar, *On the Convergence of Adam and Beyond*,
    arXiv:1904.09237.

    >>> h = AdamHyper(beta2=0.5)
    >>> second = amsgrad(0.0, amsgrad(4.0, AmsgradState(), h), h)
    >>> float(second.v), float(second.v_max)
    (4.0, 8.0)
    """
    m, v, m_hat, _, beta1_t, beta2_t = moments(g, s, h)
    v_max = np.maximum(s.v_max, v)
    v_hat = v_max / (1 - beta2_t)
    return AmsgradState(m, v, v_max, m_hat, v_hat, beta1_t, beta2_t, m_hat / (np.sqrt(v_hat) + h.eps))


class AdamaxState(NamedTuple):
    """The mean m, and the fading maximum u of the gradient's size."""

    m: float = 0.0
    u: float = 0.0
    m_hat: Derived = 0.0
    beta1_t: Carried = 1.0
    direction: float = 0.0


class AdamaxHyper(NamedTuple):
    """Settings of `adamax`."""

    alpha: Rate = 2e-3
    beta1: MeanBeta = 0.9
    beta2: Annotated[float, share("the largest size is kept")] = 0.999
    eps: Epsilon = 1e-8


def adamax(g: float, s: AdamaxState, h: AdamaxHyper) -> AdamaxState:
    """Adam over a fading maximum in place of a mean square (Kingma & Ba 2014, Algorithm 2).

        m, m_hat as `adam`                                  u = max(beta2·u, |g| + eps)
        direction = m_hat / u

    eps stands inside the maximum, as in ``torch.optim.Adamax`` and ``optax.adamax``; the paper has none.
    Source: D. P. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization*, arXiv:1412.6980.

    >>> h = AdamaxHyper(beta2=0.5, eps=0.0)
    >>> float(adamax(1.0, adamax(-8.0, AdamaxState(), h), h).u)
    4.0
    """
    m = ema(s.m, g, h.beta1)
    beta1_t = next_product(s.beta1_t, h.beta1)
    m_hat = m / (1 - beta1_t)
    u = np.maximum(h.beta2 * s.u, np.abs(g) + h.eps)
    return AdamaxState(m, u, m_hat, beta1_t, m_hat / u)


class AdabeliefState(NamedTuple):
    """The mean m, the mean square s of the gradient's distance from it, and their corrected forms."""

    m: float = 0.0
    s: Square = 0.0
    m_hat: Derived = 0.0
    s_hat: DerivedSquare = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0


class AdabeliefHyper(NamedTuple):
    """Settings of `adabelief`."""

    alpha: Rate = 1e-3
    beta1: MeanBeta = 0.9
    beta2: Annotated[float, share("the mean square of surprises is kept")] = 0.999
    eps: Epsilon = 1e-16


def surprise(g: float, s: AdabeliefState, h: AdabeliefHyper) -> tuple[float, float]:
    """AdaBelief's m, and its s before eps is added: the mean square of g - m with the new m."""
    m = ema(s.m, g, h.beta1)
    return m, ema(s.s, (g - m) * (g - m), h.beta2)


def believed(m: float, slot: float, inner: float, s: AdabeliefState, h: AdabeliefHyper) -> AdabeliefState:
    """AdaBelief's state from m, the s that is kept, and the s that the step divides by."""
    beta1_t, beta2_t = next_powers(s, h)
    m_hat, s_hat = m / (1 - beta1_t), inner / (1 - beta2_t)
    return AdabeliefState(m, slot, m_hat, s_hat, beta1_t, beta2_t, m_hat / (np.sqrt(s_hat) + h.eps))


def adabelief(g: float, s: AdabeliefState, h: AdabeliefHyper) -> AdabeliefState:
    """Adam that trusts a gradient as far as it was expected (Zhuang et al. 2020).

        m, m_hat as `adam`
        s = beta2·s + (1 - beta2)·(g - m)² + eps            the new m        s_hat = s / (1 - beta2^k)        k = t + 1
        direction = m_hat / (√s_hat + eps)

    eps enters twice, and the inner one stays in s, where it grows to eps/(1 - beta2); `adabelief_fresh_eps` does not
    keep it. Agrees with ``optax.adabelief(eps=eps, eps_root=eps)``, ``pytorch_optimizer.AdaBelief`` and Algorithm 2 of
    the paper, without the rectification that its authors' package turns on. Source: J. Zhuang et al., *AdaBelief
    Optimizer: Adapting Stepsizes by the Belief in Observed Gradients*, arXiv:2010.07468.

    >>> first = adabelief(1.0, AdabeliefState(), AdabeliefHyper())
    >>> round(float(first.s), 12), round(float(first.direction), 9)
    (0.00081, 1.111111111)
    """
    m, spread = surprise(g, s, h)
    kept = spread + h.eps
    return believed(m, kept, kept, s, h)


class YogiState(NamedTuple):
    """As Adam's; both moments start at 1e-6."""

    m: float = 1e-6
    v: Square = 1e-6
    m_hat: Derived = 0.0
    v_hat: DerivedSquare = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0


class YogiHyper(NamedTuple):
    """Settings of `yogi`."""

    alpha: Rate = 1e-2
    beta1: MeanBeta = 0.9
    beta2: SquareBeta = 0.999
    eps: Epsilon = 1e-3


def yogi(g: float, s: YogiState, h: YogiHyper) -> YogiState:
    """Adam whose second moment moves by g² at most, up or down (Zaheer, Reddi, Sachan, Kale & Kumar 2018).

        m, m_hat as `adam`                                  m = v = 1e-6 before the first tick
        v = v - (1 - beta2)·sign(v - g²)·g²                 v_hat = v / (1 - beta2^k)        k = t + 1
        direction = m_hat / (√v_hat + eps)

    Since m does not start at 0, theta moves at first under a zero gradient. Agrees with ``optax.yogi`` and
    ``pytorch_optimizer.Yogi``; the paper has no bias correction. Source: M. Zaheer et al., *Adaptive Methods for
    Nonconvex Optimization*, NeurIPS 2018.

    >>> round(float(yogi(0.0, YogiState(), YogiHyper()).direction), 9)
    0.000275881
    """
    m = ema(s.m, g, h.beta1)
    square = g * g
    v = s.v - (1 - h.beta2) * sign(s.v - square) * square
    beta1_t, beta2_t = next_powers(s, h)
    m_hat, v_hat = m / (1 - beta1_t), v / (1 - beta2_t)
    return YogiState(m, v, m_hat, v_hat, beta1_t, beta2_t, m_hat / (np.sqrt(v_hat) + h.eps))


class AdoptState(NamedTuple):
    """The mean m of normalised gradients, the mean square v, and the clip c."""

    m: float = 0.0
    v: Square = 0.0
    c: Derived = 0.0
    ticks: Carried = 0.0
    direction: float = 0.0


class AdoptHyper(NamedTuple):
    """Settings of `adopt`."""

    alpha: Rate = 1e-3
    beta1: Annotated[float, share("the mean of normalised gradients is kept")] = 0.9
    beta2: SquareBeta = 0.9999
    eps: Epsilon = 1e-6


def adopt(g: float, s: AdoptState, h: AdoptHyper) -> AdoptState:
    """ADOPT: each gradient over the mean square of those before it (Taniguchi et al. 2024).

        v = g² and nothing else on the first tick: m stays 0, theta rests; later
        x = clip(g / max(√v, eps), -c, c)                   the old v        c = t^¼
        m = beta1·m + (1 - beta1)·x                         v = beta2·v + (1 - beta2)·g²
        direction = m

    eps bounds the root from below: a maximum, not a sum. Nothing is bias corrected. Agrees with
    ``optax.contrib.adopt``; ``pytorch_optimizer.ADOPT`` clips at (t + 1)^¼. Source: S. Taniguchi et al., *ADOPT:
    Modified Adam Can Converge with Any β₂ with the Optimal Rate*, arXiv:2411.02853.

    >>> first = adopt(2.0, AdoptState(), AdoptHyper())
    >>> second = adopt(6.0, first, AdoptHyper())
    >>> [float(s.direction) for s in (first, second)], float(second.c)
    ([0.0, 0.09999999999999998], 1.0)
    """
    started = s.ticks > 0
    c = np.sqrt(np.sqrt(s.ticks))
    x = np.minimum(np.maximum(g / np.maximum(np.sqrt(s.v), h.eps), -c), c)
    m = choose(started, ema(s.m, x, h.beta1), 0.0)
    v = choose(started, ema(s.v, g * g, h.beta2), g * g)
    return AdoptState(m, v, c, s.ticks + 1, m)
