"""How a function is compiled, and found again.

What was compiled is kept on disk, in `__pycache__` or the user's own cache, and found again by the code of the rule and
of all that it calls: a changed line is another rule.
"""

from __future__ import annotations

import inspect
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

import numba
from numba.extending import overload, register_jitable

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.strategies import Strategy
    from stream_adam.strategies.strategy import Rule

OPTIONS: Any = {"nogil": True, "error_model": "numpy"}
INLINE: Any = {"forceinline": True}  # a call would count the references to its arrays: 50 ns where the work takes 6


class CannotCompile(Exception):  # noqa: N818  (it says what is the case)
    """A rule uses what numba can't compile."""


def refusal(strategy: Strategy, error: Exception) -> CannotCompile:
    """What to say of a rule that numba refused: the first line that tells the reason."""
    lines = (line.strip() for line in str(error).splitlines())
    why = next((line for line in lines if line and not line.startswith("Failed in ")), type(error).__name__)
    return CannotCompile(f"{strategy.name} can't be compiled and runs interpreted: {why}")


def jit(function: Any, **options: Any) -> Any:
    """The function for numba, under an identity that is the same in every process: what encloses it can be kept."""
    made = numba.njit(**OPTIONS, **(options or INLINE))(function)
    made._set_uuid(uuid5(NAMESPACE_OID, f"{function.__qualname__} {fingerprint(function)}"))  # noqa: SLF001
    return made


def jit_apart(function: Any) -> Any:
    """The same as a function of its own: LLVM vectorises the loop in it, which it does not where a thread's begins."""
    return jit(function, forceinline=False)


def unrolled(function: Any) -> Callable[[Any], Any]:
    """Says what numba makes of the function for arguments of certain types: it is unrolled while it compiles."""
    return overload(function, jit_options=OPTIONS | INLINE, strict=False)  # strict compares annotations, too


def jit_and_keep(*named: Any, **options: Any) -> Callable[[Any], Any]:
    """Makes a loop for numba, kept on disk where there is a place for it, and all that is `named` can be found again.

    A rule of `__main__` or of a function has no name that another process knows: there would be a new copy of its loop
    for each.
    """
    keep = all(map(_is_known_by_name, named))

    def made(function: Any) -> Any:
        try:
            return numba.njit(**OPTIONS, **options, cache=keep)(function)
        except RuntimeError:  # numba can write nowhere
            return numba.njit(**OPTIONS, **options)(function)

    return made


def _is_known_by_name(named: Any) -> bool:
    module = sys.modules.get(named.__module__)
    return named.__module__ != "__main__" and getattr(module, named.__qualname__, None) is named


def code_of(rule: Rule, state_type: Any, hyper_type: Any) -> str:
    """What a loop of this rule encloses: numba tells cached loops apart by that."""
    return fingerprint(rule) + repr((state_type._fields, hyper_type._fields)) + _loops()


@cache
def _loops() -> str:
    """The code of this package, any line of which may have gone into a loop."""
    sources = (path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return sha256(b"".join(sources)).hexdigest()


def _callees(function: Any) -> list[Any]:
    """The plain functions that this one calls by their names."""
    known = inspect.getclosurevars(function)
    return [value for value in {**known.globals, **known.nonlocals}.values() if inspect.isfunction(value)]


def register_callees(function: Any) -> None:
    """Let numba compile the plain functions that this one calls, and the ones that they call."""
    for callee in _callees(function):
        if callee not in _registered:
            _registered.add(callee)
            register_callees(callee)
            register_jitable(error_model="numpy")(callee)


_registered: set[Any] = set()


def fingerprint(function: Any, seen: frozenset[Any] = frozenset()) -> str:
    """The function's code, with the numbers that it finds outside and the functions that it calls."""
    known = inspect.getclosurevars(function)
    numbers = {
        name: value
        for name, value in sorted({**known.globals, **known.nonlocals}.items())
        if isinstance(value, int | float | str | tuple)
    }
    own = repr((_spelled(function.__code__), function.__defaults__, numbers))
    return own + "".join(fingerprint(callee, seen | {function}) for callee in _callees(function) if callee not in seen)


def _spelled(code: CodeType) -> tuple[Any, ...]:
    """What makes a code object what it is, the same in every process."""
    constants = [_spelled(value) if isinstance(value, CodeType) else value for value in code.co_consts]
    return code.co_code, constants, code.co_names, code.co_varnames
