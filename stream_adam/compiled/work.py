"""Where the numbers of a sweep stand in its working array."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stream_adam.strategies import Strategy

WIDTH = 32  # settings side by side: four of the widest registers, so that one division needn't wait for another


class Work(NamedTuple):
    """The rows of a group of `WIDTH` settings: g, the state, theta, the hyperparameters, four statistics.

    The groups have the shape (groups, rows·WIDTH): in each, the values of row k, one a setting, begin at k·WIDTH. All
    of a group lies at fixed distances, which tells the compiler that no row overlaps another.
    """

    state: int
    theta: int
    hyper: int
    statistics: int
    rows: int

    @classmethod
    def of(cls, strategy: Strategy) -> Work:
        """For this strategy's number of fields and of hyperparameters."""
        return cls.sized(len(strategy.initial_state()), len(strategy.hyper))

    @classmethod
    def sized(cls, fields: int, settings: int) -> Work:
        """For these numbers of fields and of hyperparameters."""
        theta = 1 + fields
        return cls(1, theta, theta + 1, theta + 1 + settings, theta + 5 + settings)
