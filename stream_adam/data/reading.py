"""Reading a column of a file: the reader by the ending, and a small cache of what was read."""

from __future__ import annotations

import gzip
import time
import zlib
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from stream_adam.data.arrays import read_npy, read_npz
from stream_adam.data.opening import LIMIT, MAGIC, Opened, opened
from stream_adam.data.records import read_records
from stream_adam.data.selection import DEFAULT, Selection
from stream_adam.data.tables import read_table
from stream_adam.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from stream_adam.typing import Floats

ENDINGS = (".npy", ".npz", ".csv", ".tsv", ".jsonl", ".csv.gz", ".tsv.gz", ".jsonl.gz")
LATER = (".arrow", ".arrows", ".parquet")
DELIMITERS = {".csv": ",", ".tsv": "\t"}
SETTLED = 2_000_000_000  # nanoseconds: a file that was written later than that may change within its time stamp


_FAILURES: dict[type[Exception], str] = {
    UnicodeDecodeError: "its text is not UTF-16, as its mark says",
    gzip.BadGzipFile: "it is not compressed by gzip, or it goes on after its end",
    EOFError: "it is cut off: the end of the compressed data is missing",
    zlib.error: "its compressed data is damaged",
    MemoryError: "its header tells of more values than fit into memory",
}


class Cache:
    """The arrays read last, up to a number of bytes; safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._kept: OrderedDict[Hashable, Floats] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Floats | None:
        """What was put there, if it is still there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, values: Floats) -> None:
        """Keep the array; the ones that were not asked for the longest go."""
        with self._lock:
            if key in self._kept or values.nbytes > self._most:
                return
            self._kept[key] = values
            self._bytes += values.nbytes
            while self._bytes > self._most:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes


_CACHE = Cache(64 << 20)


def ending_of(name: str) -> str:
    """The ending in lower case, `.gz` with the one before it.

    >>> ending_of("log.2024.CSV.gz"), ending_of("g.npy"), ending_of("README")
    ('.csv.gz', '.npy', '')
    """
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    return "".join(suffixes[-2:] if suffixes[-1:] == [".gz"] else suffixes[-1:])


def read(
    path: str | Path, column: str = DEFAULT, *, blanks: str = "refuse", lane: str = "", limit: int = LIMIT
) -> Floats:
    r"""One column of a file as float64, shape (ticks,).

    The array can't be written to: who reads the same content again gets the same array, as long as it is kept.

    Args:
        path: a file whose ending is one of `ENDINGS`, in any case.
        column: a name, or a number from 0 on; a name goes before a number. Of an `.npz` it names the array. Where
            there is but one column and it has no name, the default takes it.
        blanks: "skip" leaves out the rows where the column is empty, null or absent; "refuse" stops there.
        lane: the rows of one lane, where a file has several lanes' rows, as this package writes them.
        limit: bytes, uncompressed; a larger file is refused before it is read.

    Raises:
        SpecError: the file can't be read, is no such file, contradicts itself, or has no such column.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "log.csv"
    ...     _ = path.write_text("step,loss,g\n0,2.5,0.5\n1,2.25,-0.5\n")
    ...     read(path).tolist(), read(path, "loss").tolist(), read(path, "0").tolist()
    ([0.5, -0.5], [2.5, 2.25], [0.0, 1.0])
    """
    path, selection = Path(path), Selection(column, blanks, lane)
    ending = ending_of(path.name)
    _check_ending(ending)
    try:
        with opened(path, limit) as file:
            return _cached(file, ending, selection, limit)
    except SpecError:
        raise
    except Exception as error:
        raise SpecError(_told(error, ending)) from None


def _cached(file: Opened, ending: str, selection: Selection, limit: int) -> Floats:
    key = (file.key, selection)
    values = _CACHE.get(key)
    if values is None:
        values = _read(file, ending, selection, limit)
        values.setflags(write=False)
        file.check_unchanged(may_grow=ending in {".csv", ".tsv", ".jsonl"})
        if time.time_ns() - file.modified > SETTLED and not file.has_grown():
            _CACHE.put(key, values)
    return values


def _read(file: Opened, ending: str, selection: Selection, limit: int) -> Floats:
    kind, compressed = ending.removesuffix(".gz"), ending.endswith(".gz")
    if not file.size:
        raise SpecError("the file is empty")
    if selection.lane and kind in {".npy", ".npz"}:
        raise SpecError(f"lane={selection.lane!r}: an array has no lanes")
    if kind == ".npy":
        values = read_npy(file.file, selection)
    elif kind == ".npz":
        values = read_npz(file.file, selection, limit)
    elif kind == ".jsonl":
        values = read_records(file.lines(compressed, "\n"), selection)
    else:
        values = read_table(file.lines(compressed, ""), DELIMITERS[kind], selection)
    if not len(values):
        raise SpecError("it has no rows" if selection.blanks == "refuse" else "it has no row with a value there")
    return values


def _check_ending(ending: str) -> None:
    if ending in LATER:
        raise SpecError(f"{ending} is not read yet: it will need the extra 'recording'; save it as .npy or .csv")
    if ending not in ENDINGS:
        raise SpecError(f"{ending or 'no'} ending; known are .npy, .npz, .csv, .tsv and .jsonl, text also with .gz")


def _told(error: Exception, ending: str) -> str:
    """What a reader of the standard library or of numpy stumbled over, in words."""
    for kind, words in _FAILURES.items():
        if isinstance(error, kind):
            return words
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return f"cannot be read as {ending}: {reason[:80]}"


__all__ = ["ENDINGS", "MAGIC", "ending_of", "read"]
