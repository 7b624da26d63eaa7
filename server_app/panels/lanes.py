"""What tells the lanes apart where they are on one figure: a colour and a marker each, and the words in the legend."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class LaneLook:
    """A colour on light, one on dark, and a marker: `path` draws it in a box of 10 by 10."""

    light: str
    dark: str
    marker: str
    path: str


# after Okabe & Ito: told apart by the colour-blind, and each has a marker of its own
LANE_LOOKS = (
    LaneLook("#0072b2", "#56b4e9", "circle", "M5 1.5a3.5 3.5 0 1 0 .01 0z"),
    LaneLook("#d55e00", "#ff8b3d", "square", "M2 2h6v6h-6z"),
    LaneLook("#00805d", "#2fd3a2", "triangle", "M5 1 9 8.5H1z"),
    LaneLook("#b0488a", "#eba0cb", "diamond", "M5 .5 9 5 5 9.5 1 5z"),
    LaneLook("#b07d00", "#f5d547", "inverted_triangle", "M5 9 1 1.5h8z"),
    LaneLook("#55606e", "#c9d1dc", "hex", "M5 1 8.5 3v4L5 9 1.5 7V3z"),
)


def look_of(lane: int) -> LaneLook:
    """The look of the lane with this number; a page has no more lanes than looks, a file may have."""
    return LANE_LOOKS[lane % len(LANE_LOOKS)]


def legend(labels: Sequence[str], quantity: str, note: str = "", values: Sequence[float] = ()) -> str:
    """Each lane with its marker, its spec and its newest value, which the browser writes where none is given."""
    texts = [f"{value:.5g}" for value in values] or ["–"] * len(labels)
    entries = "".join(_entry(lane, *both, quantity) for lane, both in enumerate(zip(labels, texts, strict=False)))
    return f'<div class="entries">{entries}</div><div class="note">{note}</div>'


def _entry(lane: int, label: str, text: str, quantity: str) -> str:
    look = look_of(lane)
    marker = (
        f'<svg class="marker" viewBox="0 0 10 10" style="--light: {look.light}; --dark: {look.dark}" '
        f'aria-hidden="true"><path d="{look.path}"/></svg>'
    )
    return (
        f'<div class="entry">{marker}<span class="spec">{escape(label)}</span>'
        f'<span class="quantity">{escape(quantity)}</span><output data-lane="{lane}">{text}</output></div>'
    )
