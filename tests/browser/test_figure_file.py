"""The figure in a file: a browser without any network shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from laws import assert_same_bits

from server_app.export import write_html
from stream_adam.engine import Run
from stream_adam.experiment import Experiment

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Route

    from .conftest import NewTab


def test_a_figure_opens_without_a_network(new_tab: NewTab, tmp_path: Path) -> None:
    experiment = Experiment.of("swinging_soft() + normal(0.5)", ["adam_zero_based", "sgd"], seed=1)
    block = Run(experiment).advance(600)
    path = tmp_path / "figure.html"
    write_html(path, experiment, block, window=200, y_range=None)

    tab = new_tab()
    outside: list[str] = []

    def refuse(route: Route) -> None:
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    tab.page.route("**/*", refuse)
    tab.page.context.set_offline(True)
    tab.page.goto(path.as_uri())
    tab.page.wait_for_function("() => globalThis.Bokeh?.documents?.[0]?.is_idle")
    panels = tab.page.evaluate(
        "() => [...Bokeh.index.query((view) => view.model.type == 'Figure')].map((view) => view.model.title.text)"
    )
    assert sorted(panels) == ["first 200 ticks"] * 2 + ["last 200 ticks"] * 2 + ["theta, the weight"]
    for lane, columns in enumerate(block.lanes):
        for i, part in enumerate((slice(0, 200), slice(400, 600))):
            data = tab.data(f"panel-{lane}-{i}")
            assert_same_bits(data["t"], columns["t"][part])
            assert_same_bits(data["g"], columns["g"][part])
            assert_same_bits(data["direction"], columns["direction"][part])
            assert_same_bits(tab.data(f"theta{':2' if lane else ''}")["theta"], columns["theta"])
            if lane == 0:
                assert_same_bits(data["sqrt_v_hat"], np.sqrt(columns["v_hat"][part]))
    text = tab.text()
    assert "swinging_soft() + normal(0.5)   →   sgd".replace("   ", " ") in text
    assert outside == []


def test_a_file_has_the_landscape_and_every_component(new_tab: NewTab, tmp_path: Path) -> None:
    experiment = Experiment.of("rosenbrock()", ["adam(alpha=0.01)", "sgd(alpha=0.001)"], seed=1, theta0=(-1.2, 1))
    block = Run(experiment).advance(300)
    path = tmp_path / "figure.html"
    write_html(path, experiment, block, window=200, y_range=None)
    tab = new_tab()
    tab.page.goto(path.as_uri())
    tab.page.wait_for_function("() => globalThis.Bokeh?.documents?.[0]?.is_idle")
    for lane, suffix in enumerate(("", ":2")):
        theta = block.lanes[lane]["theta"]
        way = tab.data(f"landscape{suffix}")
        assert_same_bits(way["theta.0"], theta[:, 0])
        assert_same_bits(way["theta.1"], theta[:, 1])
        assert len(tab.data(f"value{suffix}")["value"]) == 300
        for component in range(2):
            data = tab.data(f"panel-{lane}-component-{component}-1")
            assert_same_bits(data["g"], block.lanes[lane]["g"][100:, component])
    text = tab.text()
    for words in ("component 0", "component 1", "adam(alpha=0.01) value"):
        assert words in text
