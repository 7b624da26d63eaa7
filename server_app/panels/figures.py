"""The figure of a lane's series, for the page and for the standalone file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    GlyphRenderer,
    HoverTool,
    PanTool,
    Range1d,
    ResetTool,
    Row,
    SaveTool,
    Scatter,
    Span,
    Text,
    WheelZoomTool,
)
from bokeh.plotting import figure

from ..style import WRAP_STYLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stream_adam.engine import Columns
    from stream_adam.series import Series
    from stream_adam.typing import Floats

THEME = Path(__file__).parent.parent / "theme.yaml"
MARGIN = 0.1  # of the range of values, above and below: the original's
CROSS, DOT = 6, 4  # pixels
FEW_ROWS = 10  # below this, lists are shorter on the wire than arrays

# The plot's colours come from the page's own variables, and so follow its light and dark.
PLOT_STYLE = """
    :host {
      --bk-background-fill-color: var(--plot, #ffffff);
      --bk-border-fill-color: var(--page, #ffffff);
      --bk-outline-line-color: var(--rule, #d7dade);
      --bk-grid-line-color: var(--grid, #eceef1);
      --bk-axis-line-color: var(--rule, #d7dade);
      --bk-major-tick-line-color: var(--rule, #d7dade);
      --bk-minor-tick-line-color: transparent;
      --bk-major-label-text-color: var(--quiet, #5b6470);
      --bk-axis-label-text-color: var(--quiet, #5b6470);
      --bk-text-color: var(--quiet, #5b6470);
      --bk-label-text-color: var(--text, #1d2430);
      --outline-color: transparent;
    }
    """
ZERO_STYLE = ":host { --bk-line-color: var(--zero, #000000); }"


def data_of(series: Sequence[Series], columns: Columns) -> dict[str, Floats]:
    """The figure's columns over a block: `t` and one a series, each of shape (ticks,)."""
    return {"t": columns["t"], **{s.column: s.values(columns) for s in series}}


def empty_data(series: Sequence[Series]) -> dict[str, list[float]]:
    """The figure's columns before the first tick."""
    return {"t": [], **{s.column: [] for s in series}}


def wire(data: dict[str, Floats]) -> dict[str, Floats | list[float]]:
    """Rows as they cost least to send."""
    return {name: values.tolist() if len(values) < FEW_ROWS else values for name, values in data.items()}


def coloured(light: str, dark: str, *fields: str) -> dict[str, Any]:
    """These fields of a glyph in one colour; in the other while the page is dark."""
    return {**dict.fromkeys(fields, light), "tags": [{"light": light, "dark": dark, "fields": list(fields)}]}


def blank_figure(title: str, x_range: Range1d, y_range: Range1d, hover: HoverTool, **options: Any) -> Any:
    """A figure with the page's tools and look.

    What is drawn on it is added as a glyph: a figure's methods add two glyphs more of each, for what is not selected.
    """
    made = figure(
        title=title,
        x_range=x_range,
        y_range=y_range,
        sizing_mode="stretch_width",
        tools=[PanTool(), WheelZoomTool(), BoxZoomTool(), ResetTool(), SaveTool(), hover],
        toolbar_location="right",
        output_backend="canvas",
        stylesheets=[PLOT_STYLE],
        min_border_left=48,
        **options,
    )
    made.toolbar.logo = None
    made.toolbar.autohide = True
    return made


def beside(*figures: Any) -> Row:
    """Figures side by side where there is room for that, else one below another."""
    for drawn in figures:
        drawn.styles = {"flex": "1 1 340px", "min-width": "min(100%, 340px)"}
    return Row(*figures, sizing_mode="stretch_width", spacing=8, stylesheets=[WRAP_STYLE])


def ticks_range(start: int, stop: int) -> Range1d:
    """A range of these ticks, with room for the marks of the first and the last."""
    return Range1d(start - 1, max(stop, start + 1))


def widened(low: float, high: float) -> tuple[float, float]:
    """A range of values with the original's margin of 10 % around it."""
    height = (high - low) or max(abs(high), 1.0)
    return low - MARGIN * height, high + MARGIN * height


class PanelFigure:
    """One panel: the gradient as crosses, the rest as dots, a line at zero."""

    def __init__(
        self,
        title: str,
        name: str,
        series: Sequence[Series],
        x_range: Range1d,
        y_range: Range1d,
    ) -> None:
        self.series = series
        self.source = ColumnDataSource(empty_data(series), name=name)
        self._hover = HoverTool(
            formatters={f"@{s.column}": "printf" for s in series}, point_policy="snap_to_data", visible=False
        )
        self.figure = blank_figure(title, x_range, y_range, self._hover, height=285, x_axis_label="tick")
        self.figure.add_layout(Span(dimension="width", location=0, line_width=2, stylesheets=[ZERO_STYLE], name="zero"))
        self.renderers = {s.column: self._draw(s) for s in series}

    def name(self, words: Mapping[str, str]) -> None:
        """What each series is called where a person points at a mark."""
        self._hover.tooltips = [("t", "@t"), *((words[s.column], f"@{s.column}{{%.6g}}") for s in self.series)]

    def add_gaps(self, name: str) -> ColumnDataSource:
        """Room for the ticks whose gradient is NaN or infinite: written at the panel's edges, in the words of IEEE."""
        gaps = ColumnDataSource({"t": [], "y": [], "text": []}, name=name)
        self.figure.extra_y_ranges = {"edges": Range1d(0, 1)}
        words = Text(
            x="t", y="y", text="text", text_align="center", text_baseline="middle", text_font_size="11px",
            text_color="#d1660a",
        )  # fmt: skip
        self.figure.add_glyph(gaps, words, y_range_name="edges")
        return gaps

    def _draw(self, series: Series) -> GlyphRenderer:
        look = series.look
        if series.is_gradient:
            marks = {"marker": "x", "size": CROSS, "line_width": 1.5, **coloured(look.colour, look.dark, "line_color")}
        else:
            marks = {"size": DOT, "line_color": None, **coloured(look.colour, look.dark, "fill_color")}
        drawn: GlyphRenderer = self.figure.add_glyph(self.source, Scatter(x="t", y=series.column, **marks))
        return drawn
