"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from stream_adam.strategies.hyper import BufferShare
from stream_adam.strategies.strategy import Carried, Knob, Rate


class SgdState(NamedTuple):
    """Nothing but the step."""

    direction: float = 0.0


class SgdHyper(NamedTuple):
    """Settings of `sgd`."""

    alpha: Rate = 1e-3


def sgd(g: float, s: SgdState, h: SgdHyper) -> SgdState:  # noqa: ARG001  (a rule takes all three)
    """Gradient descent (Robbins & Monro 1951).

        direction = g

    Agrees with ``torch.optim.SGD(lr=alpha)``. Source: H. Robbins, S. Monro, *A Stochastic Approximation Method*,
    Annals of Mathematical Statistics 22, 1951.

    >>> sgd(2.0, SgdState(), SgdHyper())
    SgdState(direction=2.0)
    """
    return SgdState(g)


class MomentumState(NamedTuple):
    """The buffer b; `ticks` tells the first tick from the others."""

    b: float = 0.0
    ticks: Carried = 0.0
    direction: float = 0.0


class MomentumHyper(NamedTuple):
    """Settings of `momentum`."""

    alpha: Rate = 1e-3
    momentum: BufferShare = 0.9
    dampening: Annotated[float, Knob("what share of a new gradient is left out", 0.0, 1.0, reach=(0.0, 1.0))] = 0.0


def momentum(g: float, s: MomentumState, h: MomentumHyper) -> MomentumState:
    """Gradient descent with a heavy ball (Polyak 1964).

        b = g on the first tick, then momentum·b + (1 - dampening)·g
        direction = b

    The first tick is not damped, and alpha stands outside the buffer, as in
    ``torch.optim.SGD(lr=alpha, momentum, dampening)``; Polyak has it inside, which differs once alpha changes.
    Source: B. T. Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964.

    >>> momentum(1.0, momentum(1.0, MomentumState(), MomentumHyper()), MomentumHyper()).b
    np.float64(1.9)
    """
    damped = np.minimum(s.ticks, 1.0)  # 0 on the first tick, 1 afterwards
    b = h.momentum * s.b + (1 - damped * h.dampening) * g
    return MomentumState(b, s.ticks + 1, b)


class NesterovState(NamedTuple):
    """The buffer b."""

    b: float = 0.0
    direction: float = 0.0


class NesterovHyper(NamedTuple):
    """Settings of `nesterov`."""

    alpha: Rate = 1e-3
    momentum: BufferShare = 0.9


def nesterov(g: float, s: NesterovState, h: NesterovHyper) -> NesterovState:
    """Momentum that looks one step ahead (Nesterov 1983; Sutskever, Martens, Dahl & Hinton 2013).

        b = momentum·b + g
        direction = g + momentum·b

    The gradient is taken at the reported weight: there is no look-ahead point beside it. Agrees with
    ``torch.optim.SGD(lr=alpha, momentum, nesterov=True)`` and ``optax.sgd(nesterov=True)``.
    Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton, *On the importance of initialization and momentum in deep
    learning*, ICML 2013.

    >>> nesterov(1.0, NesterovState(), NesterovHyper()).direction
    1.9
    """
    b = h.momentum * s.b + g
    return NesterovState(b, g + h.momentum * b)
