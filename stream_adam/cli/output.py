"""Where the command line writes: rows and lists to a file or a pipe, everything else to stderr.

Bytes go out unbuffered, a block at a time. So nothing is left over for the interpreter to flush at its exit, where a
closed pipe or a full disk could only be complained about in a traceback.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from stream_adam.cli.files import is_regular
from stream_adam.errors import as_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

STDOUT, STDERR = 1, 2
REFRESH = 0.1  # seconds between two looks at the progress


class OutputError(Exception):
    """What was asked for cannot be written; the message says where and why."""


class ReaderLeft(Exception):  # noqa: N818  (`| head` has seen enough: that is no error)
    """Nobody reads standard output any more."""


def no_rows(_: bytes) -> int:
    """Of text for people."""
    return 0


def counted(count: int, word: str) -> str:
    """So many of them: ``1 row``, ``2 rows``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


class Sink:
    """Standard output, or a file; closed by its `with`.

    A file on a disk ends with a whole row, whatever happens: what a full disk, or a signal, has left of a row is cut
    off. It can be read while it is written.
    """

    def __init__(self, path: str | None = None, count: Callable[[bytes], int] = no_rows) -> None:
        self._name = "standard output" if path is None else path
        self._is_stdout = path is None
        self._is_cut = False
        self._count = count
        self._rows = 0  # whole ones
        self._written = 0  # bytes of what was written whole
        self._data = b""  # what is being written
        if self._is_stdout and sys.stdout is None:
            raise OutputError("cannot write to standard output: it is closed")
        with self._explained():
            self._file = io.FileIO(STDOUT, "wb", closefd=False) if path is None else io.FileIO(path, "wb")
            self._is_cut = not self._is_stdout and is_regular(self._file.fileno())

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._explained():
            self._file.close()

    def write(self, data: bytes, rows: int = 0) -> None:
        """Hand all of it to the system: that many rows.

        Raises:
            ReaderLeft: standard output is a pipe that nobody reads any more.
            OutputError: a full disk, a file's reader gone.
        """
        self._data, rest = data, memoryview(data)
        with self._explained():
            while rest:
                written = self._file.write(rest)
                if written is None:  # a terminal or pipe that another program made non-blocking
                    select.select([], [self._file], [])
                rest = rest[written or 0 :]
        self._written += len(data)
        self._rows += rows
        self._data = b""

    def cut_back(self) -> None:
        """Cut off what there is of an unfinished row."""
        if self._is_cut and self._data:
            there = os.lseek(self._file.fileno(), 0, os.SEEK_CUR) - self._written
            whole = self._data.rfind(b"\n", 0, there) + 1
            os.ftruncate(self._file.fileno(), self._written + whole)
            self._rows += self._count(self._data[:whole])
            self._data = b""

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if self._is_stdout and error.errno in {errno.EPIPE, errno.ESHUTDOWN}:
                raise ReaderLeft from None
            self.cut_back()
            rows = f"; {counted(self._rows, 'whole row')} in it" if self._is_cut else ""
            raise OutputError(f"cannot write to {self._name}: {error.strerror or error}{rows}") from None


def say(text: str) -> None:
    """Text for people on standard output."""
    with Sink() as sink:
        sink.write(f"{text.rstrip()}\n".encode())


def complain(message: object) -> None:
    """One line on stderr; nothing where it is closed."""
    if sys.stderr is None:
        return
    line = as_line(str(message))
    with contextlib.suppress(OSError):
        os.write(STDERR, f"stream-adam: {line}\n".encode(errors="replace"))


def complain_of_warning(message: Warning | str, *_: Any) -> None:
    """A warning as a line, in place of `warnings.showwarning`."""
    complain(message)


class Progress:
    """One line on stderr that says how far it is, where a terminal watches stderr and rows don't pass there too."""

    def __init__(self, to_stdout: bool) -> None:
        self._shown = _is_terminal(sys.stderr) and not (to_stdout and _is_terminal(sys.stdout))
        self._start = self._next = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def at(self, ticks: int) -> None:
        """Note that this many ticks have passed."""
        now = time.monotonic()
        if self._shown and now >= self._next:
            self._next = now + REFRESH
            speed = ticks / max(now - self._start, 1e-9)
            os.write(STDERR, f"\r{ticks:,} ticks, {speed:,.0f} ticks/s\x1b[K".encode())

    def clear(self) -> None:
        """Leave no trace."""
        if self._shown:
            os.write(STDERR, b"\r\x1b[K")


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
