"""Words that aren't known: what is said of them, in one short line, and no hint rather than a wrong one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_adam import hints, presets
from stream_adam.cli.arguments import parse
from stream_adam.errors import SpecError, suggestion
from stream_adam.sources import WORDS, Source
from stream_adam.strategies import STRATEGIES, as_strategy

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def command(words: str) -> Any:
    return parse(words.split())


READERS: dict[str, Callable[[str], Any]] = {
    "source": Source.of, "strategy": as_strategy, "preset": presets.find, "command": command,
}  # fmt: skip
SAID = [
    ("strategy", "AdamW", "unknown strategy 'AdamW': did you mean 'adamw'?"),
    ("strategy", "RMSProp", "unknown strategy 'RMSProp': did you mean 'rmsprop'?"),
    ("strategy", "Adam", "unknown strategy 'Adam': did you mean 'adam'?"),
    ("strategy", "SignSGD(alpha=1)", "unknown strategy 'SignSGD': did you mean 'sign_sgd'?"),
    ("strategy", "gradient_descent", "unknown strategy 'gradient_descent': did you mean 'sgd'?"),
    ("strategy", "adma", "unknown strategy 'adma': did you mean 'adam'?"),
    ("strategy", "xyz", "unknown strategy 'xyz': 'stream-adam list strategies' lists all"),
    ("strategy", "shampoo",
     "unknown strategy 'shampoo': 'stream-adam list strategies' lists all"),
    ("source", "rosen()",
     "unknown word 'rosen' at column 1: the nearest are rosenbrock; 'stream-adam list sources' lists all"),
    ("strategy", "adam(lr=0.1)", "adam has no hyperparameter 'lr': did you mean 'alpha'?"),
    ("strategy", "adam(learning_rate=0.1)", "adam has no hyperparameter 'learning_rate': did you mean 'alpha'?"),
    ("strategy", "adam(epsilon=0.1)", "adam has no hyperparameter 'epsilon': did you mean 'eps'?"),
    ("strategy", "sgd(momentum=0.9)", "sgd has no hyperparameter 'momentum': known are alpha"),
    ("strategy", "adam(foo=1)", "adam has no hyperparameter 'foo': known are alpha, beta1, beta2, eps"),
    ("source", "ln(t)", "unknown word 'ln' at column 1: did you mean 'log'?"),
    ("source", "2*clamp(t, 0, 2)", "unknown word 'clamp' at column 3: did you mean 'clip'?"),
    ("source", "cosh(t)", "unknown word 'cosh' at column 1: write (exp(x) + exp(-x))/2"),
    ("source", "gaussian(2)", "unknown word 'gaussian' at column 1: did you mean 'normal'?"),
    ("source", "Normal(1)", "unknown word 'Normal' at column 1: did you mean 'normal'?"),
    ("source", "norml(1)", "unknown word 'norml' at column 1: did you mean 'normal'?"),
    ("source", "W", "unknown word 'W' at column 1: did you mean 'theta'?"),
    ("source", "params", "unknown word 'params' at column 1: did you mean 'theta'?"),
    ("source", "xyzzy", "unknown word 'xyzzy' at column 1: 'stream-adam list sources' lists all"),
    ("source", "g.csv", "'g.csv' is a file: it is read by recording(path=\"g.csv\")"),
    ("source", "runs/G.NPY", "'runs/G.NPY' is a file: it is read by recording(path=\"runs/G.NPY\")"),
    ("source", r"C:\data\g.csv", r"""'C:\data\g.csv' is a file: it is read by recording(path="C:/data/g.csv")"""),
    ("source", r'recording(path="C:\data\g.csv")',
     "a text can't hold a backslash: in a path, write / in its place (column 19)"),
    ("source", "recording('digit.npy')",
     "recording(path='digit.npy'): there is no such file; did you mean 'digits.npy'?"),
    ("preset", "Bowl", "unknown preset 'Bowl': did you mean 'bowl'?"),
    ("preset", "xyzzy", "unknown preset 'xyzzy': 'stream-adam list presets' lists all"),
    ("command", "run --steps 5", "run: unknown option '--steps': did you mean '--ticks'?"),
    ("command", "run --epochs 5", "run: unknown option '--epochs': did you mean '--ticks'?"),
    ("command", "run --optimizer adam", "run: unknown option '--optimizer': did you mean '--strategy'?"),
    ("command", "run --Ticks 5", "run: unknown option '--Ticks': did you mean '--ticks'?"),
    ("command", "run --lr 5",
     "run: unknown option '--lr': the learning rate belongs to the strategy, as in --strategy 'adam(alpha=0.01)'"),
    ("command", "run --beta2 0.9",
     "run: unknown option '--beta2': hyperparameters belong to the strategy, as in --strategy 'adam(beta2=0.1)'"),
    ("command", "RUN", "unknown command 'RUN': did you mean 'run'?"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "said"), SAID)
def test_what_is_said_of_a_word(kind: str, text: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        READERS[kind](text)
    assert str(caught.value) == said


def test_a_python_path_with_a_backslash_is_told() -> None:
    with pytest.raises(SpecError, match=r"path is 'C:\\g\.csv': a backslash can't stand in it, so write /"):
        WORDS["recording"]("C:\\g.csv")


# Words that mean something else than the known word they resemble

NEVER = {
    "clips": "cliff", "cosh": "cos", "sinh": "sin", "atan": "tan", "asin": "sin", "sinc": "sin",
    "log2": "log", "men": "sin", "random": "random_walk", "round": "ramp", "mean": "theta",
}  # fmt: skip


@pytest.mark.parametrize("word", NEVER)
def test_no_hint_rather_than_a_wrong_one(word: str) -> None:
    assert f"did you mean '{NEVER[word]}'" not in suggestion(word, WORDS, kind="word")


def test_the_hints_name_what_there_is() -> None:
    known = {*WORDS, "theta", "t", "%", "**"}
    columns = {"g", "m", "v", "m_hat", "v_hat", "direction", "theta", "alpha"}
    assert set(hints.SYNONYMS["word"].values()) <= known | columns
    assert set(hints.SYNONYMS["strategy"].values()) <= set(STRATEGIES)
    knobs = {knob for strategy in STRATEGIES.values() for knob in strategy.knobs}
    assert set(hints.SYNONYMS["hyperparameter"].values()) <= knobs | columns
    for text in hints.WRITTEN.values():
        Source.of(text.replace("(x", "(t").replace("x)", "t)").replace("*x", "*t").replace("-x", "-t")
                  .replace("low", "0").replace("high", "1"))  # fmt: skip


def test_readmes_table_of_notations_is_the_hints() -> None:
    """A row of README may name two quantities at once."""
    table = README[README.index("## What the words mean") : README.index("`theta ← theta")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:3] == "| `"]
    found = []
    for cells in rows:
        words = [re.findall(r"`([^`]+)`", cell) for cell in cells]
        found += [tuple(parts[i] if i < len(parts) else "" for parts in words) for i in range(len(words[0]))]
    assert tuple(found) == hints.NOTATION


# A law of every message

LONG = "a" * 190
WRONG = [
    *((kind, text) for kind, text, _ in SAID),
    *((kind, LONG) for kind in READERS),
    *((kind, " ".join([LONG] * 5)) for kind in READERS),
    ("source", f"sine({LONG}=1)"), ("source", f"recording('{LONG}.npy')"), ("source", f"recording('{LONG}/{LONG}')"),
    ("source", f"recording('digits.npy', column='{LONG}')"), ("source", f"recording('digits.npy', lane='{LONG}')"),
    ("source", f"recording('digits.npy', blanks='{LONG}')"), ("source", f"'{LONG}'"), ("source", f"{LONG}.csv"),
    ("source", "(" * 150), ("source", "1+" * 3_000 + "1"), ("source", "2" * 5_000 + "x"), ("source", "sin(" + LONG),
    ("strategy", f"adam({LONG}=1)"), ("strategy", f"adam(alpha={LONG})"), ("strategy", f"adam(alpha='{LONG}')"),
    ("strategy", "adam(alpha=" + "-t*" * 200 + "theta)"), ("strategy", "adam(alpha=normal())"),
    ("command", f"run --{LONG}"), ("command", f"run --ticks {LONG}"), ("command", f"run --format {LONG}"),
    ("command", f"run --theta0 {LONG}"), ("command", f"plot --output {LONG}"), ("command", f"list {LONG}"),
    ("command", f"run {LONG}"), ("command", f"--{LONG}"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), WRONG)
def test_every_message_is_one_line_of_under_200_characters(kind: str, text: str) -> None:
    with pytest.raises(SpecError) as caught:
        READERS[kind](text)
    assert 10 < len(str(caught.value)) < 200
    assert len(str(caught.value).splitlines()) == 1


@given(st.sampled_from(list(READERS)), st.text() | st.lists(st.sampled_from(
    ["adam", "sin", "(", ")", "=", "t", "\\", '"', "'", "\n", ".csv", "g", "--ticks", "run", "lr", ",", "{", "x" * 70]
)).map("".join))  # fmt: skip
def test_whatever_is_typed_is_told_in_one_line(kind: str, text: str) -> None:
    try:
        READERS[kind](text)
    except SpecError as error:
        message = str(error)
        assert len(message) < 200, message
        assert len(message.splitlines()) == 1, message
    except SystemExit:
        assert kind == "command"
