"""uPlot, fetched once by npm into this machine's temporary folder; no page of the project uses it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

VERSION = "1.6.32"


def folder() -> Path:
    """Where its built files are.

    Raises:
        FileNotFoundError: there is no npm, or it can't fetch them.
    """
    cache = Path(tempfile.gettempdir()) / f"stream_adam_bench_uplot_{VERSION}"
    built = cache / "package" / "dist"
    if built.is_dir():
        return built
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("uPlot comes by npm, which is not here")
    cache.mkdir(exist_ok=True)
    got = subprocess.run([npm, "pack", f"uplot@{VERSION}"], cwd=cache, capture_output=True, check=False, timeout=60)
    if got.returncode:
        raise FileNotFoundError(f"npm could not fetch uPlot {VERSION}")
    with tarfile.open(cache / f"uplot-{VERSION}.tgz") as archive:
        archive.extractall(cache, filter="data")
    return built
