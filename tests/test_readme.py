"""What README.md claims has been run: its Python works, and its rows are the rows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stream_adam import simulate
from stream_adam.extensions import load
from stream_adam.series import series_of
from stream_adam.sources import DEFAULT_SOURCE
from stream_adam.strategies import DEFAULT_STRATEGY, STRATEGIES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.usefixtures("own_strategies")
@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_its_python_runs(number: int) -> None:
    quick = BLOCKS[number].replace("rate=20", "rate=2000")
    exec(compile(quick, f"README.md, block {number}", "exec"), {"__name__": "readme"})


def test_its_rule_is_the_examples_and_the_authors_program(own_strategies: None) -> None:
    example = (ROOT / "examples" / "two_lines.py").read_text(encoding="utf-8")
    (block,) = (block for block in BLOCKS if "def two_lines" in block)
    assert block in example
    load(ROOT / "examples" / "two_lines.py")
    run = simulate("swinging_soft() + normal(0.5)", "two_lines", ticks=2_000, seed=1)
    assert [round(float(step), 4) for step in run["direction"][:3]] == [36.1537, 21.6899, 17.5687]
    assert all(figure in README for figure in ("36.1537", "21.6899", "17.5687"))
    original = simulate("swinging_soft() + normal(0.5)", "adam_centered", ticks=2_000, seed=1)
    assert run["direction"] == pytest.approx(original["direction"], rel=1e-12)
    shown = [series.column for series in series_of(STRATEGIES["two_lines"])]
    assert shown == ["g", "m", "m_hat", "sqrt_v", "sqrt_v_hat", "direction"]


def test_its_rows_are_the_rows() -> None:
    rows = [json.loads(line) for line in re.findall(r"^\[\d+,.*\]$", README, flags=re.MULTILINE)]
    run = simulate(DEFAULT_SOURCE, DEFAULT_STRATEGY, seed=1, ticks=3)
    expected = zip(*(run[name].tolist() for name in ("t", "g", "direction")), strict=True)
    for row, (t, g, direction) in zip(rows, expected, strict=True):
        assert row[0] == t
        assert row[1:] == pytest.approx([g, direction], rel=1e-12)  # the sine's last place is the platform's


def test_what_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / target).exists(), target
