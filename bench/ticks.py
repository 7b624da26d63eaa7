"""One component, tick after tick: `simulate` on what is recorded, on a formula, in a closed loop; and the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import numpy as np

from bench.harness import Peer, Plan, Row, Side, Work, faster, run, within
from bench.limits import adam_columns
from bench.peers import optax_descent, optax_scan, original, torch_steps
from stream_adam import simulate, stream

LONG = 1_000_000
FORMULA = "swinging_soft() + normal(0.5)"
CLOSED = "quadratic(1) + normal(0.1)"


def rows(plan: Plan) -> Iterator[Row]:
    """Each work in turn."""
    for work in (recorded(plan), formula(plan), streamed(plan), closed(plan)):
        yield from run(work, plan)


def recorded(plan: Plan) -> Work:
    """Gradients that are there already."""
    n = plan.sized(LONG)
    g = np.random.default_rng(1).normal(size=n)
    return Work(
        f"simulate, adam, recorded gradients, {n:,} ticks, all columns",
        "tick",
        Side("ours", lambda: lambda: simulate(g, "adam", ticks=n, seed=1), n),
        (
            Peer(original(plan.sized(20_000)), faster(60)),
            Peer(optax_scan(_adam, g), faster()),
            Peer(optax_scan(_adam, g, all_kept=False), faster()),
            Peer(
                torch_steps("torch.optim.Adam, a step", lambda t, p: t.optim.Adam(p, 1e-3), plan.sized(2_000)),
                faster(),
            ),
            Peer(Side("limit: numba by hand, same columns", lambda: lambda: adam_columns(g), n), within(1.1)),
        ),
    )


def formula(plan: Plan) -> Work:
    """Gradients from a formula with noise; the limit is numpy's own sine and draws, and the kernel by hand."""
    n = plan.sized(LONG)

    def limit() -> None:
        rng = np.random.default_rng(1)
        swing = np.sin(np.arange(n, dtype=np.float64) * (2 * np.pi / 25)) * 5 + 10
        adam_columns(swing + 0.5 * rng.standard_normal(n))

    return Work(
        f"simulate, adam, {FORMULA}, {n:,} ticks",
        "tick",
        Side("ours", lambda: lambda: simulate(FORMULA, "adam", ticks=n, seed=1), n),
        (Peer(Side("limit: numpy's sine and draws, then numba by hand", lambda: limit, n), within(1.2)),),
    )


def closed(plan: Plan) -> Work:
    """A gradient that depends on the weight, with noise that numpy draws: for optax as well as for us."""
    n = plan.sized(LONG)

    def by_optax(all_kept: bool) -> Peer:
        return Peer(
            optax_descent(
                _adam,
                lambda theta, noise: theta + noise,
                lambda: 0.1 * np.random.default_rng(1).normal(size=n),
                n,
                all_kept,
            ),
            faster(),
        )

    return Work(
        f"simulate, adam, {CLOSED}, {n:,} ticks",
        "tick",
        Side("ours", lambda: lambda: simulate(CLOSED, "adam", ticks=n, seed=1, theta0=1.0), n),
        (
            by_optax(all_kept=True),
            by_optax(all_kept=False),
            Peer(
                torch_steps("a torch loop", lambda t, p: t.optim.Adam(p, 1e-3), plan.sized(2_000), closed=True),
                faster(),
            ),
        ),
    )


def streamed(plan: Plan) -> Work:
    """`async for` over the stream, as fast as it comes."""
    n = plan.sized(LONG)

    def ours() -> None:
        asyncio.run(_consume(stream(FORMULA, "adam", seed=1, ticks=n)))

    def empty() -> None:
        asyncio.run(_consume(_empty(n)))

    return Work(
        f"async for over stream(), unpaced, {n:,} ticks",
        "tick",
        Side("ours", lambda: ours, n),
        (
            Peer(original(plan.sized(20_000), "the original's loop, without streaming"), faster(8)),
            Peer(Side("limit: an empty async generator", lambda: empty, n), within(5)),
        ),
    )


def _adam(optax: Any) -> Any:
    return optax.adam(1e-3)


async def _consume(source: AsyncGenerator[object, None]) -> None:
    async for _ in source:
        pass


async def _empty(ticks: int) -> AsyncGenerator[object, None]:
    for i in range(ticks):
        yield i
