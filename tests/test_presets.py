"""Every preset shows what it claims, and a check that shouldn't pass doesn't."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from laws import assert_same_run

from stream_adam import SpecError, stream
from stream_adam.engine import Run
from stream_adam.presets import DEFAULT_PRESET, PRESETS, Check, Preset, find, verify
from stream_adam.presets.outcome import SAMPLES_ALONE, Outcome, at, first_when
from stream_adam.presets.preset import Recipe
from stream_adam.sources.recordings import SAMPLES, Files
from stream_adam.typing import Floats

GALLERY = Path(__file__).parent.parent / "docs" / "gallery"
every_preset = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
PROMISED = [
    "original_soft", "original_superposed", "original_line", "original_modified", "one_tick_late",
    "larger_than_the_bound", "no_bias_correction", "not_converging", "equal_betas", "spike_on_a_bowl", "change_of_mind",
    "shadow_of_an_outlier", "epsilon_gate", "adam_as_a_filter", "belief", "stale_second_moment", "warm_up",
    "white_noise", "digits", "bowl",
]  # fmt: skip
BROKEN = {
    "original_soft": "adam(beta1=0.8)",
    "larger_than_the_bound": "adam(beta1=0.91, eps=1e-12)",
    "change_of_mind": "adam(beta1=0.8)",
    "adam_as_a_filter": "adam(beta1=0.901)",
    "bowl": "sgd(alpha=0.01)",
    "not_converging": "amsgrad_uncorrected(alpha=0.01, beta1=0, beta2=0.1, eps=0)",
    "warm_up": "radam_paper",
    "adagrad_decay": "rmsprop",
}


@every_preset
def test_a_preset_shows_what_it_claims(preset: Preset) -> None:
    findings = verify(preset)
    assert [found.what for found in findings] == [check.what for check in preset.checks]
    assert [found for found in findings if not found.passed] == []


@pytest.mark.parametrize(("name", "strategy"), BROKEN.items(), ids=BROKEN)
def test_another_strategy_in_its_first_lane_fails(name: str, strategy: str) -> None:
    preset = find(name)
    checks = tuple(check for check in preset.checks if check.strategies is None)
    other = replace(preset, strategies=(strategy, *preset.strategies[1:]), checks=checks)
    assert not all(found.passed for found in verify(other))


@pytest.mark.parametrize(
    ("expected", "tolerance", "relative", "passes", "margin", "text"),
    [
        (2.0, 0.0, False, True, 0.0, "exactly"),
        (2.1, 0.0, False, False, 0.0, "exactly"),
        (2.1, 0.11, False, True, 0.11, "±0.11"),
        (2.1, 0.05, True, True, 0.105, "±5 %"),
        (2.1, 0.04, True, False, 0.084, "±4 %"),
        (-2.0, 0.5, True, False, 1.0, "±50 %"),
        (float("nan"), 1.0, False, False, 1.0, "±1"),
    ],
)
def test_a_tolerance(expected: float, tolerance: float, relative: bool, passes: bool, margin: float, text: str) -> None:
    check = Check("the gradient", at("g", -1), expected, tolerance, relative=relative)
    (found,) = verify(replace(find("original_line"), source="line(2)", ticks=3, checks=(check,)))
    assert (found.measured, found.passed, found.tolerance) == (2.0, passes, text)
    assert check.margin == pytest.approx(margin)


def test_what_never_happens_is_measured_as_nan_and_fails() -> None:
    check = Check("when g is 3", first_when("g", lambda g: g == 3), 1, 1e9)
    (found,) = verify(replace(find("original_line"), source="line(2)", ticks=3, checks=(check,)))
    assert np.isnan(found.measured)
    assert not found.passed


def test_checks_of_a_recipe_share_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Recipe] = []

    def noted(recipe: Recipe) -> Outcome:
        made.append(recipe)
        return Outcome(recipe)

    monkeypatch.setattr("stream_adam.presets.verifying.Outcome", noted)
    verify(find("four_minima"))
    assert len(made) == len(set(made)) == 5


def test_checks_read_the_samples_that_ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "normal.npy", np.zeros(10_000))
    monkeypatch.chdir(tmp_path)
    assert all(found.passed for found in verify(find("original_soft")))


@pytest.mark.parametrize(
    ("name", "draws"),
    [
        ("normal", np.random.default_rng(1).standard_normal(10_000)),
        ("cauchy", np.random.default_rng(7).standard_cauchy(20_000)),
    ],
)
def test_the_samples_are_numpys_draws(name: str, draws: Floats) -> None:
    np.testing.assert_allclose(np.load(SAMPLES / f"{name}.npy"), draws, rtol=1e-12)
    assert "draw_samples.py" in (SAMPLES / f"{name}.md").read_text(encoding="utf-8")


def test_the_presets_that_were_promised() -> None:
    assert set(PROMISED) <= set(PRESETS)
    assert len(PRESETS) >= len(PROMISED) + 8
    assert DEFAULT_PRESET.name == "original_soft"


@every_preset
def test_a_preset_says_what_it_is(preset: Preset) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]+", preset.name)
    assert preset.title
    assert not preset.title.endswith(".")
    assert len(re.findall(r"[.!?](?=\s+[A-Z√]|$)", preset.look)) == 2, "two sentences"
    assert preset.claim
    assert not preset.claim.endswith(".")
    assert preset.ticks >= 200
    assert preset.y_range is None or preset.y_range[0] < preset.y_range[1]
    assert preset.checks
    assert all(check.what and check.basis and check.tolerance >= 0 for check in preset.checks)
    assert len({(check.what, preset.recipe_of(check)) for check in preset.checks}) == len(preset.checks)


@every_preset
def test_a_preset_runs_everywhere_and_repeats(preset: Preset) -> None:
    experiments = [preset.experiment(files) for files in (Files(), SAMPLES_ALONE)]
    assert experiments[0] == experiments[1]
    blocks = [Run(experiment).advance(50) for experiment in experiments]
    assert_same_run(list(blocks[0].lanes), list(blocks[1].lanes), preset.name)
    assert len(blocks[0]) == 50
    assert all(np.isfinite(column).all() for lane in blocks[0].lanes for column in lane.values())
    (experiment, _) = experiments
    assert [lane.label for lane in experiment.lanes] == list(preset.strategies)
    assert (experiment.seed, experiment.bounds) == (preset.seed, preset.bounds)
    assert np.all(experiment.theta0 == np.array(preset.theta0))


@every_preset
def test_a_preset_streams(preset: Preset) -> None:
    async def last() -> Any:
        source, strategies, _, seed, theta0, bounds = preset.recipe
        states = stream(source, list(strategies), seed=seed, theta0=theta0, bounds=bounds, ticks=20)
        return [state async for state in states][-1]

    expected = Run(preset.experiment(SAMPLES_ALONE)).advance(20).lanes
    for state, columns in zip(asyncio.run(last()), expected, strict=True):
        for name, column in columns.items():
            np.testing.assert_array_equal(getattr(state, name), column[-1])


@every_preset
def test_the_gallery_has_it(preset: Preset) -> None:
    listed = (GALLERY / "README.md").read_text(encoding="utf-8")
    assert f"## {preset.title}\n\n`{preset.name}` · [the page]({preset.name}.html)\n" in listed
    assert preset.look in listed
    assert (GALLERY / f"{preset.name}.png").stat().st_size <= 80_000
    shared = re.findall(r'<script src="([^"]+)"', (GALLERY / f"{preset.name}.html").read_text(encoding="utf-8"))
    assert shared
    assert all((GALLERY / name).is_file() for name in shared)


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(SpecError, match="unknown preset 'origina_soft': did you mean 'original_soft'"):
        find("origina_soft")
