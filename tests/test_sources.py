"""Sources: the original's numbers, draws in tick order, blocks that don't show, data from files and iterables."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import (
    AWKWARD,
    BLOCK_LENGTHS,
    advanced,
    assert_same_bits,
    assert_same_run,
    even,
    example,
    examples,
    mixed,
    rest,
)

from stream_adam.compiled.making import walker as compiled_walker
from stream_adam.engine import Run
from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.language.tree import THETA, Expression, Number, Operation, Parameter, T, Word, operation
from stream_adam.sources import DEFAULT_SOURCE, GROUPS, WORDS, Files, Reading, Source, normal
from stream_adam.sources.feeds import Feed, Lines
from stream_adam.sources.objective import Objective
from stream_adam.sources.program import CODES, value_at
from stream_adam.sources.recordings import SAMPLES, load
from stream_adam.sources.words import DATA_WORDS, FUNCTION_WORDS, NOISE_WORDS, SIGNAL_WORDS, ObjectiveWord

NO_FILES = Files(folder=None, anywhere=False)


def values(source: Any, n: int, seed: int = 1) -> Any:
    """The first n values of an open-loop source."""
    with np.errstate(all="ignore"):
        return Reading(Source.of(source), seed).columns(n)[0]


def in_blocks(reading: Reading, lengths: Iterator[int]) -> Any:
    with np.errstate(all="ignore"):
        return np.concatenate([reading.columns(length)[0] for length in lengths])


# The original program's numbers


def build_swinging(size: int, periods: float) -> Any:
    """As the original has it."""
    two_pi = periods * 2 * np.pi
    x1_values = np.linspace(0.0, two_pi * 0.5, num=size, dtype=np.float64).reshape(-1, 1)
    x2_values = np.linspace(0.0, two_pi * 2, num=size, dtype=np.float64).reshape(-1, 1)
    x3_values = np.linspace(0.0, two_pi * 4, num=size, dtype=np.float64).reshape(-1, 1)
    return np.sin(x1_values) * 20 + np.power(np.cos(x2_values), 2) * 10 + np.sin(x3_values) * 3


def build_swinging_soft(size: int, periods: float) -> Any:
    """As the original has it."""
    two_pi = periods * 2 * np.pi
    values = np.linspace(0.0, two_pi * 2, num=size, dtype=np.float64).reshape(-1, 1)
    return np.sin(values) * 5 + 10


@pytest.mark.parametrize("seed", [0, 1, 2, 12345, 2**40])
@pytest.mark.parametrize("size", [2, 3, 50, 100, 1000, 10_000])
@pytest.mark.parametrize(
    ("name", "build", "scale"), [("swinging", build_swinging, 1.0), ("swinging_soft", build_swinging_soft, 0.5)]
)
def test_the_originals_gradient(name: str, build: Callable[..., Any], scale: float, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=size, scale=scale).reshape(-1, 1)
    original = (build(size, size / 50) + noise)[:, 0]
    here = values(f"{name}(size={size}) + normal({scale})", size, seed)
    np.testing.assert_allclose(here, original, rtol=1e-12, atol=0.0)


def test_the_default_is_the_originals_size() -> None:
    assert values("swinging()", 100).tolist() == values("swinging(10000)", 100).tolist()
    assert str(Source.of(DEFAULT_SOURCE)) == "swinging_soft() + normal(0.5)"


@pytest.mark.parametrize("text", ["swinging(size=1)", "swinging_soft(1)", "sine(period=0)", "square(0)", "sawtooth(0)",
                                  "triangle(0)", "chirp(0, 0, 0)", "step(1e999)", "step(0*1e999)", "impulse(1e999)",
                                  "ramp(1e999)", "sine(1e999)", "normal(1e308)*1e308", "normal(1e999)", "1e999 % 0",
                                  "random_walk(1e308)", "bernoulli(2)", "student_t(1e-300)", "log(-1)", "sqrt(-1)",
                                  "cauchy()**cauchy()", "0/0", "1/0", "tan(1e308)", "where(0/0, 1, 2)"])  # fmt: skip
def test_odd_arguments_give_what_ieee_says(text: str) -> None:
    assert len(values(text, 200)) == 200


# Noise


def _steps(rng: np.random.Generator, n: int) -> list[float]:
    total, walk = 0.0, []
    for _ in range(n):
        total += rng.standard_normal()
        walk.append(total)
    return walk


DRAWS: dict[str, Callable[[np.random.Generator, int], list[float]]] = {
    "normal": lambda rng, n: [rng.normal() for _ in range(n)],
    "uniform": lambda rng, n: [rng.uniform(-1, 1) for _ in range(n)],
    "laplace": lambda rng, n: [rng.laplace() for _ in range(n)],
    "student_t": lambda rng, n: [rng.standard_t(3) for _ in range(n)],
    "cauchy": lambda rng, n: [rng.standard_cauchy() for _ in range(n)],
    "bernoulli": lambda rng, n: [float(rng.random() < 0.5) for _ in range(n)],
    "random_walk": _steps,
}


def test_every_noise_has_its_draws() -> None:
    assert set(DRAWS) == set(NOISE_WORDS)


@pytest.mark.parametrize("seed", [0, 1, 99, 2**64])
@pytest.mark.parametrize("name", NOISE_WORDS)
def test_the_first_noise_is_default_rng_one_draw_a_tick(name: str, seed: int) -> None:
    assert_same_bits(values(f"{name}()", 300, seed), DRAWS[name](np.random.default_rng(seed), 300), name)


@pytest.mark.parametrize("name", NOISE_WORDS)
def test_further_noise_is_spawned_from_the_same_seed(name: str) -> None:
    second, third = (np.random.default_rng(child) for child in np.random.SeedSequence(5).spawn(2))
    assert_same_bits(values(f"where(0, uniform(), {name}())", 100, 5), DRAWS[name](second, 100))
    assert_same_bits(values(f"where(0, uniform() + {name}(), {name}())", 100, 5), DRAWS[name](third, 100))


@pytest.mark.parametrize("name", NOISE_WORDS)
def test_no_noise_depends_on_another(name: str) -> None:
    alone = values(f"{name}()", 500, 3)
    assert_same_bits(values(f"where(1, {name}(), normal()*cauchy())", 500, 3), alone)
    other = values(f"where(0, {name}(), {name}())", 500, 3)
    assert not np.array_equal(alone, other)
    steps = [np.diff(x) if name == "random_walk" else x for x in (alone, other)]
    ranks = [np.argsort(np.argsort(x)).astype(np.float64) for x in steps]
    assert abs(np.corrcoef(ranks[0], ranks[1])[0, 1]) < 0.15


@pytest.mark.parametrize("name", [name for name, word in NOISE_WORDS.items() if "scale" in word.signature])
def test_a_scale_multiplies_the_draws(name: str) -> None:
    plain = values(f"{name}(scale=1)", 200)
    assert_same_bits(values(f"{name}(scale=4)", 200), 4 * plain)
    if name != "random_walk":
        assert_same_bits(values(f"{name}(scale=t)", 200), np.arange(200.0) * plain)


def test_bernoulli_is_one_with_probability_p() -> None:
    assert set(values("bernoulli(0.25)", 4_000)) == {0.0, 1.0}
    assert abs(values("bernoulli(0.25)", 4_000).mean() - 0.25) < 0.03
    assert values("bernoulli(0)", 50).sum() == 0
    assert values("bernoulli(1)", 50).sum() == 50


@pytest.mark.parametrize("name", NOISE_WORDS)
def test_going_back_gives_the_same_bits(name: str) -> None:
    reading = Reading(Source.of(f"{name}() + 3*{name}()"), seed=4)
    in_blocks(reading, mixed(50))
    saved = reading.save()
    ahead = in_blocks(reading, mixed(300))
    for lengths in (even(300, 300), even(300, 1), mixed(300)):
        reading.restore(saved)
        assert reading.tick == 50
        assert_same_bits(in_blocks(reading, lengths), ahead, name)


def test_a_noise_that_cannot_be_drawn_is_nan_at_its_ticks() -> None:
    assert np.isnan(values("student_t(10 - t)", 20)).tolist() == [t >= 10 for t in range(20)]


# Blocks

SOURCES = [
    *examples(SIGNAL_WORDS, NOISE_WORDS, {"recording": WORDS["recording"]}, GROUPS["objectives"], FUNCTION_WORDS),
    *(f"{example(SIGNAL_WORDS[x])}*{y}(1 + 0.5*sin(t/9))" for x, y in zip(SIGNAL_WORDS, NOISE_WORDS, strict=False)),
    "swinging() + normal(1.0)", "swinging_soft() + normal(0.5)", "line(5) + normal(0.5)",
    "5*sin(2*pi*t/25) + 10 + normal(0.5)",
    "t**2", "t**(t*0 + 2)", "(t + 1)**-1", "(t + 0.1)**0.5", "sqrt(t) % 0.7", "exp(sin(t)) - log(t + 1)*tan(t/7)",
    "where(t % 7 < 3, normal(), recording('digits.npy'))", "recording('digits.npy') + recording('digits.npy')*normal()",
    "student_t(3 + t % 5)", "random_walk(t) + bernoulli(0.5 + 0.5*sin(t))", "7", "pi*t", "-t",
    "2*theta + normal(0.1)", "quadratic(4) + normal(0.1)", "sin(theta*3) + where(theta > 0, normal(), cauchy())",
    "quadratic(1 + uniform()) + random_walk()", "theta + recording('digits.npy')*normal()",
]  # fmt: skip


@pytest.mark.parametrize("text", SOURCES)
def test_block_boundaries_never_change_a_value(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source.of(text, NO_FILES)
    total = 1_300

    def run() -> Run:
        return Run(Experiment.of(source, "sgd", seed=7, theta0=0.3))

    if source.is_closed_loop:
        whole = advanced(run(), even(total, total))
        for lengths in (even(total, 1), even(total, 7), mixed(total)):
            assert_same_run(advanced(run(), lengths), whole, text)
        return
    ticks = in_blocks(Reading(source, 7), even(total, total))
    for length in BLOCK_LENGTHS:
        assert_same_bits(in_blocks(Reading(source, 7), even(total, length)), ticks, text)
    assert_same_bits(in_blocks(Reading(source, 7), mixed(total)), ticks, text)
    assert_same_bits(advanced(run(), mixed(total))[0]["g"], ticks, text)
    monkeypatch.setattr("stream_adam.sources.reading.AT_ONCE", 100)
    assert_same_bits(in_blocks(Reading(source, 7), even(total, total)), ticks, text)


@pytest.mark.parametrize("text", SOURCES)
def test_an_empty_block_changes_nothing(text: str) -> None:
    run, other = (Run(Experiment.of(text, "sgd", seed=7, theta0=0.3)) for _ in range(2))
    for length in (0, 3, 0, 4, 0):
        assert len(run.advance(length)) == length
    assert_same_run(advanced(run, even(20, 5)), rest(advanced(other, even(27, 27)), 7))


# Waveforms

MARKED: dict[str, list[tuple[int, float]]] = {
    "line()": [(0, 5), (1000, 5)],
    "line(-2)": [(0, -2), (7, -2)],
    "sine(8)": [(0, 0), (1, math.sqrt(0.5)), (2, 1), (4, 0), (6, -1), (8, 0)],
    "sine(8, 3, pi/2)": [(0, 3), (2, 0), (4, -3)],
    "square(8, 2)": [(0, 2), (3, 2), (4, -2), (7, -2), (8, 2)],
    "square(8, 1, pi)": [(0, -1), (4, 1)],
    "sawtooth(8, 2)": [(0, -2), (2, -1), (4, 0), (6, 1), (7, 1.5), (8, -2)],
    "triangle(8, 2)": [(0, -2), (2, 0), (4, 2), (6, 0), (8, -2)],
    "triangle(8, 1, pi)": [(0, 1), (4, -1)],
    "ramp(0.5)": [(0, 0), (10, 5)],
    "step(5)": [(0, 0), (4, 0), (5, 1), (6, 1)],
    "step(5, 2, -3)": [(4, 2), (5, -3)],
    "step(4.5)": [(4, 0), (5, 1)],
    "impulse(5)": [(4, 0), (5, 1), (6, 0)],
    "impulse(0, -4)": [(0, -4), (1, 0)],
    "chirp(8, 8, 100)": [(0, 0), (2, 1), (6, -1), (102, -1), (106, 1)],
    "chirp(40, 10, 100, 3)": [
        (0, 0),
        (100, 3 * math.sin(2 * math.pi * 6.25)),
        (105, -3 * math.sin(2 * math.pi * 6.25)),
    ],
    "swinging_soft()": [(0, 10)],
    "swinging()": [(0, 10)],
}


def test_every_signal_is_marked() -> None:
    assert {text.partition("(")[0] for text in MARKED} == set(SIGNAL_WORDS)


@pytest.mark.parametrize("text", MARKED)
def test_waveforms_at_marked_ticks(text: str) -> None:
    wave = values(text, 1_001)
    for tick, expected in MARKED[text]:
        assert wave[tick] == pytest.approx(expected, abs=1e-12), tick


def test_a_chirp_keeps_its_last_period() -> None:
    wave = values("chirp(40, 10, 100)", 300)
    assert wave[100:290] == pytest.approx(wave[110:300], abs=1e-12)
    early, late = (np.count_nonzero(np.diff(np.sign(part))) for part in (wave[1:41], wave[101:141]))
    assert early < late


# Recordings


def written(folder: Path) -> tuple[dict[str, Path], Any]:
    """The same recording in every format, and its values."""
    g = np.array([0.1, -2.5, np.nan, np.inf, -np.inf, 5e-324, -0.0])
    rows = ["nan" if math.isnan(x) else str(x) if math.isinf(x) else x for x in g.tolist()]
    paths = {name: folder / name for name in ("plain.npy", "named.npy", "rows.csv", "rows.jsonl")}
    np.save(paths["plain.npy"], g)
    table = np.zeros(len(g), dtype=[("t", np.int64), ("g", np.float64), ("m", np.float32)])
    table["t"], table["g"], table["m"] = np.arange(len(g)), g, 7
    np.save(paths["named.npy"], table)
    lines = [f"{t},{x!r},7" for t, x in enumerate(g.tolist())]
    paths["rows.csv"].write_text("\n".join(["t,g,m", *lines]) + "\n", encoding="utf-8")
    lines = [json.dumps({"t": t, "g": x, "m": 7}) for t, x in enumerate(rows)]
    paths["rows.jsonl"].write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    return paths, g


@pytest.mark.parametrize("name", ["plain.npy", "named.npy", "rows.csv", "rows.jsonl"])
def test_a_recording_gives_its_bits_and_ends(tmp_path: Path, name: str) -> None:
    files, expected = written(tmp_path)
    assert_same_bits(load(str(files[name]), "g"), expected, name)
    source = Source.of(f'recording(path="{name}")', Files(tmp_path, anywhere=False))
    assert source.length == len(expected)
    run = Run(Experiment.of(source, "sgd", seed=1))
    assert_same_bits(run.advance(3).lanes[0]["g"], expected[:3])
    assert_same_bits(run.advance(100).lanes[0]["g"], expected[3:])
    assert len(run.advance(1)) == len(run.advance(1)) == 0
    if name != "plain.npy":
        assert load(str(files[name]), "m").tolist() == [7.0] * len(expected)
        with pytest.raises(SpecError, match="no column 'gg'; known are t, g, m"):
            load(str(files[name]), "gg")


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16, np.float32, np.float64, np.bool_])
def test_numbers_of_every_kind_are_read(tmp_path: Path, kind: type) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([0, 1, 1], dtype=kind))
    assert load(str(path), "g").tolist() == [0.0, 1.0, 1.0]
    assert load(str(path), "g").dtype == np.float64


def test_the_shipped_sample_is_found_everywhere(tmp_path: Path) -> None:
    expected = np.load(SAMPLES / "digits.npy")["g"]
    for files in (Files(), NO_FILES, Files(tmp_path, anywhere=False), Files(tmp_path / "not there", anywhere=False)):
        assert_same_bits(load("digits.npy", "g", files), expected)
        assert "digits.npy" in files.names()
    np.save(tmp_path / "digits.npy", np.array([1.0]))
    assert load("digits.npy", "g", Files(tmp_path, anywhere=False)).tolist() == [1.0]
    samples = {path.name for path in SAMPLES.iterdir() if path.suffix == ".npy"}
    assert set(Files(tmp_path).names()) == samples


@pytest.mark.parametrize(
    "name",
    ["../secret.npy", "inner/../../secret.npy", "inner/a.npy", "./a.npy", "/etc/passwd", "..", ".", "", "link.npy",
     "linked/secret.npy", "folder.npy", "no.npy", "a\x00.npy", "x" * 5_000, "~/secret.npy", "..\\secret.npy",
     "digits.md", "\ud800.npy", "samples/digits.npy", "C:secret.npy"],
)  # fmt: skip
def test_a_folder_keeps_its_readers_inside(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "recordings"
    (folder / "inner").mkdir(parents=True)
    (folder / "folder.npy").mkdir()
    for path in (tmp_path / "secret.npy", folder / "a.npy", folder / "inner" / "a.npy"):
        np.save(path, np.array([1.0]))
    (folder / "link.npy").symlink_to(tmp_path / "secret.npy")
    (folder / "linked").symlink_to(tmp_path)
    files = Files(folder, anywhere=False)
    assert files.find("a.npy") == folder / "a.npy"
    for place in (files, NO_FILES):
        with pytest.raises(SpecError) as caught:
            load(name, "g", place)
        assert str(caught.value).startswith("recording(path=")
        assert len(str(caught.value).splitlines()) == 1
        assert str(tmp_path) not in str(caught.value)
    absolute = str(folder / "a.npy")
    with pytest.raises(SpecError, match="only the bare name of a file is taken"):
        load(absolute, "g", files)
    assert load(absolute, "g").tolist() == [1.0]
    (folder / "here.npy").symlink_to(folder / "a.npy")
    assert load("here.npy", "g", files).tolist() == [1.0]


@pytest.mark.parametrize("name", ["", "..", "x" * 5_000, "a\x00.npy", "\ud800.npy", "nothing.npy", "/no/such/file.npy"])
def test_a_missing_file_is_named_anywhere(name: str) -> None:
    with pytest.raises(SpecError, match=r"recording\(path="):
        load(name, "g")


def test_a_file_is_read_once_however_often_it_is_named() -> None:
    text = "+".join(["recording('digits.npy')"] * 90)
    source = Source.of(text, NO_FILES)
    assert len(source.recordings) == 1
    np.testing.assert_allclose(values(text, 5), 90 * values("recording('digits.npy')", 5), rtol=1e-12)


def test_several_recordings_end_with_the_shortest(tmp_path: Path) -> None:
    for name, length in (("a", 5), ("b", 3)):
        np.save(tmp_path / f"{name}.npy", np.arange(length))
    text = f'recording(path="{tmp_path}/a.npy")*10 + theta + recording(path="{tmp_path}/b.npy") + normal()*0'
    run = Run(Experiment.of(text, "sgd(alpha=0)", seed=1))
    assert run.advance(10).lanes[0]["g"].tolist() == [0.0, 11.0, 22.0]


# Iterables


def generated() -> Iterator[float]:
    yield from (1.0, -2.0, math.nan)


@pytest.mark.parametrize(
    "make",
    [lambda: [1.0, -2.0, math.nan], lambda: (1, -2, math.nan), generated, lambda: np.array([1.0, -2.0, np.nan]),
     lambda: np.array([1, -2, np.nan], dtype=np.float32), lambda: iter([1, -2, math.nan]),
     lambda: map(float, ["1", "-2", "nan"])],
)  # fmt: skip
def test_an_iterable_is_a_source(make: Callable[[], Any]) -> None:
    for lengths in (even(3, 1), even(3, 3)):
        run = Run(Experiment.of(make(), "adam", seed=1))
        assert run.experiment.source.is_live != isinstance(make(), list | tuple | np.ndarray)
        assert_same_bits(advanced(run, lengths)[0]["g"], [1.0, -2.0, math.nan])
        assert len(run.advance(2)) == 0
    composed = 2 * Feed(make()) + normal(0) + 0 * THETA
    run = Run(Experiment.of(composed, "adam", seed=1))
    assert_same_bits(advanced(run, even(3, 2))[0]["g"], [2.0, -4.0, math.nan])


class Broken:
    """Neither a float nor anything to show."""

    def __float__(self) -> float:
        raise ZeroDivisionError

    def __repr__(self) -> str:
        raise ZeroDivisionError


NO_NUMBERS: list[Any] = [
    "x", "1", b"1", bytearray(b"1"), None, [1.0, 2.0], [1.0], np.array([1.0, 2.0]), np.array([1.0]), {}, 10**400, 1j,
    np.zeros(500), np.ma.masked, np.str_("1"), Broken(),
]  # fmt: skip


@pytest.mark.parametrize("item", NO_NUMBERS, ids=lambda item: type(item).__name__)
def test_an_item_that_is_no_number_is_named(item: Any) -> None:
    run = Run(Experiment.of(iter([1.0, item]), "sgd", seed=1))
    assert len(run.advance(1)) == 1
    for act in (lambda: run.advance(1), lambda: Source.of([1.0, item])):
        with pytest.raises(SpecError, match=r"the source gave .*: a float a tick is needed") as caught:
            act()
        assert len(str(caught.value)) < 200
        assert len(str(caught.value).splitlines()) == 1


def test_an_array_of_one_column_is_one_component() -> None:
    assert values(np.array([[1.0], [2.0]]), 2).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([1j]), "numbers, not complex numbers"),
        (np.array(["1"]), "numbers, not text"),
        (np.array([b"1"]), "numbers, not bytes"),
        (np.array(["2020"], dtype="M8[D]"), "numbers, not dates"),
        (np.zeros(2, dtype=[("g", float)]), "numbers, not records: choose a field"),
        (np.ma.masked_array([1.0, 2.0], mask=[False, True]), "has masked values"),
        (np.array([1.0, "x"], dtype=object), "the source gave 'x' at tick 1: a float a tick is needed"),
    ],
)
def test_an_array_of_what_is_no_number_is_told(array: Any, said: str) -> None:
    with pytest.raises(SpecError, match=re.escape(said)):
        Source.of(array)
    plain = np.ma.masked_array([1.0, 2.0], mask=False)
    assert values(plain, 2).tolist() == values(np.array([1.0, 2.0], dtype=object), 2).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("shape", [(), (2, 2), (1, 3)])
def test_an_array_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match="an array as a source has a value a tick"):
        Source.of(np.ones(shape))


@pytest.mark.parametrize("thing", [None, object(), len, 1j, True])
def test_what_is_no_source_is_refused(thing: Any) -> None:
    with pytest.raises(SpecError):
        Source.of(thing)


@pytest.mark.parametrize("number", [3, 3.0, np.float64(3), np.float32(3), np.int64(3)])
def test_a_number_is_a_source(number: Any) -> None:
    assert values(number, 2).tolist() == [3.0, 3.0]
    assert str(Source.of(number)) == "3"


def test_an_async_iterable_wants_a_stream() -> None:
    async def arriving() -> AsyncIterator[float]:
        yield 1.0

    run = Run(Experiment.of(arriving(), "sgd", seed=1))
    with pytest.raises(SpecError, match=r"can only be streamed: use stream\(…\)"):
        run.advance(1)


def test_an_iterable_cannot_be_wound_back() -> None:
    run = Run(Experiment.of(iter([1.0, 2.0]), "sgd", seed=1))
    saved = run.save()
    with pytest.raises(SpecError, match="can't be wound back: record it first"):
        run.restore(saved)


def test_standard_input_is_one_however_often_it_stands_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{i}\n" for i in range(40_000))))
    run = Run(Experiment.of("where(stdin() > 2, stdin() * stdin(), stdin() - stdin())", "sgd", seed=1))
    g = np.concatenate([run.advance(n).lanes[0]["g"] for n in (1, 2, 30_000, 20_000)])
    assert_same_bits(g, [float(i * i) if i > 2 else 0.0 for i in range(40_000)])


def test_input_in_utf_16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes("1\n2\n".encode("utf-16"))
    with path.open(encoding="utf-8") as stream, pytest.raises(SpecError, match="the input is UTF-16: send it as UTF-8"):
        list(Lines(stream))


def test_standard_input_is_one_column() -> None:
    assert Source.of("stdin('a') + 2*stdin('a')").is_live
    with pytest.raises(SpecError, match="of standard input one column is read"):
        Source.of("stdin('a') + stdin('b')")
    with pytest.raises(SpecError, match="blanks is 'drop'"):
        Source.of("stdin(blanks='drop')")


def test_standard_input_is_one_number_a_line(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("1\n\n -2.5e3 \nnan\ninf\n", encoding="utf-8")
    with path.open(encoding="utf-8") as stream:
        assert_same_bits(list(Lines(stream)), [1.0, -2500.0, math.nan, math.inf])
    path.write_text("1\ntwo\n", encoding="utf-8")
    with path.open(encoding="utf-8") as stream, pytest.raises(SpecError, match="line 2 of the input is 'two'"):
        list(Lines(stream))
    assert Source.of("stdin()").is_live
    assert set(DATA_WORDS) == {"recording", "stdin"}


# Closed loops


def _mentioning(theta: Any, a: Any, b: Any) -> Any:
    return (b + 10 * (a + b - b) + 0 * theta[0],)


def test_an_argument_of_an_objective_is_drawn_once_a_tick_in_the_order_written() -> None:
    nowhere = Objective("twice", max, tuple, view=(-1, 1), start=(0.0,), components=1, slope=_mentioning)
    word = ObjectiveWord("twice", (Parameter("a"), Parameter("b")), "", nowhere)
    tree = word(normal(), normal()) + normal()
    first, second, third = (values(text, 50) for text in (
        "normal()", "where(0, normal(), normal())", "where(0, normal() + normal(), normal())"))  # fmt: skip
    g = Run(Experiment.of(tree, "sgd", seed=1)).advance(50).lanes[0]["g"]
    np.testing.assert_allclose(g, second + 10 * first + third, rtol=1e-12)


def walked(tree: Expression, column: Any, theta: float, walker: Callable[..., float]) -> list[float]:
    """The tree's value at each tick, where `t` is the column."""
    program = Source.of(tree).program
    assert program is not None
    columns, weights = np.array(column, dtype=np.float64).reshape(1, -1), np.array([theta])
    with np.errstate(all="ignore"):
        return [
            float(walker(program.codes, program.constants, 0, program.ends[0], program.stack, columns, i, weights))
            for i in range(columns.shape[1])
        ]


UNARY = [name for name, word in FUNCTION_WORDS.items() if len(word.parameters) == 1]
BINARY = ["+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=", "==", "!="]
ORACLES: dict[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.mod,
    "**": lambda x, y: np.power(np.full(2, x), np.full(2, y))[0],  # one exponent for all would go another way
    "<": np.less,
    "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
    "negative": np.negative, "minimum": np.minimum, "maximum": np.maximum,
    **{name: getattr(np, name) for name in UNARY},
}  # fmt: skip


def forms() -> dict[str, Expression]:
    """A tree of theta, or of theta and t, for every operator and function."""
    where = FUNCTION_WORDS["where"]
    trees: dict[str, Expression] = {name: FUNCTION_WORDS[name](THETA) for name in UNARY}
    trees["negative"] = -THETA
    for symbol in BINARY:
        tree = operation(symbol, THETA, T)
        trees[symbol] = where(tree, 1, 0) if symbol in {"<", "<=", ">", ">=", "==", "!="} else tree
    for name in ("minimum", "maximum"):
        trees[name] = FUNCTION_WORDS[name](THETA, T)
    trees["where"] = where(THETA, T, 2)
    return trees


def test_every_instruction_is_tried() -> None:
    assert set(forms()) == set(CODES) - {"column", "constant", "theta"}


@pytest.mark.parametrize("name", forms())
def test_the_walker_gives_the_same_bits_compiled(name: str) -> None:
    tree = forms()[name]
    for theta in AWKWARD:
        plain, compiled = (walked(tree, AWKWARD, theta, walker) for walker in (value_at, compiled_walker()))
        assert_same_bits(plain, compiled, f"{tree} at {theta}")


@pytest.mark.parametrize("name", [name for name in forms() if name != "where"])
def test_the_walker_agrees_with_numpy(name: str) -> None:
    tree, oracle = forms()[name], ORACLES[name]
    arguments = 2 if name in {"minimum", "maximum", *BINARY} else 1
    for theta in AWKWARD:
        with np.errstate(all="ignore"):
            expected = [float(oracle(*(np.float64(theta), np.float64(x))[:arguments])) for x in AWKWARD]
        here = walked(tree, AWKWARD, theta, value_at)
        np.testing.assert_allclose(here, expected, rtol=1e-15 if name != "**" else 1e-14, atol=0.0)
        if name in {"floor", "sign", "abs", "%", "sqrt", "+", "-", "*", "/", "negative"}:  # with the sign of zero
            assert_same_bits(here, expected, f"{tree} at {theta} and {AWKWARD}")


def naive(tree: Expression, theta: float, tick: float) -> np.float64:  # noqa: PLR0911  (a case a node)
    """The tree's value by numpy, node by node."""
    if isinstance(tree, Number):
        return np.float64(tree.value)
    if tree == THETA:
        return np.float64(theta)
    if tree == T:
        return np.float64(tick)
    operands = [naive(child, theta, tick) for child in tree.children()]
    if isinstance(tree, Operation):
        return np.float64(ORACLES[tree.symbol](*operands))
    name = str(tree).partition("(")[0]
    if name == "where":
        return operands[1] if operands[0] != 0 else operands[2]
    if name in {"minimum", "maximum"}:  # which of 0 and -0 numpy takes, it doesn't say
        x, y = operands
        return x if math.isnan(x) or (x <= y if name == "minimum" else x >= y) else y
    return np.float64(ORACLES[name](*operands))


def called(word: Word, arguments: tuple[Expression, ...]) -> Expression:
    return word(*arguments)


closed = st.recursive(
    st.one_of(st.sampled_from([THETA, T]), st.sampled_from(AWKWARD[:-1]).map(Number), st.floats(-9, 9).map(Number)),
    lambda inner: st.one_of(
        st.builds(operation, st.sampled_from("+-*/%"), inner, inner),
        inner.map(lambda x: operation("negative", x)),
        *(
            st.tuples(*[inner] * len(FUNCTION_WORDS[name].parameters)).map(partial(called, FUNCTION_WORDS[name]))
            for name in ("sqrt", "abs", "sign", "floor", "minimum", "maximum", "where")
        ),
        st.builds(
            lambda symbol, a, b, c, d: FUNCTION_WORDS["where"](operation(symbol, a, b), c, d),
            st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, inner, inner, inner,
        ),
    ),
    max_leaves=15,
).map(lambda tree: tree + THETA)  # fmt: skip


@settings(max_examples=400)
@given(closed, st.sampled_from(AWKWARD[:-3]))
def test_a_closed_loop_is_its_tree_tick_by_tick(tree: Expression, theta0: float) -> None:
    """These operations are exact in IEEE arithmetic, so the values are equal, not close."""
    rows = Run(Experiment.of(tree, "sgd(alpha=0.5)", seed=1, theta0=theta0)).advance(4).lanes[0]
    before = [theta0, *rows["theta"][:-1]]
    with np.errstate(all="ignore"):
        expected = [naive(tree, theta, tick) for tick, theta in enumerate(before)]
        np.testing.assert_array_equal(rows["g"], expected)
        np.testing.assert_array_equal(rows["theta"], np.array(before) - 0.5 * rows["g"])
