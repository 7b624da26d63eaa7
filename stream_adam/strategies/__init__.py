"""Strategies: the table of all.

A new one is a function in the style of `stream_adam.strategies.adam` and a name in the table below; tests, the command
line's list and the page's sliders pick it up from there. A user's own needs no place here: hand the function itself
to `stream` and `simulate`, or `register` it to use its name in specs.
"""

from __future__ import annotations

from typing import TypeVar

from stream_adam.errors import SpecError
from stream_adam.strategies.adam import adam, adam_centered, adam_zero_based
from stream_adam.strategies.adam_decay import adamw, cautious_adamw, schedule_free_adamw, stable_adamw
from stream_adam.strategies.adam_first import adan, ademamix, laprop, nadam, novograd
from stream_adam.strategies.adam_second import adabelief, adamax, adopt, amsgrad, yogi
from stream_adam.strategies.adam_step import diffgrad, radam
from stream_adam.strategies.conventions import (
    adabelief_fresh_eps,
    adam_eps_hat,
    adam_eps_inside,
    adam_uncorrected,
    adam_variance,
    amsgrad_uncorrected,
    radam_paper,
)
from stream_adam.strategies.momentum import momentum, nesterov, sgd
from stream_adam.strategies.signs import lion, rprop, sign_sgd, signum
from stream_adam.strategies.squares import adadelta, adagrad, rmsprop, rmsprop_centered
from stream_adam.strategies.strategy import Rule, Strategy, StrategyLike

DEFAULT_STRATEGY = "adam_zero_based"
FAMILIES: dict[str, tuple[Rule, ...]] = {
    "Gradient and momentum": (sgd, momentum, nesterov),
    "Signs": (sign_sgd, signum, lion, rprop),
    "Accumulated squares": (adagrad, rmsprop, rmsprop_centered, adadelta),
    "Adam and the original experiment": (adam, adam_zero_based, adam_centered),
    "Adam's family": (
        adamw, amsgrad, adamax, nadam, radam, adabelief, yogi, adan, novograd, laprop, diffgrad, ademamix, adopt,
        stable_adamw, cautious_adamw, schedule_free_adamw,
    ),
    "Other conventions": (
        adam_eps_inside, adam_eps_hat, adam_uncorrected, adam_variance, amsgrad_uncorrected,
        adabelief_fresh_eps, radam_paper,
    ),
}  # fmt: skip
STRATEGIES: dict[str, Strategy] = {rule.__name__: Strategy.of(rule) for rules in FAMILIES.values() for rule in rules}
BUILT_IN = frozenset(STRATEGIES)

AnyRule = TypeVar("AnyRule", bound=Rule)


def as_strategy(strategy: StrategyLike) -> Strategy:
    """The strategy that a spec such as ``adam(beta2=0.99)``, a function or a strategy stands for.

    Raises:
        SpecError: an unknown name or hyperparameter, a value out of bounds, or a function of another shape.

    >>> as_strategy("adam(beta2=1)")
    Traceback (most recent call last):
    stream_adam.errors.SpecError: adam: beta2 is 1: it must be below 1
    """
    return Strategy.of(strategy, STRATEGIES)


def register(rule: AnyRule) -> AnyRule:
    """Make a function of one's own known by its name, in specs, lists and on the page; usable as a decorator.

    Raises:
        SpecError: the function has another shape, or the name is a built-in one's.
    """
    strategy = Strategy.of(rule)
    if strategy.name in BUILT_IN:
        raise SpecError(f"'{strategy.name}' is a strategy of stream_adam already: give yours another name")
    STRATEGIES[strategy.name] = strategy
    return rule


def names_by_family() -> dict[str, list[str]]:
    """The names of all strategies, those of the user's own last."""
    families = {family: [rule.__name__ for rule in rules] for family, rules in FAMILIES.items()}
    own = [name for name in STRATEGIES if name not in BUILT_IN]
    return families | ({"Your own": own} if own else {})


__all__ = [
    "DEFAULT_STRATEGY", "STRATEGIES", "Strategy", "StrategyLike", "adabelief", "adabelief_fresh_eps", "adadelta",
    "adagrad", "adam", "adam_centered", "adam_eps_hat", "adam_eps_inside", "adam_uncorrected", "adam_variance",
    "adam_zero_based",
    "adamax", "adamw", "adan", "ademamix", "adopt", "amsgrad", "amsgrad_uncorrected", "as_strategy", "cautious_adamw",
    "diffgrad", "laprop", "lion", "momentum", "nadam", "names_by_family", "nesterov", "novograd",
    "radam", "radam_paper", "register", "rmsprop", "rmsprop_centered", "rprop", "schedule_free_adamw", "sgd",
    "sign_sgd", "signum", "stable_adamw", "yogi",
]  # fmt: skip
