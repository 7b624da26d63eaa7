"""Damaged files: every byte of small files of each format flipped and cut.

What comes out is either what an independent reader makes of the damaged file, or one line in words; never a traceback,
a wait, or numbers from a file whose shape contradicts itself.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faults import Tally, wide
from stream_adam import data
from stream_adam.errors import SpecError

TOO_LONG = 20  # seconds for one small file: a wait, not a slow machine

ROWS = [(t, f"note {t}", g) for t, g in enumerate([0.5, -1.25, 3e-7, float("nan"), 1e300, -0.0])]
TABLE = "t,note,g\n" + "".join(f'{t},"{note}",{g!r}\n' for t, note, g in ROWS)
LINES = "".join(json.dumps({"t": t, "note": note, "g": g}) + "\n" for t, note, g in ROWS)
GRADIENT = np.array([g for _, _, g in ROWS])


def saved(save: Callable[..., Any], *arrays: Any, **named: Any) -> bytes:
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


FILES: dict[str, bytes] = {
    "a.csv": TABLE.encode(),
    "b.csv": TABLE.encode("utf-16"),
    "a.tsv": TABLE.replace(",", "\t").encode(),
    "a.csv.gz": gzip.compress(TABLE.encode(), mtime=0),
    "a.jsonl": LINES.encode(),
    "a.npy": saved(np.save, GRADIENT),
    "b.npy": saved(np.save, np.array([(t, g) for t, _, g in ROWS], dtype=[("t", "<i4"), ("g", "<f8")])),
    "a.npz": saved(np.savez, g=GRADIENT, t=np.arange(6)),
    "b.npz": saved(np.savez_compressed, g=GRADIENT),
}


def damaged(content: bytes) -> Iterator[tuple[str, bytes]]:
    """What was done to the content, and what became of it: a byte flipped, left out or more, or cut off."""
    step = wide(short=7, all=1)
    for at in range(0, len(content), step):
        for bit in wide(short=(at % 8,), all=range(8)):
            yield f"bit {bit} of byte {at}", content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
    for length in range(0, len(content), step):
        yield f"cut off at {length}", content[:length]
        yield f"without byte {length}", content[:length] + content[length + 1 :]
    for byte in range(0, 256, wide(short=51, all=1)):
        yield f"{byte} at its end", content + bytes([byte])


def by_csv(text: str, delimiter: str) -> list[float]:
    """The column g of a table, if all its rows are as long as the first."""
    names, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    while rows and not "".join(rows[-1]).strip() and len(rows[-1]) < 2:
        rows.pop()
    assert {len(row) for row in rows} == {len(names)}
    return [float(row[names.index("g")]) for row in rows]


def by_json(text: str) -> list[float]:
    return [float(json.loads(line)["g"]) for line in text.split("\n") if line.strip()]


def by_numpy(content: bytes) -> Any:
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if isinstance(array, np.lib.npyio.NpzFile):
        array = array[array.files[0] if len(array.files) == 1 else "g"]
    return np.asarray(array if array.dtype.names is None else array["g"], dtype=np.float64).reshape(-1)


def decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    return content.decode(encoding, "strict" if encoding == "utf-16" else "surrogateescape")


def independent(name: str, content: bytes) -> Any:
    if name.endswith((".npy", ".npz")):
        return by_numpy(content)
    text = decoded(gzip.decompress(content) if name.endswith(".gz") else content)
    return by_json(text) if ".jsonl" in name else by_csv(text, "\t" if ".tsv" in name else ",")


def assert_a_line(error: SpecError) -> None:
    assert 5 < len(str(error)) < 200
    assert str(error).isprintable()


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_rightly_or_told_in_a_line(name: str, tmp_path: Path, tally: Tally) -> None:
    """A recording with a bit flipped, a byte less or more, or cut off, in each format"""
    path, read, told = tmp_path / name, 0, 0
    for damage, content in damaged(FILES[name]):
        path.write_bytes(content)
        began = time.monotonic()
        with tally.trying(f"{name}, {damage}"):
            try:
                found = data.read(path)
            except SpecError as error:
                assert_a_line(error)
                told += 1
            else:
                expected = np.asarray(independent(name, content))
                assert np.array_equal(found, expected, equal_nan=True), content
                read += 1
            assert time.monotonic() - began < TOO_LONG
    assert read, "some damage, as to a digit, leaves a right file"
    assert told


def test_the_whole_files_are_read(tmp_path: Path, tally: Tally) -> None:
    """A recording that is whole, by our reader and by an independent one"""
    assert math.isnan(GRADIENT[3])
    for name, content in FILES.items():
        path = tmp_path / name
        path.write_bytes(content)
        for read, found in (("ours", data.read(path)), ("an independent one", independent(name, content))):
            with tally.trying(f"{name} by {read}"):
                assert np.array_equal(found, GRADIENT, equal_nan=True)


@pytest.mark.parametrize("name", ["a.csv", "b.csv", "a.tsv", "a.jsonl"])
def test_damaged_lines_are_told_as_they_arrive(name: str, tally: Tally) -> None:
    """Damaged lines that arrive on standard input"""
    for damage, content in damaged(FILES[name]):
        lines = content.decode("utf-8", "replace").splitlines(keepends=True)
        with tally.trying(f"{name}, {damage}"):
            try:
                list(data.arriving(lines))
            except SpecError as error:
                assert_a_line(error)
