"""A run in pandas and in polars: it is a `dict` of arrays, which both take as it is.

What to type:

    pip install pandas polars
    python examples/pandas_and_polars.py
"""

import pandas as pd
import polars as pl

from stream_adam import simulate


def main() -> None:
    """How large the direction is, by hundreds of ticks."""
    run = simulate("swinging_soft() + normal(0.5)", "adam", ticks=300, seed=1)

    frame = pd.DataFrame(run)
    print(frame.groupby(frame["t"] // 100)["direction"].agg(["mean", "std"]).round(3))

    print(
        pl.DataFrame(run)
        .group_by(pl.col("t") // 100, maintain_order=True)
        .agg(pl.col("direction").mean().round(3).alias("mean"), pl.col("direction").std().round(3).alias("std"))
    )


if __name__ == "__main__":
    main()
