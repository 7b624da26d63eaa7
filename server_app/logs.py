"""The server's log: a line an event, a traceback only where this project's own code failed."""

from __future__ import annotations

import logging
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import TYPE_CHECKING

from bokeh.util.logconfig import basicConfig

from stream_adam.errors import as_line

if TYPE_CHECKING:
    from types import TracebackType

HERE = Path(__file__).resolve().parent
OURS = (str(HERE), str(HERE.parent / "stream_adam"))
HAND_ON = {str(HERE / name) for name in ("budget.py", "turns.py")}  # they run what is Bokeh's
LONGEST = 300  # characters of a line
MOST, SPAN = 10, 60.0  # lines of one kind in so many seconds


def set_up_log() -> None:
    """Warnings and errors to stderr, Python's own warnings among them: what a client says may call them forth."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    handler.addFilter(Seldom())
    basicConfig(handlers=[handler], level=logging.WARNING)
    logging.captureWarnings(capture=True)
    logging.getLogger("tornado.access").setLevel(logging.ERROR)  # what a client asked for in vain is its own affair


class OneLine(logging.Formatter):
    """What a client did wrong fails in Bokeh or Tornado: a line says it. Where this project fails, a traceback does."""

    def format(self, record: logging.LogRecord) -> str:
        """As a line with the time, and a traceback if it is of use."""
        if record.exc_info and _is_ours(record.exc_info[2]):
            return f"{self.formatTime(record)} {super().format(record)}"
        words = record.getMessage()
        if record.exc_info and record.exc_info[0]:
            words = f"{record.exc_info[0].__name__}: {record.exc_info[1]}: {words}"
        line = as_line(" ".join(words[: 2 * LONGEST].split()))
        return f"{self.formatTime(record)} {line if len(line) <= LONGEST else line[: LONGEST - 1] + '…'}"


class Seldom(logging.Filter):
    """Nobody fills the disk by failing again and again: the same statement speaks ten times a minute at most."""

    def __init__(self) -> None:
        super().__init__()
        self._told: defaultdict[tuple[str, int], deque[float]] = defaultdict(lambda: deque(maxlen=MOST))

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it may speak."""
        told, now = self._told[record.name, record.lineno], time.monotonic()
        if len(told) == MOST and now - told[0] < SPAN:
            return False
        told.append(now)
        return True


def _is_ours(at: TracebackType | None) -> bool:
    while at is not None:
        file = at.tb_frame.f_code.co_filename
        if file.startswith(OURS) and file not in HAND_ON:
            return True
        at = at.tb_next
    return False
