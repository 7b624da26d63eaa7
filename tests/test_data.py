"""Data from outside: every format by its ending, and every oddity of real logs named for what it is."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import assert_same_bits

from stream_adam import data
from stream_adam.data.opening import Opened
from stream_adam.data.reading import SETTLED, Cache
from stream_adam.errors import SpecError
from stream_adam.sources import Files
from stream_adam.sources.recordings import load

Choice = Any  # keyword arguments
GAPS = "step,a,b\n0,0.5,\n1,,0.25\n2,0.4,\n"
LANES = "lane,t,g,m\nadam,0,1,2\nsgd,0,1,\nadam,1,3,4\nsgd,1,3,\n"
LANE_LINES = '{"lane":"adam","t":0,"g":1,"m":2}\n{"lane":"sgd","t":0,"g":1}\n{"lane":"adam","t":1,"g":3,"m":4}\n'
ACCENT = "g,µ\n1,µ\n2,x\n"


def packed(array: Any, **named: Any) -> bytes:
    """The bytes of an .npy, or of an .npz where arrays are named."""
    file = io.BytesIO()
    if named:
        np.savez(file, **named)
    else:
        np.save(file, array, allow_pickle=True)
    return file.getvalue()


FIELDS = np.array([(0, 1.5), (1, 2.5)], dtype=[("t", np.int64), ("g", np.float32)])
READ: list[tuple[str, str | bytes, Choice, list[float]]] = [
    ("a.csv", GAPS, {"column": "a", "blanks": "skip"}, [0.5, 0.4]),
    ("a.csv", GAPS, {"column": "b", "blanks": "skip"}, [0.25]),
    ("a.csv", "t,g\r\n0,0.5\r\n1,-0\r\n", {}, [0.5, -0.0]),
    ("a.csv", "t, g\n0, 0.5\n1, 1e3\n", {}, [0.5, 1000]),
    ("a.csv", 't,"g"\n0,"0.5"\n', {}, [0.5]),
    ("a.csv", 'note,g\n"two\nlines, one cell",0.5\nx,1\n', {}, [0.5, 1]),
    ("a.csv", "0.5,1\n2,3\n", {"column": "1"}, [1, 3]),
    ("a.csv", "0.5\n2\n", {}, [0.5, 2]),
    ("a.csv", "1,g\n5,6\n", {"column": "1"}, [5]),  # a name goes before a number
    ("a.csv", "a,g\n5,6\n", {"column": "1"}, [6]),
    ("a.csv", "g\n1\n2\n\n\n", {}, [1, 2]),
    ("a.csv", "g\n1\n\n2\n", {"blanks": "skip"}, [1, 2]),
    ("a.csv", "g\nnan\n-inf\nInfinity\n", {}, [np.nan, -np.inf, np.inf]),
    ("a.csv", LANES, {"lane": "adam"}, [1, 3]),
    ("a.csv", LANES, {"lane": "adam", "column": "m"}, [2, 4]),
    ("a.csv", "lane,t,g\nsgd,0,1\nsgd,1,2\n", {}, [1, 2]),  # one lane needs no choice
    ("a.csv", "\ufeffg\n1\n", {}, [1]),
    ("a.csv", "g\n1\n2.5\n".encode("utf-16"), {}, [1, 2.5]),
    ("a.csv", b"\xfe\xff" + "g\n1\n".encode("utf-16-be"), {}, [1]),
    ("a.csv", ACCENT.encode("latin-1"), {}, [1, 2]),  # what another column holds is not asked
    ("A.CSV", "g\n1\n", {}, [1]),
    ("a.tsv", "t\tg\n0\t1,5\n", {"column": "t"}, [0]),
    ("a.csv.gz", gzip.compress(b"g\n1\n2\n", mtime=0), {}, [1, 2]),
    ("a.Tsv.GZ", gzip.compress(b"t\tg\n1\t2\n", mtime=0), {}, [2]),
    ("a.jsonl.gz", gzip.compress(b'{"g": 1}\n', mtime=0), {}, [1]),
    ("a.jsonl", '{"g": 0.5}\n{"g": NaN}\n{"g": -Infinity}\n', {}, [0.5, np.nan, -np.inf]),
    ("a.jsonl", '{"g": "nan", "m": NaN}\n\n{"g": "-inf"}', {}, [np.nan, -np.inf]),
    ("a.jsonl", '{"g": 1}\n{"m": 1}\n{"g": null}\n{"g": ""}\n{"g": 2}\n', {"blanks": "skip"}, [1, 2]),
    ("a.jsonl", '{"m": 1}\n{"g": 1}\n', {"blanks": "skip"}, [1]),
    ("a.jsonl", '\ufeff{"g": 1}\n', {}, [1]),
    ("a.jsonl", '{"g": 1}\n'.encode("utf-16"), {}, [1]),
    ("a.jsonl", '{"loss": 9, "w.0": 1}\n', {"column": "w.0"}, [1]),
    ("a.jsonl", '{"loss": 9, "w.0": 1}\n', {"column": "0"}, [9]),
    ("a.jsonl", "[1, 2]\n[3, 4]\n", {"column": "1"}, [2, 4]),
    ("a.jsonl", "1\n2.5\n", {}, [1, 2.5]),
    ("a.jsonl", LANE_LINES, {"lane": "adam", "column": "m"}, [2, 4]),
    ("a.npy", packed(np.array([1.5, 2.5], dtype=">f4")), {}, [1.5, 2.5]),
    ("a.npy", packed(np.ones((2, 1))), {}, [1, 1]),
    ("a.npy", packed(np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])), {"column": "1"}, [2, 4]),
    ("a.npy", packed(FIELDS), {}, [1.5, 2.5]),
    ("a.npy", packed(FIELDS), {"column": "0"}, [0, 1]),
    ("a.npz", packed(None, a=np.arange(3), g=np.array([7.0])), {}, [7]),
    ("a.npz", packed(None, a=np.arange(3), g=np.array([7.0])), {"column": "a"}, [0, 1, 2]),
    ("a.npz", packed(None, a=np.arange(3), g=np.array([7.0])), {"column": "0"}, [0, 1, 2]),
    ("a.npz", packed(None, arr_0=np.arange(2)), {}, [0, 1]),
]

REFUSED: list[tuple[str, str | bytes, Choice, str]] = [
    ("c.csv", "step,g\n0,-0,08\n1,0,12\n", {}, "row 1 (line 2) has 3 cells, the line of names has 2"),
    ("c.csv", "step,g\n0,1\n1\n", {}, "row 2 (line 3) has 1 cell, the line of names has 2"),
    ("c.csv", "1,2\n1,2,3\n", {"column": "0"}, "row 2 (line 2) has 3 cells, line 1 has 2"),
    ("c.csv", GAPS, {"column": "a"},
     "row 2 (line 3) has nothing in the column 'a'; blanks=\"skip\" passes over such rows"),
    ("c.csv", "g\n1\n\n2\n", {}, "row 2 (line 3) is blank; blanks=\"skip\" passes over such rows"),
    ("c.csv", "t,g\n0,1\nt,g\n0,2\n", {}, "row 2 (line 3) repeats the line of names"),
    ("c.csv", "t,0\n0,1\nt,0\n0,2\n", {"column": "0"}, "row 2 (line 3) repeats the line of names"),
    ("c.csv", "# a run\nt,g\n0,1\n", {}, "line 1 begins with '#': the names of the columns stand there, without it"),
    ("c.csv", "t,g\n0,1\n# end\n", {}, "row 2 (line 3) begins with '#': a table has no comments"),
    ("c.csv", "0,1\n2,3\n", {}, "no column 'g': it has no line of names; choose by number, as in column=\"1\""),
    ("c.csv", "0,1\n2,3\n", {"column": "2"}, "no column '2': it has 2, numbered from 0 on"),
    ("c.csv", "\nt,g\n0,1\n", {}, "line 1 is blank: the names of the columns, or the first row, stand there"),
    ("c.csv", "", {}, "the file is empty"),
    ("c.jsonl", "", {}, "the file is empty"),
    ("c.jsonl", "\n\n", {}, "the file is empty"),
    ("c.npy", b"", {}, "the file is empty"),
    ("c.csv", "g\n", {}, "it has a line of names, and no rows"),
    ("c.csv", GAPS.replace("0.25", ""), {"column": "b", "blanks": "skip"}, "it has no row with a value there"),
    ("c.csv", GAPS, {"blanks": "drop"}, "blanks is 'drop': it is 'skip' or 'refuse'"),
    ("c.csv", "t,m\n1,2\n", {}, "no column 'g'; known are t, m"),
    ("c.csv", "t,g\n1,2\n", {"column": "G"}, "no column 'G'; did you mean 'g'?"),
    ("c.csv", "t,g\n1,2\n", {"column": "grad"}, "no column 'grad'; did you mean 'g'?"),
    ("c.csv", "g,g\n1,2\n", {}, "2 columns are named 'g': choose one by its number, from 0 on"),
    ("c.csv", "g.0,g.1\n1,2\n", {}, "'g' is g.0, g.1 here: several components can't be read yet; choose one"),
    ("c.csv", "a,b\n1,2\n", {"column": "a,b"},
     "column='a,b': several components can't be read yet; choose one"),
    ("c.csv", "t;g\n0;-0,08\n", {}, "its cells are separated by semicolons, not by commas"),
    ("c.csv", "0;-0,08\n", {}, "its cells are separated by semicolons, not by commas"),
    ("c.csv", "t\tg\n0\t1\n", {}, "its cells are separated by tabs, not by commas; with the ending .tsv it is read"),
    ("c.tsv", "t,g\n0,1\n", {}, "its cells are separated by commas, not by tabs"),
    ("c.tsv", "t\tg\n0\t-0,08\n", {},
     "row 1 (line 2) has '-0,08' in the column 'g', with a decimal comma: a number is written -0.08"),
    ("c.csv", "g\n1_000\n", {}, "row 1 (line 2) has '1_000' in the column 'g': a number is needed"),
    ("c.csv", "t,g\n0,N/A\n", {}, "row 1 (line 2) has 'N/A' in the column 'g': a number is needed"),
    ("c.csv", 'n,g\n"a\nb",1\nc,x\n', {}, "row 2 (line 4) has 'x' in the column 'g': a number is needed"),
    ("c.csv", 'g\n"1\n2\n', {}, "line 3 can't be split into cells: unexpected end of data"),
    ("c.csv", "g\n" + "1" * 200_000 + "0" * 200_000 + "\n", {},
     "line 2 can't be split into cells: field larger than field limit (131072)"),
    ("c.csv", ACCENT.encode("latin-1"), {"column": "1"}, "row 1 (line 2) is not UTF-8 in the column '\\udcb5'"),
    ("c.csv", "g\n1\n".encode("utf-16-le"), {}, "it has NUL bytes: it is no text, or UTF-16 without its mark"),
    ("c.csv", "g\n1\n".encode("utf-32"), {}, "its encoding is UTF-32: UTF-8 and UTF-16 are read"),
    ("c.csv", "g\n1\n".encode("utf-16")[:-1], {}, "its text is not UTF-16, as its mark says"),
    ("c.csv", LANES, {}, "it has rows of several lanes, adam, sgd: choose one, as in lane='sgd'"),
    ("c.csv", LANES, {"lane": "adm"}, "no lane 'adm'; did you mean 'adam'?"),
    ("c.csv", LANES, {"lane": "sgd", "column": "m"},
     "row 2 (line 3) has nothing in the column 'm'; blanks=\"skip\" passes over such rows"),
    ("c.csv", "lane,t,g\nsgd,0,1\nsgd,0,2\n", {"lane": "sgd"},
     "row 2 (line 3) has tick '0' again: two lanes have the name 'sgd'"),
    ("c.csv", "t,g\n0,1\n", {"lane": "sgd"}, "lane='sgd': it has no column 'lane'"),
    ("c.jsonl", LANE_LINES, {}, "it has rows of several lanes, adam, sgd: choose one, as in lane='sgd'"),
    ("c.jsonl", '{"g": 1}\n', {"lane": "sgd"}, "line 1 has no 'lane'"),
    ("c.jsonl", '{"g": 1}\n{"g": null}\n', {}, "line 2 has null in 'g'; blanks=\"skip\" passes over such rows"),
    ("c.jsonl", '{"g": 1}\n{"m": 1}\n', {}, "line 2 has no 'g'; blanks=\"skip\" passes over such rows"),
    ("c.jsonl", '{"m": 1}\n{"m": 1}\n', {"blanks": "skip"}, "no column 'g'; known are m"),
    ("c.jsonl", '{"g": [1, 2]}\n', {},
     "line 1 has 2 values in the column 'g': several components can't be read yet"),
    ("c.jsonl", '{"g": {"x": 1}}\n', {}, "line 1 has an object in the column 'g': a number is needed"),
    ("c.jsonl", '{"g": true}\n', {}, "line 1 has 'true' in the column 'g': a number is needed"),
    ("c.jsonl", '{"g": "0,5"}\n', {},
     "line 1 has '0,5' in the column 'g', with a decimal comma: a number is written 0.5"),
    ("c.jsonl", '{"g": 1}\n2\n', {}, "line 2 is a number, and line 1 is an object"),
    ("c.jsonl", "[1, 2]\n[3]\n", {"column": "0"}, "line 2 has 1 values, line 1 has 2"),
    ("c.jsonl", "{\n", {}, "line 1 is not JSON: Expecting property name enclosed in double quotes at column 2"),
    ("c.jsonl", "[" * 100_000 + "\n", {}, "line 1 is nested too deep"),
    ("c.jsonl", '{"g": ' + "1" * 5_000 + "}\n", {}, "line 1 has a number of too many digits"),
    ("c.npy", packed(np.zeros((3, 2))), {},
     "its shape is (3, 2): choose a column by its number, as in column=\"0\"; several components can't be read yet"),
    ("c.npy", packed(np.zeros((3, 2))), {"column": "2"}, "no column '2': it has 2, numbered from 0 on"),
    ("c.npy", packed(np.zeros((3, 2, 2))), {}, "one value a tick is needed, but the shape is (3, 2, 2)"),
    ("c.npy", packed(np.array(3.0)), {}, "one value a tick is needed, but the shape is ()"),
    ("c.npy", packed(np.zeros(0)), {}, "it has no rows"),
    ("c.npy", packed(np.array(["a"])), {}, "numbers are needed, not text"),
    ("c.npy", packed(np.array([1j])), {},
     "numbers are needed, not complex numbers: a gradient is real, so save .real or .imag"),
    ("c.npy", packed(np.array([{}], dtype=object)), {},
     "it holds pickled Python objects: array.astype(float) makes numbers of them"),
    ("c.npy", packed(np.array(["2020"], dtype="M8[D]")), {}, "numbers are needed, not dates"),
    ("c.npy", packed(FIELDS), {"column": "loss"}, "no column 'loss'; known are t, g"),
    ("c.npy", packed(np.arange(3.0)) + b"\0", {}, "it goes on after the 3 values that its header tells of"),
    ("c.npz", packed(None, a=np.arange(3), b=np.ones((2, 2))), {}, "no array 'g'; known are a, b"),
    ("c.npz", packed(None, a=np.arange(3), b=np.ones((2, 2))), {"column": "b"},
     "its array 'b' has the shape (2, 2): several components can't be read yet; save one column"),
    ("c.npz", packed(None, a=np.arange(3)), {"lane": "adam"}, "lane='adam': an array has no lanes"),
    ("c.csv.gz", b"g\n1\n", {}, "it is not compressed by gzip, or it goes on after its end"),
    ("c.csv.gz", gzip.compress(b"g\n1\n", mtime=0)[:-4], {},
     "it is cut off: the end of the compressed data is missing"),
    ("c.csv", gzip.compress(b"g\n1\n", mtime=0), {}, "it is compressed by gzip: the ending .gz says so"),
    ("c.csv", bz2.compress(b"g\n1\n"), {}, "it is compressed by bzip2"),
    ("c.csv", packed(np.zeros(3)), {}, "it is an array: its ending is .npy"),
    ("c.parquet", b"PAR1", {}, ".parquet is not read yet: it will need the extra 'recording'; save it as .npy or .csv"),
    ("c.txt", "1\n", {}, ".txt ending; known are .npy, .npz, .csv, .tsv and .jsonl, text also with .gz"),
    ("plain", "1\n", {}, "no ending; known are .npy, .npz, .csv, .tsv and .jsonl, text also with .gz"),
]  # fmt: skip


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(("name", "content", "choice", "expected"), READ)
def test_it_is_read(tmp_path: Path, name: str, content: str | bytes, choice: Choice, expected: list[float]) -> None:
    assert_same_bits(data.read(written(tmp_path, name, content), **choice), [float(x) for x in expected])


@pytest.mark.parametrize(("name", "content", "choice", "said"), REFUSED)
def test_it_is_named_for_what_it_is(tmp_path: Path, name: str, content: str | bytes, choice: Choice, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        data.read(written(tmp_path, name, content), **choice)
    assert str(caught.value) == said
    with pytest.raises(SpecError) as caught:
        load(str(tmp_path / name), **choice)
    assert str(caught.value).startswith("recording(path=")
    assert len(str(caught.value)) < 200


def test_what_is_no_regular_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "d.csv").mkdir()
    os.mkfifo(tmp_path / "p.csv")
    (tmp_path / "l.csv").symlink_to(tmp_path / "l.csv")
    (tmp_path / "n.csv").symlink_to(tmp_path / "nothing.csv")
    for name, said in {
        "d.csv": "it is a directory",
        "p.csv": "it is a pipe: stdin() reads those",
        "n.csv": "No such file or directory",
        "l.csv": "Too many levels of symbolic links",
    }.items():
        with pytest.raises(SpecError, match=re.escape(said)):
            data.read(tmp_path / name)
    inside = Files(tmp_path, anywhere=False)
    for name, said in {"d.csv": "it is a directory", "p.csv": "it is a pipe", "l.csv": "leads back to itself"}.items():
        with pytest.raises(SpecError, match=said) as caught:
            load(name, "g", inside)
        assert str(tmp_path) not in str(caught.value)


# Bounds


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    sparse = tmp_path / "big.csv"
    with sparse.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SpecError, match="it is larger than the 1,073,741,824 bytes that are read here"):
        data.read(sparse)
    bomb = written(tmp_path, "bomb.csv.gz", gzip.compress(b"g\n" + b"1\n" * 1_000_000, mtime=0))
    with pytest.raises(SpecError, match="it is larger than the 10,000 bytes that are read here"):
        data.read(bomb, limit=10_000)
    np.savez_compressed(tmp_path / "bomb.npz", g=np.zeros(100_000))
    with pytest.raises(SpecError, match="its array has 800,128 bytes: up to 10,000 are read here"):
        data.read(tmp_path / "bomb.npz", limit=10_000)
    assert len(data.read(bomb)) == 1_000_000
    assert Files(tmp_path, anywhere=False).limit < Files().limit


def test_a_header_cannot_ask_for_the_memory(tmp_path: Path) -> None:
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }".ljust(117) + "\n"
    path = written(tmp_path, "a.npy", b"\x93NUMPY\x01\x00v\x00" + header.encode() + b"\0" * 80)
    with pytest.raises(SpecError, match=r"than fit into memory|cannot be read as \.npy"):
        data.read(path)


# A file that somebody writes to


def test_a_file_that_grows_is_read_up_to_its_last_whole_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "a.csv", "t,g\n0,1.5\n1,2.2")
    lines = Opened.lines

    def grown(self: Opened, *args: Any) -> Any:
        with path.open("a") as file:
            file.write("5\n2,3\n")
        return lines(self, *args)

    monkeypatch.setattr(Opened, "lines", grown)
    assert data.read(path).tolist() == [1.5]
    monkeypatch.undo()
    assert data.read(path).tolist() == [1.5, 2.25, 3.0]


@pytest.mark.parametrize("name", ["a.csv", "a.npy"])
def test_a_file_that_is_changed_while_it_is_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = written(tmp_path, name, packed(np.zeros(3)) if name == "a.npy" else "g\n1\n2\n")
    check = Opened.check_unchanged

    def changed(self: Opened, may_grow: bool) -> None:
        os.utime(path, ns=(1, 1))
        check(self, may_grow)

    monkeypatch.setattr(Opened, "check_unchanged", changed)
    with pytest.raises(SpecError, match="it was changed while it was read: try again"):
        data.read(path)


def test_a_file_that_vanishes_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "a.csv", "g\n1\n2\n")
    lines = Opened.lines

    def vanished(self: Opened, *args: Any) -> Any:
        path.unlink()
        return lines(self, *args)

    monkeypatch.setattr(Opened, "lines", vanished)
    assert data.read(path).tolist() == [1.0, 2.0]


# The cache


def test_the_same_content_is_read_once(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "g,m\n1,3\n2,4\n")
    assert data.read(path) is not data.read(path)  # just written: its time stamp can't tell a change yet
    old = time.time_ns() - 10 * SETTLED
    os.utime(path, ns=(old, old))
    first = data.read(path)
    assert data.read(path) is first
    assert data.read(path, "m").tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 9.0
    path.write_text("g,m\n5,3\n2,4\n")
    assert data.read(path).tolist() == [5.0, 2.0]


def test_the_cache_is_bounded_and_forgets_the_oldest() -> None:
    cache = Cache(100)
    arrays = {name: np.zeros(5) for name in "abc"}
    cache.put("a", arrays["a"])
    cache.put("b", arrays["b"])
    assert cache.get("a") is arrays["a"]
    cache.put("c", arrays["c"])
    assert [cache.get(name) is not None for name in "abc"] == [True, False, True]
    cache.put("large", np.zeros(100))
    assert cache.get("large") is None


def test_it_may_be_called_from_any_thread(tmp_path: Path) -> None:
    paths = [written(tmp_path, f"{i}.csv", "g\n" + f"{i}\n" * 2_000) for i in range(4)]
    start = threading.Barrier(8)

    def read(i: int) -> set[float]:
        start.wait()
        return set(data.read(paths[i % 4]).tolist())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [{float(i % 4)} for i in range(8)]


# Laws

cells = st.one_of(st.floats().map(repr), st.sampled_from(["", " ", "x", "1_0", "0,5", "#", "g", "\udcff", "1\n2"]))


@given(st.integers(1, 3), st.lists(st.lists(cells, min_size=1, max_size=3), max_size=6), st.integers(1, 3))
def test_a_table_is_read_rightly_or_refused(width: int, rows: list[list[str]], chunk: int) -> None:
    """A table that is read has as many cells in each row as names, and the numbers that `csv` gives."""
    from stream_adam.data import tables  # noqa: PLC0415

    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([["g", "h", "i"][:width], *rows])
    before, tables.CHUNK = tables.CHUNK, chunk
    try:
        found = tables.read_table(file.getvalue().splitlines(keepends=True), ",", data.Selection())
    except SpecError:
        pass
    else:
        while rows and rows[-1] == [""]:
            rows.pop()
        assert {len(row) for row in rows} <= {width}
        assert_same_bits(found, [float(row[0]) for row in rows])
    finally:
        tables.CHUNK = before


@given(st.lists(st.floats(), min_size=1))
def test_json_lines_keep_their_bits(values: list[float]) -> None:
    from stream_adam.data.records import read_records  # noqa: PLC0415

    assert_same_bits(read_records([json.dumps({"t": 0, "g": x}) + "\n" for x in values], data.Selection()), values)


# Line by line

ARRIVE: list[tuple[str, Choice, list[float]]] = [
    ("1\n\n -2.5e3 \nnan\ninf\n", {}, [1.0, -2500.0, np.nan, np.inf]),
    ("\ufeff1\n2\n", {}, [1, 2]),
    ('{"g": 1}\n{"g": "nan"}\n', {}, [1, np.nan]),
    ('\ufeff\n{"loss": 1}\n{"loss": 2}\n', {"column": "loss"}, [1, 2]),
    ("[1, 2]\n[3, 4]\n", {"column": "1"}, [2, 4]),
    ("t,g\n0,1\n1,2\n", {}, [1, 2]),
    ("0,1\n1,2\n", {"column": "1"}, [1, 2]),
    (LANES, {"lane": "adam", "column": "m"}, [2, 4]),
    (GAPS, {"column": "a", "blanks": "skip"}, [0.5, 0.4]),
    ("", {}, []),
]
STOP: list[tuple[str, Choice, str]] = [
    ("1\nx\n", {}, "line 2 of the input is 'x': one number a line is needed"),
    ("1\n1_0\n", {}, "line 2 of the input is '1_0': one number a line is needed"),
    ("x\n", {}, "the input: no column 'g'; known are x"),
    ("t,g\n0,1\n1\n", {}, "the input: row 2 (line 3) has 1 cell, the line of names has 2"),
    ('{"g": 1}\n{"m": 1}\n', {}, "the input: line 2 has no 'g'; blanks=\"skip\" passes over such rows"),
    ('{"g": 1}\n{\n', {},
     "the input: line 2 is not JSON: Expecting property name enclosed in double quotes at column 2"),
    ('t,g\n0,"1\n', {}, "the input can't be split into cells: unexpected end of data"),
    (LANES, {}, "the input: it has rows of several lanes, adam, sgd: choose one, as in lane='sgd'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "choice", "expected"), ARRIVE)
def test_numbers_arrive(text: str, choice: Choice, expected: list[float]) -> None:
    lines = text.splitlines(keepends=True)
    assert_same_bits(list(data.arriving(lines, **choice)), [float(x) for x in expected])


@pytest.mark.parametrize(("text", "choice", "said"), STOP)
def test_a_line_that_does_not_fit_is_told(text: str, choice: Choice, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        list(data.arriving(text.splitlines(keepends=True), **choice))
    assert str(caught.value) == said


def test_each_number_comes_with_its_line() -> None:
    for first, second in (("1\n", "2\n"), ("g\n1\n", "2\n"), ('{"g": 1}\n', '{"g": 2}\n')):
        taken: list[int] = []

        def lines(parts: tuple[str, str] = (first, second), taken: list[int] = taken) -> Any:
            for part in parts:
                taken.append(len(taken))
                yield from part.splitlines(keepends=True)

        assert next(iter(data.arriving(lines()))) == 1.0
        assert len(taken) == 1
