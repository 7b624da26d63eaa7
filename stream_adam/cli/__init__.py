"""The command line: `stream-adam run | plot | serve | list | verify`."""

from __future__ import annotations

import gc
import sys

from stream_adam.cli import ending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the words say; the exit code."""
    from stream_adam.cli import commands  # noqa: PLC0415  (it imports numpy, which takes its time)

    return commands.main(argv)


def program() -> NoReturn:
    """The whole of a process: `main`, which Ctrl-C may end from here on."""
    ending.install()
    code = main()
    gc.freeze()  # else the interpreter looks through all that numba has made once more: a tenth of a second
    sys.exit(code)


__all__ = ["main", "program"]
