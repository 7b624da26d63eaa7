"""What is descended, against t: the objective's value, or a network's loss, a line a lane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import Div, HoverTool, Range1d

from ..screen import hold, script
from ..style import DARK_MARKERS, LEGEND_STYLE
from .figures import blank_figure, coloured, widened
from .landscape import HEIGHT, note
from .lanes import LANE_LOOKS, legend
from .trails import Extremes, Trails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bokeh.models import Button

    from stream_adam.engine import Block
    from stream_adam.experiment import Experiment
    from stream_adam.typing import Floats

    from ..running import Running
    from ..screen import Screen
    from ..surface import Surface

LEAST_TICKS = 20  # of the axis
LOSS = "mean cross entropy over all images"


class ValueFigure:
    """The value against t, since tick 0.

    Attributes:
        figure: the figure.
        trails: its data, a source a lane.
        log: whether its axis is logarithmic.
        quantity: what is shown.
    """

    def __init__(self, surface: Surface | None, experiment: Experiment) -> None:
        self._surface = surface
        self.log = surface is None or surface.objective.log
        self.quantity = "loss" if surface is None else "value"
        title = f"{LOSS}" if surface is None else f"value of {surface.text}"
        hover = HoverTool(tooltips=[("t", "@t"), (self.quantity, "@value")], visible=False)
        self.figure = blank_figure(
            title, Range1d(0, LEAST_TICKS), Range1d(0.1, 10.0) if self.log else Range1d(-1, 1), hover,
            height=HEIGHT, x_axis_label="tick", y_axis_label=self.quantity,
            y_axis_type="log" if self.log else "linear", name="value-figure",
        )  # fmt: skip
        self.trails = Trails("value", ("t", "value"), [Extremes(2) for _ in experiment.lanes], self._measure)
        for source, look in zip(self.trails.sources, LANE_LOOKS, strict=False):
            colour = coloured(look.light, look.dark, "line_color")
            self.figure.line("t", "value", source=source, line_width=2, line_join="round", **colour)

    def fill(self, block: Block) -> list[float]:
        """Show a whole run of an objective, in a file; the lanes' newest values."""
        assert self._surface is not None
        self.trails.fill(self._rows(block, self._surface))
        values = np.concatenate([source.data["value"] for source in self.trails.sources])
        values = values[np.isfinite(values) & (values > 0 if self.log else True)]
        if len(values):
            span = np.log(values) if self.log else values
            low, high = widened(float(span.min()), float(span.max()))
            self.figure.y_range.start, self.figure.y_range.end = np.exp([low, high]) if self.log else (low, high)
        self.figure.x_range.end = max(len(block), LEAST_TICKS)
        return [float(row[1]) for row in self.trails.newest]

    @staticmethod
    def _rows(block: Block, surface: Surface) -> list[Floats]:
        return [np.column_stack([columns["t"], surface.at(columns["theta"])]) for columns in block.lanes]

    def _measure(self, running: Running, start: int, stop: int) -> list[Floats]:
        if self._surface is not None:
            return self._rows(running.hub.between(start, stop), self._surface)
        run = running.run
        network = run.reading.network
        if network is None or run.tick != stop or stop <= start:
            return [np.empty((0, 2)) for _ in run.lanes]
        return [np.array([[stop - 1.0, network.loss(lane.theta)]]) for lane in run.lanes]


class Value:
    """The value on the page; `update` brings it to the newest tick of the run."""

    def __init__(self, surface: Surface | None, experiment: Experiment, screen: Screen, follow: Button) -> None:
        self._drawn = ValueFigure(surface, experiment)
        self.root = self._drawn.figure
        self.sources = self._drawn.trails.sources
        self.ranges = [self.root.x_range, self.root.y_range]
        marks = note(surface) if surface is not None and surface.components <= 2 else ""
        self.legend = Div(
            text=legend([lane.label for lane in experiment.lanes], self._drawn.quantity, marks),
            stylesheets=[LEGEND_STYLE, DARK_MARKERS], sizing_mode="stretch_width", name="legend", disable_math=True,
        )  # fmt: skip
        ranges = {"x_range": self.root.x_range, "y_range": self.root.y_range}
        for lane, source in enumerate(self.sources):
            seen = script(
                "value", sources=self.sources, lane=lane, log=self._drawn.log, least=LEAST_TICKS, legend=self.legend,
                **ranges,
            )  # fmt: skip
            source.js_on_change("streaming", seen)
            source.js_on_change("data", seen)
        hold(self.root, screen, follow)

    def show(self, running: Running) -> None:
        """Look at this run, from where it is."""
        self._running = running
        self.update()

    def refresh(self) -> None:
        """Draw everything anew at the next update."""
        self._drawn.trails.refresh()

    def wind_back(self, tick: int) -> None:
        """Forget this tick and what came after it."""
        self._drawn.trails.wind_back(tick)

    def show_gaps(self, gaps: Sequence[Sequence[tuple[int, Floats]]]) -> None:
        """A line that is not finite breaks off by itself."""

    def update(self) -> bool:
        """Bring the lines to the newest tick; whether there was anything to send."""
        return self._drawn.trails.update(self._running)
