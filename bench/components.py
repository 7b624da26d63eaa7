"""One tick of Adam on a million components, in float64 and in float32."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.harness import Act, Peer, Plan, Row, Side, Work, faster, optional, run, within
from bench.limits import ALPHA, BETA1, BETA2, EPS, adam_tick
from stream_adam import Descent

COMPONENTS = 1_000_000
TICKS = 10  # in a turn


def rows(plan: Plan) -> Iterator[Row]:
    """Both widths."""
    n = plan.sized(COMPONENTS)
    for name in ("float64", "float32"):
        g = np.random.default_rng(1).normal(size=n).astype(name)
        sides = (
            Peer(_torch("torch fused", g, fused=True), within(1.1)),
            Peer(_torch("torch foreach", g, foreach=True), faster()),
            Peer(Side("numpy as usually written", lambda g=g: _numpy(g), TICKS), faster()),  # type: ignore[misc]
            Peer(Side("limit: numba by hand, parallel", lambda g=g: _by_hand(g), TICKS)),  # type: ignore[misc]
        )
        ours = Side("ours: Descent", lambda g=g: _ours(g), TICKS)  # type: ignore[misc]
        yield from run(Work(f"adam on {n:,} components, {name}", "tick", ours, sides), plan)


def _ours(g: Any) -> Act:
    descent = Descent("adam", np.zeros_like(g))

    def ticks() -> None:
        for _ in range(TICKS):
            descent.step(g)

    return ticks


def _torch(name: str, g: Any, **how: bool) -> Side:
    def act() -> Act:
        torch = optional("torch")
        theta = torch.nn.Parameter(torch.zeros(len(g), dtype=getattr(torch, g.dtype.name)))
        theta.grad = torch.from_numpy(g.copy())
        optimizer = torch.optim.Adam([theta], ALPHA, (BETA1, BETA2), EPS, **how)

        def ticks() -> None:
            for _ in range(TICKS):
                optimizer.step()

        return ticks

    return Side(name, act, TICKS, ("torch",))


def _numpy(g: Any) -> Act:
    m, v, theta, k = np.zeros_like(g), np.zeros_like(g), np.zeros_like(g), 0

    def ticks() -> None:
        nonlocal m, v, theta, k
        for _ in range(TICKS):
            k += 1
            m = BETA1 * m + (1 - BETA1) * g
            v = BETA2 * v + (1 - BETA2) * g**2
            m_hat = m / (1 - BETA1**k)
            v_hat = v / (1 - BETA2**k)
            theta -= ALPHA * m_hat / (np.sqrt(v_hat) + EPS)

    return ticks


def _by_hand(g: Any) -> Act:
    m, v, theta, k = np.zeros_like(g), np.zeros_like(g), np.zeros_like(g), 0

    def ticks() -> None:
        nonlocal k
        for _ in range(TICKS):
            k += 1
            rates = (ALPHA / (1 - BETA1**k), 1 / np.sqrt(1 - BETA2**k), BETA1, BETA2, EPS)
            adam_tick(g, m, v, theta, np.array(rates, g.dtype))

    return ticks
