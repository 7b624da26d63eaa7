"""Text to tree: the reader of sources (``sine(25) + normal(0.5)``) and strategies (``adam(beta2=0.99)``).

A hand-written precedence climber over a regular expression's tokens. Length, depth and number of nodes are limited
before anything is built or evaluated, and only the words of the given table exist: there is no attribute, no
subscript, no string outside a text parameter, and nothing the user types reaches ``eval``, ``exec`` or ``compile``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stream_adam.errors import SpecError, shown, suggestion
from stream_adam.language.tree import (
    COMPARISONS,
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_NODES,
    PRECEDENCE,
    Argument,
    Expression,
    Number,
    Variable,
    Word,
    check,
    operation,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<text>"[^"\\\n]*"|'[^'\\\n]*')
    | (?P<symbol>\*\*|<=|>=|==|!=|[-+*/%<>(),=])
    )""",
    re.VERBOSE | re.ASCII,
)

_SPACE = " \t\n\r\f\v"  # what \s matches

# What people try who know Python, and what is said to them.
_REFUSED = {
    ".": "attributes are not part of the language",
    "[": "subscripts are not part of the language",
    "{": "braces are not part of the language",
    '"': "a text must end in the quote it began with",
    "'": "a text must end in the quote it began with",
    "^": "a power is written **",
    "&": "conditions are combined by nesting where(…)",
    "|": "conditions are combined by nesting where(…)",
    "!": "the only word with ! is !=",
}
_REFUSED_WORDS = {
    "lambda": "a lambda is not part of the language",
    "for": "a comprehension is not part of the language",
    "if": "a condition is written where(condition, then, otherwise)",
    "else": "a condition is written where(condition, then, otherwise)",
    "and": "conditions are combined by nesting where(…)",
    "or": "conditions are combined by nesting where(…)",
    "not": "a condition is turned round by its comparison (< for >=)",
    "import": "import is not part of the language",
    "nan": "nan is not a number that can be written: leave it out",
    "inf": "infinity is written 1e999",
}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int

    def __str__(self) -> str:
        return f"'{self.text}'" if self.kind != "end" else "the end"


@dataclass(frozen=True)
class Named:
    """A name with its arguments: what a strategy's spec is made of."""

    name: str
    positional: tuple[Argument, ...]
    named: dict[str, Argument]
    column: int


_FILE = re.compile(r"[\w.,:~/\\ -]+\.(npy|npz|csv|tsv|jsonl|arrows?|parquet)(\.gz)?", re.IGNORECASE)


def parse(text: str, words: Mapping[str, Word], variables: Mapping[str, Variable]) -> Expression:
    """The tree that the text spells, of these words and variables.

    Raises:
        SpecError: the text is not of the language; the message names the place (columns count from 1).

    >>> from stream_adam.sources import WORDS, VARIABLES
    >>> str(parse("5*sin(2*pi*t/25)+10", WORDS, VARIABLES))
    '5 * sin(2 * pi * t / 25) + 10'
    """
    if _FILE.fullmatch(text.strip()):
        path = text.strip().replace("\\", "/")
        raise SpecError(f'{shown(text.strip())} is a file: it is read by recording(path="{shown(path, quoted=False)}")')
    reader = _Reader(text, words, variables)
    tree = reader.expression()
    reader.expect_end()
    return check(tree)


def parse_named(text: str, words: Mapping[str, Word], variables: Mapping[str, Variable]) -> Named:
    """A bare name, or a name with arguments in brackets: ``adam`` or ``adam(beta2=0.99)``."""
    reader = _Reader(text, words, variables)
    named = reader.named()
    reader.expect_end()
    return named


class _Reader:
    def __init__(self, text: str, words: Mapping[str, Word], variables: Mapping[str, Variable]) -> None:
        if len(text) > MAX_LENGTH:
            raise SpecError(f"the text is {len(text):,} characters long: {MAX_LENGTH:,} are allowed")
        self._words = words
        self._variables = variables
        self._tokens = list(_tokens(text))
        self._at = 0
        self._nodes = 0
        self._depth = 0
        self._in_condition = False

    def expression(self, least: int = 1) -> Expression:
        """An expression of operators that bind at least this tightly."""
        self._descend()
        left = self._operand()
        while (binding := self._binding()) >= least:
            token = self._take()
            if token.text in COMPARISONS and not self._in_condition:
                raise _error(f"a comparison ('{token.text}') stands only inside where(condition, …)", token)
            self._count(token)
            right = self.expression(PRECEDENCE["negative"] if token.text == "**" else binding + 1)
            left = operation(token.text, left, right)
            if token.text in COMPARISONS and self._binding() == binding:
                raise _error("comparisons can't be chained: nest where(…)", self._peek())
        self._depth -= 1
        return left

    def named(self) -> Named:
        token = self._take()
        if token.kind != "name":
            raise _error(f"a name was expected, not {token}", token)
        positional, named = self._arguments(token) if self._peek().text == "(" else ((), {})
        return Named(token.text, positional, named, token.column)

    def expect_end(self) -> None:
        token = self._take()
        if token.kind == "name" and token.text in _REFUSED_WORDS:
            raise _error(_REFUSED_WORDS[token.text], token)
        if token.kind != "end":
            raise _error(f"{token} was not expected here", token)

    def _operand(self) -> Expression:
        token = self._take()
        if token.kind != "symbol":  # brackets and signs are none: a tree of MAX_NODES has its text
            self._count(token)
        match token.kind, token.text:
            case "symbol", "-":
                return operation("negative", self.expression(PRECEDENCE["negative"]))
            case "symbol", "+":
                return self.expression(PRECEDENCE["negative"])
            case "symbol", "(":
                return self._group()
            case "number", digits:
                return Number(float(digits))
            case "name", name:
                return self._name(name, token)
            case "text", _:
                raise _error(f"{token.text} is text: only path= and column= take text", token)
        raise _error(f"a value was expected, not {token}", token)

    def _group(self) -> Expression:
        inner = self.expression()
        if self._peek().text == ",":
            raise _error("a tuple is not part of the language", self._peek())
        self._expect(")")
        return inner

    def _name(self, name: str, token: _Token) -> Expression:
        called = self._peek().text == "("
        if name in _REFUSED_WORDS:
            raise _error(_REFUSED_WORDS[name], token)
        if name in self._variables:
            if called:
                raise _error(f"'{name}' is a variable and takes no brackets", token)
            return self._variables[name]
        if name not in self._words:
            known = [*self._words, *self._variables]
            hint = suggestion(name, known, kind="word")
            raise SpecError(f"unknown word {shown(name)} at column {token.column}: {hint}")
        word = self._words[name]
        if not called:
            raise _error(f"'{name}' needs brackets: {word.signature}", token)
        outside, self._variables = self._variables, word.variables or self._variables
        positional, named = self._arguments(token)
        self._variables = outside
        try:
            return word.bind(positional, named)
        except SpecError as error:
            raise _error(str(error), token) from None

    def _arguments(self, owner: _Token) -> tuple[tuple[Argument, ...], dict[str, Argument]]:
        self._expect("(")
        positional: list[Argument] = []
        named: dict[str, Argument] = {}
        while self._peek().text != ")":
            token = self._peek()
            if token.kind == "name" and self._peek(1).text == "=":
                self._at += 2
                if token.text in named:
                    raise _error(f"'{token.text}' is given twice", token)
                named[token.text] = self._argument(owner.text == "where" and token.text == "condition")
            elif named:
                raise _error("a value without a name can't follow one with a name", token)
            else:
                positional.append(self._argument(owner.text == "where" and not positional))
            if self._peek().text != ")":
                self._expect(",", "',' or ')'")
        self._expect(")")
        return tuple(positional), named

    def _argument(self, is_condition: bool) -> Argument:
        if self._peek().kind == "text":
            return self._take().text[1:-1]
        outer = self._in_condition
        self._in_condition = is_condition
        tree = self.expression()
        self._in_condition = outer
        return tree

    def _binding(self) -> int:
        token = self._peek()
        return PRECEDENCE.get(token.text, 0) if token.kind == "symbol" else 0

    def _peek(self, ahead: int = 0) -> _Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def _take(self) -> _Token:
        token = self._peek()
        if token.kind == "backslash":
            raise _error("a text can't hold a backslash: in a path, write / in its place", token)
        if token.kind == "refused":
            raise _error(_REFUSED.get(token.text, f"{token.text!r} is not part of the language"), token)
        self._at += 1
        return token

    def _expect(self, symbol: str, would_do: str = "") -> None:
        token = self._take()
        if token.text in _REFUSED_WORDS:
            raise _error(_REFUSED_WORDS[token.text], token)
        if token.text != symbol or token.kind != "symbol":
            raise _error(f"{would_do or repr(symbol)} was expected, not {token}", token)

    def _count(self, token: _Token) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _error(f"more than {MAX_NODES:,} terms", token)

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _error(f"nested more than {MAX_DEPTH} deep", self._peek())


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    end = len(text.rstrip(_SPACE))
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip(_SPACE))
            # a text that holds a backslash is no token: name the backslash, not the quote
            begun = re.match(r"[\"'][^\"'\n]*?(?=\\)", text[at:])
            at += len(begun[0]) if begun else 0
            yield _Token("backslash" if begun else "refused", text[at], at + 1)
            break
        start = found.start(found.lastgroup)
        yield _Token(found.lastgroup, found.group(found.lastgroup), start + 1)
        at = found.end()
    yield _Token("end", "", end + 1)


def _error(message: str, token: _Token) -> SpecError:
    """The message with its place, unless an inner one already names its own."""
    if " column " in message or "(column " in message:
        return SpecError(message)
    return SpecError(f"{message} (column {token.column})")
