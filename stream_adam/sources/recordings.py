"""Recordings: a gradient that something else made, read from a file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from stream_adam.errors import SpecError, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from stream_adam.typing import Floats

SAMPLES = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Files:
    """Which files `recording(path=…)` may read.

    With a folder (the page has one, or none at all) only bare file names in it are found. Without, as on the command
    line and in Python, any path is. The samples that ship with the package are found by name everywhere.
    """

    folder: Path | None = None
    anywhere: bool = True

    def find(self, name: str) -> Path:
        """The file of that name.

        Raises:
            SpecError: there is none, or it is not among those that may be read.
        """
        try:
            return self._find(name)
        except SpecError:
            raise
        except (OSError, ValueError) as error:  # a name that no file can have
            raise SpecError(f"recording(path={name[:60]!r}): {getattr(error, 'strerror', None) or error}") from None

    def _find(self, name: str) -> Path:
        sample = SAMPLES / name
        if self.anywhere and Path(name).is_file():
            return Path(name)
        if not _is_bare(name) and not self.anywhere:
            raise SpecError(f"recording(path={name!r}): here only the bare name of a file is taken, without its folder")
        if not self.anywhere and self.folder is not None and (path := _inside(self.folder, name)):
            return path
        if _is_bare(name) and sample.is_file() and sample.suffix in _READERS:
            return sample
        raise SpecError(f"recording(path={name!r}): there is no such file; {suggestion(name, self.names())}")

    def names(self) -> list[str]:
        """The recordings that can be named without a folder."""
        folders = [folder for folder in (self.folder, SAMPLES) if folder is not None and folder.is_dir()]
        return sorted({path.name for folder in folders for path in folder.iterdir() if path.suffix in _READERS})


ANY_FILE = Files()


def load(name: str, column: str, files: Files = ANY_FILE) -> Floats:
    """One column of a recording as float64, shape (ticks,).

    `.npy` holds a one-dimensional array (``column`` then says nothing) or a structured one with named fields;
    `.csv` has a line of names first; `.jsonl` has an object a line. Nothing in a file is ever executed.

    Raises:
        SpecError: no such file, no such column, or something that is not a number.

    >>> load("digits.npy", "g").shape
    (10000,)
    """
    path = files.find(name)
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise SpecError(f"recording(path={name!r}): {path.suffix or 'no'} ending; known are {', '.join(_READERS)}")
    try:
        values = reader(path, column)
    except SpecError as error:
        raise SpecError(f"recording(path={name!r}): {error}") from None
    except Exception as error:  # a file may hold anything, and its readers fail in many ways
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise SpecError(f"recording(path={name!r}): cannot be read as {path.suffix}: {reason}") from None
    if values.ndim != 1 or not len(values):
        raise SpecError(f"recording(path={name!r}): one value a tick is needed, but the shape is {values.shape}")
    return values


def _is_bare(name: str) -> bool:
    return Path(name).name == name and "\\" not in name and name not in {"", ".", ".."}


def _inside(folder: Path, name: str) -> Path | None:
    """The file of that name in the folder, unless a link leads out of it."""
    path = (folder / name).resolve()
    return path if path.is_file() and path.is_relative_to(folder.resolve()) else None


def _read_npy(path: Path, column: str) -> Floats:
    array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")  # neither unpickles nor unzips
    if array.dtype.names is not None:
        _require(column, array.dtype.names)
        array = array[column]
    if array.dtype.kind not in "fiub":
        raise SpecError(f"numbers are needed, not {array.dtype}")
    return np.asarray(array, dtype=np.float64)


def _read_csv(path: Path, column: str) -> Floats:
    with path.open(newline="", encoding="utf-8-sig") as file:  # as spreadsheets write it
        rows = csv.DictReader(file)
        _require(column, rows.fieldnames or ())
        return _column(rows, column)


def _read_jsonl(path: Path, column: str) -> Floats:
    rows: list[dict[str, float | str]] = [
        msgspec.json.decode(line, type=dict[str, Any]) for line in path.read_bytes().splitlines() if line.strip()
    ]
    if rows:
        _require(column, rows[0])
    return _column(rows, column)


def _column(rows: Iterable[Mapping[str, Any]], column: str) -> Floats:
    values = []
    for number, row in enumerate(rows, start=1):
        value = row.get(column)
        try:
            values.append(float(value))  # type: ignore[arg-type]  # what it can't take is what is asked
        except (TypeError, ValueError, OverflowError):
            raise SpecError(f"row {number} has {value!r:.40} in the column '{column}': a number is needed") from None
    return np.array(values)


def _require(column: str, names: Iterable[str]) -> None:
    names = list(names)
    if column not in names:
        raise SpecError(f"no column '{column}'; {suggestion(column, names)}")


_READERS: dict[str, Callable[[Path, str], Floats]] = {
    ".npy": _read_npy,
    ".csv": _read_csv,
    ".jsonl": _read_jsonl,
}
