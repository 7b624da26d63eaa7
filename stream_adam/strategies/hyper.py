"""Hyperparameters that several strategies share: their help, their bounds, and what a slider spans."""

from __future__ import annotations

from typing import Annotated

from stream_adam.strategies.strategy import Knob


def share(of_what: str) -> Knob:
    """A beta: a share below 1."""
    return Knob(f"how much of {of_what}", 0.0, 1.0, below_high=True, scale="one_minus", reach=(0.0, 0.99999))


MeanBeta = Annotated[float, share("the mean is kept")]
SquareBeta = Annotated[float, share("the mean square is kept")]
BufferShare = Annotated[float, Knob("how much of the buffer is kept", 0.0, 1.0, reach=(0.0, 1.0))]
Decay = Annotated[float, Knob("weight decay: the share of alpha·theta lost in a tick", low=0.0, reach=(0.0, 1.0))]
