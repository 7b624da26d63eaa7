"""The presets' checks as a table: what was expected, and what was measured."""

from __future__ import annotations

from textwrap import fill, wrap
from typing import TYPE_CHECKING
from unicodedata import combining

from stream_adam import presets
from stream_adam.cli.output import counted, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from stream_adam.presets import Finding

WHAT, NUMBER, TOLERANCE = 44, 15, 11  # characters of the columns
WIDTH = 100  # characters of a line
HEADER = f"  {'measured is':<{WHAT}}  {'expected':>{NUMBER}}  {'tolerance':<{TOLERANCE}}  {'measured':>{NUMBER}}"


class CheckFailed(Exception):  # noqa: N818  (that a figure is another one is told like an error)
    """A preset does not show what it should; the message says which, and how many checks of how many."""


def verify(args: argparse.Namespace) -> None:
    """Run the checks of the presets that are named, or of all, and print them as a table.

    Raises:
        SpecError: there is no preset of a name.
        CheckFailed: a figure is not the one expected.
    """
    chosen = [presets.find(name) for name in args.names] or list(presets.PRESETS.values())
    failed, count = [], 0
    for preset in chosen:
        findings = presets.verify(preset)
        title = f"{preset.name}: {preset.title}"
        say(("\n" if count else "") + (questions(title, findings) if args.hide else table(title, findings)))
        failed += [f"{preset.name}: {found.what}" for found in findings if not found.passed]
        count += len(findings)
    if failed:
        raise CheckFailed(f"verify: {len(failed)} of {counted(count, 'check')} failed: {'; '.join(failed)}")
    say(f"\n{counted(count, 'check')} of {counted(len(chosen), 'preset')} passed")


def table(title: str, findings: Sequence[Finding]) -> str:
    """The findings of a preset, a check a row, within a hundred columns."""
    return "\n".join([title, HEADER, *map(_row, findings)])


def questions(title: str, findings: Sequence[Finding]) -> str:
    """What is measured of a preset, without the figures."""
    asked = [fill(found.what, WIDTH, initial_indent="  ", subsequent_indent="    ") for found in findings]
    return "\n".join([title, *asked])


def number(value: float) -> str:
    """A figure, to eight digits."""
    return f"{value:.8g}"


def _row(found: Finding) -> str:
    first, *more = wrap(found.what, WHAT)
    expected, measured = (f"{number(value):>{NUMBER}}" for value in (found.expected, found.measured))
    marks = sum(map(bool, map(combining, first)))  # hats, which take no place of their own
    row = f"  {first:<{WHAT + marks}}  {expected}  {found.tolerance:<{TOLERANCE}}  {measured}"
    return "\n".join([row + ("" if found.passed else "  FAILED"), *(f"    {line}" for line in more)])
