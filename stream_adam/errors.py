"""The one error that is the user's to mend."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


ENDLESS = re.compile(r"(\S{201,}?)([:,;.'\"]{0,2}(?!\S))")  # typed, it would fill the screen; the mark after it is ours
SHOWN = 60  # characters of it


class SpecError(ValueError):
    """A word the user gave cannot be used; the message says which, where, and what would do.

    The message is one line: it is shown as it stands on the command line, beside the page's field and in Python. Of a
    word of over 200 characters it has the first 60.

    >>> from stream_adam import simulate
    >>> simulate("sine(25) + norml(0.5)", "adam", ticks=3)
    Traceback (most recent call last):
    stream_adam.errors.SpecError: unknown word 'norml' at column 12: did you mean 'normal'?
    """

    def __init__(self, message: str) -> None:
        super().__init__(ENDLESS.sub(lambda word: f"{word[1][:SHOWN]}…{word[2]}", " ".join(message.splitlines())))


def suggestion(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: the nearest known one, or all of them."""
    known = list(known)
    near = get_close_matches(word, known, n=5, cutoff=0.6)
    if not near:
        return f"known are {', '.join(known)}"
    swapped = (other for other in near if sorted(other) == sorted(word))  # the likeliest slip
    return f"did you mean '{next(swapped, near[0])}'?"
