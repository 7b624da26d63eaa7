"""The language: what can be written, what it means, and what is said to everything else."""

from __future__ import annotations

import ast
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import laws
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import example

import stream_adam
from stream_adam.engine import Run
from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.language.functions import ALIASES
from stream_adam.language.grammar import parse, parse_named
from stream_adam.language.tree import (
    COMPARISONS,
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_NODES,
    PI,
    PRECEDENCE,
    THETA,
    Expression,
    Number,
    T,
    Word,
    operation,
)
from stream_adam.sources import GROUPS, VARIABLES, WORDS, Files, Reading, Source
from stream_adam.sources.words import FUNCTION_WORDS, NOISE_WORDS, SIGNAL_WORDS
from stream_adam.strategies import as_strategy

NO_FILES = Files(folder=None, anywhere=False)
BINARY = [symbol for symbol in PRECEDENCE if symbol not in COMPARISONS and symbol != "negative"]
CONTRACT_WORDS = {
    "sin", "cos", "tan", "tanh", "exp", "log", "sqrt", "abs", "sign", "floor", "minimum", "maximum", "clip", "where",
    "min", "max", "swinging",
    "swinging_soft", "line", "sine", "square", "sawtooth", "triangle", "ramp", "step", "impulse", "chirp", "normal",
    "uniform", "laplace", "student_t", "cauchy", "bernoulli", "random_walk", "recording", "stdin", "quadratic",
}  # fmt: skip


def read(text: str) -> Expression:
    return parse(text, WORDS, VARIABLES)


def value(text: str, ticks: int = 1) -> list[float]:
    """The first values of an open-loop source."""
    with np.errstate(all="ignore"):
        return [float(x) for x in Reading(Source.of(text, NO_FILES), seed=1).columns(ticks)[0]]


def message(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        Source.of(text, NO_FILES)
    said = str(caught.value)
    assert said
    assert len(said.splitlines()) == 1
    return said


# Words


def test_every_word_of_the_contract_is_there() -> None:
    assert set(WORDS) >= CONTRACT_WORDS
    assert sorted(WORDS) == sorted([*(name for group in GROUPS.values() for name in group), *ALIASES])


def test_min_and_max_are_read_as_minimum_and_maximum() -> None:
    assert str(read("min(t, max(1, 2))")) == "minimum(t, maximum(1, 2))"
    assert str(as_strategy("adam(alpha=0.1*min(1, t/9))")) == "adam(alpha=0.1 * minimum(1, t / 9))"


@pytest.mark.parametrize("name", [name for name in WORDS if name not in ALIASES])
def test_every_word_can_be_written_and_helps(name: str) -> None:
    word = WORDS[name]
    text = example(word)
    assert str(read(text)) == text
    assert word.signature.startswith(f"{name}(")
    assert word.help
    assert "\n" not in word.help
    assert f"'{name}' needs brackets: {word.signature}" in message(name)


@pytest.mark.parametrize("name", [name for name in WORDS if name != "stdin"])
def test_every_word_can_be_run(name: str) -> None:
    run = Run(Experiment.of(example(WORDS[name]), "sgd", seed=3, theta0=0.5, files=NO_FILES))
    assert len(run.advance(5)) == 5


@pytest.mark.parametrize("name", [name for name in WORDS if name not in ALIASES])
def test_arguments_are_placed_named_and_counted(name: str) -> None:
    word = WORDS[name]
    names = [p.name for p in word.parameters]
    given = [laws.given(word, p, 3.0) for p in word.parameters]
    assert word(*given) == word(**dict(zip(names, given, strict=True)))
    with pytest.raises(SpecError, match=rf"{name}\(\) takes .*, but {len(names) + 1} were given"):
        word(*given, 1.0)
    with pytest.raises(SpecError, match=rf"{name}\(\) has no parameter 'wrong'"):
        word(wrong=1.0)
    for parameter, argument in zip(word.parameters, given, strict=True):
        with pytest.raises(SpecError, match=f"was given '{names[0]}' twice"):
            word(*given, **{names[0]: argument})
        if parameter.default is None and name != "abs":
            left_out = dict(zip(names, given, strict=True))
            del left_out[parameter.name]
            with pytest.raises(SpecError, match=f"needs '{parameter.name}'"):
                word(**left_out)
        swapped: float | str = 1.0 if parameter.is_text else "text"
        with pytest.raises(SpecError, match=f"for '{parameter.name}'"):
            word(**(dict(zip(names, given, strict=True)) | {parameter.name: swapped}))


def test_abs_without_an_argument_is_the_objective() -> None:
    assert parse("abs()", WORDS, VARIABLES) == parse("absolute()", WORDS, VARIABLES) == WORDS["abs"]()
    assert parse("abs(slope=2)", WORDS, VARIABLES) == parse("absolute(2)", WORDS, VARIABLES)
    assert str(parse("abs() + abs(t)", WORDS, VARIABLES)) == "absolute() + abs(t)"


# Meaning


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2*3", 7), ("(1 + 2)*3", 9), ("2**3**2", 512), ("(2**3)**2", 64), ("-2**2", -4), ("(-2)**2", 4),
        ("2**-1", 0.5), ("-2**-2", -0.25), ("8/4/2", 1), ("8 - 4 - 2", 2), ("8 - (4 - 2)", 6), ("7 % 4 * 2", 6),
        ("-7 % 4", 1), ("7 % -4", -1), ("--3", 3), ("-+-3", 3), ("2*-3", -6), ("1e3", 1000), (".5 + 5.", 5.5),
        ("1E-2", 0.01), ("0 - -0", 0), ("pi", math.pi), ("2 ** 0.5 ** 2", 2**0.25), ("1e999", math.inf),
        ("-1e999", -math.inf), ("where(1 < 2, 3, 4)", 3), ("where((1 < 2) + (1 > 2) == 1, 3, 4)", 3),
        ("where(otherwise=1, then=2, condition=t == 0)", 2), ("where(where(t != 0, 1, 0), 3, 4)", 4),
        ("minimum(1, 2) + maximum(1, 2)*10", 21), ("sign(-3) + floor(-1.5) + abs(-4)", 1), ("9**9**9**9", math.inf),
        ("\t 1 +\n 2 ", 3),
    ],
)  # fmt: skip
def test_a_text_means_what_it_means_in_python(text: str, expected: float) -> None:
    assert value(text) == [expected]


def test_towers_of_powers_are_infinite_at_once() -> None:
    start = time.perf_counter()
    assert value("**".join(["9"] * 90)) == [math.inf]
    assert value("1" * 5_000) == [math.inf]
    assert time.perf_counter() - start < 1.0


texts = st.recursive(
    st.sampled_from(["t", "pi", "theta", "2", "0.5", "3e2", "0"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(BINARY), inner).map(" ".join),
        st.tuples(st.sampled_from("-+"), inner).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"sin({text})"),
        st.tuples(inner, st.sampled_from(sorted(COMPARISONS)), inner, inner).map(
            lambda parts: f"where(({parts[0]}) {parts[1]} ({parts[2]}), {parts[3]}, 1)"
        ),
    ),
    max_leaves=12,
)
SYMBOLS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.Pow: "**",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


def from_python(node: ast.expr) -> Expression:  # noqa: PLR0911  (a case a node)
    """The tree that Python's own grammar sees in the same text."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return Number(float(number))
        case ast.Name(id=name):
            return VARIABLES[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return operation("negative", from_python(operand))
        case ast.UnaryOp(operand=operand):
            return from_python(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return operation(SYMBOLS[type(op)], from_python(left), from_python(right))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return operation(SYMBOLS[type(op)], from_python(left), from_python(right))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return WORDS[name](*map(from_python, arguments))
    raise AssertionError(ast.dump(node))


@given(texts)
def test_precedence_and_association_are_pythons(text: str) -> None:
    assert read(text) == from_python(ast.parse(text, mode="eval").body)


def called(word: Word, arguments: tuple[Expression, ...]) -> Expression:
    return word(*arguments)


numbers = st.floats(allow_nan=False).map(Number)
trees = st.recursive(
    st.one_of(numbers, st.integers(-20, 20).map(lambda n: Number(float(n))), st.sampled_from([T, THETA, PI])),
    lambda inner: st.one_of(
        st.builds(operation, st.sampled_from(BINARY), inner, inner),
        st.builds(lambda x: operation("negative", x), inner),
        st.builds(
            lambda symbol, a, b, c: FUNCTION_WORDS["where"](operation(symbol, a, b), c, 0),
            st.sampled_from(sorted(COMPARISONS)), inner, inner, inner,
        ),
        *(
            st.tuples(*[inner] * len(word.parameters)).map(partial(called, word))
            for word in {**SIGNAL_WORDS, **NOISE_WORDS, **FUNCTION_WORDS}.values()
        ),
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=400)
@given(trees)
def test_text_reads_back_to_the_same_tree(tree: Expression) -> None:
    assert read(str(tree)) == tree
    assert str(read(str(tree))) == str(tree)


@given(trees, trees, st.floats(allow_nan=False))
def test_composing_in_python_is_writing(left: Expression, right: Expression, number: float) -> None:
    text, plain = f"({left})", str(Number(number)) if number >= 0 and str(number) != "-0.0" else f"({Number(number)})"
    composed = {
        f"{text} + ({right})": left + right, f"{text} - ({right})": left - right, f"{text} * ({right})": left * right,
        f"{text} / ({right})": left / right, f"{text} % ({right})": left % right, f"{text}**({right})": left**right,
        f"{text} + {plain}": left + number, f"{plain} + {text}": number + left, f"{plain} - {text}": number - left,
        f"{text} - {plain}": left - number, f"{plain} * {text}": number * left, f"{text} * {plain}": left * number,
        f"{plain} / {text}": number / left, f"{text} / {plain}": left / number, f"{plain} % {text}": number % left,
        f"{text} % {plain}": left % number, f"{plain}**{text}": number**left, f"{text}**{plain}": left**number,
        f"-{text}": -left,
    }  # fmt: skip
    for written, tree in composed.items():
        assert read(written) == tree
    where = FUNCTION_WORDS["where"]
    compared = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}
    for symbol, condition in compared.items():
        assert read(f"where({text} {symbol} ({right}), 1, 0)") == where(condition, 1, 0)


@given(st.floats(allow_nan=False))
def test_a_number_keeps_its_bits(number: float) -> None:
    back = read(str(Number(number)))
    assert isinstance(back, Number)
    assert (back.value, math.copysign(1, back.value)) == (number, math.copysign(1, number))


def test_zero_and_minus_zero_are_two() -> None:
    step = SIGNAL_WORDS["step"]
    assert Number(0.0) != Number(-0.0)
    assert len({Number(0.0), Number(-0.0), Number(0.0)}) == 2
    assert str(step(5, -0.0)) == "step(5, -0.0)"
    assert value("1/step(5, -0)") == [-math.inf]
    assert value(str(1 / step(5, -0.0))) == [-math.inf]


def test_a_default_is_left_out_only_at_the_end() -> None:
    sine = SIGNAL_WORDS["sine"]
    assert str(sine()) == "sine()"
    assert str(sine(25, 1, 0)) == "sine()"
    assert str(sine(25, 2, 0)) == "sine(25, 2)"
    assert str(sine(25, 1, 2)) == "sine(25, 1, 2)"


@pytest.mark.parametrize("path", ["a.npy", "it's.npy", 'say "g".npy', "größe und maß.csv", "a  b.csv"])
def test_text_keeps_its_quotes(path: str) -> None:
    tree = WORDS["recording"](path, "column")
    assert read(str(tree)) == tree


# Refusals

REFUSALS = [
    ("", "a value was expected, not the end (column 1)"),
    ("   ", "a value was expected, not the end (column 1)"),
    ("1 +", "a value was expected, not the end (column 4)"),
    ("t.real", "attributes are not part of the language (column 2)"),
    ("t.__class__", "attributes are not part of the language (column 2)"),
    ("sin.x", "'sin' needs brackets"),
    ("t[0]", "subscripts are not part of the language (column 2)"),
    ("[1, 2]", "subscripts are not part of the language (column 1)"),
    ('"abc"', '"abc" is text: only path= and column= take text (column 1)'),
    ('sine("25")', "sine() takes a number or an expression for 'period'"),
    ('sin(path="x")', "sin() has no parameter 'path': it takes x"),
    ("recording(path=5)", "recording() takes text in quotes"),
    ('"abc', "a text must end in the quote it began with (column 1)"),
    ("'abc", "a text must end in the quote it began with (column 1)"),
    ("lambda: 1", "a lambda is not part of the language (column 1)"),
    ("(lambda x: x)(1)", "a lambda is not part of the language (column 2)"),
    ("(t for t in t)", "a comprehension is not part of the language (column 4)"),
    ("sin(t for t in t)", "a comprehension is not part of the language (column 7)"),
    ("t if t else 0", "a condition is written where(condition, then, otherwise) (column 3)"),
    ("sin(t if t else 0)", "a condition is written where(condition, then, otherwise) (column 7)"),
    ("where(t > 1 and t < 5, 1, 0)", "conditions are combined by nesting where(…) (column 13)"),
    ("where(t > 1 or t < 5, 1, 0)", "conditions are combined by nesting where(…) (column 13)"),
    ("where(not t, 1, 0)", "a condition is turned round by its comparison"),
    ("where(t > 1 & t < 5, 1, 0)", "conditions are combined by nesting where(…) (column 13)"),
    ("t | 1", "conditions are combined by nesting where(…) (column 3)"),
    ("t ! 1", "the only word with ! is !="),
    ("t ^ 2", "a power is written ** (column 3)"),
    ('f"{t}"', "unknown word 'f' at column 1"),
    ("(t := 5)", "':' is not part of the language (column 4)"),
    ("{1}", "braces are not part of the language (column 1)"),
    ("{'a': 1}", "braces are not part of the language (column 1)"),
    ("t < 5", "a comparison ('<') stands only inside where(condition, …) (column 3)"),
    ("sin(t < 5)", "a comparison ('<') stands only inside where(condition, …) (column 7)"),
    ("where(sin(t < 5), 1, 0)", "a comparison ('<') stands only inside where(condition, …) (column 13)"),
    ("where(1, t < 5, 0)", "a comparison ('<') stands only inside where(condition, …) (column 12)"),
    ("where(then=t < 5, condition=1, otherwise=0)", "a comparison ('<') stands only inside where(condition, …)"),
    ("where(0 < t < 5, 1, 0)", "comparisons can't be chained: nest where(…) (column 13)"),
    ("where(0 < t == 5, 1, 0)", "comparisons can't be chained: nest where(…) (column 13)"),
    ("αβγ", "'α' is not part of the language (column 1)"),
    ("2·t", "'·' is not part of the language (column 2)"),
    ("t + ٣", "'٣' is not part of the language (column 5)"),
    ("1\u30002", r"'\u3000' is not part of the language (column 2)"),
    ("\u3000", r"'\u3000' is not part of the language (column 1)"),
    ("t\x00", r"'\x00' is not part of the language (column 2)"),
    ("t; t", "';' is not part of the language (column 2)"),
    ("t @ t", "'@' is not part of the language (column 3)"),
    ("~t", "'~' is not part of the language (column 1)"),
    ("t\\", r"'\\' is not part of the language (column 2)"),
    ("t = 5", "'=' was not expected here (column 3)"),
    ("t // 2", "a value was expected, not '/' (column 4)"),
    ("import os", "import is not part of the language (column 1)"),
    ("__import__('os')", "unknown word '__import__' at column 1"),
    ("eval('1')", "unknown word 'eval' at column 1"),
    ("nan", "nan is not a number that can be written: leave it out (column 1)"),
    ("inf", "infinity is written 1e999 (column 1)"),
    ("norml(1)", "unknown word 'norml' at column 1: did you mean 'normal'?"),
    ("xyzzy", "unknown word 'xyzzy' at column 1: 'stream-adam list sources' lists all"),
    ("t(1)", "'t' is a variable and takes no brackets (column 1)"),
    ("pi()", "'pi' is a variable and takes no brackets (column 1)"),
    ("5(1)", "'(' was not expected here (column 2)"),
    ("5 t", "'t' was not expected here (column 3)"),
    ("1_000", "'_000' was not expected here (column 2)"),
    ("0x10", "'x10' was not expected here (column 2)"),
    ("1j", "'j' was not expected here (column 2)"),
    ("1..real", "attributes are not part of the language (column 3)"),
    ("(1, 2)", "a tuple is not part of the language (column 3)"),
    ("()", "a value was expected, not ')' (column 2)"),
    ("(1", "')' was expected, not the end (column 3)"),
    ("1)", "')' was not expected here (column 2)"),
    ("sine(", "a value was expected, not the end (column 6)"),
    ("sine(25 1)", "',' or ')' was expected, not '1' (column 9)"),
    ("sine(25", "',' or ')' was expected, not the end (column 8)"),
    ("sine(,)", "a value was expected, not ',' (column 6)"),
    ("sine(*t)", "a value was expected, not '*' (column 6)"),
    ("sine(**t)", "a value was expected, not '**' (column 6)"),
    ("sine(period=1, 5)", "a value without a name can't follow one with a name (column 16)"),
    ("sine(period=1, period=2)", "'period' is given twice (column 16)"),
    ("sine(25, period=2)", "sine() was given 'period' twice (column 1)"),
    ("sine(1, 2, 3, 4)", "sine() takes period, amplitude, phase, but 4 were given (column 1)"),
    ("1 + sine(perod=1)", "sine() has no parameter 'perod': it takes period, amplitude, phase (column 5)"),
    ("ramp()", "ramp() needs 'slope': ramp(slope) (column 1)"),
    ("stdin(1)", "stdin() takes text in quotes, as in path=\"digits.npy\" for 'column' (column 1)"),
    ("stdin()", "stdin() belongs to the command line: this page has no standard input"),
    ("student_t(0)", "student_t(0): it needs df > 0"),
    ("student_t(-1)", "student_t(-1): it needs df > 0"),
    ("sine(theta)", "theta can't stand inside sine(…): it takes numbers and functions of t"),
    ("normal(theta)", "theta can't stand inside normal(…): it takes numbers and functions of t"),
    ("quadratic(theta)", "theta can't stand inside quadratic(…): it takes numbers and functions of t"),
    ("sine(quadratic())", "theta can't stand inside sine(…): it takes numbers and functions of t"),
]


@pytest.mark.parametrize(("text", "said"), REFUSALS, ids=[repr(text) for text, _ in REFUSALS])
def test_what_is_not_of_the_language_is_refused_by_name(text: str, said: str) -> None:
    assert said in message(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t" * (MAX_LENGTH + 1), f"{MAX_LENGTH + 1:,} characters long: {MAX_LENGTH:,} are allowed"),
        ("(" * (MAX_DEPTH + 1) + "t" + ")" * (MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep"),
        ("-" * (MAX_DEPTH + 1) + "t", f"nested more than {MAX_DEPTH} deep"),
        ("sin(" * (MAX_DEPTH + 1) + "t" + ")" * (MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep"),
        ("t**" * (MAX_DEPTH + 1) + "t", f"nested more than {MAX_DEPTH} deep"),
        ("+".join(["t"] * (MAX_DEPTH + 1)), f"may be {MAX_DEPTH} deep"),
        ("+".join(["t*t"] * MAX_NODES), f"more than {MAX_NODES:,} terms"),
    ],
)
def test_limits_are_named(text: str, said: str) -> None:
    assert said in message(text)


def test_a_tree_of_the_most_terms_reads_back() -> None:
    tree: Expression = Number(-0.1234567890123456)
    for _ in range(9):
        tree = tree - (1.234567890123456e-100 - tree)
        if len(list(tree.walk())) * 2 + 3 > MAX_NODES:
            break
    assert len(list(tree.walk())) * 2 + 3 > MAX_NODES
    assert Source.of(str(Source.of(tree))).tree == tree


def test_what_is_within_the_limits_can_be_used() -> None:
    assert value("+".join(["1"] * MAX_DEPTH)) == [MAX_DEPTH]
    assert value("(" * (MAX_DEPTH - 1) + "3" + ")" * (MAX_DEPTH - 1)) == [3]
    assert value("sin(" * (MAX_DEPTH - 1) + "0" + ")" * (MAX_DEPTH - 1)) == [0]
    assert value("t" + " " * (MAX_LENGTH - 1)) == [0]


def deep(shape: str, depth: int) -> Expression:
    tree: Expression = THETA if shape == "closed" else T
    where = FUNCTION_WORDS["where"]
    grow: dict[str, Callable[[Expression], Expression]] = {
        "sum": lambda x: 1 + x, "closed": lambda x: x + 1, "call": FUNCTION_WORDS["sin"], "minus": lambda x: -x,
        "where": lambda x: where(1, x, 1), "noise": NOISE_WORDS["normal"],
    }  # fmt: skip
    for _ in range(depth - 1):
        tree = grow[shape](tree)
    return tree


@pytest.mark.parametrize("shape", ["sum", "closed", "call", "minus", "where", "noise"])
def test_trees_made_in_python_have_the_same_limits(shape: str) -> None:
    source = Source.of(deep(shape, MAX_DEPTH))
    assert len(str(source)) >= MAX_DEPTH
    assert len(Run(Experiment.of(source, "sgd", seed=1)).advance(2)) == 2
    for depth in (MAX_DEPTH + 1, 5_000):
        with pytest.raises(SpecError, match=f"may be {MAX_DEPTH} deep"):
            Source.of(deep(shape, depth))
    with pytest.raises(SpecError, match=f"may have {MAX_NODES:,} terms"):
        Source.of(wide(12))


def wide(doublings: int) -> Expression:
    tree: Expression = T
    for _ in range(doublings):
        tree = tree + tree
    return tree


def test_trees_made_in_python_have_the_same_rules() -> None:
    where = FUNCTION_WORDS["where"]
    for tree in (T < 5, (T < 5) + 1, where(1, T < 5, 0), where(FUNCTION_WORDS["sin"](T < 5), 1, 0)):
        with pytest.raises(SpecError, match="stands only inside where"):
            Source.of(tree)
        with pytest.raises(SpecError, match="stands only inside where"):
            as_strategy("adam")(alpha=tree)
    tree = where((T < 5) * (T > 2), 1, 0)
    assert Source.of(str(tree)).tree == tree
    with pytest.raises(SpecError, match="True is not a number"):
        where(T == T, 1, 0)  # noqa: PLR0124
    with pytest.raises(SpecError, match="neither true nor false"):
        where(0 < T < 5, 1, 0)
    with pytest.raises(SpecError, match="nan is not a number"):
        T + math.nan
    for text in ("5", ""):
        with pytest.raises(SpecError, match="is text: a number or an expression is needed"):
            T + text  # type: ignore[operator]
    for odd in (None, [1, 2], np.array([1.0, 2.0]), 10**400, 1j):
        with pytest.raises(SpecError, match="is not a number or an expression"):
            T + odd  # type: ignore[operator]
    with pytest.raises(SpecError, match="is not a number or an expression"):
        np.array([1.0, 2.0]) * T
    assert np.float64(2) * T == 2 * T
    for path in ("a\\b", "a\nb", "a\x00b", "'\""):
        with pytest.raises(SpecError, match=r"quotes can't hold that text|a backslash can't stand in it"):
            WORDS["recording"](path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a name was expected, not the end"),
        ("5", "a name was expected, not '5'"),
        ("adam(", "a value was expected, not the end"),
        ("adam)", "')' was not expected here"),
        ("adam(beta2=0.9) + 1", "'+' was not expected here"),
        ("adam(beta2=0.9", "',' or ')' was expected, not the end"),
        ("adam(beta2=normal())", "unknown word 'normal'"),
        ("adam(beta2=recording())", "unknown word 'recording'"),
        ("adam(self=1)", "adam has no hyperparameter 'self'"),
        ("adam(t.real=1)", "attributes are not part of the language"),
    ],
)
def test_a_strategys_text_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(SpecError, match=re.escape(said)) as caught:
        as_strategy(text)
    assert len(str(caught.value).splitlines()) == 1


def test_a_named_thing_has_its_arguments_and_its_place() -> None:
    named = parse_named("  adam(1, beta2=0.5)", WORDS, VARIABLES)
    assert (named.name, named.column) == ("adam", 3)
    assert (named.positional, named.named) == ((Number(1),), {"beta2": Number(0.5)})


# Anything at all

TOKENS = [
    *WORDS, *VARIABLES, *PRECEDENCE, "(", ")", ",", "=", "0", "1", "25", "0.5", "1e999", "1e308", "-", "where(t <", "(",
    ")", ")", "path=", '"digits.npy"', "'../x'", "\x00", ".", "[", "lambda", "period=", " ", "\n", "5*", "+", "t", "1)",
]  # fmt: skip
arbitrary = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(TOKENS), max_size=25).map("".join),
    st.lists(st.sampled_from(TOKENS), max_size=25).map(" ".join),
    st.tuples(trees.map(str), st.integers(0, 60), st.sampled_from(TOKENS)).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
    ),
    trees.map(str),
)


@contextmanager
def suppress_one_line() -> Iterator[None]:
    """A SpecError may come, if its message is one line; nothing else may."""
    caught: SpecError | None = None
    try:
        yield
    except SpecError as error:
        caught = error
    assert caught is None or len(str(caught).splitlines()) == 1


@settings(max_examples=400, deadline=2_000)
@given(arbitrary)
def test_any_text_is_a_source_or_a_one_line_refusal(text: str) -> None:
    with suppress_one_line():
        source = Source.of(text, NO_FILES)
        assert read(str(source)) == source.tree
        run = Run(Experiment.of(source, "sgd", seed=1, theta0=0.5))
        assert len(run.advance(3)) == 3


@settings(max_examples=200, deadline=2_000)
@given(arbitrary)
def test_any_text_is_a_strategy_or_a_one_line_refusal(text: str) -> None:
    for spec in (text, f"adam(alpha={text})"):
        with suppress_one_line():
            strategy = as_strategy(spec)
            assert as_strategy(str(strategy)) == strategy
            assert 1 <= len(Run(Experiment.of("line()", strategy, seed=1)).advance(3)) <= 3  # up to a bound


@pytest.mark.parametrize("read_word", [Source.of, as_strategy])
def test_an_endless_word_does_not_fill_the_screen(read_word: Callable[[str], Any]) -> None:
    for length in (50, 150, 4_000):
        with pytest.raises(SpecError, match=r"unknown \w+ '\w+(…a+)?'") as caught:
            read_word(length * "a")
        assert len(str(caught.value)) < 200


# Nothing typed is executed

PACKAGE = Path(stream_adam.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)  # loops are kept there
EXECUTING_NAMES = {"eval", "exec", "compile", "__import__", "globals", "locals", "breakpoint"}
EXECUTING_ATTRIBUTES = {"literal_eval", "exec_module", "evaluate", "eval", "exec"}
EXECUTING_MODULES = {"ast", "code", "codeop", "numexpr", "pickle", "marshal", "sympy", "pandas", "subprocess", "runpy"}


ALLOWED = {  # none of it takes what somebody typed
    "__init__.py": {"globals"},  # a public name is imported when it is asked for
    "compiled/aside.py": {"subprocess"},  # the package itself, with the name of one of its strategies
    "compiled/making.py": {"exec", "compile"},  # the text of a loop, of which no word is the user's
    "extensions.py": {"exec_module"},  # --load names a Python file of the user's own: running it is what is asked
}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_executes_text(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {
        alias.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    } | {(node.module or "").partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    executing = names & EXECUTING_NAMES | attributes & EXECUTING_ATTRIBUTES | imported & EXECUTING_MODULES
    assert executing == ALLOWED.get(path.relative_to(PACKAGE).as_posix(), set())
