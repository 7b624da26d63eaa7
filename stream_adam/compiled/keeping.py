"""The loops of the package's own strategies, kept on disk between processes.

Compiling a loop takes a second, loading one that was kept some milliseconds. numba keeps what it compiles if a function
is declared with ``cache=True``. It finds it again by the function's file, name, line and bytecode; it does *not* look
at what the function finds among its globals. So a loop that is to be found again must say everything in its own text
and file, or in something that names the folder:

- each loop has a file of its own, and is called with arguments of one kind alone: numba then keeps one form of it;
- the folder is named by a hash of the package's sources and of the versions of Python, numba, llvmlite and numpy.
  A changed line is another folder;
- only a strategy of the package's own is kept. A user's rule may depend on anything; it is compiled in each process.

numba loads what it finds without looking whether it is whole. Beside its files stands a checksum, which is compared
before numba sees them. Several processes may keep the same loop at once: each file is written under another name and
renamed into its place, all of them say the same, and a checksum that fits a mixture of two is not needed: a loop whose
checksum doesn't fit is compiled anew.

Whatever fails here, a folder, a file, a full disk, means that the loop is compiled in memory and not kept.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

import llvmlite
import numba
import numpy as np
from llvmlite.binding import get_host_cpu_features, get_host_cpu_name

from stream_adam.compiled.making import loop_in
from stream_adam.origin import PACKAGE, digest

if TYPE_CHECKING:
    from stream_adam.compiled.making import Written

LEFT_OUT = {
    "CACHE_DIR",
    "NUM_THREADS",
    "THREADING_LAYER",
    "THREADING_LAYER_PRIORITY",
}  # numba's settings that change nothing in a loop


class NotKept(Exception):  # noqa: N818  (it says what is the case)
    """There is no place for a loop on disk, or it could not be written there."""


def kept(written: Written, arguments: tuple[Any, ...]) -> Any:
    """The loop, loaded from disk, or compiled now and kept there; `arguments` are of the one kind that it takes.

    Raises:
        NotKept: it can be neither; compile it in memory.
    """
    folder = folder_here()
    try:
        return _kept_in(folder, written, arguments)
    except Exception as error:  # numba raises all kinds: of files that it can't read, or can't write
        raise NotKept(f"{type(error).__name__}: {error}") from error


def is_kept(name: str) -> bool:
    """Whether a loop of that name is there and whole."""
    try:
        return _is_whole(_sum_of(folder_here(), name))
    except NotKept:
        return False


def folder_here() -> Path:
    """The folder of this environment's loops, made if need be; what it held before the last change is cleared.

    Raises:
        NotKept: there is none that can be written to.
    """
    environment, state = _environment(), _state()
    for root in _roots():
        folder = root / f"loops_{environment}_{state}"
        with suppress(OSError):
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                _clear(root, f"loops_{environment}_", but=folder.name)
            if os.access(folder, os.W_OK):
                return folder
    raise NotKept("there is no folder that can be written to")


def _kept_in(folder: Path, written: Written, arguments: tuple[Any, ...]) -> Any:
    source, checksum = folder / f"{written.name}.py", _sum_of(folder, written.name)
    if not source.exists() or source.read_bytes() != written.text.encode():
        _write(source, written.text)
    module, loop = loop_in(written, str(source), keep=True)
    sys.modules[module.__name__] = module  # numba looks there for what the loop finds outside itself
    whole = _is_whole(checksum)
    if not whole:
        for path in _files_of(loop, written.name):
            path.unlink(missing_ok=True)
    loop(*arguments)
    if not whole or not loop.stats.cache_hits:
        files = _files_of(loop, written.name)
        _write(checksum, "".join(f"{_hashed(path.read_bytes())} {path}\n" for path in files))
    return loop


def _files_of(loop: Any, name: str) -> list[Path]:
    """What numba has kept of that loop."""
    found = Path(loop.stats.cache_path).glob(f"{name}.loop-*")
    return sorted(path for path in found if path.suffix in {".nbi", ".nbc"})


def _sum_of(folder: Path, name: str) -> Path:
    """Where the checksum stands: a line for each of numba's files, its hash and its path."""
    return folder / f"{name}.sum"


def _is_whole(checksum: Path) -> bool:
    """Whether each of the files is what it was when the checksum was written."""
    try:
        lines = [line.partition(" ") for line in checksum.read_text(encoding="utf-8").splitlines()]
        return bool(lines) and all(_hashed(Path(path).read_bytes()) == found for found, _, path in lines)
    except (OSError, ValueError):  # no such file; no text, or no path
        return False


def _write(path: Path, text: str) -> None:
    """Put the text there at once: no other process sees a part of it."""
    new = path.with_name(f"{path.name}.{os.getpid()}.{get_ident()}.tmp")
    try:
        new.write_text(text, encoding="utf-8", newline="\n")
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _roots() -> list[Path]:
    """Where such a folder may be: where numba was told to put its files; else beside Python's, or the user's cache."""
    config: Any = numba.config
    if config.CACHE_DIR:
        return [Path(config.CACHE_DIR)]
    return [Path(cache_from_source(__file__)).parent, users_cache() / "stream_adam"]


def users_cache() -> Path:
    """The folder for what a program can make again, by the system's custom."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _environment() -> str:
    """What may differ between two installations that share a folder: each clears its own former loops alone."""
    names = {name for name in dir(numba.config) if name.isupper()} - LEFT_OUT
    settings = sorted((name, getattr(numba.config, name)) for name in names)
    features: Any = ""
    with suppress(RuntimeError):  # llvmlite doesn't know every processor's
        features = sorted(get_host_cpu_features().items())
    return _short((str(PACKAGE), sys.prefix, sys.flags.optimize, get_host_cpu_name(), features, settings))


def _state() -> str:
    """What a loop is made of, beside its text, and what makes it.

    Raises:
        NotKept: the package's own files are not those that this process has imported.
    """
    sources = digest()
    if sources is None:
        raise NotKept("the package's files have changed since they were imported, or can't be read")
    return _short((sources, sys.version, numba.__version__, llvmlite.__version__, np.__version__))


def _clear(root: Path, environment: str, but: str) -> None:
    """Remove what this environment kept of former states; numba's own folder may have our folder's name and more."""
    for path in root.glob(f"{environment}*"):
        if not path.name.startswith(but):
            shutil.rmtree(path, ignore_errors=True)


def _short(what: Any) -> str:
    return _hashed(repr(what).encode())[:16]


def _hashed(content: bytes) -> str:
    return sha256(content).hexdigest()
