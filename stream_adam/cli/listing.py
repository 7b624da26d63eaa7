"""Lists of what can be typed: sources, strategies and presets, as text of at most a hundred columns."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from stream_adam.presets import PRESETS
from stream_adam.sources import DEFAULT_SOURCE, GROUPS
from stream_adam.strategies import DEFAULT_STRATEGY, STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stream_adam.presets import Preset
    from stream_adam.strategies import Strategy

COLUMNS = 100
MOST = 44  # characters of the left column; what is longer has a line of its own
VARIABLES = (
    ("t", "the tick: 0, 1, 2, …"),
    ("theta", "the weight before this tick; using it closes the loop"),
    ("pi", "3.14159…"),
)
OPERATORS = (("+ - * / % **", "arithmetic; also - before a value"), ("< <= > >= == !=", "1 or 0, for where(…)"))


def sources() -> str:
    """The words of a source, by group."""
    groups = {
        name: [(word.signature, word.help.rstrip(".")) for word in words.values()] for name, words in GROUPS.items()
    }
    groups |= {"variables": list(VARIABLES), "operators": list(OPERATORS)}
    parts = [f"{title.capitalize()}\n{_aligned(rows)}" for title, rows in groups.items()]
    intro = f"A source is an expression of these. The default is '{DEFAULT_SOURCE}'."
    return "\n\n".join([intro, *parts])


def strategies() -> str:
    """Each strategy with its hyperparameters and their defaults."""
    intro = f"A strategy is a name, with hyperparameters where they differ: '{_example()}'."
    note = f"A hyperparameter is a number or an expression of t. The default strategy is '{DEFAULT_STRATEGY}'."
    return "\n\n".join([f"{intro}\n{note}", *map(_strategy, STRATEGIES.values())])


def presets() -> str:
    """Each preset, with its recipe, what there is to see, and whose claim it is."""
    return "\n\n".join(map(_preset, PRESETS.values()))


LISTS: dict[str, Callable[[], str]] = {"sources": sources, "strategies": strategies, "presets": presets}


def _example() -> str:
    return "adam(beta2=0.99)"


def _strategy(strategy: Strategy) -> str:
    knobs = strategy.knobs.items()
    rows = [(f"{name}={default}", knob.help) for (name, knob), default in zip(knobs, strategy.defaults, strict=True)]
    return f"{strategy.name}\n{_wrapped(strategy.help, 2)}\n{_aligned(rows, 4)}"


def _preset(preset: Preset) -> str:
    parts = [_wrapped(preset.title, 2), _aligned(_recipe(preset), 4), _wrapped(preset.look, 4)]
    return "\n".join([preset.name, *parts, _wrapped(f"Claim: {preset.claim}.", 4)])


def _recipe(preset: Preset) -> list[tuple[str, str]]:
    rows = [("source", preset.source), ("strategy", preset.strategies[0])]
    rows += [("", strategy) for strategy in preset.strategies[1:]]
    if isinstance(preset.theta0, tuple) or preset.theta0:
        rows.append(("theta0", spelled(preset.theta0)))
    if preset.bounds:
        rows.append(("bounds", spelled(preset.bounds)))
    return [*rows, ("seed", str(preset.seed)), ("ticks", f"{preset.ticks:,}")]


def spelled(numbers: float | tuple[float, ...]) -> str:
    """A number, or several with commas between, as they are typed."""
    return ",".join(f"{number:g}" for number in (numbers if isinstance(numbers, tuple) else (numbers,)))


def _aligned(rows: Iterable[tuple[str, str]], indent: int = 2) -> str:
    """Two columns; the right one is wrapped under itself."""
    rows = list(rows)
    width = max((len(left) for left, _ in rows if len(left) <= MOST), default=0) + 2
    return "\n".join(_row(left, right, width, indent) for left, right in rows)


def _row(left: str, right: str, width: int, indent: int) -> str:
    margin = " " * (indent + width)
    start = " " * indent + left
    if len(left) >= width:
        return f"{start}\n{_wrapped(right, len(margin))}"
    return fill(right, COLUMNS, initial_indent=start.ljust(len(margin)), subsequent_indent=margin).rstrip() or start


def _wrapped(text: str, indent: int) -> str:
    return fill(text, COLUMNS, initial_indent=" " * indent, subsequent_indent=" " * indent, break_on_hyphens=False)
