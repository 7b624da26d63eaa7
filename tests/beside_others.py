"""Beside other people's libraries: runs in pandas and polars, a stream in aiostream, a broadcast in FastAPI.

With the extra `others`, `pytest tests/beside_others.py` runs it; it is no part of `make test`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest
from test_examples import EXAMPLES, said

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


def test_a_run_by_hundreds_of_ticks_in_pandas_and_polars() -> None:
    lines = said("pandas_and_polars")
    direction = simulate("swinging_soft() + normal(0.5)", "adam", ticks=300, seed=1)["direction"]
    for part in range(3):
        mean = f"{direction[100 * part : 100 * part + 100].mean():.3f}"
        assert len([line for line in lines if float(mean) in [float(n) for n in re.findall(r"\d\.\d+", line)]]) >= 2


def test_a_stream_among_the_operators_of_aiostream() -> None:
    direction = simulate("normal(1)", "adam", ticks=120, seed=1)["direction"]
    threes = [[30 * k, 30 * k + 10, 30 * k + 20] for k in range(4)]
    expected = [f"{ticks} {round(sum(direction[ticks]) / 3, 6)}" for ticks in threes]
    assert said("with_aiostream") == expected


@pytest.fixture
def web_api() -> Iterator[str]:
    """The address of the example under way."""
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(EXAMPLES), "--port", "0", "web_api:app"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            yield next(found[0] for line in server.stderr if (found := re.search(r"http://\S+", line)))
        finally:
            server.terminate()


def test_one_run_for_a_whole_web_application(web_api: str) -> None:
    import websockets.sync.client  # noqa: PLC0415

    run = simulate("swinging_soft() + normal(0.5)", "adam", ticks=200, seed=1)
    with (
        urlopen(f"{web_api}/states", timeout=30) as events,
        websockets.sync.client.connect(f"ws{web_api.removeprefix('http')}/live") as socket,
    ):
        lines = (line.decode().strip() for line in events)
        seen = [json.loads(line.removeprefix("data: ")) for line in (next(lines), next(lines), next(lines)) if line]
        seen.append(json.loads(socket.recv(timeout=30)))
        urlopen(Request(f"{web_api}/pause", method="POST"), timeout=30).close()
        with suppress(TimeoutError):  # what was under way comes, then nothing more
            while True:
                seen.append(json.loads(socket.recv(timeout=2)))
        urlopen(Request(f"{web_api}/play", method="POST"), timeout=30).close()
        seen.append(json.loads(socket.recv(timeout=30)))
    for state in seen:
        assert state["direction"] == run["direction"][state["t"]]
    assert seen[0]["t"] == 0
