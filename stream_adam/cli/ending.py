"""How a command ends at Ctrl-C, SIGTERM or a closed terminal: at once, quietly, and with whole rows.

The handler raises nothing. An exception would come up in whatever code is running, and there it may be printed, as
while a module is imported, or swallowed, as in a callback of numba. Nothing heavy is imported here: the handler is
installed before numpy is.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

_left_to_do: list[Callable[[], None]] = []


def install() -> None:
    """End this process by any of the signals from now on, but for those that its parent had it ignore."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


class tidied_by:  # noqa: N801  (as contextlib names such classes)
    """Have this called, too, where a signal ends the process inside the `with`."""

    def __init__(self, tidy: Callable[[], None]) -> None:
        self._tidy = tidy

    def __enter__(self) -> None:
        _left_to_do.append(self._tidy)

    def __exit__(self, *_: object) -> None:
        _left_to_do.remove(self._tidy)


def _end(number: int, _frame: object) -> NoReturn:
    for tidy in reversed(_left_to_do):
        try:  # noqa: SIM105  (contextlib is not imported)
            tidy()
        except OSError:
            pass
    os._exit(128 + number)  # what a shell says of a program that this signal ended
