"""Dials: sliders over a scale, which show and tell values in place of positions."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bokeh.models import CustomJSTickFormatter, Slider

from stream_adam.errors import SpecError
from stream_adam.language.tree import Number

from .locking import listen
from .style import WIDGET_STYLE
from .view import clamped

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.language.tree import Expression


@dataclass(frozen=True)
class Scale:
    """How a value lies on its slider: position = there(value), value = back(position); `code` writes it there."""

    there: Callable[[float], float]
    back: Callable[[float], float]
    code: str
    step: float = 0.01


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


WHOLE = "return Number((10 ** tick).toPrecision(3)).toLocaleString('en-US', {maximumSignificantDigits: 3})"
SMALL = "return String(Number((10 ** tick).toPrecision(3)))"
BELOW_ONE = "return String(Number((1 - Number((10 ** -tick).toPrecision(3))).toFixed(8)))"
PLAIN = "return String(Number(tick.toPrecision(3)))"

LOG = Scale(math.log10, lambda x: _rounded(10**x), WHOLE)
SCALES = {
    "log": Scale(math.log10, lambda x: _rounded(10**x), SMALL),
    "one_minus": Scale(lambda value: -math.log10(1 - value), lambda x: 1 - _rounded(10**-x), BELOW_ONE),
    "linear": Scale(float, _rounded, PLAIN),
}


class Dial:
    """A slider over a scale: what it shows and what it tells are values, not positions."""

    def __init__(
        self,
        title: str,
        reach: tuple[float, float],
        value: float,
        scale: Scale,
        told: Callable[[float], None],
        name: str | None = None,
    ) -> None:
        self._reach, self._scale, self._told = reach, scale, told
        start, end = self._ends = scale.there(reach[0]), scale.there(reach[1])
        self._quiet = False
        self.widget = Slider(
            title=title,
            start=start,
            end=end,
            step=scale.step,
            value=self._position(value),
            sizing_mode="stretch_width",
            format=CustomJSTickFormatter(code=scale.code),
            tooltips=False,
            stylesheets=[WIDGET_STYLE],
            name=name or title,
            bar_color="#00000000",
        )
        listen(self.widget, "value", self._moved)

    def show(self, value: float, written: str = "") -> None:
        """Stand at this value, without telling; what is `written` is read in its place, where it says more."""
        position = self._position(value)
        here = f"Math.abs(tick - ({position!r})) < {0.6 * self._scale.step}"  # the browser rounds to steps
        self._read(f"if ({here}) return {json.dumps(written)}; " if written else "")  # first: it is used on a change
        self._quiet = True
        self.widget.value = position
        self._quiet = False

    def _read(self, first: str) -> None:
        self.widget.format.code = first + self._scale.code

    def tells(self, value: Expression) -> bool:
        """Whether its position says it all: no slider stands at a schedule, or at a number beyond its ends."""
        return isinstance(value, Number) and self._reach[0] <= value.value <= self._reach[1]

    def _position(self, value: float) -> float:
        return self._scale.there(min(max(value, self._reach[0]), self._reach[1]))

    def _moved(self, new: object) -> None:
        if not self._quiet:
            with suppress(SpecError):  # a slider of ours tells numbers; what another says counts for nothing
                position = clamped(new, *self._ends)
                self._read("")
                self._told(min(max(self._scale.back(position), self._reach[0]), self._reach[1]))
