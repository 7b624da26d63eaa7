"""Adam with weight decay beside its step, and the relatives that build on it."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from stream_adam.strategies.arithmetic import choose, decayed, ema, moments, next_powers, next_product
from stream_adam.strategies.hyper import Decay, MeanBeta, SquareBeta, share
from stream_adam.strategies.strategy import (
    Carried,
    Derived,
    DerivedSquare,
    Epsilon,
    PositiveRate,
    Rate,
    Square,
)


class AdamwState(NamedTuple):
    """As Adam's, with the weight."""

    m: float = 0.0
    v: Square = 0.0
    m_hat: Derived = 0.0
    v_hat: DerivedSquare = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0
    theta: float = 0.0


class AdamwHyper(NamedTuple):
    """Settings of `adamw` and `cautious_adamw`."""

    alpha: Rate = 1e-3
    beta1: MeanBeta = 0.9
    beta2: SquareBeta = 0.999
    eps: Epsilon = 1e-8
    weight_decay: Decay = 1e-2


def adamw(g: float, s: AdamwState, h: AdamwHyper) -> AdamwState:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2017).

        m, v, m_hat, v_hat and direction as `adam`
        theta = (1 - alpha·λ)·theta - alpha·direction        λ: weight_decay; the old theta in both places

    λ is multiplied by alpha, as in ``torch.optim.AdamW`` and ``optax.adamw`` (whose λ is 1e-4 by default); the paper
    schedules the two apart. Source: I. Loshchilov, F. Hutter, *Decoupled Weight Decay Regularization*,
    arXiv:1711.05101.

    >>> round(float(adamw(0.0, AdamwState(theta=2.0), AdamwHyper(alpha=0.1)).theta), 12)
    1.998
    """
    m, v, m_hat, v_hat, beta1_t, beta2_t = moments(g, s, h)
    direction = m_hat / (np.sqrt(v_hat) + h.eps)
    return AdamwState(m, v, m_hat, v_hat, beta1_t, beta2_t, direction, decayed(s.theta, direction, h))


class CautiousState(NamedTuple):
    """As `AdamwState`, and the mask phi: 1 where the step goes against the gradient, else 0."""

    m: float = 0.0
    v: Square = 0.0
    phi: Derived = 0.0
    m_hat: Derived = 0.0
    v_hat: DerivedSquare = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0
    theta: float = 0.0


def cautious_adamw(g: float, s: CautiousState, h: AdamwHyper) -> CautiousState:
    """AdamW that rests while its mean and the gradient disagree (Liang, Chen, Liu & Liu 2024).

        m, v, m_hat, v_hat as `adam`                         phi = 1 if m·g > 0, else 0
        direction = phi·m_hat / (√v_hat + eps)
        theta = (1 - alpha·λ)·theta - alpha·direction        λ: weight_decay, never masked

    The authors' code divides the mask by its mean over the tensor, which for one component is phi itself; the paper's
    formula, direction/(number kept + 1), would halve every step of a single component and is not used. Agrees with
    ``torch.optim.AdamW``, its step dropped whenever m·g ≤ 0. Source: K. Liang, L. Chen, B. Liu, Q. Liu, *Cautious
    Optimizers: Improving Training with One Line of Code*, arXiv:2411.16085.

    >>> h = AdamwHyper()
    >>> turned = cautious_adamw(-0.1, cautious_adamw(3.0, CautiousState(), h), h)
    >>> round(float(turned.m), 12), float(turned.direction)
    (0.26, 0.0)
    """
    m, v, m_hat, v_hat, beta1_t, beta2_t = moments(g, s, h)
    phi = choose(m * g > 0, 1.0, 0.0)
    direction = phi * m_hat / (np.sqrt(v_hat) + h.eps)
    theta = decayed(s.theta, direction, h)
    return CautiousState(m, v, phi, m_hat, v_hat, beta1_t, beta2_t, direction, theta)


class StableState(NamedTuple):
    """The moments, corrected by their own betas, and the clip r."""

    m: float = 0.0
    v: Square = 0.0
    r: Derived = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0
    theta: float = 0.0


class StableHyper(NamedTuple):
    """Settings of `stable_adamw`."""

    alpha: Rate = 1e-3
    beta1: MeanBeta = 0.9
    beta2: SquareBeta = 0.99
    eps: Epsilon = 1e-8
    weight_decay: Decay = 1e-2


def stable_adamw(g: float, s: StableState, h: StableHyper) -> StableState:
    """AdamW whose update is clipped when the gradient outgrows its mean square (Wortsman et al. 2023).

        b1 = beta1·(1 - beta1^(k-1)) / (1 - beta1^k)        b2 likewise from beta2        k = t + 1
        m = b1·m + (1 - b1)·g                                v = b2·v + (1 - b2)·g²
        r = max(1, √(g² / max(v, eps²)))                     the new v
        direction = m / (√v + eps) / r
        theta = (1 - alpha·λ/r)·theta - alpha·direction      λ: weight_decay

    The changing betas are the bias correction: on the first tick m = g and v = g². r divides the decay too. The paper's
    root mean square over a tensor is that of the single component here. Agrees with ``pytorch_optimizer.StableAdamW``.
    Source: M. Wortsman et al., *Stable and low-precision training for large-scale vision-language models*,
    arXiv:2304.13013.

    >>> first = stable_adamw(-3.0, StableState(), StableHyper())
    >>> float(first.m), float(first.v), float(first.r)
    (-3.0, 9.0, 1.0)
    """
    beta1_t, beta2_t = next_powers(s, h)
    m = ema(s.m, g, h.beta1 * (1 - s.beta1_t) / (1 - beta1_t))
    v = ema(s.v, g * g, h.beta2 * (1 - s.beta2_t) / (1 - beta2_t))
    r = np.maximum(1.0, np.sqrt(g * g / np.maximum(v, h.eps * h.eps)))
    direction = m / (np.sqrt(v) + h.eps) / r
    theta = (1 - h.alpha * h.weight_decay / r) * s.theta - h.alpha * direction
    return StableState(m, v, r, beta1_t, beta2_t, direction, theta)


class ScheduleFreeState(NamedTuple):
    """The fast point z, the average x, and the mean square v; theta is the point y between z and x."""

    z: float = 0.0
    x: float = 0.0
    v: Square = 0.0
    v_hat: DerivedSquare = 0.0
    beta2_t: Carried = 1.0
    ticks: Carried = 0.0
    direction: float = 0.0
    theta: float = 0.0


class ScheduleFreeHyper(NamedTuple):
    """Settings of `schedule_free_adamw`."""

    alpha: PositiveRate = 2.5e-3
    beta1: Annotated[float, share("theta is the average x")] = 0.9
    beta2: SquareBeta = 0.999
    eps: Epsilon = 1e-8
    weight_decay: Decay = 0.0


def schedule_free_adamw(g: float, s: ScheduleFreeState, h: ScheduleFreeHyper) -> ScheduleFreeState:
    """AdamW that averages its weights in place of a schedule (Defazio et al. 2024).

        v, v_hat as `adam`                                  z = x = theta before the first tick
        z = z - alpha·(g / (√v_hat + eps) + λ·theta)        λ: weight_decay
        x = x + (z - x)/k                                   k = t + 1
        theta = x + (1 - beta1)·(z - x)                     direction = (theta before - theta after) / alpha

    theta is y, the point where gradients are taken: neither z nor the average x, which is what one would evaluate.
    There is no first moment; beta1 only interpolates. Agrees with ``optax.contrib.schedule_free_adamw``, not warmed up.
    Source: A. Defazio et al., *The Road Less Scheduled*, arXiv:2405.15682.

    >>> h = ScheduleFreeHyper(alpha=0.5, eps=0.0)
    >>> second = schedule_free_adamw(1.0, schedule_free_adamw(1.0, ScheduleFreeState(theta=2.0), h), h)
    >>> [round(float(value), 12) for value in (second.z, second.x, second.theta)]
    [1.0, 1.25, 1.225]
    """
    started, k = s.ticks > 0, s.ticks + 1
    v = ema(s.v, g * g, h.beta2)
    beta2_t = next_product(s.beta2_t, h.beta2)
    v_hat = v / (1 - beta2_t)
    step = h.alpha * (g / (np.sqrt(v_hat) + h.eps) + h.weight_decay * s.theta)
    z = choose(started, s.z, s.theta) - step
    x = choose(started, s.x, s.theta)
    x = x + (z - x) / k  # exactly x where nothing moves
    direction = (s.theta - (x + (1 - h.beta1) * (z - x))) / h.alpha
    return ScheduleFreeState(z, x, v, v_hat, beta2_t, k, direction, s.theta - h.alpha * direction)
