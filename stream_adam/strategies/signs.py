"""Steps by sign: how far a weight moves does not depend on how large its gradient is."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from stream_adam.strategies.arithmetic import choose, decayed, ema, sign
from stream_adam.strategies.hyper import Decay, MeanBeta, share
from stream_adam.strategies.strategy import Carried, Derived, Knob, PositiveRate, Rate


class SignSgdState(NamedTuple):
    """Nothing but the step."""

    direction: float = 0.0


class SignSgdHyper(NamedTuple):
    """Settings of `sign_sgd`."""

    alpha: Rate = 1e-3


def sign_sgd(g: float, s: SignSgdState, h: SignSgdHyper) -> SignSgdState:  # noqa: ARG001  (a rule takes all three)
    """The sign of the gradient alone (Bernstein, Wang, Azizzadenesheli & Anandkumar 2018).

        direction = sign(g)        sign(0) = 0

    Agrees with ``optax.sign_sgd``. Source: *signSGD: Compressed Optimisation for Non-Convex Problems*,
    arXiv:1802.04434.

    >>> [float(sign_sgd(g, SignSgdState(), SignSgdHyper()).direction) for g in (-3.0, 0.0, 1e-9)]
    [-1.0, 0.0, 1.0]
    """
    return SignSgdState(sign(g))


class SignumState(NamedTuple):
    """The running mean m."""

    m: float = 0.0
    direction: float = 0.0


class SignumHyper(NamedTuple):
    """Settings of `signum`."""

    alpha: Rate = 1e-3
    beta1: MeanBeta = 0.9


def signum(g: float, s: SignumState, h: SignumHyper) -> SignumState:
    """The sign of the gradient's running mean (Bernstein, Wang, Azizzadenesheli & Anandkumar 2018).

        m = beta1·m + (1 - beta1)·g
        direction = sign(m)

    Agrees with ``optax.signum(beta=beta1)`` and ``pytorch_optimizer.SignSGD(momentum=beta1)``.
    Source: *signSGD: Compressed Optimisation for Non-Convex Problems*, arXiv:1802.04434.

    >>> after_a_large_one = signum(1.0, SignumState(m=-0.5), SignumHyper())
    >>> round(float(after_a_large_one.m), 12), float(after_a_large_one.direction)
    (-0.35, -1.0)
    """
    m = ema(s.m, g, h.beta1)
    return SignumState(m, sign(m))


class LionState(NamedTuple):
    """The running mean m, and the interpolation c whose sign is taken."""

    m: float = 0.0
    c: Derived = 0.0
    direction: float = 0.0
    theta: float = 0.0


class LionHyper(NamedTuple):
    """Settings of `lion`."""

    alpha: Rate = 1e-4
    beta1: Annotated[float, share("the sign comes from the mean")] = 0.9
    beta2: MeanBeta = 0.99
    weight_decay: Decay = 1e-3


def lion(g: float, s: LionState, h: LionHyper) -> LionState:
    """Lion: the sign of an interpolation that remembers less than its running mean does (Chen et al. 2023).

        c = beta1·m + (1 - beta1)·g                direction = sign(c)        the old m
        m = beta2·m + (1 - beta2)·g
        theta = (1 - alpha·λ)·theta - alpha·direction                        λ: weight_decay

    Agrees with ``optax.lion``, whose weight decay is 1e-3; the authors' code and ``pytorch_optimizer.Lion`` have 0.
    Source: X. Chen et al., *Symbolic Discovery of Optimization Algorithms*, arXiv:2302.06675.

    >>> first = lion(-2.0, LionState(theta=1.0), LionHyper(alpha=0.5, weight_decay=0.0))
    >>> float(first.direction), float(first.theta)
    (-1.0, 1.5)
    """
    c = ema(s.m, g, h.beta1)
    direction = sign(c)
    return LionState(ema(s.m, g, h.beta2), c, direction, decayed(s.theta, direction, h))


class RpropState(NamedTuple):
    """The weight's own step, and the gradient it is compared with: 0 after a change of sign."""

    step: float = 0.0
    g_prev: float = 0.0
    ticks: Carried = 0.0
    direction: float = 0.0
    theta: float = 0.0


class RpropHyper(NamedTuple):
    """Settings of `rprop`."""

    alpha: PositiveRate = 1e-2
    eta_minus: Annotated[
        float,
        Knob("what a step shrinks by when the sign changes", 0.0, 1.0, above_low=True, below_high=True,
             reach=(0.01, 0.99)),
    ] = 0.5  # fmt: skip
    eta_plus: Annotated[
        float, Knob("what a step grows by while the sign holds", 1.0, above_low=True, reach=(1.001, 2.0))
    ] = 1.2
    step_min: Annotated[float, Knob("the smallest step", 0.0, scale="log", reach=(1e-12, 1.0))] = 1e-6
    step_max: Annotated[float, Knob("the largest step", 0.0, scale="log", reach=(1e-6, 1e3))] = 50.0


def rprop(g: float, s: RpropState, h: RpropHyper) -> RpropState:
    """Rprop: a step that grows while the sign holds and shrinks when it changes (Riedmiller & Braun 1993).

        a = sign(g·g_prev)
        step = clamp(step·f, step_min, step_max)        f = eta_plus, 1, eta_minus for a = 1, 0, -1; step = alpha before
        g = 0 if a < 0                                  g_prev = g
        theta = theta - step·sign(g)                    direction = step·sign(g) / alpha

    After a change of sign the weight rests for one tick, and the tick after has a = 0: this is iRprop⁻ of Igel & Hüsken
    2000, as ``torch.optim.Rprop(lr=alpha, etas, step_sizes)`` has it. The clamp acts on every tick, the first included.
    ``optax.rprop`` 0.2.8 differs: it applies the update of the tick before, and does not clamp when a = 0.
    Source: M. Riedmiller, H. Braun, *A direct adaptive method for faster backpropagation learning*, ICNN 1993.

    >>> first = rprop(3.0, RpropState(), RpropHyper())
    >>> second = rprop(3.0, first, RpropHyper())
    >>> turned = rprop(-3.0, second, RpropHyper())
    >>> [round(float(s.step), 12) for s in (first, second, turned)], float(turned.direction)
    ([0.01, 0.012, 0.006], 0.0)
    """
    agreement = sign(g * s.g_prev)
    factor = choose(agreement > 0, h.eta_plus, choose(agreement < 0, h.eta_minus, 1.0))
    step = np.minimum(np.maximum(choose(s.ticks > 0, s.step, h.alpha) * factor, h.step_min), h.step_max)
    g = choose(agreement < 0, 0.0, g)
    move = step * sign(g)
    return RpropState(step, g, s.ticks + 1, move / h.alpha, s.theta - move)
