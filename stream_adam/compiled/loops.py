"""A compiled loop for a strategy: kept on disk where the strategy is the package's own, else in memory alone."""

from __future__ import annotations

from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING, Any

import stream_adam.compiled.singles  # noqa: F401  (which teaches numba `choose`)
from stream_adam.compiled.keeping import NotKept, kept
from stream_adam.compiled.making import CannotCompile, loop_in, one_at_a_time, refusal
from stream_adam.strategies import BUILT_IN, STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.compiled.making import Written
    from stream_adam.strategies import Strategy

MOST_OWN = 100  # loops of the user's own rules that a process compiles: LLVM gives the memory of none of them back
NEWEST = 16  # of these, those that are found again; numba's own notes about the others go

_lock = RLock()
_package: dict[tuple[Any, ...], Callable[..., Any]] = {}  # the loops of this process
_users: dict[tuple[Any, ...], Callable[..., Any] | str] = {}  # and those of the user's rules, or why there is none
_own = 0  # how many of the user's own rules' loops have been compiled


def loop_for(strategy: Strategy, written: Written, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """The loop, ready to run on arguments of these types; it is called once with these, which should be no work.

    Raises:
        CannotCompile: the rule uses what numba can't compile, or too many have been compiled.
    """
    key = _key(strategy, written.name)
    with _lock:
        if (known := _package.get(key)) is not None:
            return known
        if is_of_the_package(strategy):
            return _package.setdefault(key, _of_the_package(strategy, written, arguments))
        found = _users.pop(key, None) or _of_the_user(strategy, written, arguments)
        _users[key] = found  # the newest stands last
        if len(_users) > NEWEST:
            del _users[next(iter(_users))]
    if isinstance(found, str):
        raise CannotCompile(found)
    return found


def known_loop(strategy: Strategy, name: str) -> Callable[..., Any] | None:
    """The loop of that name, if this process has it; nothing is compiled or loaded."""
    key = _key(strategy, name)
    found = _package.get(key) or _users.get(key)
    return None if isinstance(found, str) else found


def is_of_the_package(strategy: Strategy) -> bool:
    """Whether it is the very strategy that the package has under that name, whatever its settings."""
    known = STRATEGIES.get(strategy.name) if strategy.name in BUILT_IN else None
    return known is not None and all(
        mine is its and mine.__module__.startswith("stream_adam.strategies.")
        for mine, its in zip(_parts(strategy), _parts(known), strict=True)
    )


def _parts(strategy: Strategy) -> tuple[Any, Any, Any]:
    return strategy.rule, strategy.State, strategy.Hyper


def _key(strategy: Strategy, name: str) -> tuple[Any, ...]:
    return (*_parts(strategy), name)


def _of_the_package(strategy: Strategy, written: Written, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    with suppress(NotKept):
        return _guarded(kept(written, arguments), written)
    return _compiled(strategy, written, arguments)


def _of_the_user(strategy: Strategy, written: Written, arguments: tuple[Any, ...]) -> Callable[..., Any] | str:
    """The loop, or why there is none: numba would find the same the next time.

    Raises:
        CannotCompile: too many have been compiled.
    """
    _count(strategy)
    try:
        return _compiled(strategy, written, arguments)
    except CannotCompile as error:
        return str(error)


def _compiled(strategy: Strategy, written: Written, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """The loop, compiled in memory.

    Raises:
        CannotCompile: the rule uses what numba can't compile.
    """
    _, loop = loop_in(written, f"<{written.name}>", keep=False)
    try:
        loop(*arguments)
    except Exception as error:  # numba raises more than its own errors
        raise refusal(strategy.name, error) from error
    return _guarded(loop, written)


def _guarded(loop: Callable[..., Any], written: Written) -> Callable[..., Any]:
    return one_at_a_time(loop) if written.parallel else loop


def _count(strategy: Strategy) -> None:
    """Note one more loop of a user's own rule.

    Raises:
        CannotCompile: there are too many already.
    """
    global _own  # noqa: PLW0603  (a count of this process)
    if _own >= MOST_OWN:
        raise CannotCompile(
            f"{strategy.name} runs interpreted: {MOST_OWN} loops of one's own rules were compiled in this process, and "
            "their memory can't be given back"
        )
    _own += 1
