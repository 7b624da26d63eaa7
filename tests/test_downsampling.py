"""Downsampling: no extreme is lost, nothing is made up, and buckets stand still."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from laws import assert_same_bits

from server_app.downsampling import BUCKETS, EVERY_TICK, downsampled

Columns = dict[str, np.ndarray[Any, Any]]

WINDOWS = st.integers(EVERY_TICK + 1, 100_000)
values = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Columns, int]:
    """The last ticks of a run, up to a window of them, and the window."""
    window = draw(WINDOWS)
    newest = draw(st.integers(0, 10_000_000))
    count = min(newest + 1, window, draw(st.sampled_from([1, 2, 3, 1_000, window - 1, window])))
    column = draw(arrays(np.float64, min(count, 40), elements=values))
    ticks = np.arange(newest + 1 - count, newest + 1)
    return {"t": ticks, "g": np.resize(column, count), "m": -np.resize(column, count)}, window


def buckets(out: Columns) -> list[tuple[int, int]]:
    """First and last tick of each."""
    return list(zip(out["t"][0:-1:2].tolist(), out["t"][1:-1:2].tolist(), strict=True))


@given(runs())
def test_each_bucket_has_its_extremes_in_every_column(run: tuple[Columns, int]) -> None:
    columns, window = run
    out = downsampled(columns, window)
    assert set(out) == set(columns)
    first = int(columns["t"][0])
    for i, (start, end) in enumerate(buckets(out)):
        for name in ("g", "m"):
            part = columns[name][start - first : end - first + 1]
            finite = part[~np.isnan(part)]
            expected = (finite.min(), finite.max()) if len(finite) else (np.nan, np.nan)
            assert_same_bits(np.add(out[name][2 * i : 2 * i + 2], 0.0), np.add(expected, 0.0))  # either zero is least


@given(runs())
def test_buckets_leave_no_gap_and_the_newest_tick_is_last(run: tuple[Columns, int]) -> None:
    columns, window = run
    out = downsampled(columns, window)
    found = buckets(out)
    assert found[0][0] == columns["t"][0]
    assert found[-1][1] == columns["t"][-1]
    assert all(end + 1 == start for (_, end), (start, _) in pairwise(found))
    assert len(found) <= BUCKETS + 1
    for name, column in columns.items():
        assert_same_bits(out[name][-1:], column[-1:])


@given(runs(), st.integers(1, 500))
def test_buckets_stand_still_while_the_window_moves_over_them(run: tuple[Columns, int], moved: int) -> None:
    columns, window = run
    later = {name: np.concatenate([column[moved:], column[:moved]]) for name, column in columns.items()}
    later["t"] = columns["t"] + moved
    before, after = buckets(downsampled(columns, window)), buckets(downsampled(later, window))
    # but for the first and the last one, which the window cuts
    span = (max(before[0][1], after[0][1]), min(before[-1][0], after[-1][0]))
    inner = [{b for b in found if b[0] > span[0] and b[1] < span[1]} for found in (before, after)]
    assert inner[0] == inner[1]


@pytest.mark.parametrize("window", [EVERY_TICK + 1, 100_000])
def test_before_the_first_tick(window: int) -> None:
    out = downsampled({"t": np.empty(0, dtype=np.int64), "g": np.empty(0)}, window)
    assert [len(column) for column in out.values()] == [0, 0]
