"""Running a preset's checks: what was expected, and what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_adam.presets.outcome import Outcome

if TYPE_CHECKING:
    from stream_adam.presets.preset import Preset, Recipe


class Finding(NamedTuple):
    """A check that was run: the figure expected and the one measured; `tolerance` is in words, as is `basis`."""

    what: str
    expected: float
    tolerance: str
    measured: float
    passed: bool
    basis: str


def verify(preset: Preset) -> list[Finding]:
    """Run a preset's checks, in their order; those of the same recipe share a run.

    Nothing is kept between calls, and it may be called from any thread.

    >>> from stream_adam.presets import find
    >>> [(found.what, round(found.measured, 5), found.passed) for found in verify(find("one_tick_late"))][3]
    ('first direction, from 0', 3.16228, True)
    """
    outcomes: dict[Recipe, Outcome] = {}
    findings = []
    for check in preset.checks:
        recipe = preset.recipe_of(check)
        if recipe not in outcomes:
            outcomes[recipe] = Outcome(recipe)
        measured = check.measure(outcomes[recipe])
        passed = abs(measured - check.expected) <= check.margin  # never for NaN
        findings.append(Finding(check.what, check.expected, check.tolerance_text, measured, passed, check.basis))
    return findings
