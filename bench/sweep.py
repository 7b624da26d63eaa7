"""Many settings on the same gradients, of which only final statistics are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.harness import Act, Peer, Plan, Row, Side, Work, faster, optional, run, within
from bench.limits import adam_sweep
from bench.peers import JAX, jax_in_double
from stream_adam import simulate, sweep
from stream_adam.engine import COMPILE_AFTER

SETTINGS, TICKS = 512, 10_000
FEW, MANY = 64, 65_536
LOOPED = 8  # settings that the loop over settings is timed with
Array = np.ndarray[Any, Any]


def rows(plan: Plan) -> Iterator[Row]:
    """512 settings; then how the cost of one goes with their number."""
    g = np.random.default_rng(1).normal(size=plan.sized(TICKS))
    yield from run(_work(g), plan)
    short = g[: max(50, len(g) // 200)]  # of many settings a few ticks, and as much work in all of few
    few = Side(f"ours, {FEW} settings", lambda: _ours(g, *_settings(FEW)), FEW * len(g))
    many = Side(f"ours, {MANY:,} settings", lambda: _ours(short, *_settings(MANY)), MANY * len(short))
    for one, other in ((many, few), (few, many)):
        yield from run(Work(f"sweep, flat: {one.name}", "setting and tick", one, (Peer(other, within(1.5)),)), plan)


def _work(g: Array) -> Work:
    alphas, beta2s = _settings(SETTINGS)
    units = SETTINGS * len(g)
    out = np.empty((3, SETTINGS))

    def looped() -> Act:
        simulate(np.zeros(COMPILE_AFTER), "adam", seed=1)  # the short ones go compiled, once a long one has been
        return loop

    def loop() -> None:
        for alpha, beta2 in zip(alphas[:LOOPED], beta2s, strict=False):
            run = simulate(g, f"adam(alpha={float(alpha)!r}, beta2={float(beta2)!r})", ticks=len(g), seed=1)
            assert np.isfinite((run["theta"][-1], run["direction"].mean(), np.square(run["direction"]).mean())).all()

    return Work(
        f"sweep: adam, {SETTINGS} settings × {len(g):,} ticks, final statistics",
        "setting and tick",
        Side("ours: sweep()", lambda: _ours(g, alphas, beta2s), units),
        (
            Peer(Side("optax under vmap, jit", lambda: _optax(g, alphas, beta2s), units, JAX), faster()),
            Peer(Side("a loop of simulate() over settings", looped, LOOPED * len(g)), faster()),
            Peer(Side("limit: numba by hand, parallel", lambda: lambda: adam_sweep(g, alphas, beta2s, out), units)),
        ),
    )


def _settings(n: int) -> tuple[Array, Array]:
    return np.geomspace(1e-4, 1e-1, n), 1 - np.geomspace(1e-3, 1e-1, n)


def _ours(g: Array, alphas: Array, beta2s: Array) -> Act:
    return lambda: sweep(g, "adam", ticks=len(g), seed=1, alpha=alphas, beta2=beta2s)


def _optax(g: Array, alphas: Array, beta2s: Array) -> Act:
    jax = jax_in_double()
    optax = optional("optax")

    def one(alpha: Any, beta2: Any, stream: Any) -> Any:
        optimizer = optax.adam(alpha, b2=beta2)

        def tick(carry: Any, slope: Any) -> Any:
            theta, state, total, squares = carry
            updates, state = optimizer.update(slope, state, theta)
            direction = updates / alpha
            theta = optax.apply_updates(theta, updates)
            return (theta, state, total + direction, squares + direction * direction), None

        start = jax.numpy.zeros(())
        (theta, _, total, squares), _ = jax.lax.scan(tick, (start, optimizer.init(start), start, start), stream)
        return theta, total, squares

    every = jax.jit(jax.vmap(one, (0, 0, None)))
    arguments = [jax.numpy.asarray(values) for values in (alphas, beta2s, g)]
    return lambda: jax.block_until_ready(every(*arguments))
