"""What somebody meant who typed a word that isn't known: other words for the same thing, other spellings, slips.

A wrong hint is worse than none. So a word is first looked up among those that other libraries have for the same thing
(`NOTATION` is the table in README.md), and only a slip of one or two letters counts as the nearest spelling.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["name", "word", "strategy", "hyperparameter", "preset", "option", "column", "array", "lane", "file"]

COMMANDS: dict[Kind, str] = {
    "word": "stream-adam list sources", "strategy": "stream-adam list strategies", "preset": "stream-adam list presets",
    "option": "--help",
}  # fmt: skip
SURE = 0.77  # of two spellings: twice the letters that they share in order, over those of both
OPERATORS = ("%", "**")
LIKE = 0.5  # the same, of a word that is named among the nearest
COMPARED = 100  # letters of a word: comparing takes time by the square of them

# here, the original experiment and Ng's course, PyTorch, optax; "" where one has no word for it
NOTATION = (
    ("g", "dW", "grad", "updates"),
    ("m", "v", "exp_avg", "mu"),
    ("v", "s", "exp_avg_sq", "nu"),
    ("m_hat", "v_corr", "", "mu_hat"),
    ("v_hat", "s_corr", "", "nu_hat"),
    ("direction", "dW_reg", "", ""),
    ("theta", "W", "param", "params"),
    ("alpha", "", "lr", "learning_rate"),
)
_NOTATION = {other: row[0] for row in reversed(NOTATION) for other in row[1:] if other}

SYNONYMS: dict[Kind, dict[str, str]] = {
    "column": _NOTATION | {"gradient": "g", "grads": "g", "weight": "theta", "weights": "theta", "step": "t"},
    "hyperparameter": _NOTATION | {
        "eta": "alpha", "rate": "alpha", "step_size": "alpha", "gamma": "alpha", "epsilon": "eps", "b1": "beta1",
        "b2": "beta2", "betas": "beta1", "decay": "weight_decay", "wd": "weight_decay",
    },
    "strategy": {
        "gd": "sgd", "gradient_descent": "sgd", "heavy_ball": "momentum", "polyak": "momentum", "nag": "nesterov",
        "rms": "rmsprop", "graves": "rmsprop_centered", "original": "adam_zero_based", "adam_modified": "adam_centered",
    },
    "word": _NOTATION | {
        "clamp": "clip", "fmin": "minimum", "fmax": "maximum", "ln": "log", "sgn": "sign",
        "absolute_value": "abs", "fabs": "abs", "if": "where", "ifelse": "where", "randn": "normal",
        "gauss": "normal", "gaussian": "normal", "noise": "normal", "w": "theta", "weight": "theta",
        "n": "t", "i": "t", "k": "t", "tick": "t", "time": "t", "mod": "%", "pow": "**", "power": "**",
        "heaviside": "step", "constant": "line", "const": "line", "file": "recording", "csv": "recording",
        "read": "recording", "load": "recording", "input": "stdin", "random_normal": "normal", "bowl": "quadratic",
    },
    "option": {
        "--steps": "--ticks", "--iterations": "--ticks", "--iters": "--ticks", "--epochs": "--ticks", "--n": "--ticks",
        "--optimizer": "--strategy", "--optimiser": "--strategy", "--gradient": "--source", "--grad": "--source",
        "--out": "--output", "--file": "--output", "-o": "--output", "--speed": "--rate", "--fps": "--rate",
        "--start": "--theta0", "--theta": "--theta0", "--init": "--theta0", "--x0": "--theta0", "-n": "--ticks",
        "--type": "--format", "--open": "--show", "--host": "--address", "--folder": "--recordings",
    },
}  # fmt: skip

# Functions of other languages that have none here: what to write, or that there is nothing.
WRITTEN = {
    "sinh": "(exp(x) - exp(-x))/2", "cosh": "(exp(x) + exp(-x))/2", "relu": "maximum(x, 0)",
    "sigmoid": "1/(1 + exp(-x))", "log2": "log(x)/log(2)", "log10": "log(x)/log(10)", "log1p": "log(1 + x)",
    "round": "floor(x + 0.5)", "ceil": "-floor(-x)", "square_root": "sqrt(x)", "exp2": "2**x", "e": "exp(1)",
}  # fmt: skip
WEIGHT = re.compile(r"[xyz]|x\d+")  # of a formula
FORMULA = "the weight is theta; x, y, z and x0, x1, … stand in a formula, as in descend(x**2)"
ABSENT = frozenset({"asin", "acos", "atan", "arcsin", "arccos", "arctan", "atan2", "sinc", "erf", "mean", "sum"})

_SAID: dict[Kind, dict[str, str]] = {
    "word": {name: f"write {text}" for name, text in WRITTEN.items()},
    "option": {
        f"--{name}": f"hyperparameters belong to the strategy, as in --strategy 'adam({name}=0.1)'"
        for name in ("alpha", "beta", "beta1", "beta2", "eps", "weight_decay")
    } | dict.fromkeys(
        ("--lr", "--learning-rate", "--learning_rate"),
        "the learning rate belongs to the strategy, as in --strategy 'adam(alpha=0.01)'",
    ),
}  # fmt: skip


def said_of(word: str, known: Sequence[str], kind: Kind) -> str | None:
    """What there is to say of a word that others have and this language hasn't, or has elsewhere.

    >>> said_of("x", ["theta", "t"], "word")
    'the weight is theta; x, y, z and x0, x1, … stand in a formula, as in descend(x**2)'
    """
    if kind == "word" and "theta" in known and WEIGHT.fullmatch(word):
        return FORMULA
    return _SAID.get(kind, {}).get(word.lower())


def meant(word: str, known: Sequence[str], kind: Kind) -> str | None:
    """The one known word that is meant beyond reasonable doubt; None where there is doubt.

    >>> meant("RMSProp", ["rprop", "rmsprop"], "strategy"), meant("cosh", ["cos"], "word")
    ('rmsprop', 'cos')
    """
    plain = {_plain(name): name for name in reversed(known)}
    if _plain(word) in plain:
        return plain[_plain(word)]
    synonym = SYNONYMS.get(kind, {}).get(word) or SYNONYMS.get(kind, {}).get(word.lower())
    if synonym is not None:
        return synonym if synonym in known or synonym in OPERATORS else None
    if kind == "word" and word.lower() in ABSENT:
        return None
    near = get_close_matches(_plain(word), plain, n=5, cutoff=0.6)
    swapped = [other for other in near if sorted(other) == sorted(_plain(word))]  # the likeliest slip
    found = swapped or get_close_matches(_plain(word), near, n=1, cutoff=SURE)
    return plain[found[0]] if found else None


def nearest(word: str, known: Sequence[str]) -> list[str]:
    """The five known words whose spelling is nearest, if they have anything in common with it."""
    plain = _plain(word)
    likeness = {name: SequenceMatcher(None, plain, _plain(name)).ratio() for name in known}
    return [name for name in sorted(known, key=lambda name: -likeness[name])[:5] if likeness[name] > LIKE]


def _plain(word: str) -> str:
    """Without what spellings differ in: case, hyphens, underscores."""
    return word[:COMPARED].lower().replace("-", "").replace("_", "")
