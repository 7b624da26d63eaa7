"""Noise: each function draws the next n values from its own generator, one draw a tick, in tick order.

A scale multiplies the draw, so it may change with t. A new noise is a function here and a line in the table below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.typing import Array

Generator = np.random.Generator


def normal(rng: Generator, n: int, scale: Array = 1.0) -> Array:
    """Normal with mean 0 and standard deviation `scale`; the original's noise."""
    return scale * rng.standard_normal(n)


def uniform(rng: Generator, n: int, scale: Array = 1.0) -> Array:
    """Uniform between −scale and scale."""
    return scale * rng.uniform(-1.0, 1.0, n)


def laplace(rng: Generator, n: int, scale: Array = 1.0) -> Array:
    """Laplace (two-sided exponential) with mean 0."""
    return scale * rng.laplace(0.0, 1.0, n)


def student_t(rng: Generator, n: int, df: Array = 3.0, scale: Array = 1.0) -> Array:
    """Student's t with `df` > 0 degrees of freedom: heavy tails; NaN at a tick whose `df` is not above 0."""
    fair = np.greater(df, 0)
    return np.where(fair, scale * rng.standard_t(np.where(fair, df, 1.0), n), np.nan)


def cauchy(rng: Generator, n: int, scale: Array = 1.0) -> Array:
    """Cauchy: tails so heavy that there is no mean."""
    return scale * rng.standard_cauchy(n)


def bernoulli(rng: Generator, n: int, p: Array = 0.5) -> Array:
    """1 with probability p, else 0."""
    return (rng.random(n) < p).astype(np.float64)


def random_walk(rng: Generator, n: int, scale: Array = 1.0) -> Array:
    """The running sum of normal steps with standard deviation `scale`."""
    return scale * rng.standard_normal(n)


@dataclass(frozen=True)
class Noise:
    """How a noise is drawn, whether its draws are added up, and what it needs of its arguments to be a number."""

    draw: Callable[..., Array]
    accumulates: bool = False
    needs: str = ""


NOISES = (
    Noise(normal), Noise(uniform), Noise(laplace), Noise(student_t, needs="df > 0"), Noise(cauchy), Noise(bernoulli),
    Noise(random_walk, accumulates=True),
)  # fmt: skip
