"""PNG and SVG: the original experiment's figure, a lane beside the other, by matplotlib without a window."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from stream_adam.errors import SpecError
from stream_adam.series import component_of, series_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from stream_adam.engine import Block
    from stream_adam.experiment import Experiment
    from stream_adam.series import Series
    from stream_adam.typing import Floats

Range = tuple[float, float]
Drawn = list[tuple["Series", "Floats"]]

HEIGHT = 14.0  # inches, the original's
WIDTHS = (15.0, 12.0)  # inches: of one lane alone, the original's; of each of several
MARGIN = 0.1  # of the range's height, the original's
LARGEST = 1e300  # beyond it the height of a range overflows
LETTERS = 7  # of a title, an inch
CROSS: dict[str, Any] = {"marker": "x", "markersize": 6.5, "markeredgewidth": 1.4}
DOT: dict[str, Any] = {"marker": "o", "markersize": 5.0, "markeredgewidth": 0.0}
QUIET = "#555555"
STYLE: Any = {
    "font.size": 12,
    "axes.edgecolor": "#999999",
    "axes.titlesize": 13,
    "axes.titlelocation": "left",
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "svg.hashsalt": "stream_adam",  # the same experiment gives the same file
}


def write(
    path: Path,
    experiment: Experiment,
    block: Block,
    *,
    window: int = 200,
    y_range: Range | None = None,
    component: int | None = None,
) -> None:
    """Draw the ticks of `block` into a PNG or SVG file, by the ending of `path`.

    Where the gradient has components, one of them is drawn, the first unless told otherwise.

    Raises:
        OSError: the file can't be written.
        SpecError: there is no such component.
    """
    kind = path.suffix.lower().removeprefix(".")
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {}
    with rc_context(STYLE):
        drawn = figure(experiment, block, window=window, y_range=y_range, component=component)
        drawn.savefig(path, format=kind, metadata=metadata)


def figure(
    experiment: Experiment,
    block: Block,
    *,
    window: int = 200,
    y_range: Range | None = None,
    component: int | None = None,
) -> Figure:
    """The figure of a component: for each lane the first `window` ticks above the last."""
    lanes = experiment.lanes
    place, of = _chosen(experiment, component)
    shown = [component_of(columns, place) for columns in block.lanes]
    width = WIDTHS[len(lanes) > 1] * len(lanes)
    whole = Figure(figsize=(width, HEIGHT), dpi=100, layout="constrained")
    whole.get_layout_engine().set(w_pad=0.15, h_pad=0.15)  # type: ignore[union-attr,call-arg]
    whole.suptitle(textwrap.fill(experiment.source.text, int(width * LETTERS)), fontsize=17, parse_math=False)
    axes = whole.subplots(2, len(lanes), squeeze=False)
    panels = _panels(len(block), window)
    drawn = [
        [(series, series.values(columns)) for series in series_of(strategy)]
        for strategy, columns in zip(lanes, shown, strict=True)
    ]
    limits = _with_margin(y_range or _range_of([series for lane in drawn for series in lane], panels))
    for pair, strategy, columns, lane in zip(axes.T, lanes, shown, drawn, strict=True):
        for ax, panel in zip(pair, panels, strict=True):
            ax.set(title=panel.title + of, xlabel="tick t", ylabel="value", xlim=panel.across, ylim=limits)
            _draw_panel(ax, columns["t"][panel.shown], [(series, values[panel.shown]) for series, values in lane])
        _add_legend(pair[0], strategy.label, [series.words("original", experiment.source) for series, _ in lane])
    return whole


def _chosen(experiment: Experiment, component: int | None) -> tuple[int, str]:
    """The place of the component among those shown, and its name in a title."""
    shown = experiment.shown
    if shown is None and component is None:
        return 0, ""
    numbers = shown or []
    number = numbers[0] if component is None else component
    if number not in numbers:
        raise SpecError(f"there is no component {number}: the source has {', '.join(map(str, numbers)) or 'none'}")
    return numbers.index(number), f" of component {number}"


class Panel(NamedTuple):
    """What a panel shows: which ticks, and from where to where."""

    title: str
    shown: slice
    across: Range


def _panels(size: int, window: int) -> tuple[Panel, Panel]:
    """The two panels, with the original's limits."""
    start = max(0, size - window)
    across = (max(0, size - window + 1), max(1, size - 1)) if window > 2 else (start, size)
    return (
        Panel(f"first {window:,} ticks", slice(0, window), (0, window)),
        Panel(f"last {window:,} ticks", slice(start, size), across),
    )


def _add_legend(ax: Axes, label: str, words: list[str]) -> None:
    """Above the panel, where it hides nothing, under the lane's name."""
    legend = ax.legend(
        ax.lines[: len(words)], words, title=textwrap.fill(label, 90), title_fontsize=15, alignment="left", ncols=3,
        loc="lower left", bbox_to_anchor=(0, 1.06), borderpad=0, columnspacing=1.2, handletextpad=0.3, frameon=False,
        fontsize=11, markerscale=1.4,
    )  # fmt: skip
    legend.get_title().set_fontweight("bold")


def _draw_panel(ax: Axes, ticks: np.ndarray[Any, Any], drawn: Drawn) -> None:
    for series, values in drawn:
        style = CROSS if series.is_gradient else DOT
        ax.plot(ticks, np.where(np.isfinite(values), values, np.nan), ls="none", color=series.look.colour, **style)
    ax.axhline(0, color="black", linewidth=2, zorder=1.5)
    ax.grid(visible=True)
    ax.spines[["top", "right"]].set_visible(False)
    missing = sum(int(np.count_nonzero(~np.isfinite(values))) for _, values in drawn)
    if missing:
        note = f"{missing:,} value{'s' if missing > 1 else ''} not drawn: nan or infinite"
        ax.text(0.995, 0.985, note, transform=ax.transAxes, ha="right", va="top", color=QUIET, fontsize=11)


def _range_of(drawn: Drawn, panels: Sequence[Panel]) -> Range:
    """Of the finite values that are shown, in any lane: side by side they are compared."""
    shown = np.concatenate([values[panel.shown] for _, values in drawn for panel in panels])
    shown = np.clip(shown[np.isfinite(shown)], -LARGEST, LARGEST)
    return (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)


def _with_margin(limits: Range) -> Range:
    low, high = limits
    margin = MARGIN * (high - low) or MARGIN * max(abs(high), 1.0)
    return low - margin, high + margin
