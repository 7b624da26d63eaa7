"""Objectives: their gradient at ``theta``, in closed form. Using one closes the loop.

A gradient is written once, with the operators alone, and so it works on numbers, on arrays and on syntax trees: the
compiled closed loop walks the tree that the function gives for ``theta``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.expression import Operand


def quadratic(theta: Operand, curvature: Operand = 1.0) -> Operand:
    """The gradient curvature·theta of the bowl curvature·theta²/2; its minimum is at 0."""
    return curvature * theta


OBJECTIVES: tuple[Callable[..., Operand], ...] = (quadratic,)
