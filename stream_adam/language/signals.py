"""Signals: pure functions of the tick, one value a tick.

Each takes ``t``, an array of ticks as float64, and gives an array of the same shape; its other arguments are numbers or
arrays that broadcast with ``t``. A new signal is a function here and a line in the table below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stream_adam.language.tree import Word, help_of, parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.typing import Array


@dataclass(frozen=True)
class SignalWord(Word):
    """A function of the tick."""

    at: Callable[..., Array]


TICKS_A_PERIOD = 50  # the original's `periods = size / 50`


def swinging(t: Array, size: Array = 10_000.0) -> Array:
    """20 sin a/2 + 10 cos² 2a + 3 sin 4a: the original's superposed swings, without their noise.

    `size` is the original's number of points: the fastest swing has a period of 12.5·(size − 1)/size ticks.
    """
    slow, middle, fast = (_original_angle(t, size, factor) for factor in (0.5, 2.0, 4.0))
    swings: Array = np.sin(slow) * 20 + np.square(np.cos(middle)) * 10 + np.sin(fast) * 3
    return swings


def swinging_soft(t: Array, size: Array = 10_000.0) -> Array:
    """5 sin 2a + 10: the original's simple swing, without its noise; its period is 25·(size − 1)/size ticks.

    `size` is the original's number of points. The angle goes in `size` steps from 0 to 2π·size/25, both ends included,
    so a run of another length needs its own size to be the original's.
    """
    return np.sin(_original_angle(t, size, 2.0)) * 5 + 10


def line(t: Array, level: Array = 5.0) -> Array:
    """The same value at every tick."""
    return level + 0.0 * t


def sine(t: Array, period: Array = 25.0, amplitude: Array = 1.0, phase: Array = 0.0) -> Array:
    """amplitude·sin(2π t/period + phase): 0 at t = 0, rising."""
    return amplitude * np.sin(2 * np.pi * t / period + phase)


def square(t: Array, period: Array = 25.0, amplitude: Array = 1.0, phase: Array = 0.0) -> Array:
    """Amplitude for the first half of each period, −amplitude for the second."""
    return amplitude * np.where(_turn(t, period, phase) < 0.5, 1.0, -1.0)


def sawtooth(t: Array, period: Array = 25.0, amplitude: Array = 1.0, phase: Array = 0.0) -> Array:
    """Rises from −amplitude to amplitude over each period, then falls at once."""
    return amplitude * (2 * _turn(t, period, phase) - 1)


def triangle(t: Array, period: Array = 25.0, amplitude: Array = 1.0, phase: Array = 0.0) -> Array:
    """Rises from −amplitude to amplitude over half a period and falls back over the other half."""
    return amplitude * (1 - 2 * np.abs(2 * _turn(t, period, phase) - 1))


def ramp(t: Array, slope: Array) -> Array:
    """slope·t."""
    return slope * t


def step(t: Array, at: Array, before: Array = 0.0, after: Array = 1.0) -> Array:
    """`before` until tick `at`, `after` from that tick on."""
    return np.where(t < at, before, after)


def impulse(t: Array, at: Array, height: Array = 1.0) -> Array:
    """`height` at tick `at`, 0 elsewhere."""
    return np.where(t == at, height, 0.0)


def chirp(t: Array, period0: Array, period1: Array, ticks: Array, amplitude: Array = 1.0) -> Array:
    """A sine whose frequency goes from 1/period0 to 1/period1 in `ticks` ticks, linearly, and stays there."""
    f0, f1 = 1 / period0, 1 / period1
    swept = np.minimum(t, ticks)
    cycles = f0 * swept + (f1 - f0) * swept * swept / (2 * ticks) + f1 * (t - swept)
    return amplitude * np.sin(2 * np.pi * cycles)


def _original_angle(t: Array, size: Array, factor: float) -> Array:
    """The original's `linspace(0, stop, num=size)` at tick t: its step is stop/(size−1), its last point is stop."""
    stop = size / TICKS_A_PERIOD * 2 * np.pi * factor
    return np.where(t == size - 1, stop, t * (stop / (size - 1)))


def _turn(t: Array, period: Array, phase: Array) -> Array:
    """How far into its period a waveform is, from 0 to below 1."""
    return (t / period + phase / (2 * np.pi)) % 1.0


SIGNALS: tuple[Callable[..., Array], ...] = (
    swinging, swinging_soft, line, sine, square, sawtooth, triangle, ramp, step, impulse, chirp,
)  # fmt: skip
SIGNAL_WORDS: dict[str, Word] = {
    f.__name__: SignalWord(f.__name__, parameters_of(f, 1), help_of(f), f) for f in SIGNALS
}
