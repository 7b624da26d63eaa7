"""Runs in pandas and polars, and what those write as recordings.

With the extra `frames`, `pytest tests/frames.py` runs it; it is no part of `make test`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stream_adam import data, simulate

SOURCES: list[dict[str, Any]] = [{"source": "normal(1)"}, {"source": "rosenbrock()", "theta0": (-1.2, 1)}]


@pytest.mark.parametrize("options", SOURCES)
def test_a_run_is_a_frame(options: dict[str, Any], tmp_path: Path) -> None:
    import pandas as pd  # noqa: PLC0415
    import polars as pl  # noqa: PLC0415

    run = simulate(strategy="adam", ticks=30, seed=1, **options)
    path = tmp_path / "frame"
    pandas, polars = pd.DataFrame(run), pl.DataFrame(run)
    pandas.to_csv(path.with_suffix(".csv"))
    pandas.to_csv(path.with_suffix(".tsv"), sep="\t", index=False)
    pandas.to_csv(path.with_suffix(".csv.gz"), index=False)
    polars.write_ndjson(path.with_suffix(".jsonl"))
    for name, column in run.items():
        np.testing.assert_array_equal(pandas[name], column)
        np.testing.assert_array_equal(polars[name].to_numpy(), column)
        for ending in (".csv", ".tsv", ".csv.gz", ".jsonl"):
            np.testing.assert_array_equal(data.read(path.with_suffix(ending), name), column)
    assert list(pandas.columns) == polars.columns == list(run)
    assert len(pandas) == len(polars) == 30
