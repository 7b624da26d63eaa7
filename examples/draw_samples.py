"""Draw the noise that the presets' tight checks run on, so that they don't depend on numpy's random stream.

`normal.npy` holds the 10,000 standard normal draws of the original experiment's seed 1, `cauchy.npy` 20,000 standard
Cauchy draws of seed 7, both in float64 to the last bit. What to type next:

    python examples/draw_samples.py .
    stream-adam plot --source 'swinging_soft() + 0.5*recording(path="normal.npy")' --output soft.html
"""

import sys
from pathlib import Path

import numpy as np

NOTE = """# {name}

{what}: `{call}`, in float64, one a row.

- Versions: numpy {version}.
- Command: `python examples/draw_samples.py FOLDER`
"""


def main(folder: Path) -> None:
    """Write the arrays, and beside each where it comes from."""
    draws = {
        "normal.npy": ("Standard normal noise", "default_rng(1).standard_normal(10_000)",
                       np.random.default_rng(1).standard_normal(10_000)),
        "cauchy.npy": ("Standard Cauchy noise", "default_rng(7).standard_cauchy(20_000)",
                       np.random.default_rng(7).standard_cauchy(20_000)),
    }  # fmt: skip
    for name, (what, call, values) in draws.items():
        np.save(folder / name, values, allow_pickle=False)
        note = NOTE.format(name=name, what=what, call=call, version=np.__version__)
        (folder / name).with_suffix(".md").write_text(note, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
