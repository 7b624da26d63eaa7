"""What is drawn of a strategy: its series, in the original's markers, colours and words; one table for every figure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from stream_adam.language.tree import Call, Expression, Number, Operation
from stream_adam.sources.words import NOISE_WORDS, NoiseWord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_adam.engine import Columns
    from stream_adam.sources import Source
    from stream_adam.strategies import Strategy
    from stream_adam.typing import Floats

Notation = Literal["original", "kingma_ba", "pytorch", "optax"]
NOTATIONS: dict[Notation, str] = {
    "original": "Original", "kingma_ba": "Kingma & Ba", "pytorch": "PyTorch", "optax": "optax",
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """How a series is drawn, and its words in each notation.

    `dark` is the colour on a dark background, where some of the original's can't be told from it.
    """

    colour: str
    dark: str
    words: dict[Notation, str]


def _look(colour: str, dark: str, *words: str) -> Look:
    return Look(colour, dark, dict(zip(NOTATIONS, words, strict=True)))


# The original's words to the letter, its doubled bracket included.
LOOKS = {
    "g": _look("#4aa8e0", "#7cc7f5", "noisy gradient component", "g (gradient)", "grad", "updates"),
    "m": _look("red", "#ff6b6b", 'v (v ~ "1st moment", "mean")', "m (1st moment)", "exp_avg", "mu"),
    "m_hat": _look(
        "orange", "#ffb74d", "v with bias correction", "m̂ (m, bias-corrected)", "exp_avg, bias-corrected", "mu_hat"
    ),
    "sqrt_v": _look(
        "lime", "#b2ff59", '√(s) (s ~ "2nd moment", "spread"))', "√v (v: 2nd moment)", "√exp_avg_sq", "√nu"
    ),
    "sqrt_v_hat": _look(
        "darkgreen",
        "#2eb872",
        "√(s with bias correction)",
        "√v̂ (v, bias-corrected)",
        "√exp_avg_sq, bias-corrected",
        "√nu_hat",
    ),
    "direction": _look(
        "blue", "#6c8cff", "regularized gradient component", "m̂ / (√v̂ + ε)", "step / lr", "scaled updates"
    ),
}
OTHERS = (("purple", "#c792ea"), ("teal", "#4dd0c4"), ("saddlebrown", "#d7a17a"), ("deeppink", "#ff80bf"))
FIRST = ("m", "m_hat", "v", "v_hat")  # the original's order


@dataclass(frozen=True)
class Series:
    """One series of a strategy.

    Attributes:
        column: its name in a figure's data: `sqrt_v` for the root of `v`.
        field: the strategy's column that it is made of.
        is_root: whether the root of the field is shown.
        is_gradient: whether it is the input, drawn as crosses; the others are dots.
        look: its colours and words.
    """

    column: str
    field: str
    is_root: bool
    is_gradient: bool
    look: Look

    def values(self, columns: Columns) -> Floats:
        """Its values over a block, shape (ticks,)."""
        values = columns[self.field]
        with np.errstate(invalid="ignore"):
            return np.sqrt(values) if self.is_root else values

    def words(self, notation: Notation, source: Source) -> str:
        """What the legend says."""
        words = self.look.words[notation]
        if not self.is_gradient:
            return words
        sigma = noise_deviation(source)
        if notation == "original" and sigma == 0.0:
            words = "gradient component"
        return f"{words} (σ = {sigma:.2f})" if sigma else words


def component_of(columns: Columns, place: int) -> Columns:
    """The columns of one component, by its place among those shown: each of shape (ticks,).

    >>> component_of({"t": np.arange(2), "g": np.array([[1.0, 2.0], [3.0, 4.0]])}, 1)["g"].tolist()
    [2.0, 4.0]
    """
    return {name: values if values.ndim == 1 else values[:, place] for name, values in columns.items()}


def series_of(strategy: Strategy) -> list[Series]:
    """What is drawn of a strategy, in the original's order: the gradient, the moments, the direction.

    >>> from stream_adam.strategies import as_strategy
    >>> [series.column for series in series_of(as_strategy("adam"))]
    ['g', 'm', 'm_hat', 'sqrt_v', 'sqrt_v_hat', 'direction']
    """
    squares, carried = strategy.fields_of("square"), strategy.fields_of("carried")
    shown = [name for name in strategy.own_columns if name not in carried]
    ordered = [name for name in FIRST if name in shown] + [name for name in shown if name not in FIRST]
    spare = iter(OTHERS * (1 + len(ordered)))
    listed = [_series(name, name in squares, spare) for name in ordered]
    last = _series("direction", False, spare) if squares else Series("direction", "direction", False, False, _PLAIN)
    return [_series("g", False, spare), *listed, last]


def noise_deviation(source: Source) -> float | None:
    """The standard deviation σ of the noise that is added to a signal; 0 without noise, None where it isn't plain."""
    added = [node for node in _terms(source.tree) if isinstance(node, Call) and node.word == NOISE_WORDS["normal"]]
    scales = [node.arguments[0].value for node in added if isinstance(node.arguments[0], Number)]
    noises = [node for node in source.tree.walk() if isinstance(node, Call) and isinstance(node.word, NoiseWord)]
    return math.hypot(*scales) if len(scales) == len(noises) and not source.recordings else None


_PLAIN = _look("blue", "#6c8cff", "direction", "direction", "step / lr", "scaled updates")


def _series(field: str, is_root: bool, spare: Iterator[tuple[str, str]]) -> Series:
    column = f"sqrt_{field}" if is_root else field
    look = LOOKS.get(column)
    if look is None:
        word = f"√{field}" if is_root else field
        colour, dark = next(spare)
        look = _look(colour, dark, *[word] * len(NOTATIONS))
    return Series(column, field, is_root, field == "g", look)


def _terms(tree: Expression) -> list[Expression]:
    """The terms of a sum."""
    if isinstance(tree, Operation) and tree.symbol in {"+", "-"}:
        return [term for operand in tree.operands for term in _terms(operand)]
    return [tree]
