"""How numba is asked to compile, and what it is given: a rule of the user's own, with the functions that it calls.

numba's compiler works on one Python function at a time, with the values that the function finds outside itself frozen
as they are at that moment. It refuses a plain function that is called by another one; it must have been handed to
numba, too. So a rule is copied with each of its callees replaced by a compiled one, and the user's own function is left
as it was.

The bits equal those of the interpreter, since numba is asked for neither of what would change them: no fast-math, which
reorders sums, and numpy's error model, where a division by zero gives infinity.

Whatever was compiled stays in memory until the process ends: LLVM gives nothing back. So there is a limit to it.
"""

from __future__ import annotations

import inspect
from contextlib import suppress
from functools import cache
from threading import Lock
from types import CellType, CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np
from numba.extending import overload

from stream_adam.sources.program import function_of_one, function_of_two, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from stream_adam.strategies import Strategy

OPTIONS: Any = {"nogil": True, "error_model": "numpy"}
ALONE: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # nobody else calls such a function
# A call would count the references to its arrays: 50 ns where the work takes 6.
INLINE: Any = ALONE | {"forceinline": True}
SHORT = 1_000  # bytes of Python's bytecode, up to which a function is copied into its callers

_parallel = Lock()
_taught: set[Any] = set()  # functions that numba knows how to compile already


class CannotCompile(Exception):  # noqa: N818  (it says what is the case)
    """A rule can't be compiled, and why."""


class Written(NamedTuple):
    """A loop before it is compiled.

    Attributes:
        name: of the module; it tells this loop from every other one of the same environment.
        text: of the module, whose function ``loop`` is wanted.
        given: what the text finds among its globals, beside numpy and `numba.prange`.
        apart: the function, if any, that is compiled for itself and not inlined into ``loop``.
    """

    name: str
    text: str
    given: Mapping[str, Any]
    apart: str | None = None

    @property
    def parallel(self) -> bool:
        """Whether its threads take all processors."""
        return self.apart is not None


def taught(function: Any) -> Callable[[Any], Any]:
    """Says what numba makes of the function for arguments of certain types."""
    _taught.add(function)
    return overload(function, jit_options=OPTIONS | INLINE, strict=False)  # strict compares annotations, too


def given_of(strategy: Strategy) -> dict[str, Any]:
    """What every loop of a strategy finds among its globals."""
    return {"rule": callable_of(strategy.rule), "State": strategy.State, "Hyper": strategy.Hyper}


def loop_in(written: Written, file: str, *, keep: bool) -> tuple[ModuleType, Any]:
    """The written module as if read from that file, and its loop for numba, which compiles it at the first call."""
    module = ModuleType(f"stream_adam_{written.name}")
    alone: Any = OPTIONS | {"no_cfunc_wrapper": True}
    names = vars(module)
    exec(compile(written.text, file, "exec", dont_inherit=True), names)  # noqa: S102  (no word of it is the user's)
    names.update(written.given, np=np, prange=numba.prange)
    if written.apart:
        names[written.apart] = numba.njit(**INLINE | alone | {"forceinline": False})(names[written.apart])
    return module, numba.njit(**alone, cache=keep, parallel=written.parallel)(names["loop"])


def one_at_a_time(loop: Callable[..., Any]) -> Callable[..., Any]:
    """The loop, which takes all processors anyway: some of numba's ways to run threads bear no second one beside it."""

    def run(*arguments: Any) -> Any:
        with _parallel:
            return loop(*arguments)

    return run


def refusal(name: str, error: Exception) -> CannotCompile:
    """What to say of a rule that numba refused: the first line that tells the reason."""
    lines = (line.strip() for line in str(error).splitlines())
    why = next((line for line in lines if line and not line.startswith("Failed in ")), type(error).__name__)
    return CannotCompile(f"{name} can't be compiled and runs interpreted: {why}")


@cache
def walker() -> Any:
    """`program.value_at` for numba, with the functions that it calls.

    Those that take long anyway are called, not inlined: to optimize them again in each loop takes LLVM two seconds.
    """
    known: dict[Any, Any] = {}
    for function in (function_of_one, function_of_two):
        _add(function, known, ALONE)
    return callable_of(value_at, known)


def callable_of(function: Any, known: dict[Any, Any] | None = None) -> Any:
    """The function for numba, and so each plain function that it calls by name."""
    known = {} if known is None else known
    if function not in known:
        _add(function, known, _inlined(function))
    return known[function]


def _add(function: Any, known: dict[Any, Any], how: Mapping[str, Any]) -> None:
    """Make the function known, and what it calls."""
    outside: dict[str, Any] = {"__name__": function.__module__, "__builtins__": __builtins__}
    cells = tuple(CellType() for _ in function.__closure__ or ())
    copy = FunctionType(function.__code__, outside, function.__name__, function.__defaults__, cells)
    copy.__kwdefaults__, copy.__qualname__ = function.__kwdefaults__, function.__qualname__
    known[function] = numba.njit(**OPTIONS, **how)(copy)  # before its callees: it may be one itself
    outside.update({name: _callee(value, known) for name, value in _globals_of(function).items()})
    for cell, original in zip(cells, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # the name has no value yet
            cell.cell_contents = _callee(original.cell_contents, known)


def _callee(value: Any, known: dict[Any, Any]) -> Any:
    return callable_of(value, known) if _is_plain(value) else value


def _is_plain(value: Any) -> bool:
    """Whether it is a function that numba would refuse to call."""
    return inspect.isfunction(value) and value not in _taught


def _inlined(function: Any) -> Any:
    """How calls of the function vanish: numba copies a short one into its caller, LLVM any other.

    What numba copies costs no machine code of its own, half a megabyte each. It can't copy a function that calls
    itself, confuses the variables of enclosing functions, knows no keyword's default there, and takes long over what
    is called in many places.
    """
    is_plain = not (function.__closure__ or function.__defaults__ or function.__kwdefaults__)
    is_short = len(function.__code__.co_code) <= SHORT
    return {"inline": "always"} if is_plain and is_short and not _reaches(function, function, set()) else INLINE


def _reaches(function: Any, wanted: Any, seen: set[Any]) -> bool:
    """Whether the function calls the wanted one, by way of others or at once."""
    callees = {value for value in _globals_of(function).values() if _is_plain(value)} - seen
    seen |= callees
    return wanted in callees or any(_reaches(callee, wanted, seen) for callee in callees)


def _globals_of(function: Any) -> dict[str, Any]:
    """What the function finds in its module, by name."""
    names = function.__globals__.keys() & set(_names(function.__code__))
    return {name: function.__globals__[name] for name in names}


def _names(code: CodeType) -> Iterator[str]:
    """The names that the code looks up, and the code in it."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)
