"""Where the page lives: inside the package in a wheel, beside it in a checkout. Nothing of it is imported here."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

PACKAGE, NAME = "stream_adam", "server_app"


def directory() -> Path:
    """The directory that `bokeh serve` takes.

    Raises:
        FileNotFoundError: this installation came without the page.
    """
    package = Path(__file__).resolve().parent.parent
    for parent in (package, package.parent):
        if (parent / NAME / "main.py").is_file():
            return parent / NAME
    raise FileNotFoundError(f"the page is missing: there is no {NAME} in {package} or beside it")


def module(name: str) -> ModuleType:
    """A module of the page, which imports bokeh.

    Raises:
        FileNotFoundError: this installation came without the page.
    """
    place = directory()
    if place.parent.name == PACKAGE:
        return importlib.import_module(f"{PACKAGE}.{NAME}.{name}")
    if importlib.util.find_spec(NAME) is None:
        sys.path.append(str(place.parent))
    return importlib.import_module(f"{NAME}.{name}")
