"""Adam's family: the step itself is scaled, by how much is known or by how much the gradient changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_adam.strategies.adam import AdamHyper
from stream_adam.strategies.arithmetic import choose, exponential, moments
from stream_adam.strategies.strategy import Carried, Derived, DerivedSquare, Square


class RadamState(NamedTuple):
    """Adam's moments, the length rho of their memory, and the rectification r: 0 while there is none."""

    m: float = 0.0
    v: Square = 0.0
    rho: Derived = 0.0
    r: Derived = 0.0
    m_hat: Derived = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    ticks: Carried = 0.0
    direction: float = 0.0


def rectified(g: float, s: RadamState, h: AdamHyper, threshold: float) -> RadamState:
    """RAdam, rectified as soon as rho is above the threshold."""
    m, v, m_hat, _, beta1_t, beta2_t = moments(g, s, h)
    k = s.ticks + 1
    rho_inf = 2 / (1 - h.beta2) - 1
    rho = rho_inf - 2 * k * beta2_t / (1 - beta2_t)
    enough = rho > threshold  # then rho_inf is above it as well, and nothing below is divided by 0
    known, limit = choose(enough, rho, 5.0), choose(enough, rho_inf, 5.0)
    ratio = (known - 4) * (known - 2) * limit / ((limit - 4) * (limit - 2) * known)
    r = choose(enough, np.sqrt(ratio), 0.0)
    step = m_hat * r * np.sqrt(1 - beta2_t) / (np.sqrt(v) + h.eps)
    return RadamState(m, v, rho, r, m_hat, beta1_t, beta2_t, k, choose(enough, step, m_hat))


def radam(g: float, s: RadamState, h: AdamHyper) -> RadamState:
    """Adam that waits with dividing until its second moment is known well enough (Liu et al. 2019).

        m, v, m_hat as `adam`                               k = t + 1
        rho_inf = 2/(1 - beta2) - 1                         rho = rho_inf - 2·k·beta2^k/(1 - beta2^k)
        r = √[(rho - 4)·(rho - 2)·rho_inf / ((rho_inf - 4)·(rho_inf - 2)·rho)]
        direction = m_hat·r·√(1 - beta2^k) / (√v + eps) if rho > 5, else m_hat

    The threshold is 5, which is the sixth tick with the defaults, and eps is added to the root of the uncorrected v, as
    in ``torch.optim.RAdam``; optax adds it after the correction. The paper's threshold is 4: `radam_paper`. r is 0 as
    long as nothing is rectified; with beta2 ≤ 2/3 that is always. Source: L. Liu et al., *On the Variance of the
    Adaptive Learning Rate and Beyond*, arXiv:1908.03265.

    >>> s = RadamState()
    >>> for _ in range(6):
    ...     s = radam(10.0, s, AdamHyper())
    >>> round(float(s.rho), 4), round(float(s.direction), 7)
    (5.9942, 0.0258211)
    """
    return rectified(g, s, h, 5.0)


class DiffgradState(NamedTuple):
    """Adam's moments, the gradient before, and the friction xi."""

    m: float = 0.0
    v: Square = 0.0
    g_prev: float = 0.0
    xi: Derived = 0.0
    m_hat: Derived = 0.0
    v_hat: DerivedSquare = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0


def diffgrad(g: float, s: DiffgradState, h: AdamHyper) -> DiffgradState:
    """Adam with friction where the gradient is steady (Dubey et al. 2019).

        xi = 1 / (1 + exp(-|g_prev - g|))                   g_prev = g
        m, v, m_hat, v_hat as `adam`
        direction = xi·m_hat / (√v_hat + eps)

    xi lies between ½, for a steady gradient, and 1; g_prev is 0 on the first tick. Agrees with xi times the step of
    ``torch.optim.Adam``, the paper's algorithm; ``pytorch_optimizer.DiffGrad`` has the uncorrected root, with 1e-15
    inside it. Source: S. R. Dubey et al., *diffGrad: An Optimization Method for Convolutional Neural Networks*,
    arXiv:1909.11015.

    >>> h = AdamHyper(eps=0.0)
    >>> round(float(diffgrad(3.0, diffgrad(3.0, DiffgradState(), h), h).direction), 9)
    0.5
    """
    xi = 1 / (1 + exponential(-np.abs(s.g_prev - g)))
    m, v, m_hat, v_hat, beta1_t, beta2_t = moments(g, s, h)
    direction = xi * m_hat / (np.sqrt(v_hat) + h.eps)
    return DiffgradState(m, v, g, xi, m_hat, v_hat, beta1_t, beta2_t, direction)
