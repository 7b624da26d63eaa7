"""A number a lane against t, since tick 0: the objective's value, a network's loss, or the weight itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import Div, HoverTool, Line, Range1d, Span

from stream_adam.series import component_of

from ..screen import hold, script
from ..style import DARK_MARKERS, LEGEND_STYLE
from .figures import blank_figure, coloured, widened
from .landscape import HEIGHT, note
from .lanes import legend, look_of
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
LOW = 220  # pixels of the weight's figure: it stands beside no other
GREY = "#8a93a0"


class Quantity:
    """What is shown.

    Attributes:
        column: its name in the data, and the data's own.
        word: what it is called.
        title: the figure's.
        log: whether its axis is logarithmic.
        marks: what the legend has to say beside the lanes.
        levels: values that a dashed line stands at.
    """

    column: str = "value"
    word: str = "value"
    title: str
    log: bool = False
    marks: str = ""
    levels: Sequence[float] = ()

    def rows(self, running: Running, start: int, stop: int) -> list[Floats]:
        """The ticks from one up to another with their numbers: of each lane, shape (ticks, 2)."""
        return self.of(running.hub.between(start, stop))

    def of(self, block: Block) -> list[Floats]:
        """The same over a block."""
        raise NotImplementedError


class Height(Quantity):
    """The objective's value at the weight."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self.title = f"value of {surface.text}"
        self.log = surface.objective.log
        self.marks = note(surface) if surface.components <= 2 else ""

    def of(self, block: Block) -> list[Floats]:
        """Its values over a block."""
        return [np.column_stack([columns["t"], self._surface.at(columns["theta"])]) for columns in block.lanes]


class Loss(Quantity):
    """A network's loss."""

    word = "loss"
    title = "mean cross entropy over all images"
    log = True

    def rows(self, running: Running, start: int, stop: int) -> list[Floats]:
        """The newest value alone, where the run stands at the end of these ticks: it takes its time."""
        run = running.run
        network = run.reading.network
        if network is None or run.tick != stop or stop <= start:
            return [np.empty((0, 2)) for _ in run.lanes]
        return [np.array([[stop - 1.0, network.loss(lane.theta)]]) for lane in run.lanes]


class Weight(Quantity):
    """The weight after each tick, or one component of it."""

    column = word = "theta"

    def __init__(self, experiment: Experiment, place: int) -> None:
        self._components = experiment.shown
        self.levels = experiment.bounds or ()
        self.marks = "- - bounds" if self.levels else ""
        self.set_component(place)

    def set_component(self, place: int) -> None:
        """Be that of the component at this place among those shown."""
        self._place = place
        of = "" if self._components is None else f".{self._components[place]}"
        self.title = f"theta{of}, the weight"

    def of(self, block: Block) -> list[Floats]:
        """Its values over a block."""
        lanes = [component_of(columns, self._place) for columns in block.lanes]
        return [np.column_stack([columns["t"], columns["theta"]]) for columns in lanes]


class CourseFigure:
    """A quantity against t.

    Attributes:
        figure: the figure.
        trails: its data, a source a lane.
    """

    def __init__(self, quantity: Quantity, experiment: Experiment, height: int = HEIGHT) -> None:
        column, self._log = quantity.column, quantity.log
        hover = HoverTool(tooltips=[("t", "@t"), (quantity.word, f"@{column}")], visible=False)
        self.figure = blank_figure(
            quantity.title, Range1d(0, LEAST_TICKS), Range1d(0.1, 10.0) if self._log else Range1d(-1, 1), hover,
            height=height, x_axis_label="tick",
            y_axis_type="log" if self._log else "linear", name=f"{column}-figure",
        )  # fmt: skip
        trails = [Extremes(2) for _ in experiment.lanes]
        self.trails = Trails(column, ("t", column), trails, quantity.rows)
        for lane, source in enumerate(self.trails.sources):
            look = look_of(lane)
            width = max(2.5 - 0.3 * lane, 1.0)  # each finer than the one below it: lanes on one way are all seen
            colour = coloured(look.light, look.dark, "line_color")
            self.figure.add_glyph(source, Line(x="t", y=column, line_width=width, line_join="round", **colour))
        for level in quantity.levels:
            self.figure.add_layout(Span(dimension="width", location=level, line_dash="dashed", line_color=GREY))

    def fill(self, lanes: Sequence[Floats]) -> list[float]:
        """Show a whole run, in a file; the lanes' newest values."""
        self.trails.fill(lanes)
        values = np.concatenate([rows[:, 1] for rows in lanes])
        values = values[np.isfinite(values) & (values > 0 if self._log else True)]
        if len(values):
            span = np.log(values) if self._log else values
            low, high = widened(float(span.min()), float(span.max()))
            self.figure.y_range.start, self.figure.y_range.end = np.exp([low, high]) if self._log else (low, high)
        self.figure.x_range.end = max(*map(len, lanes), LEAST_TICKS)
        return [float(row[1]) for row in self.trails.newest]


class Course:
    """A quantity on the page; `update` brings it to the newest tick of the run."""

    interval = 0.0

    def __init__(
        self, quantity: Quantity, experiment: Experiment, screen: Screen, follow: Button, height: int = HEIGHT
    ) -> None:
        self._drawn = CourseFigure(quantity, experiment, height)
        self.root = self._drawn.figure
        self.sources = self._drawn.trails.sources
        self.ranges = [self.root.x_range, self.root.y_range]
        self.legend = Div(
            text=legend([lane.label for lane in experiment.lanes], quantity.word, quantity.marks),
            stylesheets=[LEGEND_STYLE, DARK_MARKERS], sizing_mode="stretch_width", name="legend", disable_math=True,
        )  # fmt: skip
        ranges = {"x_range": self.root.x_range, "y_range": self.root.y_range}
        for lane, source in enumerate(self.sources):
            seen = script(
                "course", sources=self.sources, column=quantity.column, lane=lane, log=quantity.log, least=LEAST_TICKS,
                legend=self.legend, **ranges,
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


class WeightCourse(Course):
    """The weight on the page, for one component; it goes slowly, and beside the oscilloscopes it shall cost little."""

    interval = 0.5

    def __init__(self, experiment: Experiment, place: int, screen: Screen, follow: Button) -> None:
        self._weight = Weight(experiment, place)
        super().__init__(self._weight, experiment, screen, follow, LOW)

    def set_component(self, place: int) -> None:
        """Show the component at this place among those shown."""
        self._weight.set_component(place)
        self.root.title.text = self._weight.title
        self.wind_back(0)
