"""Compiling in another process, so that this one's event loop goes on.

More than half of compiling is Python, which keeps other threads from running for tens of milliseconds at a time. So a
loop of the package's own can be compiled and kept by a process of its own, ``python -m stream_adam.compiled``, and
loaded here. It runs nothing of the user's: the main module of this process is not imported there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from stream_adam.origin import PACKAGE


def keep_aside(strategy: str, closed: bool) -> None:
    """Have another process compile and keep the loop over ticks; wait for it. Nothing is said where that fails.

    The other process ends with this one: it reads from a pipe that closes then.
    """
    if not Path(sys.executable or "").stem.lower().startswith("python"):
        return  # a program with Python inside: who knows what it would start
    path = os.pathsep.join(filter(None, (str(Path(PACKAGE).parent), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-P", "-m", "stream_adam.compiled", strategy, "closed" if closed else "open"]
    try:
        process = subprocess.Popen(  # noqa: S603  (a fixed program and the name of a strategy of the package's own)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": path},
        )
    except OSError:
        return
    with process:
        process.wait()
