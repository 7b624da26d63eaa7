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
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

STDOUT, STDERR = 1, 2
LINES_THREAD = "stream_adam lines"  # of stream_adam.arrivals
INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended
REFRESH = 0.1  # seconds between two looks at the progress


class OutputError(Exception):
    """What was asked for cannot be written; the message says where and why."""


class ReaderLeft(Exception):  # noqa: N818  (`| head` has seen enough: that is no error)
    """Nobody reads standard output any more."""


class Sink:
    """Standard output, or a file; closed by its `with`."""

    def __init__(self, path: str | None = None) -> None:
        self._name = "standard output" if path is None else path
        self._is_stdout = path is None
        if self._is_stdout and sys.stdout is None:
            raise OutputError("cannot write to standard output: it is closed")
        with self._explained():
            self._file = io.FileIO(STDOUT, "wb", closefd=False) if path is None else io.FileIO(path, "wb")

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._explained():
            self._file.close()

    def write(self, data: bytes) -> None:
        """Hand all of it to the system.

        Raises:
            ReaderLeft: standard output is a pipe that nobody reads any more.
            OutputError: a full disk, a file's reader gone.
        """
        rest = memoryview(data)
        with self._explained():
            while rest:
                written = self._file.write(rest)
                if written is None:  # a terminal or pipe that another program made non-blocking
                    select.select([], [self._file], [])
                rest = rest[written or 0 :]

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if self._is_stdout and error.errno in {errno.EPIPE, errno.ESHUTDOWN}:
                raise ReaderLeft from None
            raise OutputError(f"cannot write to {self._name}: {error.strerror or error}") from None


def say(text: str) -> None:
    """Text for people on standard output."""
    with Sink() as sink:
        sink.write(f"{text.rstrip()}\n".encode())


def complain(message: object) -> None:
    """One line on stderr; nothing where it is closed."""
    if sys.stderr is None:
        return
    line = " ".join(str(message).splitlines())
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


@contextlib.contextmanager
def ended_by_interrupt(progress: Progress) -> Iterator[None]:
    """Let Ctrl-C end the process at once and quietly, whatever it waits for: a reader, a line of input, numba.

    Every block was handed to the system in one piece, so a file ends with a whole row.
    """

    def end(*_: object) -> NoReturn:
        progress.clear()
        os._exit(INTERRUPTED)

    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def leave(code: int) -> int:
    """The exit code; where a thread still waits for a line of input, end here: the interpreter would trip over it."""
    if any(thread.name == LINES_THREAD for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, AttributeError):
                stream.flush()
        os._exit(code)
    return code
