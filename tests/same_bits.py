"""A digest of every strategy's numbers, to compare versions of Python and of the libraries by.

``python tests/same_bits.py`` writes them anew; a rule that is changed on purpose needs it.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
from laws import advanced, bits, even
from oracles.cases import VECTORS

from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.strategies import BUILT_IN

STORED = Path(__file__).with_suffix(".json")
NOISE = ("normal(1)", "uniform(1)", "bernoulli(0.3)")  # the other ones take logarithms and sines from the platform
TICKS = 1_000

with np.load(VECTORS, allow_pickle=False) as file:
    GRADIENTS = file["gradients"]


def digest_of(name: str, *, compiled: bool) -> str:
    """Of all columns, in all cases of tests/oracles, as a strategy's name, or as a source with gradient descent."""
    cases = [(name, "sgd")] if name in NOISE else [(stream, name) for stream in GRADIENTS]
    found = sha256()
    for source, strategy in cases:
        run = Run(Experiment.of(source, strategy, seed=1, theta0=0.5))
        if compiled:
            run.compile()
        for column in advanced(run, even(TICKS, TICKS))[0].values():
            found.update(bits(column).astype("<i8").tobytes())
    return found.hexdigest()[:16]


def main() -> None:
    digests = {name: digest_of(name, compiled=False) for name in (*NOISE, *sorted(BUILT_IN))}
    STORED.write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
