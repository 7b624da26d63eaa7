"""The original's figure as a standalone file: two panels a lane, everything inside, nothing fetched."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.document import Document
from bokeh.embed import file_html
from bokeh.io.doc import patch_curdoc
from bokeh.models import Column, Div, Legend, LegendItem, Range1d
from bokeh.resources import INLINE
from bokeh.themes import Theme

from stream_adam.series import component_of, series_of

from .downsampling import EVERY_TICK, downsampled
from .panels.course import LOW, CourseFigure, Height, Quantity, Weight
from .panels.figures import THEME, PanelFigure, beside, data_of, ticks_range, widened
from .panels.landscape import LandscapeFigure
from .panels.lanes import legend
from .style import LEGEND_STYLE
from .surface import surface_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stream_adam.engine import Block
    from stream_adam.experiment import Experiment
    from stream_adam.series import Notation
    from stream_adam.typing import Floats


MOST_COMPONENTS = 4  # drawn of each lane


def write_html(
    path: Path,
    experiment: Experiment,
    block: Block,
    *,
    window: int,
    y_range: tuple[float, float] | None,
    notation: Notation = "original",
) -> None:
    """Write the figure of a whole run: its first and its last `window` ticks, a pair of panels a lane.

    Where the gradient has components, each has its pair, up to four of them. An objective's landscape and its value
    against t come first; without an objective, the weight against t comes last. Above 5,000 ticks a panel has the
    smallest and the largest of each bucket.

    Raises:
        OSError: the file can't be written.
    """
    lanes = [
        _lane(experiment, lane, place, block, window, y_range, notation)
        for lane in range(len(experiment.lanes))
        for place in range(len((experiment.shown or [0])[:MOST_COMPONENTS]))
    ]
    title = f"stream_adam: {experiment.source.text}"
    drawn = Column(*_descent(experiment, block), *lanes, *_weight(experiment, block), sizing_mode="stretch_width")
    nowhere = Document()  # else the file takes over the scripts of a page that this process is just serving
    with patch_curdoc(nowhere):
        page = file_html(drawn, INLINE, title=title, theme=Theme(filename=str(THEME)))
    path.write_text(page, encoding="utf-8")


def _lane(
    experiment: Experiment,
    lane: int,
    place: int,
    block: Block,
    window: int,
    y_range: tuple[float, float] | None,
    notation: Notation,
) -> Column:
    strategy = experiment.lanes[lane]
    series = series_of(strategy)
    words = {s.column: s.words(notation, experiment.source) for s in series}
    data = data_of(series, component_of(block.lanes[lane], place))
    number = "" if experiment.shown is None else f"{experiment.shown[place]}"
    name = f"panel-{lane}" if experiment.shown is None else f"panel-{lane}-component-{number}"
    size = len(block)
    spans = {f"first {window:,} ticks": (0, window), f"last {window:,} ticks": (max(0, size - window), size)}
    panels = []
    for i, (title, (start, stop)) in enumerate(spans.items()):
        shown = {name: values[start:stop] for name, values in data.items()}
        low, high = widened(*(y_range or _extent(shown)))
        panel = PanelFigure(title, f"{name}-{i}", series, ticks_range(start, stop), Range1d(low, high))
        panel.source.data = downsampled(shown, len(shown["t"])) if len(shown["t"]) > EVERY_TICK else shown
        panel.figure.height = 380
        panel.name(words)
        panel.figure.add_layout(_legend(panel, words), "right")
        panels.append(panel.figure)
    heading = Div(disable_math=True, styles={"font": "600 14px monospace", "margin": "12px 0 4px 48px"})
    of = number and f"   component {number}"
    heading.text = escape(f"{experiment.source.text}   →   {strategy.label}   (seed {experiment.seed}){of}")
    return Column(heading, *panels, sizing_mode="stretch_width")


def _descent(experiment: Experiment, block: Block) -> list[Any]:
    """The landscape and the value against t, where the source has an objective."""
    surface = surface_of(experiment)
    if surface is None or not len(block):
        return []
    height = Height(surface)
    value = CourseFigure(height, experiment)
    values = value.fill(height.of(block))
    drawn = [value.figure]
    if surface.components <= 2:
        landscape = LandscapeFigure(surface, experiment)
        landscape.fill(block)
        landscape.figure.title.text = surface.text
        drawn.insert(0, landscape.figure)
    return [_words(experiment, height, values), beside(*drawn)]


def _weight(experiment: Experiment, block: Block) -> list[Any]:
    """Each component's weight against t, where no objective is known."""
    if surface_of(experiment) is not None or experiment.source.native is not None or not len(block):
        return []
    drawn = []
    for place in range(len((experiment.shown or [0])[:MOST_COMPONENTS])):
        weight = Weight(experiment, place)
        course = CourseFigure(weight, experiment, LOW)
        drawn += [_words(experiment, weight, course.fill(weight.of(block))), course.figure]
    return drawn


def _words(experiment: Experiment, quantity: Quantity, values: Sequence[float]) -> Div:
    return Div(
        text=legend([lane.label for lane in experiment.lanes], quantity.word, quantity.marks, values),
        stylesheets=[LEGEND_STYLE], styles={"margin-left": "48px"}, disable_math=True, sizing_mode="stretch_width",
    )  # fmt: skip


def _legend(panel: PanelFigure, words: dict[str, str]) -> Legend:
    items = [LegendItem(label=words[column], renderers=[drawn]) for column, drawn in panel.renderers.items()]
    return Legend(
        items=items,
        click_policy="hide",
        border_line_color=None,
        label_text_font_size="12px",
        glyph_height=14,
        glyph_width=14,
    )


def _extent(shown: dict[str, Floats]) -> tuple[float, float]:
    values = np.concatenate([column for name, column in shown.items() if name != "t"])
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
