"""What a preset is: a recipe with a name, what there is to see in it, and the figures that prove it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stream_adam.experiment import Experiment, Weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.presets.outcome import Outcome
    from stream_adam.sources.recordings import Files

Range = tuple[float, float]
COMPUTED = "computed in float64"


class Recipe(NamedTuple):
    """Everything that determines a run's values."""

    source: str
    strategies: tuple[str, ...]
    ticks: int
    seed: int
    theta0: Weight
    bounds: Range | None

    def experiment(self, files: Files) -> Experiment:
        """The recipe, ready to run.

        Raises:
            SpecError: a word in it can't be used.
        """
        source, strategies, _, seed, theta0, bounds = self
        return Experiment.of(source, strategies, seed=seed, theta0=theta0, bounds=bounds, files=files)


@dataclass(frozen=True)
class Check:
    """A figure that a run must show.

    Attributes:
        what: what is measured, in words.
        measure: takes it from the run.
        expected: what it must be.
        tolerance: how far it may be from that: absolute, or, where `relative`, a share of what is expected.
        basis: where the expected figure comes from: a formula, or computed in float64 with this recipe.
        source, strategies, ticks, theta0: the recipe's parts that differ from the preset's.
    """

    what: str
    measure: Callable[[Outcome], float]
    expected: float
    tolerance: float
    basis: str = COMPUTED
    relative: bool = False
    source: str | None = None
    strategies: tuple[str, ...] | None = None
    ticks: int | None = None
    theta0: Weight | None = None

    @property
    def margin(self) -> float:
        """The tolerance as an absolute one."""
        return self.tolerance * abs(self.expected) if self.relative else self.tolerance

    @property
    def tolerance_text(self) -> str:
        """The tolerance as it is written: ``±1e-05``, ``±5 %``, ``exactly``."""
        if not self.tolerance:
            return "exactly"
        return f"±{100 * self.tolerance:g} %" if self.relative else f"±{self.tolerance:g}"


@dataclass(frozen=True)
class Preset:
    """A recipe with a name.

    Attributes:
        name: how it is asked for.
        title: a line's worth of name.
        source, strategies, seed, theta0, bounds: the recipe.
        ticks: how long it is worth running.
        look: what to look at, in two sentences.
        claim: whose claim it is; "ours" where we know of nobody who made it before.
        checks: the figures that prove it.
        y_range: the range of values to show, before a margin of 10 %; None shows the data's.
        about_theta: whether what there is to see is the weight: a page then has it at the top.
        lead_in: ticks that a page runs at once before it plays, where nothing is to be seen in them.
    """

    name: str
    title: str
    source: str
    strategies: tuple[str, ...]
    ticks: int
    look: str
    claim: str
    checks: tuple[Check, ...]
    seed: int = 1
    theta0: Weight = 0.0
    bounds: Range | None = None
    y_range: Range | None = None
    about_theta: bool = False
    lead_in: int = 0

    @property
    def recipe(self) -> Recipe:
        """What is run."""
        return Recipe(self.source, self.strategies, self.ticks, self.seed, self.theta0, self.bounds)

    def recipe_of(self, check: Check) -> Recipe:
        """What a check runs: the preset's recipe, but for what the check says otherwise."""
        return Recipe(
            self.source if check.source is None else check.source,
            self.strategies if check.strategies is None else check.strategies,
            self.ticks if check.ticks is None else check.ticks,
            self.seed,
            self.theta0 if check.theta0 is None else check.theta0,
            self.bounds,
        )

    def experiment(self, files: Files) -> Experiment:
        """The recipe, ready to run."""
        return self.recipe.experiment(files)
