"""Presets: runs that are worth a look, with what there is to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stream_adam.errors import SpecError, suggestion
from stream_adam.experiment import Experiment

if TYPE_CHECKING:
    from stream_adam.sources.recordings import Files


@dataclass(frozen=True)
class Preset:
    """A recipe with a name.

    Attributes:
        name: how it is asked for.
        title: a line's worth of name.
        source, strategies, seed, theta0: the recipe.
        ticks: how long it is worth running.
        look: what to look at.
        y_range: the range of values to show, before a margin of 10 %; None shows the data's.
    """

    name: str
    title: str
    source: str
    strategies: tuple[str, ...]
    ticks: int
    look: str
    seed: int = 1
    theta0: float = 0.0
    y_range: tuple[float, float] | None = None

    def experiment(self, files: Files) -> Experiment:
        """The recipe, ready to run."""
        return Experiment.of(self.source, self.strategies, seed=self.seed, theta0=self.theta0, files=files)


_ALL = (
    Preset(
        "original_soft",
        "The original: a simple swing",
        "swinging_soft() + normal(0.5)",
        ("adam_zero_based",),
        10_000,
        "A gradient swings around 10 with amplitude 5. √s settles near 10.6, the root of the mean square, not at the "
        "mean of 10; the regularized component stays near 1.",
        y_range=(0.0, 20.0),
    ),
    Preset(
        "original_superposed",
        "The original: superposed swings",
        "swinging() + normal(1.0)",
        ("adam_zero_based",),
        10_000,
        "The gradient keeps swinging between -22 and 33; divided by its large √s, it hardly moves the weight.",
        y_range=(-25.0, 30.0),
    ),
    Preset(
        "original_line",
        "The original: a line",
        "line(5) + normal(0.5)",
        ("adam_zero_based",),
        10_000,
        "A steady gradient of 5 with noise comes out as a step of 1: its size is divided away.",
        y_range=(0.0, 6.0),
    ),
    Preset(
        "original_modified",
        "The original's two changed lines",
        "swinging_soft() + normal(0.5)",
        ("adam_centered",),
        10_000,
        "The second moment is taken around the running mean, and the mean is added back: not Adam, an experiment.",
        y_range=(0.0, 20.0),
    ),
    Preset(
        "one_tick_late",
        "One tick late",
        "swinging_soft() + normal(0.5)",
        ("adam", "adam_zero_based"),
        200,
        "Kingma & Ba count from 1: the first step has size 1. The original counts from 0: its first step is 3.16, "
        "and the excess fades.",
    ),
    Preset(
        "digits",
        "A real training",
        '100 * recording(path="digits.npy")',
        ("adam",),
        10_000,
        "The gradient of one weight of a small network that learns handwritten digits, a hundredfold: minibatch noise, "
        "whose scale shrinks as the network learns. √v̂ follows it with a memory of about 1,000 ticks, and the step "
        "keeps its size.",
    ),
    Preset(
        "bowl",
        "A noisy bowl",
        "quadratic(2) + normal(0.1)",
        ("adam(alpha=0.01)", "sgd(alpha=0.01)"),
        2_000,
        "The loop is closed: each lane sees the gradient at its own weight, with the same noise. From 1, gradient "
        "descent slows down as the slope vanishes; Adam walks at alpha a tick until it is there.",
        theta0=1.0,
    ),
)
PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}
DEFAULT_PRESET = PRESETS["original_soft"]


def find(name: str) -> Preset:
    """The preset of that name.

    Raises:
        SpecError: there is none.
    """
    if name not in PRESETS:
        raise SpecError(f"unknown preset '{name}': {suggestion(name, PRESETS)}")
    return PRESETS[name]
