"""Compile and keep the loops of all strategies, before the tests load them: ``python tests/compile_all.py [NAME…]``.

numba never gives back what it holds after compiling a loop, some 10 MB: 2 GB for all that the tests need. Loading a
loop that was kept takes 1 MB. So they are compiled in processes that end after a few strategies.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from stream_adam import Descent, sweep
from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.strategies import STRATEGIES

IN_A_PROCESS = 5  # strategies


def main() -> None:
    if sys.argv[1:]:
        for name in sys.argv[1:]:
            compile_and_keep(name)
        return
    names = list(STRATEGIES)
    batches = [names[k : k + IN_A_PROCESS] for k in range(0, len(names), IN_A_PROCESS)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(in_a_process, batches))


def in_a_process(names: list[str]) -> None:
    subprocess.run([sys.executable, __file__, *names], check=True)


def compile_and_keep(name: str) -> None:
    """Every loop of the strategy that tests of all strategies run."""
    for source in ("1", "theta"):
        Run(Experiment.of(source, name, seed=1)).compile()
    sweep("1", name, ticks=1, seed=1)
    Descent(name, np.zeros(3)).step(np.ones(3))
    Descent(name, np.zeros(3, np.float32)).step(np.ones(3, np.float32))


if __name__ == "__main__":
    main()
