"""What a tab shows, and its spelling as a URL's query. Everything a client sends is read, clamped or refused here."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from stream_adam.engine import settings_at
from stream_adam.errors import SpecError, suggestion
from stream_adam.experiment import Experiment
from stream_adam.presets import DEFAULT_PRESET, Preset, find
from stream_adam.series import NOTATIONS, Notation
from stream_adam.sources.program import numbers_of
from stream_adam.sources.words import objective_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stream_adam.experiment import Weight
    from stream_adam.sources import Files, Source

T = TypeVar("T")
RATES = (0.5, 100_000.0)  # ticks per second
WINDOWS = (50, 100_000)  # ticks
MOST_LANES = 6
MOST_COMPONENTS = 100  # of a start that is written out


@dataclass(frozen=True)
class View:
    """A recipe, and how it is looked at.

    `component` is the number of the one that the oscilloscopes shall show; where there is none such, the first is.
    """

    experiment: Experiment
    window: int = 200
    rate: float = 20.0
    paused: bool = False
    notation: Notation = "original"
    preset: Preset | None = None
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # what was typed, and what is wrong with it
    component: int | None = None

    @property
    def place(self) -> int:
        """Where the component stands among those shown."""
        shown = self.experiment.shown or []
        return shown.index(self.component) if self.component in shown else 0

    @property
    def y_range(self) -> tuple[float, float] | None:
        """The range of values to show; None for the data's."""
        return self.preset.y_range if self.preset else None

    @property
    def query(self) -> str:
        """The URL's query, without its question mark."""
        experiment = self.experiment
        parts = [("preset", self.preset.name)] if self.preset else []
        parts += [("source", experiment.source.text)]
        parts += [("strategy", lane.label) for lane in experiment.lanes]
        parts += [("seed", str(experiment.seed)), ("theta0", spelled(experiment.theta0))]
        if experiment.bounds:
            parts += [("bounds", "{!r},{!r}".format(*experiment.bounds))]
        parts += [("window", str(self.window)), ("rate", f"{self.rate:g}")]
        parts += [("paused", str(int(self.paused))), ("notation", self.notation)]
        if experiment.shown is not None:
            parts += [("component", str(experiment.shown[self.place]))]
        return urlencode(parts, safe="(),*/:")

    def of(self, experiment: Experiment) -> View:
        """This view of another experiment; a preset is left when its recipe is."""
        kept = self.preset if self.preset and self.preset.source == experiment.source.text else None
        return replace(self, experiment=experiment, preset=kept, refused={})


def read(arguments: Mapping[str, list[bytes]], files: Files) -> View:
    """The view that a query asks for. What can't be used is left at its default, and said in `refused`."""
    words = {name: [value.decode(errors="replace") for value in values] for name, values in arguments.items()}
    refused: dict[str, tuple[str, str]] = {}

    def take(name: str, read_word: Callable[[str], T], default: T) -> T:
        if not words.get(name):
            return default
        try:
            return read_word(words[name][0])
        except ValueError as error:
            refused[name] = (words[name][0], str(error))
            return default

    preset = take("preset", find, DEFAULT_PRESET)
    base = preset.experiment(files)
    seed = take("seed", seed_of, base.seed)
    bounds = take("bounds", _bounds, base.bounds)

    def experiment(source: object, lanes: object, theta0: Weight = 0.0) -> Experiment:
        return Experiment.of(source, lanes, seed=seed, theta0=theta0, bounds=bounds, files=files)  # type: ignore[arg-type]

    lanes = words.get("strategy") or list(preset.strategies)
    try:
        chosen = _few(experiment(base.source, lanes).lanes)
        for lane in chosen:
            settings_at(lane, 0)  # a schedule may begin out of bounds
    except SpecError as error:
        refused["strategy"] = (", ".join(lanes), str(error))
        chosen = base.lanes
    source = take("source", lambda text: experiment(text, chosen).source, base.source)
    begun = experiment(source, chosen, base.theta0 if fits(base.theta0, source) else 0.0)
    recipe = take("theta0", lambda text: experiment(source, chosen, weights(text)), begun)
    return View(
        recipe,
        window=take("window", window, 200),
        rate=take("rate", rate, 20.0),
        paused=take("paused", _flag, False),
        notation=take("notation", notation, "original"),
        preset=preset if recipe.source.text == preset.source else None,
        component=take("component", lambda text: component(text, recipe), None),
        refused=refused,
    )


def fits(theta0: Weight, source: Source) -> bool:
    """Whether a run of the source can start there."""
    return not isinstance(theta0, tuple) or len(theta0) == source.components


def start_of(source: Source) -> Weight:
    """Where a run of the source customarily starts: its objective's start; 0 without one."""
    call = source.objective
    objective = objective_of(call) if call is not None else None
    if call is None or objective is None:
        return 0.0
    start = objective.start
    count = objective.count(**numbers_of(call))
    return start[0] if len(start) == 1 or count == 1 else start


def spelled(theta0: Weight) -> str:
    """A start as it is written: a number, or one a component with commas between."""
    return ",".join(repr(weight).removesuffix(".0") for weight in (theta0 if isinstance(theta0, tuple) else (theta0,)))


def clamped(value: object, low: float, high: float) -> float:
    """A number from a client, within its limits.

    Raises:
        SpecError: it is not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SpecError(f"{value!r} is not a number")
    return min(max(float(value), low), high)


def finite(text: str) -> float:
    """A finite number."""
    try:
        return clamped(float(text), -1e12, 1e12)
    except ValueError:
        raise SpecError(f"'{text}' is not a number") from None


def weights(text: str) -> Weight:
    """A start: a finite number, or one a component."""
    parts = text.split(",", MOST_COMPONENTS)
    if len(parts) > MOST_COMPONENTS:
        raise SpecError(f"theta0 has more than {MOST_COMPONENTS} components: a single number is for all of them")
    try:
        found = tuple(map(finite, parts))
    except SpecError:
        raise SpecError(f"'{text}' is not a number, or one a component, as in -1.2,1") from None
    return found if len(found) > 1 else found[0]


def component(text: str, experiment: Experiment) -> int:
    """The number of a component that is shown."""
    shown = experiment.shown
    if shown is None:
        raise SpecError(f"component is '{text}': the source has no components")
    if text not in map(str, shown):
        raise SpecError(f"component is '{text}': the source shows {_listed(shown)}")
    return int(text)


def _listed(numbers: list[int]) -> str:
    few = ", ".join(map(str, numbers[:6]))
    return few if len(numbers) <= 6 else f"{few}, …, {numbers[-1]}"


def seed_of(text: str) -> int:
    """A seed."""
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise SpecError(f"seed is '{text}': it must be a whole number from 0 on, of up to 20 digits")
    return int(text)


def window(text: str) -> int:
    """A window's width in ticks, within its limits."""
    return int(clamped(finite(text), *WINDOWS))


def rate(text: str) -> float:
    """Ticks per second, within their limits."""
    return clamped(finite(text), *RATES)


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise SpecError(f"paused is '{text}': it is 0 or 1")
    return text == "1"


def notation(text: str) -> Notation:
    """A notation's name."""
    if text not in NOTATIONS:
        raise SpecError(f"unknown notation '{text}': {suggestion(text, NOTATIONS)}")
    return text


def _bounds(text: str) -> tuple[float, float]:
    parts = text.split(",")
    if len(parts) != 2:
        raise SpecError(f"bounds are '{text}': two numbers are needed, as in -1,1")
    low, high = finite(parts[0]), finite(parts[1])
    if low > high:
        raise SpecError(f"bounds are '{text}': the first must not be above the second")
    return low, high


def _few(lanes: tuple[T, ...]) -> tuple[T, ...]:
    if len(lanes) > MOST_LANES:
        raise SpecError(f"{len(lanes)} strategies: {MOST_LANES} lanes are shown at most")
    return lanes
