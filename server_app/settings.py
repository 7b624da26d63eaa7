"""What whoever starts the server decides, read once from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stream_adam.extensions import load
from stream_adam.sources import Files

MOST_SESSIONS = 50


@dataclass(frozen=True)
class Settings:
    """Limits of the page.

    Attributes:
        files: which recordings a visitor may name.
        max_sessions: how many tabs may be open at once; as many as one core was seen to serve (docs/reliability.md).
    """

    files: Files
    max_sessions: int = MOST_SESSIONS


@cache
def settings() -> Settings:
    """The settings of this process; strategies of the user's own are registered on the way."""
    for path in filter(None, os.environ.get("STREAM_ADAM_LOAD", "").split(os.pathsep)):
        load(path)
    folder = os.environ.get("STREAM_ADAM_RECORDINGS")
    return Settings(
        Files(Path(folder) if folder else None, anywhere=False),
        int(os.environ.get("STREAM_ADAM_MAX_SESSIONS", MOST_SESSIONS)),
    )
