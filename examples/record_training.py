"""Record real gradients: train a small digit classifier and keep what three of its parameters saw at every step.

Made-up signals show what Adam does in principle; a recording shows what it does to a gradient that a network really
produced. The network here (64 pixels -> 32 tanh -> 10 softmax) is trained with plain SGD, so the recording does not
depend on the optimizer you look at it with. The columns are one first-layer weight on a busy pixel (`g`), one on a
pixel hardly any image lights (`rare`: exactly zero most of the time) and one output bias (`bias`).

Needs numpy and scikit-learn, which brings the digits along: nothing is downloaded. What to type next:

    python examples/record_training.py --output digits.npy
    stream-adam plot --source 'recording(path="digits.npy")' --strategy adam --output digits.html
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.datasets import load_digits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
PIXELS, HIDDEN, CLASSES = 64, 32, 10
BATCH, LEARNING_RATE = 32, 0.05


class Network(NamedTuple):
    """The parameters of the two layers; a gradient has the same shape, so it is a Network too."""

    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats


PICKS: dict[str, tuple[str, tuple[int, ...], str]] = {
    "g": ("w1", (28, 20), "weight from pixel 28 (row 3, column 4: the busy centre) to hidden unit 20"),
    "rare": ("w1", (24, 20), "weight from pixel 24 (row 3, column 0: lit in 2 of 1797 images) to hidden unit 20"),
    "bias": ("b2", (8,), "output bias of the digit 8"),
}


def load_data() -> tuple[Floats, Ints]:
    """Return the images, one a row with pixels in [0, 1], and their digits."""
    x, y = load_digits(return_X_y=True)
    return x / 16.0, y


def new_network(rng: np.random.Generator) -> Network:
    """Draw weights with variance 1 / fan-in; biases start at zero."""
    w1 = rng.normal(0.0, PIXELS**-0.5, (PIXELS, HIDDEN))
    w2 = rng.normal(0.0, HIDDEN**-0.5, (HIDDEN, CLASSES))
    return Network(w1, np.zeros(HIDDEN), w2, np.zeros(CLASSES))


def batches(rng: np.random.Generator, count: int) -> Iterator[Ints]:
    """Yield the indices of one minibatch after another, reshuffled every epoch; an incomplete last one is dropped."""
    while True:
        order = rng.permutation(count)
        yield from order[: count - count % BATCH].reshape(-1, BATCH)


def forward(net: Network, x: Floats) -> tuple[Floats, Floats]:
    """Return the hidden activations and the logarithms of the class probabilities."""
    hidden = np.tanh(x @ net.w1 + net.b1)
    scores = hidden @ net.w2 + net.b2
    scores -= scores.max(axis=1, keepdims=True)
    return hidden, scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def evaluate(net: Network, x: Floats, y: Ints) -> tuple[float, float]:
    """Return the mean cross entropy and the fraction of images whose likeliest class is the right one."""
    log_p = forward(net, x)[1]
    return float(-log_p[np.arange(len(y)), y].mean()), float((log_p.argmax(axis=1) == y).mean())


def gradient(net: Network, x: Floats, y: Ints) -> Network:
    """Return the gradient of the mean cross entropy by backpropagation."""
    hidden, log_p = forward(net, x)
    d_scores = (np.exp(log_p) - np.eye(CLASSES)[y]) / len(y)
    d_hidden = (d_scores @ net.w2.T) * (1.0 - hidden**2)
    return Network(x.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_scores, d_scores.sum(axis=0))


def descend(net: Network, grad: Network) -> Network:
    """Take one step of plain SGD."""
    return Network(*(p - LEARNING_RATE * g for p, g in zip(net, grad, strict=True)))


def record(x: Floats, y: Ints, steps: int, seed: int) -> tuple[Network, NDArray[np.void]]:
    """Train for `steps` minibatches; return the network and a row of picked gradient components for each step."""
    rng = np.random.default_rng(seed)
    net = new_network(rng)
    rows = np.zeros(steps, dtype=[(name, np.float32) for name in PICKS])
    for step, batch in zip(range(steps), batches(rng, len(y)), strict=False):
        grad = gradient(net, x[batch], y[batch])
        rows[step] = tuple(getattr(grad, layer)[index] for layer, index, _ in PICKS.values())
        net = descend(net, grad)
    return net, rows


def statistics(column: NDArray[np.float32]) -> str:
    """Say how large a column is at either end, and how often it is exactly zero."""
    span = min(1000, len(column))
    first, last = column[:span].std(dtype=np.float64), column[-span:].std(dtype=np.float64)
    return f"std {first:.2e} in the first {span} steps, {last:.2e} in the last; zeros: {(column == 0).mean():.2%}"


def provenance(rows: NDArray[np.void], name: str, seed: int, result: str) -> str:
    """Return the text that travels with the recording: the same text for the same command."""
    columns = [f"- `{c}`: `{p}{list(i)}`, {text};\n  {statistics(rows[c])}." for c, (p, i, text) in PICKS.items()]
    return f"""# {name}

Gradients of three parameters of a small network learning to read digits: {len(rows)} training steps, one a row, each
value a component of the gradient of the minibatch's mean loss before the step. Gradients only, none of the images.

- Data set: Optical Recognition of Handwritten Digits (UCI Machine Learning Repository), the 1797 images of its test
  set as scikit-learn's `load_digits` has them; all used for training. Licence of the data set: CC BY 4.0.
  Citation: Alpaydin, E. & Kaynak, C. (1998). https://doi.org/10.24432/C50P49
- Network: {PIXELS} pixels in [0, 1] -> {HIDDEN} tanh -> {CLASSES} softmax, cross entropy; float64, backprop by hand.
- Training: plain SGD, batch size {BATCH}, reshuffled every epoch, constant learning rate {LEARNING_RATE}, seed {seed};
  no momentum, weight decay or label noise. At the end, on all images: {result}.
{chr(10).join(columns)}
- Versions: numpy {np.__version__}, scikit-learn {sklearn.__version__}.
- Command: `python examples/record_training.py --output {name} --steps {len(rows)} --seed {seed}`
"""


def parse_arguments() -> argparse.Namespace:
    """Read the command line, and refuse before the training what would fail after it."""
    parser = argparse.ArgumentParser(description="Record the gradients of a small digit classifier in training.")
    parser.add_argument("--output", type=Path, default=Path("digits.npy"), help="a .npy; a .md is written beside it")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.output.suffix != ".npy" or not args.output.parent.is_dir() or args.steps < 1 or args.seed < 0:
        parser.error("--output must end in .npy, in a folder that exists; --steps must be 1 or more, --seed 0 or more")
    return args


def main() -> None:
    """Train, record, and write the recording and its provenance."""
    args = parse_arguments()
    x, y = load_data()
    net, rows = record(x, y, args.steps, args.seed)
    result = "loss {:.4f}, accuracy {:.4f}".format(*evaluate(net, x, y))
    np.save(args.output, rows, allow_pickle=False)
    args.output.with_suffix(".md").write_text(provenance(rows, args.output.name, args.seed, result), encoding="utf-8")
    print(f"{args.output}: {len(rows)} steps, {result}", file=sys.stderr)


if __name__ == "__main__":
    main()
