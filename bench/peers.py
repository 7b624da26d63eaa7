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


def optax_scan(
    make: Callable[[Any], Any], g: Array, gradient: Callable[[Any, Any], Any] | None = None, all_kept: bool = True
) -> Side:
    """An optax optimizer in `lax.scan`, jitted, keeping of each tick the weight, or the weight, the step and the state.

    The gradient is that of `g`, or, in a closed loop, ``gradient(theta, g)`` with the noise as g.
    """

    def act() -> Act:
        jax, optax = jax_in_double(), optional("optax")
        optimizer = make(optax)

        def tick(carry: Any, given: Any) -> Any:
            theta, state = carry
            slope = given if gradient is None else gradient(theta, given)
            updates, state = optimizer.update(slope, state, theta)
            theta = optax.apply_updates(theta, updates)
            return (theta, state), (theta, updates, state) if all_kept else theta

        @jax.jit  # type: ignore[untyped-decorator, unused-ignore]
        def scan(stream: Any) -> Any:
            start = jax.numpy.ones(())
            return jax.lax.scan(tick, (start, optimizer.init(start)), stream)

        stream = jax.numpy.asarray(g)
        return lambda: jax.block_until_ready(scan(stream))

    return Side(f"optax in lax.scan, {'all columns' if all_kept else 'theta alone'}", act, len(g), JAX)


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
