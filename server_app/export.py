"""The original's figure as a standalone file: two panels a lane, everything inside, nothing fetched."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from bokeh.embed import file_html
from bokeh.models import Column, Div, Legend, LegendItem, Range1d
from bokeh.resources import INLINE
from bokeh.themes import Theme

from stream_adam.series import series_of

from .downsampling import EVERY_TICK, downsampled
from .panels.figures import THEME, PanelFigure, data_of, widened

if TYPE_CHECKING:
    from pathlib import Path

    from stream_adam.engine import Block
    from stream_adam.experiment import Experiment
    from stream_adam.series import Notation
    from stream_adam.strategies import Strategy
    from stream_adam.typing import Floats


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

    Above 5,000 ticks a panel has the smallest and the largest of each bucket.

    Raises:
        OSError: the file can't be written.
    """
    lanes = [
        _lane(experiment, strategy, lane, block, window, y_range, notation)
        for lane, strategy in enumerate(experiment.lanes)
    ]
    title = f"stream_adam: {experiment.source.text}"
    page = file_html(Column(*lanes, sizing_mode="stretch_width"), INLINE, title=title, theme=Theme(filename=str(THEME)))
    path.write_text(page, encoding="utf-8")


def _lane(
    experiment: Experiment,
    strategy: Strategy,
    lane: int,
    block: Block,
    window: int,
    y_range: tuple[float, float] | None,
    notation: Notation,
) -> Column:
    series = series_of(strategy)
    words = {s.column: s.words(notation, experiment.source) for s in series}
    data = data_of(series, block.lanes[lane])
    size = len(block)
    spans = {f"first {window:,} ticks": (0, window), f"last {window:,} ticks": (max(0, size - window), size)}
    panels = []
    for i, (title, (start, stop)) in enumerate(spans.items()):
        shown = {name: values[start:stop] for name, values in data.items()}
        low, high = widened(*(y_range or _extent(shown)))
        panel = PanelFigure(
            title, f"panel-{lane}-{i}", series, Range1d(start, max(stop, start + 1)), Range1d(low, high)
        )
        panel.source.data = downsampled(shown, window) if window > EVERY_TICK else shown
        panel.figure.height = 380
        panel.figure.add_layout(_legend(panel, words), "right")
        panels.append(panel.figure)
    heading = Div(disable_math=True, styles={"font": "600 14px monospace", "margin": "12px 0 4px 48px"})
    heading.text = escape(f"{experiment.source.text}   →   {strategy.label}   (seed {experiment.seed})")
    return Column(heading, *panels, sizing_mode="stretch_width")


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
