"""Pack the digit images that `mlp_digits()` learns from: 1,797 images of 8×8 pixels, as scikit-learn brings them along.

Needs numpy and scikit-learn; nothing is downloaded. The same versions give the same file, byte by byte.

    python examples/pack_digits.py stream_adam/sources/samples/digit_images.npz
"""

import sys
from pathlib import Path

import numpy as np
import sklearn
from sklearn.datasets import load_digits

PROVENANCE = f"""# digit_images.npz

{{count:,}} handwritten digits: `images`, of shape {{shape}}, brightness from 0 to 16, and `digits`, which digit each
one is. `mlp_digits()` learns to read them.

- Data set: Optical Recognition of Handwritten Digits (UCI Machine Learning Repository), the 1797 images of its test
  set as scikit-learn's `load_digits` has them, in that order, nothing changed but the type (uint8).
  Licence of the data set: CC BY 4.0.
  Citation: Alpaydin, E. & Kaynak, C. (1998). https://doi.org/10.24432/C50P49
- Versions: numpy {np.__version__}, scikit-learn {sklearn.__version__}.
- Command: `python examples/pack_digits.py {{name}}`
"""


def main() -> None:
    """Write the images and, beside them, where they come from."""
    path = Path(sys.argv[1])
    bunch = load_digits()
    images, digits = bunch.images.astype(np.uint8), bunch.target.astype(np.uint8)
    assert np.array_equal(images, bunch.images)
    np.savez_compressed(path, allow_pickle=False, images=images, digits=digits)
    text = PROVENANCE.format(count=len(digits), shape=images.shape, name=path.name)
    path.with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
