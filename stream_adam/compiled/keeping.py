"""How a function is compiled, and found again.

What was compiled is kept on disk, in `__pycache__` or the user's own cache, and found again by the code of the rule and
of all that it calls: a changed line is another rule.
"""

from __future__ import annotations

import inspect
import sys
from contextlib import suppress
from functools import cache
from glob import escape
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import CodeType
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

import numba
import numpy as np
from llvmlite.binding import add_symbol, address_of_symbol  # type: ignore[import-untyped]  # numba brings it
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile
from numba.core.runtime import _nrt_python  # type: ignore[attr-defined]
from numba.extending import overload, register_jitable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_adam.strategies import Strategy
    from stream_adam.strategies.strategy import Rule

OPTIONS: Any = {"nogil": True, "error_model": "numpy"}
FROZEN = (int, float, complex, str, tuple, np.generic, np.ndarray)  # outside a function, numba takes their values
INLINE: Any = {"forceinline": True}  # a call would count the references to its arrays: 50 ns where the work takes 6

_parallel = Lock()
_registered: set[Any] = set()  # functions that numba knows what to do with


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
    """The same as a function of its own: LLVM vectorises the loop in it, which it does not where a thread's begins.

    Of two kept loops that have functions of one name in them, LLVM links both with whichever it loaded first.
    """
    function.__qualname__ += f" {_hashed(fingerprint(function))}"
    return jit(function, forceinline=False)


def unrolled(function: Any) -> Callable[[Any], Any]:
    """Says what numba makes of the function for arguments of certain types: it is unrolled while it compiles."""
    _registered.add(function)
    return overload(function, jit_options=OPTIONS | INLINE, strict=False)  # strict compares annotations, too


def jit_and_keep(*named: Any, **options: Any) -> Callable[[Any], Any]:
    """Makes a loop for numba, kept on disk where there is a place for it, and all that is `named` can be found again.

    A rule of `__main__` or of a function has no name that another process knows: there would be a new copy of its loop
    for each.
    """
    keep = all(map(_is_known_by_name, named))

    def made(function: Any) -> Any:
        loop = numba.njit(**OPTIONS, **options)(function)
        if keep:
            with suppress(RuntimeError):  # numba can write nowhere
                loop._cache = _Cache(function)  # noqa: SLF001
        return _one_at_a_time(loop) if options.get("parallel") else loop

    return made


def _one_at_a_time(loop: Callable[..., Any]) -> Callable[..., Any]:
    """The loop, which takes all processors anyway: some of numba's ways to run threads bear no second one beside it."""

    def run(*arguments: Any) -> Any:
        with _parallel:
            return loop(*arguments)

    return run


class _Form(CompileResultCacheImpl):
    """A compiled form, with the names that it calls outside itself.

    numba reads all its registries before it loads one, 0.1 s; they matter to what is compiled, and to what has been
    only if a name can't be had without them.
    """

    def reduce(self, cres: Any) -> Any:
        """The form as it is kept."""
        module = cres.library._final_module  # noqa: SLF001
        values = (*module.functions, *module.global_variables)
        outside = [value.name for value in values if value.is_declaration and not value.name.startswith("llvm.")]
        return outside, super().reduce(cres)  # type: ignore[no-untyped-call]

    def rebuild(self, target_context: Any, payload: Any) -> Any:
        """The form that was kept, ready to run."""
        outside, form = payload
        for name, address in _nrt_python.c_helpers.items():
            add_symbol(name if name.startswith("_") else f"NRT_{name}", address)
        if not all(map(address_of_symbol, outside)):
            target_context.refresh()
        return super().rebuild(target_context, form)  # type: ignore[no-untyped-call]


class _Cache(FunctionCache):
    """numba's cache of one function's compiled forms, but safe for several processes at once."""

    _impl_class = _Form

    def __init__(self, function: Any) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        locator, base = self._impl.locator, self._impl.filename_base
        self._cache_file = Files(self._cache_path, base, locator.get_source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kept form for these types, or None; `_Form` looks after the context."""
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]


class Files(IndexDataCacheFile):
    """What was compiled, in a file each, named by all that tells it from others.

    numba numbers its files and notes in an index which is which. Of two processes that compile different rules at the
    same time, both take the next number; then the index tells one to run the other's rule.
    """

    def __init__(self, path: str, base: str, stamp: Any) -> None:
        super().__init__(path, base, stamp)  # type: ignore[no-untyped-call]
        self._of_this_code = f"{base}.{_hashed((numba.__version__, stamp))}"
        self._base = base

    def _name(self, key: Any) -> str:
        return f"{self._of_this_code}.{_hashed(key)}.nbc"

    def save(self, key: Any, data: Any) -> None:
        """Keep it, in the place of what earlier versions of the code left."""
        with suppress(OSError):  # what can't be kept was compiled all the same
            self._save_data(self._name(key), data)  # type: ignore[no-untyped-call]
            for path in Path(self._cache_path).glob(f"{escape(self._base)}.*.nbc"):  # none that is being written
                if not path.name.startswith(self._of_this_code):
                    path.unlink(missing_ok=True)

    def load(self, key: Any) -> Any:
        """What was kept, or None."""
        try:
            return self._load_data(self._name(key))  # type: ignore[no-untyped-call]
        except Exception:  # nothing there, or something that was cut off: the next `save` replaces it
            return None


def _hashed(what: Any) -> str:
    return sha256(repr(what).encode()).hexdigest()[:20]


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
    return [value for value in _outside(function).values() if inspect.isfunction(value)]


def register_callees(function: Any) -> None:
    """Let numba compile the plain functions that this one calls, and the ones that they call."""
    for callee in _callees(function):
        if callee not in _registered:
            _registered.add(callee)
            register_callees(callee)
            register_jitable(error_model="numpy")(callee)


def fingerprint(function: Any, seen: frozenset[Any] = frozenset()) -> str:
    """The function's code, with the values that it finds outside, in modules too, and the functions that it calls."""
    names = frozenset(_names(function.__code__))
    outside = [found for name, value in _outside(function).items() for found in _found(name, value, names)]
    values = sorted((name, repr(_told_apart(value))) for name, value in outside if isinstance(value, FROZEN))
    called = [getattr(value, "py_func", value) for _, value in outside]  # what numba has compiled is a function, too
    callees = dict.fromkeys(filter(inspect.isfunction, called))
    own = repr((_spelled(function.__code__), function.__defaults__, values))
    return own + "".join(fingerprint(callee, seen | {function}) for callee in callees if callee not in seen)


def _outside(function: Any) -> dict[str, Any]:
    """What the function finds outside itself, by name."""
    known = inspect.getclosurevars(function)
    return {**known.globals, **known.nonlocals}


def _found(name: str, value: Any, names: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """The value, by name; of a module that isn't numpy's own, what it has under any of the names, too."""
    yield name, value
    if inspect.ismodule(value) and value.__name__.partition(".")[0] not in {"numpy", "math", "cmath"}:
        for inner in sorted(names):
            if hasattr(value, inner):
                yield from _found(f"{name}.{inner}", getattr(value, inner), names - {inner})


def _names(code: CodeType) -> Iterator[str]:
    """The names that the code looks up, and the code in it."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _told_apart(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_told_apart, value))
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, sha256(value.tobytes()).hexdigest()
    return value


def _spelled(code: CodeType) -> tuple[Any, ...]:
    """What makes a code object what it is, the same in every process."""
    constants = [_spelled(value) if isinstance(value, CodeType) else value for value in code.co_consts]
    return code.co_code, constants, code.co_names, code.co_varnames
