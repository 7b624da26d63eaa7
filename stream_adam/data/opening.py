"""Opening a file whose content is not trusted: a regular file, of bounded size, read as it is at one moment."""

from __future__ import annotations

import gzip
import io
import os
import stat
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, cast

from stream_adam.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 1 << 30  # bytes, uncompressed
PART = 1 << 16  # bytes read at once
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe: stdin() reads those",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}
MAGIC = {
    b"\x1f\x8b": "compressed by gzip: the ending .gz says so",
    b"PK\x03\x04": "a zip archive",
    b"\x93NUMPY": "an array: its ending is .npy",
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"\x89HDF": "HDF5",
}


class Opened:
    """A file that is open for reading, as large as it was when it was opened.

    Attributes:
        size: of the file when it was opened, in bytes.
        key: tells this content from any other, as far as the file system can.
    """

    def __init__(self, file: BinaryIO, path: Path, limit: int) -> None:
        self.file = file
        self._limit = limit
        self._before = os.fstat(file.fileno())
        self.size = self._before.st_size
        self.key = (str(path), self._before.st_dev, self._before.st_ino, self.size, self._before.st_mtime_ns)
        if self.size > limit:
            raise _too_large(limit)

    @property
    def modified(self) -> int:
        """When it was last written to, in nanoseconds."""
        return self._before.st_mtime_ns

    def has_grown(self) -> bool:
        """Whether somebody has written to its end since."""
        return os.fstat(self.file.fileno()).st_size > self.size

    def check_unchanged(self, may_grow: bool) -> None:
        """Raise a SpecError if the file was changed since; text may have grown, of which whole lines were read."""
        now = os.fstat(self.file.fileno())
        changed = (now.st_size, now.st_mtime_ns) != (self.size, self._before.st_mtime_ns)
        if changed and not (may_grow and now.st_size > self.size):
            raise SpecError("it was changed while it was read: try again")

    def lines(self, compressed: bool, newline: str) -> Iterator[str]:
        """Its lines as text; what is not UTF-8 comes as lone surrogates.

        A last line without an end is left out where the file has grown: the rest of it has just been written.

        Raises:
            SpecError: it is no text, or of an encoding that isn't read.
        """
        raw = Portion(self.file, self.size, None)
        if compressed:
            unpacked = cast("BinaryIO", gzip.GzipFile(fileobj=raw, mode="rb"))
            raw = Portion(unpacked, self._limit, _too_large(self._limit))
        buffered = io.BufferedReader(raw, PART)
        encoding = _encoding(buffered.peek(PART))
        errors = "strict" if encoding == "utf-16" else "surrogateescape"
        text = io.TextIOWrapper(buffered, encoding, errors, newline)
        return chain.from_iterable(self._batches(text, compressed))

    def _batches(self, text: io.TextIOWrapper, compressed: bool) -> Iterator[list[str]]:
        while batch := text.readlines(PART):
            if not batch[-1].endswith(("\n", "\r")) and not compressed and self.has_grown():
                batch.pop()
            yield batch


class Portion(io.RawIOBase):
    """The first bytes of a file; after them its end, or a refusal."""

    def __init__(self, file: BinaryIO, count: int, refusal: SpecError | None) -> None:
        self._file = file
        self._left = count
        self._refusal = refusal

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill the buffer as far as there are bytes."""
        view = memoryview(buffer)  # type: ignore[arg-type]  # whatever the caller reads into
        data = self._file.read(min(len(view), self._left + (self._refusal is not None)))
        if len(data) > self._left:
            assert self._refusal is not None
            raise self._refusal
        view[: len(data)] = data
        self._left -= len(data)
        return len(data)


@contextmanager
def opened(path: Path, limit: int) -> Iterator[Opened]:
    """The file, open; without waiting for a pipe's other end.

    Raises:
        SpecError: it is not a regular file, or larger than the limit.
        OSError: it can't be opened.
    """
    descriptor = os.open(path, _FLAGS)
    kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if kind != stat.S_IFREG:
        os.close(descriptor)
        raise SpecError(f"it is {_KINDS.get(kind, 'no regular file')}")
    with io.BufferedReader(io.FileIO(descriptor, "rb"), PART) as file:
        yield Opened(cast("BinaryIO", file), path, limit)


def _encoding(start: bytes) -> str:
    """The encoding, by the mark at the beginning; UTF-8 without one."""
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            if encoding == "UTF-32":
                raise SpecError("its encoding is UTF-32: UTF-8 and UTF-16 are read")
            return encoding
    for magic, what in MAGIC.items():
        if start.startswith(magic):
            raise SpecError(f"it is {what}")
    if b"\0" in start:
        raise SpecError("it has NUL bytes: it is no text, or UTF-16 without its mark")
    return "utf-8"


def _too_large(limit: int) -> SpecError:
    return SpecError(f"it is larger than the {limit:,} bytes that are read here")
