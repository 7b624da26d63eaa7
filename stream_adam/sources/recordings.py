"""Recordings: which files `recording(path=…)` may name, and the column of one of them as a gradient."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stream_adam import data
from stream_adam.errors import SpecError, shown, suggestion

if TYPE_CHECKING:
    from stream_adam.typing import Floats

SAMPLES, SAMPLE = Path(__file__).parent / "samples", ".npy"
VISITORS_LIMIT = 64 << 20  # bytes, uncompressed, of a file that a page's visitor may have read


@dataclass(frozen=True)
class Files:
    """Which files `recording(path=…)` may read.

    With a folder (the page has one, or none at all) only bare file names in it are found. Without, as on the command
    line and in Python, any path is. The samples that ship with the package are found by name everywhere.
    """

    folder: Path | None = None
    anywhere: bool = True

    @property
    def limit(self) -> int:
        """How many bytes a file may have, uncompressed."""
        return data.LIMIT if self.anywhere else VISITORS_LIMIT

    def find(self, name: str) -> Path:
        """The file of that name.

        Raises:
            SpecError: there is none, or it is not among those that may be read.
        """
        try:
            return self._find(name)
        except SpecError:
            raise
        except (OSError, ValueError, RuntimeError) as error:  # a name that no file can have; a circle of links
            raise SpecError(_strerror(error)) from None

    def _find(self, name: str) -> Path:
        sample = SAMPLES / name
        if self.anywhere and os.path.lexists(name):
            return Path(name)
        if not _is_bare(name) and not self.anywhere:
            raise SpecError("here only the bare name of a file is taken, without its folder")
        if not self.anywhere and self.folder is not None and (path := _inside(self.folder, name)):
            return path
        if _is_bare(name) and sample.suffix == SAMPLE and sample.is_file():
            return sample
        raise SpecError(f"there is no such file; {suggestion(name, self.names(), kind='file')}")

    def names(self) -> list[str]:
        """The recordings that can be named without a folder."""
        samples = {path.name for path in SAMPLES.iterdir() if path.suffix == SAMPLE}
        if self.folder is None or not self.folder.is_dir():
            return sorted(samples)
        return sorted(
            samples | {path.name for path in self.folder.iterdir() if data.ending_of(path.name) in data.ENDINGS}
        )


ANY_FILE = Files()


def load(name: str, column: str = "g", files: Files = ANY_FILE, *, blanks: str = "refuse", lane: str = "") -> Floats:
    """One column of a recording as float64, shape (ticks,); what `stream_adam.data.read` gives.

    Raises:
        SpecError: no such file, no such column, or something that is not a number.

    >>> load("digits.npy", "g").shape
    (10000,)
    """
    try:
        return data.read(files.find(name), column, blanks=blanks, lane=lane, limit=files.limit)
    except SpecError as error:
        raise SpecError(f"recording(path={shown(name, 60)}): {error}") from None


def _strerror(error: Exception) -> str:
    if isinstance(error, RuntimeError) or getattr(error, "errno", None) == errno.ELOOP:
        return "it is a link that leads back to itself"
    return getattr(error, "strerror", None) or str(error)


def _is_bare(name: str) -> bool:
    return Path(name).name == name and "\\" not in name and name not in {"", ".", ".."}


def _inside(folder: Path, name: str) -> Path | None:
    """The file of that name in the folder, unless a link leads out of it."""
    path = (folder / name).resolve(strict=True) if os.path.lexists(folder / name) else folder / name
    return path if path.is_relative_to(folder.resolve()) and os.path.lexists(path) else None
