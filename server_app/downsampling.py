"""Honest downsampling: the smallest and the largest of each bucket, never a random point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_adam.typing import Floats

EVERY_TICK = 5_000  # up to this window every tick is shown
BUCKETS = 300  # beyond it; two rows each, on a panel some 800 pixels wide


def downsampled(columns: Mapping[str, Floats], window: int) -> dict[str, Floats]:
    """Two rows a bucket, at its first and last tick: the smallest of each column, then the largest; at last the newest.

    `columns` are consecutive ticks, each of shape (ticks,), `t` among them. Buckets begin at multiples of their
    length, so that they stand still while the window moves over them. NaN counts only where a bucket has nothing else.
    """
    t = columns["t"]
    length = -(-window // BUCKETS)
    starts = np.flatnonzero(t % length == 0)
    if len(t) and (not len(starts) or starts[0] != 0):
        starts = np.concatenate([[0], starts])
    ends = np.concatenate([starts[1:], [len(t)]])[: len(starts)] - 1
    out = {}
    for name, values in columns.items():
        low = np.fmin.reduceat(values, starts) if len(t) else values
        high = np.fmax.reduceat(values, starts) if len(t) else values
        if name == "t":
            low, high = t[starts], t[ends]
        out[name] = np.append(np.column_stack([low, high]).ravel(), values[-1:])
    return out
