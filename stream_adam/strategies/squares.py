"""Steps by accumulated squares: each gradient over the root of what came before it."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from stream_adam.strategies.arithmetic import choose, ema
from stream_adam.strategies.hyper import BufferShare, SquareBeta
from stream_adam.strategies.strategy import Carried, DerivedSquare, Epsilon, Knob, Rate, Square


class AdagradState(NamedTuple):
    """The sum of squares v; `ticks` tells the first tick, when it still is the initial accumulator."""

    v: Square = 0.0
    ticks: Carried = 0.0
    direction: float = 0.0


class AdagradHyper(NamedTuple):
    """Settings of `adagrad`."""

    alpha: Rate = 1e-2
    eps: Epsilon = 1e-10
    initial_accumulator: Annotated[float, Knob("what the sum of squares starts from", 0.0, reach=(0.0, 10.0))] = 0.0


def adagrad(g: float, s: AdagradState, h: AdagradHyper) -> AdagradState:
    """AdaGrad: the gradient over the root of the sum of all squares (Duchi, Hazan & Singer 2011).

        v = v + g²                                      v = initial_accumulator before the first tick
        direction = g / (√v + eps)

    Agrees with ``torch.optim.Adagrad(lr, eps, initial_accumulator_value)``. optax starts at 0.1, with an eps of 1e-7
    inside the root. Source: *Adaptive Subgradient Methods for Online Learning and Stochastic Optimization*, JMLR 12.

    >>> second = adagrad(3.0, adagrad(4.0, AdagradState(), AdagradHyper()), AdagradHyper())
    >>> float(second.v), round(float(second.direction), 9)
    (25.0, 0.6)
    """
    v = choose(s.ticks > 0, s.v, h.initial_accumulator) + g * g
    return AdagradState(v, s.ticks + 1, g / (np.sqrt(v) + h.eps))


class RmspropState(NamedTuple):
    """The mean square v, and the buffer b of normalised gradients."""

    v: Square = 0.0
    b: float = 0.0
    direction: float = 0.0


class RmspropHyper(NamedTuple):
    """Settings of `rmsprop` and `rmsprop_centered`."""

    alpha: Rate = 1e-2
    rho: SquareBeta = 0.99
    eps: Epsilon = 1e-8
    momentum: BufferShare = 0.0


def rmsprop(g: float, s: RmspropState, h: RmspropHyper) -> RmspropState:
    """RMSprop: the gradient over the root of its mean square (Tieleman & Hinton 2012).

        v = rho·v + (1 - rho)·g²
        b = momentum·b + g / (√v + eps)
        direction = b

    Without bias correction: the first direction is 1/√(1 - rho), 10 with the defaults. Agrees with
    ``torch.optim.RMSprop(lr=alpha, alpha=rho, eps, momentum)``; optax has a rho of 0.9 and eps inside the root.
    Source: T. Tieleman, G. Hinton, Lecture 6.5 of *Neural Networks for Machine Learning*, 2012.

    >>> round(float(rmsprop(3.0, RmspropState(), RmspropHyper()).direction), 6)
    10.0
    """
    v = ema(s.v, g * g, h.rho)
    b = h.momentum * s.b + g / (np.sqrt(v) + h.eps)
    return RmspropState(v, b, b)


class RmspropCenteredState(NamedTuple):
    """The mean square v, the mean m, the buffer b, and the variance v - m²."""

    v: Square = 0.0
    m: float = 0.0
    b: float = 0.0
    variance: DerivedSquare = 0.0
    direction: float = 0.0


def rmsprop_centered(g: float, s: RmspropCenteredState, h: RmspropHyper) -> RmspropCenteredState:
    """RMSprop over the standard deviation in place of the mean square (Graves 2013).

        v = rho·v + (1 - rho)·g²                        m = m + (1 - rho)·(g - m)
        b = momentum·b + g / (√(v - m²) + eps)
        direction = b

    Agrees with ``torch.optim.RMSprop(centered=True)``. For a constant gradient v - m² = g²·rho^k·(1 - rho^k) cancels:
    after some 37/(1 - rho) ticks it is rounding noise, and NaN follows where that falls below 0, here as in torch.
    Source: A. Graves, *Generating Sequences With Recurrent Neural Networks*, arXiv:1308.0850.

    >>> first = rmsprop_centered(3.0, RmspropCenteredState(), RmspropHyper())
    >>> round(float(first.variance), 9), round(float(first.direction), 6)
    (0.0891, 10.050378)
    """
    v = ema(s.v, g * g, h.rho)
    m = s.m + (1 - h.rho) * (g - s.m)  # in torch's order: v - m² magnifies the last place of m
    variance = v - m * m
    b = h.momentum * s.b + g / (np.sqrt(variance) + h.eps)
    return RmspropCenteredState(v, m, b, variance, b)


class AdadeltaState(NamedTuple):
    """The mean square v of the gradients, and u of the directions."""

    v: Square = 0.0
    u: Square = 0.0
    direction: float = 0.0


class AdadeltaHyper(NamedTuple):
    """Settings of `adadelta`."""

    alpha: Rate = 1.0
    rho: SquareBeta = 0.9
    eps: Epsilon = 1e-6


def adadelta(g: float, s: AdadeltaState, h: AdadeltaHyper) -> AdadeltaState:
    """AdaDelta: a step as large as the steps before it were (Zeiler 2012).

        v = rho·v + (1 - rho)·g²
        direction = √(u + eps) · g/√(v + eps)           the old u
        u = rho·u + (1 - rho)·direction²

    eps stands inside both roots, and is what sets it in motion; u is not scaled by alpha. Agrees with
    ``torch.optim.Adadelta`` and ``optax.adadelta``. Source: M. D. Zeiler, *ADADELTA: An Adaptive Learning Rate
    Method*, arXiv:1212.5701.

    >>> round(float(adadelta(3.0, AdadeltaState(), AdadeltaHyper()).direction), 9)
    0.003162276
    """
    v = ema(s.v, g * g, h.rho)
    direction = np.sqrt(s.u + h.eps) * (g / np.sqrt(v + h.eps))  # so grouped, a tick waits for one root alone
    return AdadeltaState(v, ema(s.u, direction * direction, h.rho), direction)
