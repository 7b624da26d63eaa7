"""Make the gallery beside this file: for each preset a picture, a page to zoom in, and its checks in README.md.

The pages share the files of Bokeh's JavaScript that lie beside them, so that the folder stays small. What to type:

    python docs/gallery/make.py
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

from stream_adam.cli import page
from stream_adam.cli.figure import STYLE
from stream_adam.cli.listing import spelled
from stream_adam.cli.verifying import number
from stream_adam.engine import Run
from stream_adam.presets import PRESETS, verify
from stream_adam.presets.outcome import SAMPLES_ALONE
from stream_adam.series import component_of, series_of
from stream_adam.sources.program import numbers_of
from stream_adam.sources.words import objective_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

    from stream_adam.engine import Block, Columns
    from stream_adam.experiment import Experiment
    from stream_adam.presets import Preset

FOLDER = Path(__file__).parent
WINDOW = 200  # ticks of the upper panel
WHOLE = 5_000  # ticks: a run up to this long is drawn whole in the lower one
SIZE, DPI = (9.0, 7.0), 90  # inches, dots an inch
COLOURS = ("#1f4fd8", "#e07b00", "#1a8f4c", "#b5179e")  # of lanes
LARGE = 50_000  # characters, which a script of the library's has
LETTERS = 110  # of a legend's line
SERIES = 6  # of Adam: a lane that has as many tells most
LOWEST = 1e-16  # of the heights that are shown
RACES = {"rosenbrock_race", "beale_valley", "ill_conditioned"}  # whose heights tell most
SCRIPT = re.compile(r"<script>(.*?)</script>", flags=re.DOTALL)
DATA = re.compile(r'<script type="application/json"[^>]*>(.*?)</script>', flags=re.DOTALL)
INTRODUCTION = """# The gallery

Every preset, with its picture, its page and its figures, made by `make gallery`. Above: what a strategy makes of
its gradient, over the 200 ticks in which most happens. Below: all lanes together, their directions or, where the loop
is closed, their weights or heights. In the page one can zoom.
"""


def main() -> int:
    """Make all of it; 1 where a check fails."""
    parts, passed = [INTRODUCTION], True
    for preset in PRESETS.values():
        experiment = preset.experiment(SAMPLES_ALONE)
        block = Run(experiment).advance(preset.ticks)
        draw(FOLDER / f"{preset.name}.png", preset, experiment, block)
        write_page(FOLDER / f"{preset.name}.html", preset, experiment, block)
        findings = verify(preset)
        passed = passed and all(found.passed for found in findings)
        rows = [
            (found.what, number(found.expected), found.tolerance, number(found.measured), found.basis)
            for found in findings
        ]
        parts.append(entry(preset, rows))
    (FOLDER / "README.md").write_text("\n".join(parts), encoding="utf-8")
    return 0 if passed else 1


def entry(preset: Preset, rows: Iterable[tuple[str, ...]]) -> str:
    """A preset's part of the README."""
    table = [("measured is", "expected", "tolerance", "measured", "what is expected is"), ("---",) * 5, *rows]
    lines = "\n".join(f"| {' | '.join(map(escaped, row))} |" for row in table)
    return f"""## {preset.title}

`{preset.name}` · [the page]({preset.name}.html)

![{preset.title}]({preset.name}.png)

{preset.look}

{recipe(preset)}

{lines}

Claim: {preset.claim}.
"""


def escaped(cell: str) -> str:
    """The text as a cell, in which a bar and a star are themselves."""
    return cell.replace("|", "\\|").replace("*", "\\*")


def recipe(preset: Preset) -> str:
    """What to type for it."""
    parts = [f"`{preset.source}`", " and ".join(f"`{strategy}`" for strategy in preset.strategies)]
    if isinstance(preset.theta0, tuple) or preset.theta0:
        parts.append(f"from theta = {spelled(preset.theta0)}")
    if preset.bounds:
        parts.append(f"within {spelled(preset.bounds)}")
    return ", ".join([*parts, f"{preset.ticks:,} ticks"])


def write_page(path: Path, preset: Preset, experiment: Experiment, block: Block) -> None:
    """The standalone page, its scripts of the library moved into files that all pages share."""
    window = WINDOW if experiment.shown is None else WINDOW // 2  # a panel a component takes its room
    page.module("export").write_html(path, experiment, block, window=window, y_range=preset.y_range)
    text = path.read_text(encoding="utf-8")
    for script in SCRIPT.findall(text):
        if len(script) > LARGE:
            text = text.replace(f"<script>{script}</script>", shared(script))
    path.write_text(smaller(text), encoding="utf-8")


def shared(script: str) -> str:
    """The tag of a file beside the pages that holds the script."""
    name = f"bokeh-{len(script)}.js"
    (FOLDER / name).write_text(script.strip() + "\n", encoding="utf-8")
    return f'<script src="{name}"></script>'


def smaller(text: str) -> str:
    """The page with its numbers in single precision, which is more than a screen shows, and each marker told once."""
    whole = DATA.search(text)
    assert whole is not None
    tree = json.loads(whole[1])
    lighten(tree)
    return text.replace(whole[1], json.dumps(tree, separators=(",", ":")).replace("<", "\\u003c"))


def lighten(node: Any) -> None:
    """Take from a tree of Bokeh's models, however deep, what the browser makes by itself or doesn't need."""
    if isinstance(node, dict) and node.get("type") == "ndarray" and node["dtype"] == "float64":
        values = np.frombuffer(gzip.decompress(base64.b64decode(node["array"]["data"])), dtype="<f8")
        with np.errstate(over="ignore"):
            single = gzip.compress(values.astype("<f4").tobytes(), mtime=0)
        node |= {"dtype": "float32", "array": {"type": "bytes", "data": base64.b64encode(single).decode()}}
        return
    if isinstance(node, dict) and node.get("name") == "GlyphRenderer":
        for glyph in ("nonselection_glyph", "muted_glyph"):
            node["attributes"].pop(glyph, None)
    if isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            lighten(part)


def draw(path: Path, preset: Preset, experiment: Experiment, block: Block) -> None:
    """The picture, in a palette."""
    lane = max(range(len(experiment.lanes)), key=lambda i: min(len(series_of(experiment.lanes[i])), SERIES))
    with rc_context({**STYLE, "font.size": 10, "axes.titlesize": 11}):
        whole = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
        above, below = whole.subplots(2, 1)
        shown = busiest(experiment, block)
        draw_scope(above, preset, experiment, lane, component_of(block.lanes[lane], 0), shown)
        if preset.name in RACES:
            draw_heights(below, experiment, block)
        else:
            draw_lanes(below, preset, experiment, block, shown)
        image = io.BytesIO()
        whole.savefig(image, format="png")
    Image.open(image).convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


def busiest(experiment: Experiment, block: Block) -> slice:
    """The ticks over which the directions vary most; the first ones, where the loop is closed."""
    starts = [0] if experiment.source.is_closed_loop else range(0, max(1, len(block) - WINDOW + 1), WINDOW // 4)
    parts = [slice(start, start + WINDOW) for start in starts]
    spread = [sum(float(np.std(lane["direction"][part])) for lane in block.lanes) for part in parts]
    return next(part for part, found in zip(parts, spread, strict=True) if found >= 0.95 * max(spread) - 1e-6)


def draw_scope(ax: Axes, preset: Preset, experiment: Experiment, lane: int, columns: Columns, shown: slice) -> None:
    """A lane's series, as on the page."""
    strategy = experiment.lanes[lane]
    for series in series_of(strategy):
        style: dict[str, Any] = {"marker": "x", "ms": 4.5} if series.is_gradient else {"marker": ".", "ms": 5}
        style |= {"ls": "none", "color": series.look.colour, "label": series.words("kingma_ba", experiment.source)}
        ax.plot(columns["t"][shown], series.values(columns)[shown], **style)
    limit(ax, preset)
    component = "" if experiment.shown is None else f", component {experiment.shown[0]}"
    finish(ax, f"{strategy.label}{component}", "value")


def draw_lanes(ax: Axes, preset: Preset, experiment: Experiment, block: Block, shown: slice) -> None:
    """All lanes' weights, where these tell more, or their directions."""
    weights = experiment.source.is_closed_loop or preset.about_theta
    column = "theta" if weights else "direction"
    constant = float(np.ptp(block.lanes[0]["g"])) == 0
    part = slice(None) if weights or (constant and len(block) <= WHOLE) else shown
    for lane, (strategy, colour) in enumerate(zip(experiment.lanes, COLOURS, strict=False)):
        for place, style in enumerate(("-", "--")[: len(experiment.shown or [0])]):
            columns = component_of(block.lanes[lane], place)
            name = "" if experiment.shown is None else f", component {experiment.shown[place]}"
            drawn: dict[str, Any] = (
                {"ls": "none", "marker": ".", "ms": 4} if jumps(columns[column][part]) else {"ls": style, "lw": 1.4}
            )
            ax.plot(columns["t"][part], columns[column][part], color=colour, label=f"{strategy.label}{name}", **drawn)
    if experiment.source.is_closed_loop:
        limit(ax, preset)
    finish(ax, "the weight θ" if weights else "the direction", "θ" if weights else "direction")


def jumps(values: Any) -> bool:
    """Whether the values go to and fro from tick to tick, so that a line through them would fill the panel."""
    return bool(np.mean(np.abs(np.diff(values))) > 0.7 * np.mean(np.abs(values - np.mean(values))))


def draw_heights(ax: Axes, experiment: Experiment, block: Block) -> None:
    """How high above the minimum each lane is."""
    call = experiment.source.objective
    assert call is not None
    objective = objective_of(call)
    assert objective is not None
    for lane, (strategy, colour) in enumerate(zip(experiment.lanes, COLOURS, strict=False)):
        heights = objective.value(block.lanes[lane]["theta"].T, **numbers_of(call))
        ax.plot(block.lanes[lane]["t"], np.maximum(heights, LOWEST / 1e3), lw=1.4, color=colour, label=strategy.label)
    ax.set_yscale("log")
    ax.set_ylim(bottom=LOWEST)
    finish(ax, "the height above the minimum", "height")


def limit(ax: Axes, preset: Preset) -> None:
    """The preset's range of values, with a margin."""
    if preset.y_range is not None:
        low, high = preset.y_range
        ax.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))


def finish(ax: Axes, title: str, value: str) -> None:
    """Title, axes, grid, and the legend below, as many columns of it as there is room for."""
    ax.set(title=title, xlabel="tick t", ylabel=value)
    if ax.get_yscale() == "linear":
        ax.axhline(0, color="black", lw=1, zorder=1.5)
    ax.grid(visible=True)
    ax.spines[["top", "right"]].set_visible(False)
    longest = max(len(label) for label in ax.get_legend_handles_labels()[1])
    columns = max(1, min(3, LETTERS // (longest + 6)))
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.17), ncols=columns, frameon=False, fontsize=8.5, borderpad=0)


if __name__ == "__main__":
    sys.exit(main())
