"""The landscape: the function that is descended, and every lane's way over it."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, HoverTool, ImageRGBA, Line, MultiLine, Range1d, Scatter

from ..screen import hold, script
from ..surface import CELLS, POINTS, grown, relief
from .figures import blank_figure, coloured, widened
from .lanes import look_of
from .trails import Trails, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bokeh.models import Button

    from stream_adam.engine import Block, Columns
    from stream_adam.experiment import Experiment
    from stream_adam.typing import Floats

    from ..running import Running
    from ..screen import Screen
    from ..surface import Surface

HEIGHT = 400
FINE = 1_000  # of what is shown, along each axis: the step of a way
SLATE = (96, 116, 150)  # of the map, light or dark: deep is dense
DENSE = 0.42
INK, PAPER = "#1d2430", "#e7eaf0"


class LandscapeFigure:
    """A map with contours for two components, a curve for one; on it the minima, the start, and a trail a lane.

    Attributes:
        figure: the figure.
        trails: its data, a source a lane.
        heads: the newest point of each lane, a source of one row a lane, kept by the browser.
        extent: what the figure shall show, a range an axis.
    """

    def __init__(self, surface: Surface, experiment: Experiment) -> None:
        self.surface = surface
        self.flat = surface.components == 2
        self.axes = ("theta.0", "theta.1") if self.flat else ("theta", "value")
        start = np.broadcast_to(np.array(experiment.theta0), surface.components)[np.newaxis]
        self.box = grown(surface.box, surface.box, start)
        self._ground = ColumnDataSource()
        self._lines = ColumnDataSource({"x": [], "y": [], "value": []})
        self._draw_ground()
        x_range, y_range = (Range1d(*self.extent[axis]) for axis in "xy")
        hover = HoverTool(tooltips=[("t", "@t"), *((axis, f"@{{{axis}}}") for axis in self.axes)], visible=False)
        self.figure = blank_figure(
            f"{surface.text}: click where to start", x_range, y_range, hover, height=HEIGHT,
            x_axis_label=self.axes[0], y_axis_label=self.axes[1], name="landscape-figure",
        )  # fmt: skip
        self.figure.grid.visible = not self.flat
        self._add_ground()
        self._add_points(surface.minima, "star", 13)
        self._add_points(surface.objective.critical, "x", 8)
        self._add_points(start.tolist(), "cross", 12)
        shown = [high - low for low, high in self.extent.values()]
        ways = [Way(*(size / FINE for size in shown)) for _ in experiment.lanes]
        self.trails = Trails("landscape", ("t", *self.axes), ways, self._measure)
        self.heads = [ColumnDataSource({axis: [] for axis in self.axes}) for _ in experiment.lanes]
        hover.renderers = [
            self._add_lane(*lane) for lane in enumerate(zip(self.trails.sources, self.heads, strict=True))
        ]

    def fill(self, block: Block) -> None:
        """Show a whole run, in a file."""
        self.trails.fill([self.rows(columns) for columns in block.lanes])
        for head, row in zip(self.heads, self.trails.newest[:, 1:], strict=False):
            head.data = {axis: [x] for axis, x in zip(self.axes, row, strict=True)}
        if self.grow():
            for values, axis in ((self.figure.x_range, "x"), (self.figure.y_range, "y")):
                values.start, values.end = self.extent[axis]

    def grow(self) -> bool:
        """Show more, where the newest points need it; whether they did."""
        rows = self.trails.newest[:, 1:]
        box = grown(self.box, self.surface.box, rows if self.flat else rows[:, :1])
        if box == self.box:
            return False
        self.box = box
        self._draw_ground()
        return True

    def _measure(self, running: Running, start: int, stop: int) -> list[Floats]:
        block = running.hub.between(start, stop)
        return [self.rows(columns) for columns in block.lanes]

    def rows(self, columns: Columns) -> Floats:
        """A lane's trail over a block: the tick and the axes, shape (ticks, 3)."""
        theta = columns["theta"]
        return np.column_stack([columns["t"], theta, *([] if self.flat else [self.surface.at(theta)])])

    def _draw_ground(self) -> None:
        if self.flat:
            drawn = relief(self.surface, self.box)
            (left, right), (low, high) = self.box
            self._ground.data = {
                "image": [_shaded(drawn.heights)], "x": [left], "y": [low], "dw": [right - left], "dh": [high - low],
            }  # fmt: skip
            self._lines.data = {
                "x": [line[:, 0].astype(np.float32) for line in drawn.lines],
                "y": [line[:, 1].astype(np.float32) for line in drawn.lines],
                "value": drawn.levels,
            }
            self.extent = {"x": [left, right], "y": [low, high]}
            return
        x = np.linspace(*self.box[0], POINTS)
        values = self.surface.at(x)
        self._ground.data = {"x": x, "y": values}
        seen = values[np.isfinite(values)]
        low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
        self.extent = {"x": list(self.box[0]), "y": list(widened(low, high))}

    def _add_ground(self) -> None:
        if self.flat:
            picture = ImageRGBA(image="image", x="x", y="y", dw="dw", dh="dh")
            self.figure.add_glyph(self._ground, picture, level="image")
            contours = MultiLine(xs="x", ys="y", line_color=SLATE, line_alpha=0.55, line_width=1)
            self.figure.add_glyph(self._lines, contours)
        else:
            self.figure.add_glyph(self._ground, Line(x="x", y="y", line_color=SLATE, line_width=2))

    def _add_points(self, points: Sequence[Sequence[float]], marker: str, size: int) -> None:
        places = np.array(points, dtype=np.float64).reshape(-1, self.surface.components)
        x, y = places.T if self.flat else (places[:, 0], self.surface.at(places[:, 0]))
        look = coloured(INK, PAPER, "line_color") if marker in {"x", "cross"} else coloured(INK, PAPER, "fill_color")
        fill = {} if marker in {"x", "cross"} else {"line_color": None}
        source = ColumnDataSource({"x": x.tolist(), "y": y.tolist()})
        marks = Scatter(x="x", y="y", marker=marker, size=size, line_width=2, **{**fill, **look})
        self.figure.add_glyph(source, marks)

    def _add_lane(self, lane: int, sources: tuple[ColumnDataSource, ColumnDataSource]) -> Any:
        """Each a little finer than the one below it, so that lanes on one way are all seen."""
        look, (trail, head) = look_of(lane), sources
        x, y = self.axes
        way = Line(
            x=x, y=y, line_width=max(3.2 - 0.3 * lane, 1.0), line_join="round",
            **coloured(look.light, look.dark, "line_color"),
        )  # fmt: skip
        place = Scatter(
            x=x, y=y, marker=look.marker, size=max(15 - 1.5 * lane, 5.0), line_width=1.5, line_color="#ffffff",
            **coloured(look.light, look.dark, "fill_color"),
        )  # fmt: skip
        drawn = self.figure.add_glyph(trail, way)
        self.figure.add_glyph(head, place)
        return drawn


class Landscape:
    """The landscape on the page; `update` brings it to the newest tick of the run.

    Args:
        surface: what is descended.
        experiment: whose lanes are shown.
        screen: what the browser and the server tell each other.
        follow: the button that follows again.
        chosen: told where a person wants the run to start.
    """

    interval = 0.0

    def __init__(
        self,
        surface: Surface,
        experiment: Experiment,
        screen: Screen,
        follow: Button,
        chosen: Callable[[tuple[float, ...]], None],
    ) -> None:
        self._drawn = LandscapeFigure(surface, experiment)
        self._chosen = chosen
        self.root = self._drawn.figure
        self.sources = self._drawn.trails.sources
        self.ranges = [self.root.x_range, self.root.y_range]
        ranges = {"x_range": self.root.x_range, "y_range": self.root.y_range}
        for source, head in zip(self.sources, self._drawn.heads, strict=True):
            to_head = script("head", source=source, head=head, columns=list(self._drawn.axes))
            source.js_on_change("streaming", to_head)
            source.js_on_change("data", to_head)
        self.root.js_on_change("tags", script("extent", **ranges))
        hold(self.root, screen, follow)
        self.root.on_event(Tap, self._tapped)
        self._stale = True
        self._asked = 0

    def show(self, running: Running) -> None:
        """Look at this run, from where it is."""
        self._running = running
        self.update()

    def refresh(self) -> None:
        """Draw everything anew at the next update."""
        self._drawn.trails.refresh()
        self._stale = True

    def wind_back(self, tick: int) -> None:
        """Forget this tick and what came after it."""
        self._drawn.trails.wind_back(tick)

    def show_gaps(self, gaps: Sequence[Sequence[tuple[int, Floats]]]) -> None:
        """A trail that is not finite breaks off by itself."""

    def update(self) -> bool:
        """Bring the trails to the newest tick; whether there was anything to send."""
        news = self._drawn.trails.update(self._running)
        grew = news and self._drawn.grow()
        if grew or self._stale:
            self._asked += 1  # so that it is told again what it has been told before
            self.root.tags = [{**self._drawn.extent, "asked": self._asked}]
        self._stale = False
        return news

    def _tapped(self, event: Any) -> None:
        """Start where a person has clicked, to a thousandth of what is seen; a client may say anything."""
        point = (event.x, event.y)[: self._drawn.surface.components]
        if all(isinstance(x, int | float) and math.isfinite(x) for x in point):
            ranges = zip(point, self._drawn.box, strict=True)
            inside = [(min(max(x, low), high), 3 - math.floor(math.log10(high - low))) for x, (low, high) in ranges]
            self._chosen(tuple(float(round(x, digits)) for x, digits in inside))


def _shaded(heights: Floats) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """Heights in [0, 1] as pixels of one colour: the deeper, the denser."""
    pixels = np.empty((CELLS, CELLS, 4), dtype=np.uint8)
    pixels[..., :3] = SLATE
    pixels[..., 3] = np.rint(255 * DENSE * (1 - np.clip(heights, 0, 1)))
    return pixels.view(np.uint32)[..., 0]


def note(surface: Surface) -> str:
    """What the marks on the map mean."""
    marks = [("★", "minimum")] * bool(surface.minima) + [("×", "saddle")] * bool(surface.objective.critical)
    return " &nbsp; ".join(f"{mark} {escape(word)}" for mark, word in [*marks, ("+", "start")])
