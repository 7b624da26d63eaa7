"""Presets: runs that are worth a look, with what there is to see and the figures that prove it."""

from __future__ import annotations

from stream_adam.errors import SpecError, shown, suggestion
from stream_adam.presets.conventions import CONVENTIONS
from stream_adam.presets.descents import DESCENTS
from stream_adam.presets.original import ORIGINAL
from stream_adam.presets.preset import Check, Preset
from stream_adam.presets.steps import STEPS
from stream_adam.presets.verifying import Finding, verify

__all__ = ["DEFAULT_PRESET", "PRESETS", "Check", "Finding", "Preset", "find", "verify"]

PRESETS: dict[str, Preset] = {preset.name: preset for preset in (*ORIGINAL, *STEPS, *CONVENTIONS, *DESCENTS)}
DEFAULT_PRESET = PRESETS["original_soft"]


def find(name: str) -> Preset:
    """The preset of that name.

    Raises:
        SpecError: there is none.
    """
    if name not in PRESETS:
        raise SpecError(f"unknown preset {shown(name)}: {suggestion(name, PRESETS, kind='preset')}")
    return PRESETS[name]
