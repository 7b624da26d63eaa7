"""Which panels show a view, and how they stand on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.models import Column

from .controls import heading
from .panels.course import Course, Height, Loss, WeightCourse
from .panels.figures import beside
from .panels.landscape import Landscape
from .panels.oscilloscope import Oscilloscope
from .surface import surface_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bokeh.models import Button, Div

    from .panels import Panel
    from .screen import Screen
    from .view import View


class Arrangement:
    """The panels of a view, once built: an oscilloscope a lane, and what is descended, or else the weight.

    Attributes:
        scopes: the oscilloscopes.
        weight: the weight's panel; None where there is another.
        panels: all of them; the last oscilloscope comes last.
        children: what is put on the page, from top to bottom.
    """

    def __init__(self, view: View, screen: Screen, follow: Button, chosen: Callable[[tuple[float, ...]], None]) -> None:
        self._view, self._screen, self._follow, self._chosen = view, screen, follow, chosen
        self.weight: WeightCourse | None = None
        self.scopes: list[Oscilloscope] = []
        self.panels: list[Panel] = []
        self.children: list[Any] = []

    def build(self) -> Iterator[None]:
        """Make the panels, one at a time."""
        for number, strategy in enumerate(self._view.experiment.lanes, start=1):
            self.scopes.append(Oscilloscope(number, strategy, self._view, self._screen, self._follow))
            yield
        descent, above, below = self._descent(self._chosen)
        self.panels = [*descent, *self.scopes]
        self.children = [*above, *(self._titled(panel, lane) for lane, panel in enumerate(self.scopes)), *below]

    def _descent(self, chosen: Callable[[tuple[float, ...]], None]) -> tuple[list[Panel], list[Any], list[Any]]:
        """The panels of what is descended, or else of the weight; what they put above the oscilloscopes, and below."""
        view, experiment = self._view, self._view.experiment
        surface = surface_of(experiment)
        if surface is None and experiment.source.native is None:
            self.weight = WeightCourse(experiment, view.place, self._screen, self._follow)
            shown = [_under(self.weight.legend, self.weight.root, "weight")]
            first = experiment.source.is_closed_loop or (view.preset is not None and view.preset.about_theta)
            return [self.weight], shown if first else [], [] if first else shown
        value = Course(Loss() if surface is None else Height(surface), experiment, self._screen, self._follow)
        panels: list[Panel] = [value]
        if surface is not None and surface.components <= 2:
            panels.insert(0, Landscape(surface, experiment, self._screen, self._follow, chosen))
        return panels, [_under(value.legend, beside(*(panel.root for panel in panels)), "descent")], []

    def _titled(self, panel: Oscilloscope, lane: int) -> Column:
        """The panel, under its strategy's spec where there are several."""
        lanes = self._view.experiment.lanes
        label = [heading(lanes[lane].label, f"heading-{lane + 1}")] if len(lanes) > 1 else []
        return Column(*label, panel.root, sizing_mode="stretch_width", spacing=4)


def _under(legend: Div, shown: Any, name: str) -> Column:
    return Column(legend, shown, sizing_mode="stretch_width", spacing=4, name=name)
