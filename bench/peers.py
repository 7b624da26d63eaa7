"""The peers' own ways to do it, as their documentation would have it, and tuned where that is fair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from original import simulate_adam

from bench.harness import Act, Side, optional

Array = np.ndarray[Any, Any]
JAX = ("jax", "optax")
TORCH = ("torch",)
LOOP = "the original's loop"


def original(ticks: int, name: str = LOOP) -> Side:
    """The original program's loop over a gradient that is there already."""
    g = np.random.default_rng(1).normal(size=ticks)
    return Side(name, lambda: lambda: simulate_adam(g), ticks)


def jax_in_double() -> Any:
    """jax, computing in float64."""
    jax = optional("jax")
    jax.config.update("jax_enable_x64", True)
    return jax


def optax_scan(make: Callable[[Any], Any], g: Array, all_kept: bool = True) -> Side:
    """An optax optimizer over gradients that are there; see `_scan`."""

    def act() -> Act:
        scan = _scan(make, lambda _, given: given, all_kept)
        stream = optional("jax").numpy.asarray(g)
        return lambda: scan(stream)

    return Side(_named(all_kept), act, len(g), JAX)


def optax_descent(
    make: Callable[[Any], Any],
    gradient: Callable[[Any, Any], Any],
    draw: Callable[[], Array],
    ticks: int,
    all_kept: bool = True,
) -> Side:
    """An optax optimizer that descends ``gradient(theta, noise)``; drawing the noise is a part of the work."""

    def act() -> Act:
        scan = _scan(make, gradient, all_kept)
        return lambda: scan(optional("jax").numpy.asarray(draw()))

    return Side(_named(all_kept), act, ticks, JAX)


def _named(all_kept: bool) -> str:
    return f"optax in lax.scan, {'all columns' if all_kept else 'theta alone'}"


def _scan(make: Callable[[Any], Any], gradient: Callable[[Any, Any], Any], all_kept: bool) -> Callable[[Any], object]:
    """The optimizer in `lax.scan`, jitted, keeping of each tick the weight, or the weight, the step and the state."""
    jax, optax = jax_in_double(), optional("optax")
    optimizer = make(optax)

    def tick(carry: Any, given: Any) -> Any:
        theta, state = carry
        updates, state = optimizer.update(gradient(theta, given), state, theta)
        theta = optax.apply_updates(theta, updates)
        return (theta, state), (theta, updates, state) if all_kept else theta

    @jax.jit  # type: ignore[untyped-decorator, unused-ignore]
    def scan(stream: Any) -> Any:
        start = jax.numpy.ones(())
        return jax.lax.scan(tick, (start, optimizer.init(start)), stream)

    return lambda stream: jax.block_until_ready(scan(stream))


def torch_steps(name: str, make: Callable[[Any, Any], Any], ticks: int, closed: bool = False) -> Side:
    """A torch optimizer on one component, a `step()` a tick, on tensors that are there; closed, theirs is the noise."""

    def act() -> Act:
        torch = optional("torch")
        theta = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
        optimizer = make(torch, [theta])
        gradients = list(torch.randn(ticks, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))

        def steps() -> None:
            for g in gradients:
                theta.grad = theta.detach() + 0.1 * g if closed else g.clone()
                optimizer.step()

        return steps

    return Side(name, act, ticks, TORCH)
