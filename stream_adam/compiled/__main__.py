"""`python -m stream_adam.compiled STRATEGY open|closed`: compile a loop over ticks, keep it, and say nothing."""

from __future__ import annotations

import os
import sys
from threading import Thread


def end_with_the_parent() -> None:
    """Wait until the other end of standard input closes."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def main() -> None:
    """Do what the words say."""
    Thread(target=end_with_the_parent, daemon=True).start()
    from stream_adam.compiled.ticks import loop_of  # noqa: PLC0415  (it takes its time, and the parent may end before)
    from stream_adam.strategies import STRATEGIES  # noqa: PLC0415

    loop_of(STRATEGIES[sys.argv[1]], sys.argv[2] == "closed")


if __name__ == "__main__":
    main()
