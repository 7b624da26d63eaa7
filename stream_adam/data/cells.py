"""A cell of a table or a value of a JSON line, as a number."""

from __future__ import annotations

import re

from stream_adam.errors import SpecError, shown

_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+([eE][-+]?\d+)?\s*")
BLANK = 'blanks="skip" passes over such rows'


def is_number(text: str) -> bool:
    """Whether the text is a number: digits as in Python, without underscores; nan and inf are numbers."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def of_text(text: str, where: str, column: str) -> float:
    """The number that a cell spells.

    Raises:
        SpecError: it spells none.
    """
    if is_number(text):
        return float(text)
    cell = f"{where} has {shown(text.strip())} in the column {shown(column)}"
    if _DECIMAL_COMMA.fullmatch(text):
        raise SpecError(f"{cell}, with a decimal comma: a number is written {text.strip().replace(',', '.')}")
    if any("\udc80" <= c <= "\udcff" for c in text):
        raise SpecError(f"{where} is not UTF-8 in the column {shown(column)}")
    raise SpecError(f"{cell}: a number is needed")


def of_json(value: object, where: str, column: str) -> float:
    """The number that a value of JSON is; text may spell it, as "nan" does.

    Raises:
        SpecError: it is none.
    """
    if isinstance(value, str):
        return of_text(value, where, column)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass  # an integer of more than 308 digits
    if isinstance(value, list):
        raise SpecError(
            f"{where} has {len(value)} values in the column {shown(column)}: several components can't be read yet"
        )
    what = "an object" if isinstance(value, dict) else shown(str(value).lower())
    raise SpecError(f"{where} has {what} in the column {shown(column)}: a number is needed")
