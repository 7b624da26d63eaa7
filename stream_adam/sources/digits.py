"""A small network that learns to read digits in minibatches: a true stochastic gradient, of hundreds of weights.

64 pixels → tanh → 10 softmax, cross entropy, in float64, its gradient by backpropagation. The weights lie one after
another in a single array, in the order w1, b1, w2, b2. `theta` is how far each weight has moved from where the seed put
it, so that a run begins at 0 like any other.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np

from stream_adam.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stream_adam.typing import Floats

    Ints = NDArray[np.int64]

IMAGES = Path(__file__).parent / "samples" / "digit_images.npz"
COUNT, PIXELS, CLASSES = 1797, 64, 10
MOST_HIDDEN = 100
MOST_SHOWN = 100
BRIGHTEST = 16.0


Layer = TypeVar("Layer")


class Weights(NamedTuple, Generic[Layer]):
    """Something for each of the two layers' weights and biases."""

    w1: Layer
    b1: Layer
    w2: Layer
    b2: Layer


class Digits:
    """A network that learns to read digits (64 pixels, `hidden` tanh, 10 softmax) in minibatches of `batch` images.

    The gradient of the mean cross entropy over a minibatch of the 1,797 images of Alpaydin & Kaynak (1998), 8×8 pixels
    in [0, 1], at the weights W = W₀(seed) + theta. W₀ is normal with variance 1/fan-in, biases 0. Every epoch has its
    own order of the images, drawn from the seed and the epoch's number alone; an incomplete last minibatch is dropped.
    So the gradient of a tick depends on nothing that came before it, and a run can be wound back.

    `shown` names the weights that a run shows, by layer and place: `w1.28.0` leads from pixel 28 (row 3, column 4: the
    busy centre) to hidden unit 0, `w1.24.0` from pixel 24, which is lit in 2 images alone; `b1.0` is that unit's bias,
    `w2.0.8` leads from it to the digit 8, `b2.8` is that digit's bias.

    Attributes:
        components: how many weights there are.
        shown: the places of those that are shown.

    Raises:
        SpecError: a batch, a number of hidden units or a name that can't be.

    >>> network = Digits(hidden=16, shown="w1.28.0,b2.8", seed=1)
    >>> network.components, network.shown
    (1210, (448, 1208))
    >>> network.gradient(0, np.zeros(1210)).shape
    (1210,)
    """

    def __init__(
        self, batch: float = 32.0, hidden: float = 16.0, shown: str = "w1.28.0,w1.24.0,b1.0,b2.8", *, seed: int
    ) -> None:
        self._seed = seed
        self._batch = _whole("batch", batch, COUNT)
        self._hidden = _whole("hidden", hidden, MOST_HIDDEN)
        self._start = _start(seed, self._hidden)
        self.components = len(self._start)
        self.shown = _places(shown, self._hidden)

    @np.errstate(all="ignore")
    def gradient(self, tick: int, theta: Floats) -> Floats:
        """The gradient at a tick's minibatch, of the shape (components,)."""
        epoch, place = divmod(tick, COUNT // self._batch)
        chosen = _order(self._seed, epoch)[place * self._batch : (place + 1) * self._batch]
        images, digits = _data()
        return _backward(self._weights(theta), images[chosen], digits[chosen])

    @np.errstate(all="ignore")
    def loss(self, theta: Floats) -> float:
        """The mean cross entropy over all images."""
        images, digits = _data()
        return float(cross_entropy(self._weights(theta), images, digits))

    @np.errstate(all="ignore")
    def accuracy(self, theta: Floats) -> float:
        """The fraction of all images whose likeliest digit is the right one."""
        images, digits = _data()
        return float((_forward(self._weights(theta), images)[1].argmax(axis=1) == digits).mean())

    def _weights(self, theta: Any) -> Weights[Any]:
        return split(self._start + theta, self._hidden)


def split(flat: Any, hidden: int) -> Weights[Any]:
    """The layers of an array of all weights."""
    shapes = _shapes(hidden)
    parts = np.split(flat, np.cumsum([math.prod(shape) for shape in shapes])[:-1])
    return Weights(*(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))


def cross_entropy(weights: Weights[Any], images: Floats, digits: Ints) -> Any:
    """The mean of −log p(digit), for complex weights as well."""
    return -_forward(weights, images)[1][np.arange(len(digits)), digits].mean()


def _forward(weights: Weights[Any], images: Floats) -> tuple[Any, Any]:
    """The hidden activations and the logarithms of the probabilities, an image a row."""
    hidden = np.tanh(images @ weights.w1 + weights.b1)
    scores = hidden @ weights.w2 + weights.b2
    scores = scores - scores.real.max(axis=1, keepdims=True)
    return hidden, scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def _backward(weights: Weights[Any], images: Floats, digits: Ints) -> Floats:
    """The gradient of the mean cross entropy, all weights in one array."""
    hidden, log_p = _forward(weights, images)
    d_scores = np.exp(log_p)
    d_scores[np.arange(len(digits)), digits] -= 1
    d_scores /= len(digits)
    d_hidden = (d_scores @ weights.w2.T) * (1 - hidden * hidden)
    layers = Weights(images.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_scores, d_scores.sum(axis=0))
    return np.concatenate([layer.ravel() for layer in layers])


def _shapes(hidden: int) -> Weights[tuple[int, ...]]:
    return Weights((PIXELS, hidden), (hidden,), (hidden, CLASSES), (CLASSES,))


def _start(seed: int, hidden: int) -> Floats:
    """The weights that the seed gives, from a generator that no epoch has."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    w1 = rng.standard_normal(PIXELS * hidden) / math.sqrt(PIXELS)
    w2 = rng.standard_normal(hidden * CLASSES) / math.sqrt(hidden)
    return np.concatenate([w1, np.zeros(hidden), w2, np.zeros(CLASSES)])


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int) -> Ints:
    return np.random.default_rng([seed, epoch]).permutation(COUNT)


@cache
def _data() -> tuple[Floats, Ints]:
    """The images, one a row with pixels in [0, 1], and their digits; read on first need."""
    with np.load(IMAGES, allow_pickle=False) as data:
        return data["images"].reshape(COUNT, PIXELS) / BRIGHTEST, data["digits"].astype(np.int64)


def _places(shown: str, hidden: int) -> tuple[int, ...]:
    """Where the named weights are in the array of all."""
    names = [name.strip() for name in shown.split(",")]
    if len(names) > MOST_SHOWN or len(set(names)) < len(names):
        raise SpecError(f"mlp_digits(…) shows up to {MOST_SHOWN} weights, each once")
    return tuple(_place(name, _shapes(hidden)) for name in names)


def _place(name: str, shapes: Weights[tuple[int, ...]]) -> int:
    first = 0
    for layer, shape in shapes._asdict().items():
        found = re.fullmatch(layer + r"\.(\d{1,4})" * len(shape), name, re.ASCII)
        index = tuple(map(int, found.groups())) if found else ()
        if found and all(i < size for i, size in zip(index, shape, strict=True)):
            return first + int(np.ravel_multi_index(index, shape))
        first += math.prod(shape)
    forms = ", ".join(f"{layer}.{'.'.join(f'0…{n - 1}' for n in shape)}" for layer, shape in shapes._asdict().items())
    raise SpecError(f"mlp_digits(…) has no weight {name[:40]!r}: 'shown' names some of {forms}, with commas between")


def _whole(name: str, value: float, most: int) -> int:
    if not (1 <= value <= most and float(value).is_integer()):
        raise SpecError(f"mlp_digits(…) needs a whole number from 1 to {most} for '{name}'")
    return int(value)
