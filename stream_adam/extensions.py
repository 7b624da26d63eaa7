"""What a user adds in a Python file of his own: strategies and objectives, each known by its name from then on."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from stream_adam.errors import SpecError
from stream_adam.sources import WORDS
from stream_adam.strategies import STRATEGIES


def load(path: str | Path) -> None:
    """Run a Python file of the user's, which registers strategies or objectives.

    Raises:
        SpecError: there is no such file, it fails, or it registers nothing.
    """
    path = Path(path)
    before = dict(STRATEGIES), dict(WORDS)
    name = f"stream_adam_loaded_{path.stem}"  # no file of the user's takes another module's place
    spec = importlib.util.spec_from_file_location(name, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise SpecError(f"--load {path}: there is no such Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # postponed annotations look their names up here
    try:
        spec.loader.exec_module(module)
    except SpecError:
        raise
    except Exception as error:
        raise SpecError(f"--load {path}: {type(error).__name__}: {error}") from error
    if before == (STRATEGIES, WORDS):
        raise SpecError(f"--load {path}: nothing was registered; put @register before the function")
