"""The figure of `stream-adam plot`: the original's panels, markers, words and limits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bokeh.models import ColumnDataSource
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from original import build_swinging_soft, noisy, simulate_adam

from server_app.downsampling import BUCKETS, EVERY_TICK
from server_app.export import _lane, write_html
from stream_adam import SpecError
from stream_adam.cli.figure import figure
from stream_adam.engine import Run
from stream_adam.experiment import Experiment

DEFAULT = "swinging_soft() + normal(0.5)"


def drawn(
    source: str = DEFAULT,
    strategies: tuple[str, ...] = ("adam_zero_based",),
    ticks: int = 10_000,
    window: int = 200,
    y_range: tuple[float, float] | None = None,
) -> Figure:
    experiment = Experiment.of(source, strategies, seed=1)
    return figure(experiment, Run(experiment).advance(ticks), window=window, y_range=y_range)


def words_of(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def test_the_default_figure_is_the_originals() -> None:
    whole = drawn(y_range=(0.0, 20.0))
    first, last = whole.axes
    assert tuple(whole.get_size_inches()) == (15, 14)
    assert (first.get_xlim(), last.get_xlim()) == ((0, 200), (9801, 9999))
    assert first.get_ylim() == last.get_ylim() == (-2, 22)
    assert words_of(first) == [
        "noisy gradient component (σ = 0.50)",
        'v (v ~ "1st moment", "mean")',
        "v with bias correction",
        '√(s) (s ~ "2nd moment", "spread"))',
        "√(s with bias correction)",
        "regularized gradient component",
    ]
    lines = first.lines[:6]
    assert [line.get_marker() for line in lines] == ["x", *"ooooo"]
    assert {line.get_linestyle() for line in lines} == {"None"}
    assert [to_hex(str(line.get_color())) for line in lines][1:] == [
        to_hex(colour) for colour in ("red", "orange", "lime", "darkgreen", "blue")
    ]


def test_its_points_are_the_originals() -> None:
    rows = np.array(simulate_adam(noisy(build_swinging_soft, 0.5, 10_000, 1)))
    series = [rows[:, 1], rows[:, 2], rows[:, 4], np.sqrt(rows[:, 3]), np.sqrt(rows[:, 5]), rows[:, 6]]
    for ax, shown in zip(drawn().axes, (slice(0, 200), slice(9_800, 10_000)), strict=True):
        for line, values in zip(ax.lines[:6], series, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), rows[shown, 0])
            np.testing.assert_allclose(np.asarray(line.get_ydata(), dtype=float), values[shown], rtol=1e-10)


def test_without_a_range_the_shown_values_fit_with_a_margin() -> None:
    # the value far out at tick 500 is in neither panel
    first, last = drawn("ramp(1) + impulse(500, 1e9)", ("sgd",), ticks=1_000, window=100).axes
    assert first.get_ylim() == last.get_ylim() == pytest.approx((-99.9, 1098.9))
    assert last.get_xlim() == (901, 999)


def test_each_lane_has_its_panels_side_by_side() -> None:
    axes = drawn(strategies=("adam", "sgd(alpha=0.1)"), ticks=300).axes
    titles = [legend.get_title().get_text() for ax in axes if (legend := ax.get_legend())]
    assert titles == ["adam", "sgd(alpha=0.1)"]
    assert len({ax.get_ylim() for ax in axes}) == 1  # side by side they are compared
    assert words_of(axes[1]) == ["noisy gradient component (σ = 0.50)", "direction"]


@pytest.mark.parametrize("component", [None, 0, 1])
def test_one_component_is_drawn(component: int | None) -> None:
    experiment = Experiment.of("rosenbrock()", "sgd(alpha=0.0001)", seed=1, theta0=(-1.2, 1))
    block = Run(experiment).advance(300)
    first, last = figure(experiment, block, component=component).axes
    assert first.get_title() == f"first 200 ticks of component {component or 0}"
    np.testing.assert_array_equal(last.lines[0].get_ydata(), block.lanes[0]["g"][100:, component or 0])


@pytest.mark.parametrize(("source", "component"), [("rosenbrock()", 2), ("line()", 0)])
def test_a_component_that_is_not_there_is_refused(source: str, component: int) -> None:
    experiment = Experiment.of(source, "sgd", seed=1)
    with pytest.raises(SpecError, match=f"there is no component {component}: the source has (0, 1|none)"):
        figure(experiment, Run(experiment).advance(3), component=component)


def test_what_is_not_finite_is_counted_and_not_drawn() -> None:
    first, last = drawn("where(t<3, 1/0, where(t==3, 0/0, 5))", ("sgd",), ticks=400).axes
    assert [text.get_text() for text in first.texts] == ["8 values not drawn: nan or infinite"]
    assert not last.texts
    assert first.get_ylim() == (4.5, 5.5)
    assert np.isfinite(np.asarray(first.lines[0].get_ydata(), dtype=float)).sum() == 196


@pytest.mark.parametrize("source", ["0/0", "1/0", "0", "1e308*sin(t)", "7"])
def test_any_values_can_be_drawn(source: str) -> None:
    whole = drawn(source, ticks=5)
    whole.draw_without_rendering()
    assert all(np.isfinite(ax.get_ylim()).all() for ax in whole.axes)


@pytest.mark.parametrize("ticks", [1, 2, 199, 200, 201])
def test_runs_of_any_length_can_be_drawn(ticks: int) -> None:
    first, last = drawn(ticks=ticks).axes
    assert first.get_xlim() == (0, 200)
    low, high = last.get_xlim()
    assert 0 <= low < high


def test_files_are_what_their_endings_say_and_the_same_each_time(tmp_path: Path) -> None:
    names = ["a.png", "b.PNG", "a.svg", "b.svg", "a.html"]
    plot = [sys.executable, "-m", "stream_adam", "plot", "--ticks", "1000", "--output"]
    running = [
        subprocess.Popen([*plot, str(tmp_path / name)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for name in names
    ]
    for process in running:
        said, _ = process.communicate(timeout=60)
        assert said == b""
        assert process.returncode == 0
    data = [(tmp_path / name).read_bytes() for name in names]
    assert data[0].startswith(b"\x89PNG")
    assert b"<svg" in data[2][:1000]
    assert data[0] == data[1]
    assert data[2] == data[3]
    assert data[4].lstrip().startswith(b"<!DOCTYPE html>")
    assert b"regularized gradient component" in data[4]


# The file of the page


@pytest.mark.parametrize(("ticks", "window"), [(10_000, 1_000_000), (10_000, 6_000), (1_000, 6_000), (5_000, 200)])
def test_a_file_leaves_ticks_out_where_there_are_many_not_where_many_were_asked_for(ticks: int, window: int) -> None:
    experiment = Experiment.of(DEFAULT, "adam", seed=1)
    lane = _lane(experiment, 0, 0, Run(experiment).advance(ticks), window, None, "original")
    for source in lane.select({"type": ColumnDataSource}):
        t = source.data["t"]
        there = min(ticks, window)
        assert len(t) == there if there <= EVERY_TICK else 500 < len(t) <= 2 * BUCKETS + 3
        assert t[-1] - t[0] == there - 1


def test_a_file_has_more_lanes_than_there_are_looks(tmp_path: Path) -> None:
    experiment = Experiment.of("rosenbrock()", ["sgd(alpha=0.001)"] * 13, seed=1, theta0=(-1.2, 1.0))
    write_html(tmp_path / "lanes.html", experiment, Run(experiment).advance(20), window=20, y_range=None)
    assert (tmp_path / "lanes.html").read_text(encoding="utf-8").count("landscape:13") > 0
