"""Doubles of every kind, written in each format of `stream-adam run` and read back: the same bits, or NaN for NaN.

A table is for the eye; its cells are the values as `format(value, ".6g")` has them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import AWKWARD, assert_same_bits

from faults import Tally, wide
from stream_adam.cli import main
from stream_adam.engine import Run
from stream_adam.experiment import Experiment

WORDS = st.integers(0, 2**64 - 1)  # any eight bytes: NaNs with a payload and denormal numbers among them
DOUBLES = st.one_of(WORDS.map(lambda word: np.uint64(word).view(np.float64)), st.floats(), st.sampled_from(AWKWARD))
ROWS = 100


def read_table(path: Path) -> list[float]:
    names, *rows = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return [float(row[names.index("g")]) for row in rows if row not in ([], names)]


def read_by_us(path: Path) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    run = Run(Experiment.of(f'recording(path="{path}", column="g")', "sgd", seed=1))
    return run.advance(ROWS + 1).lanes[0]["g"]


@pytest.mark.parametrize("ending", ["jsonl", "csv", "table"])
def test_a_double_is_written_and_read_back(ending: str, tmp_path: Path, tally: Tally) -> None:
    """A double, written by `run` as JSON lines, CSV and a table, and read back"""
    given_path, path = tmp_path / "given.npy", tmp_path / f"rows.{ending}"

    @settings(max_examples=wide(short=20, all=100))
    @given(st.lists(DOUBLES, min_size=20, max_size=ROWS))
    def law(values: list[float]) -> None:
        np.save(given_path, np.array(values))
        source = ["--source", f'recording(path="{given_path}")', "--strategy", "sgd(alpha=0)"]
        assert main(["run", *source, "--format", ending, "--output", str(path)]) == 0
        if ending == "table":
            assert_same_bits(read_table(path), [float(f"{value:.6g}") for value in values])
        else:
            assert_same_bits(read_by_us(path), values)
        tally.survived(len(values))

    law()
