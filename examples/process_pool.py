"""The same run with many seeds, on all processors: a run goes from process to process as it is.

What to type:

    python examples/process_pool.py
"""

from multiprocessing import Pool

import numpy as np

from stream_adam import simulate
from stream_adam.runs import SimulatedRun


def run_of(seed: int) -> SimulatedRun:
    """A thousand ticks of Adam on a noisy bowl."""
    return simulate("quadratic(1) + normal(1)", "adam(alpha=0.05)", ticks=1_000, seed=seed, theta0=1.0)


def main() -> None:
    """Say where the weights ended."""
    with Pool() as pool:
        runs = pool.map(run_of, range(20))
    ends = np.array([run["theta"][-1] for run in runs])
    print(f"{len(runs)} runs: theta ends at {ends.mean():.2f} ± {ends.std():.2f}")


if __name__ == "__main__":
    main()
