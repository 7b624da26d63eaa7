"""A page's server in a process of its own, and what it costs."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from bench import uplot
from bench.pages import PATHS

NEEDS = {"panel": ("panel", "holoviews", "pandas")}
STARTING = 60.0  # seconds


class Served:
    """A server under way.

    Attributes:
        url: of its page, to which a query may be added.
        port, path: the parts of it.
    """

    def __init__(self, name: str, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port, self.path = port, PATHS[name]
        self.url = f"http://127.0.0.1:{port}{self.path}"
        self._process = process

    def made(self) -> Made:
        """When the ticks were made."""
        return Made(self.port)

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far (Linux)."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> float:
        """Megabytes in memory (Linux)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found.group(1)) / 1024


class Made:
    """When the ticks of a server's one session were made, by the wall clock in milliseconds."""

    def __init__(self, port: int) -> None:
        pairs = json.loads(urlopen(f"http://127.0.0.1:{port}/made").read())
        self._ticks, self._times = [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def at(self, tick: int) -> float:
        """When that tick was made."""
        return float(self._times[bisect_left(self._ticks, tick)])


def lacking(name: str) -> str:
    """What the page of that name needs and is not here; empty where nothing is lacking."""
    missing = [module for module in NEEDS.get(name, ()) if importlib.util.find_spec(module) is None]
    if missing:
        return f"peer not installed ({', '.join(missing)})"
    if name == "uplot":
        try:
            uplot.folder()
        except FileNotFoundError as error:
            return f"peer not installed: {error}"
    return ""


@contextmanager
def served(name: str, **environment: str) -> Iterator[Served]:
    """The page of that name, served until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "bench.pages", name, str(port)]
    with subprocess.Popen(command, env=os.environ | environment) as process:
        try:
            _await(port, process)
            yield Served(name, port, process)
        finally:
            process.kill()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTING
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("a page's server did not start")
