"""Adam's family: another first moment."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from stream_adam.strategies.arithmetic import choose, decayed, ema, exponential, moments, next_powers, next_product
from stream_adam.strategies.hyper import Decay, MeanBeta, SquareBeta, share
from stream_adam.strategies.strategy import Carried, Derived, DerivedSquare, Epsilon, Knob, Rate, Square

LN_096 = -0.040821994520255166  # ln 0.96


class NadamState(NamedTuple):
    """The moments, the product of the momenta so far, and 0.96^(k·momentum_decay), which they still lack."""

    m: float = 0.0
    v: Square = 0.0
    mu_product: Carried = 1.0
    v_hat: DerivedSquare = 0.0
    beta2_t: Carried = 1.0
    missing_t: Carried = 1.0
    direction: float = 0.0


class NadamHyper(NamedTuple):
    """Settings of `nadam`."""

    alpha: Rate = 2e-3
    beta1: MeanBeta = 0.9
    beta2: SquareBeta = 0.999
    eps: Epsilon = 1e-8
    momentum_decay: Annotated[
        float, Knob("how fast the momentum rises from half of beta1 to beta1", 0.0, reach=(0.0, 1.0))
    ] = 4e-3


def nadam(g: float, s: NadamState, h: NadamHyper) -> NadamState:
    """Adam with Nesterov's look ahead and a momentum that warms up (Dozat 2016).

        mu_k = beta1·(1 - ½·0.96^(k·momentum_decay))        mu_product = mu_product·mu_k        k = t + 1
        m, v, v_hat as `adam`, with the plain beta1
        direction = [mu_(k+1)·m / (1 - mu_product·mu_(k+1)) + (1 - mu_k)·g / (1 - mu_product)] / (√v_hat + eps)

    Agrees with ``torch.optim.NAdam``. ``optax.nadam`` has no momentum schedule and goes another way.
    Source: T. Dozat, *Incorporating Nesterov Momentum into Adam*, ICLR workshop 2016.

    >>> round(float(nadam(3.0, NadamState(), NadamHyper(eps=0.0)).direction), 6)
    1.056452
    """
    fade = exponential(h.momentum_decay * LN_096)
    missing_t = next_product(s.missing_t, fade)
    mu, mu_next = h.beta1 * (1 - 0.5 * missing_t), h.beta1 * (1 - 0.5 * (missing_t * fade))
    mu_product = next_product(s.mu_product, mu)
    m = ema(s.m, g, h.beta1)
    v = ema(s.v, g * g, h.beta2)
    beta2_t = next_product(s.beta2_t, h.beta2)
    v_hat = v / (1 - beta2_t)
    ahead = mu_next * m / (1 - mu_product * mu_next) + (1 - mu) * g / (1 - mu_product)
    return NadamState(m, v, mu_product, v_hat, beta2_t, missing_t, ahead / (np.sqrt(v_hat) + h.eps))


class AdanState(NamedTuple):
    """The means of the gradient m, of its differences d, the mean square v, and the last gradient."""

    m: float = 0.0
    d: float = 0.0
    v: Square = 0.0
    g_prev: float = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    beta3_t: Carried = 1.0
    ticks: Carried = 0.0
    direction: float = 0.0
    theta: float = 0.0


class AdanHyper(NamedTuple):
    """Settings of `adan`; the paper's betas are one minus these."""

    alpha: Rate = 1e-3
    beta1: MeanBeta = 0.98
    beta2: Annotated[float, share("the mean of differences is kept")] = 0.92
    beta3: SquareBeta = 0.99
    eps: Epsilon = 1e-8
    weight_decay: Decay = 0.0


def adan(g: float, s: AdanState, h: AdanHyper) -> AdanState:
    """Adan: Nesterov's look ahead from the gradient's own differences (Xie, Zhou, Li, Lin & Yan 2022).

        diff = g - g_prev, 0 on the first tick              g_prev = g
        m = beta1·m + (1 - beta1)·g                         d = beta2·d + (1 - beta2)·diff
        v = beta3·v + (1 - beta3)·(g + beta2·diff)²
        direction = [m/(1 - beta1^k) + beta2·d/(1 - beta2^k)] / (√(v/(1 - beta3^k)) + eps)        k = t + 1
        theta = (theta - alpha·direction) / (1 + alpha·λ)   λ: weight_decay

    The decay is proximal: a division. Agrees with ``pytorch_optimizer.Adan(weight_decouple=False)``, the authors' code.
    ``optax.adan`` 0.2.8 weighs the difference by 1 - beta2, has eps inside the root as well, and decays another way.
    Source: X. Xie et al., *Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models*,
    arXiv:2208.06677.

    >>> h = AdanHyper(eps=0.0)
    >>> first = adan(2.0, AdanState(), h)
    >>> round(float(first.direction), 9), round(float(adan(3.0, first, h).d), 9)
    (1.0, 0.08)
    """
    difference = choose(s.ticks > 0, g - s.g_prev, 0.0)
    m = ema(s.m, g, h.beta1)
    d = ema(s.d, difference, h.beta2)
    ahead = g + h.beta2 * difference
    v = ema(s.v, ahead * ahead, h.beta3)
    beta1_t, beta2_t = next_powers(s, h)
    beta3_t = next_product(s.beta3_t, h.beta3)
    mean = m / (1 - beta1_t) + h.beta2 * d / (1 - beta2_t)
    direction = mean / (np.sqrt(v / (1 - beta3_t)) + h.eps)
    theta = (s.theta - h.alpha * direction) / (1 + h.alpha * h.weight_decay)
    return AdanState(m, d, v, g, beta1_t, beta2_t, beta3_t, s.ticks + 1, direction, theta)


class AdemamixState(NamedTuple):
    """The fast mean m, the slow mean m_slow, and the mean square v."""

    m: float = 0.0
    m_slow: float = 0.0
    v: Square = 0.0
    m_hat: Derived = 0.0
    v_hat: DerivedSquare = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0
    theta: float = 0.0


class AdemamixHyper(NamedTuple):
    """Settings of `ademamix`; mix is the paper's alpha."""

    alpha: Rate = 1e-3
    beta1: MeanBeta = 0.9
    beta2: SquareBeta = 0.999
    beta3: Annotated[float, share("the slow mean is kept")] = 0.9999
    mix: Annotated[float, Knob("how much of the slow mean is added", 0.0, reach=(0.0, 20.0))] = 5.0
    eps: Epsilon = 1e-8
    weight_decay: Decay = 0.0


def ademamix(g: float, s: AdemamixState, h: AdemamixHyper) -> AdemamixState:
    """AdEMAMix: Adam with a second, much slower mean (Pagliardini, Ablin & Grangier 2024).

        m, v, m_hat, v_hat as `adam`                        m_slow = beta3·m_slow + (1 - beta3)·g
        direction = (m_hat + mix·m_slow) / (√v_hat + eps)
        theta = (1 - alpha·λ)·theta - alpha·direction        λ: weight_decay

    The slow mean is not bias corrected, and nothing warms up. Agrees with ``optax.contrib.ademamix(b3=beta3,
    alpha=mix)``, and with ``pytorch_optimizer.AdEMAMix`` without decay. Source: M. Pagliardini, P. Ablin, D. Grangier,
    *The AdEMAMix Optimizer: Better, Faster, Older*, arXiv:2409.03137.

    >>> first = ademamix(3.0, AdemamixState(), AdemamixHyper(eps=0.0))
    >>> round(float(first.m_slow), 9), round(float(first.direction), 9)
    (0.0003, 1.0005)
    """
    m, v, m_hat, v_hat, beta1_t, beta2_t = moments(g, s, h)
    m_slow = ema(s.m_slow, g, h.beta3)
    direction = (m_hat + h.mix * m_slow) / (np.sqrt(v_hat) + h.eps)
    theta = decayed(s.theta, direction, h)
    return AdemamixState(m, m_slow, v, m_hat, v_hat, beta1_t, beta2_t, direction, theta)


class NovogradState(NamedTuple):
    """The sum m of normalised gradients, and the mean square v."""

    m: float = 0.0
    v: Square = 0.0
    ticks: Carried = 0.0
    direction: float = 0.0
    theta: float = 0.0


class NovogradHyper(NamedTuple):
    """Settings of `novograd`."""

    alpha: Rate = 1e-3
    beta1: Annotated[float, share("the sum of normalised gradients is kept")] = 0.9
    beta2: SquareBeta = 0.25
    eps: Epsilon = 1e-6
    weight_decay: Decay = 0.0


def novograd(g: float, s: NovogradState, h: NovogradHyper) -> NovogradState:
    """NovoGrad: momentum over gradients that are normalised first (Ginsburg et al. 2019).

        v = g² on the first tick, then beta2·v + (1 - beta2)·g²
        m = beta1·m + g / (√v + eps) + λ·theta              λ: weight_decay
        direction = m                                       the decay is in it

    No 1 - beta1 stands before the new term, and nothing is bias corrected. The paper's v is a layer's: here every
    component is its own layer. Agrees with ``optax.novograd``, and with ``pytorch_optimizer.NovoGrad`` for equal
    hyperparameters. Source: B. Ginsburg et al., *Stochastic Gradient Methods with Layer-wise Adaptive Moments for
    Training of Deep Networks*, arXiv:1905.11286.

    >>> h = NovogradHyper(eps=0.0)
    >>> float(novograd(-4.0, novograd(-4.0, NovogradState(), h), h).direction)
    -1.9
    """
    v = choose(s.ticks > 0, ema(s.v, g * g, h.beta2), g * g)
    m = h.beta1 * s.m + g / (np.sqrt(v) + h.eps) + h.weight_decay * s.theta
    return NovogradState(m, v, s.ticks + 1, m, s.theta - h.alpha * m)


class LapropState(NamedTuple):
    """As Adam's: m is the mean of normalised gradients."""

    m: float = 0.0
    v: Square = 0.0
    m_hat: Derived = 0.0
    v_hat: DerivedSquare = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0


class LapropHyper(NamedTuple):
    """Settings of `laprop`."""

    alpha: Rate = 4e-4
    beta1: Annotated[float, share("the mean of normalised gradients is kept")] = 0.9
    beta2: SquareBeta = 0.999
    eps: Epsilon = 1e-15


def laprop(g: float, s: LapropState, h: LapropHyper) -> LapropState:
    """LaProp: normalise first, average then (Ziyin, Wang & Ueda 2020).

        v = beta2·v + (1 - beta2)·g²                        v_hat = v / (1 - beta2^k)        k = t + 1
        m = beta1·m + (1 - beta1)·g / (√v_hat + eps)        m_hat = m / (1 - beta1^k)
        direction = m_hat

    Agrees with optax's ``scale_by_rms(eps_in_sqrt=False, bias_correction=True)`` before ``ema(beta1, debias=True)``.
    ``pytorch_optimizer.LaProp`` adds 1e-15 inside the root and differs for small gradients. Source: L. Ziyin, Z. T.
    Wang, M. Ueda, *LaProp: Separating Momentum and Adaptivity in Adam*, arXiv:2002.04839.

    >>> h = LapropHyper(eps=0.0)
    >>> round(float(laprop(-5.0, LapropState(), h).direction), 12)
    -1.0
    """
    v = ema(s.v, g * g, h.beta2)
    beta1_t, beta2_t = next_powers(s, h)
    v_hat = v / (1 - beta2_t)
    m = ema(s.m, g / (np.sqrt(v_hat) + h.eps), h.beta1)
    m_hat = m / (1 - beta1_t)
    return LapropState(m, v, m_hat, v_hat, beta1_t, beta2_t, m_hat)
