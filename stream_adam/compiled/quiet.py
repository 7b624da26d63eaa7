"""Loading in a thread, without the collector's long looks through all objects.

Importing numba and loading a loop make a hundred thousand objects that stay. Python's collector looks through all that
there are whenever a quarter more have come, for 20 to 90 ms at a time, and keeps every other thread from running
meanwhile. So it rests for the half second that loading takes.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = Lock()
_loading = 0  # how many threads are at it
_before = (0, 0, 0)  # the collector's thresholds, without us


@contextmanager
def loading_quietly() -> Iterator[None]:
    """Have the collector rest, unless the program has stopped it or settles it anew meanwhile.

    What was made goes among the old objects unlooked at: else the next short look would have all of it before it.
    """
    _rest()
    try:
        yield
    finally:
        _wake()


def _rest() -> None:
    global _loading, _before  # noqa: PLW0603  (the collector is the process's)
    with _lock:
        if not _loading:
            _before = gc.get_threshold()
            gc.set_threshold(0, *_before[1:])
        _loading += 1


def _wake() -> None:
    global _loading  # noqa: PLW0603
    with _lock:
        _loading -= 1
        if _loading or gc.get_threshold() != (0, *_before[1:]):
            return
        if _before[0] and gc.isenabled() and not gc.get_freeze_count():  # a program's own frozen objects stay frozen
            gc.freeze()
            gc.unfreeze()
        gc.set_threshold(*_before)
