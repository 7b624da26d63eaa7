"""The one error that is the user's to mend, and the words that its messages are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stream_adam import hints

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 199  # characters of a message
_ENDLESS = re.compile(r"\S{81,}")  # a word that would fill the screen
_FEW = 8  # names that are listed in full


class SpecError(ValueError):
    r"""A word the user gave cannot be used; the message says which, where, and what would do.

    The message is one line of under 200 characters: it is shown as it stands on the command line, beside the page's
    field and in Python. Of a word of over 80 characters it has the beginning and the end; what a terminal would act on
    is written as in Python, ``\x1b``.

    >>> from stream_adam import simulate
    >>> simulate("sine(25) + norml(0.5)", "adam", ticks=3)
    Traceback (most recent call last):
    stream_adam.errors.SpecError: unknown word 'norml' at column 12: did you mean 'normal'?
    """

    def __init__(self, message: str) -> None:
        line = _ENDLESS.sub(lambda word: shown(word[0], 60, quoted=False), " ".join(message.splitlines()))
        super().__init__(shown(as_line(shown(line, LONGEST, quoted=False)), LONGEST, quoted=False))


def as_line(text: str) -> str:
    r"""The text in one line, and whatever is no printable character as Python writes it.

    A name may hold what moves a terminal's cursor, renames its window, or turns the direction of writing.

    >>> print(as_line("a \x1b[2J name\nof two lines"))
    a \x1b[2J name of two lines
    """
    line = " ".join(text.splitlines())
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def shown(text: str, most: int = 40, *, quoted: bool = True) -> str:
    """The text in quotes; of a long one the beginning and the end.

    >>> shown("a" * 100, 10)
    "'aaaaaa…aaa'"
    """
    if len(text) > most:
        end = most // 3
        text = f"{text[: most - end - 1]}…{text[-end:]}"
    return f"'{text}'" if quoted else text


def listed(names: Iterable[str]) -> str:
    """Names with commas between, the first ones where there are many."""
    names = [shown(name, quoted=False) for name in names]
    if len(names) <= _FEW:
        return ", ".join(names)
    return f"{', '.join(names[:5])} and {len(names) - 5:,} more"


def suggestion(word: str, known: Iterable[str], *, kind: hints.Kind = "name") -> str:
    """The end of a message about an unknown word: what was meant, or what there is.

    What was meant is said where there is little doubt. Otherwise a few names are listed in full; of many, the five
    nearest, and the command that lists all.

    >>> suggestion("AdamW", ["adam", "adamw"]), suggestion("lr", ["alpha", "beta1"], kind="hyperparameter")
    ("did you mean 'adamw'?", "did you mean 'alpha'?")
    """
    known = list(known)
    if said := hints.said_of(word, known, kind):
        return said
    if meant := hints.meant(word, known, kind):
        return f"did you mean {shown(meant)}?"
    command = hints.COMMANDS.get(kind)
    if len(known) <= _FEW or command is None:
        return f"known are {listed(known)}" if known else "there are none"
    near = ", ".join(hints.nearest(word, known))
    return f"the nearest are {near}; '{command}' lists all" if near else f"'{command}' lists all"
