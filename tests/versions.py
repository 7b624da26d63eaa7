"""The versions that `make test-all` runs on: ``python tests/versions.py pythons`` and ``… lowest``.

``pythons`` prints the interpreters of the oldest and the newest Python on this machine that pyproject.toml admits, and
fails where there is only one Python. ``lowest`` prints pip constraints: each library at the lower bound that
pyproject.toml gives it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CHECKERS = {"ruff", "mypy"}  # they judge the text; nothing runs on them
PLACES = (  # beside PATH: where pyenv and uv put interpreters
    (Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions", "*/bin"),
    (Path.home() / ".local/share/uv/python", "*/bin"),
)
ASKED = "import ensurepip, sys, venv; v = sys.version_info; print(*v[:3]) if v.releaselevel == 'final' else None"
Version = tuple[int, ...]


def main() -> None:
    if sys.argv[1:] == ["lowest"]:
        print(*lowest(), sep="\n")
    elif sys.argv[1:] == ["pythons"]:
        print(*oldest_and_newest(interpreters()))
    else:
        sys.exit(__doc__)


def lowest() -> list[str]:
    """A constraint for each library: exactly its lower bound."""
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    bounds = (re.match(r"([\w-]+) *>= *([\w.]+)", line) for line in wanted)
    return [f"{bound[1]}=={bound[2]}" for bound in bounds if bound and bound[1] not in CHECKERS]


def interpreters() -> dict[Version, str]:
    """The Pythons of this machine that pyproject.toml admits and that can make an environment, by version."""
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep) if folder]
    folders += [folder for root, pattern in PLACES for folder in root.glob(pattern)]
    paths = {path.resolve() for folder in folders for path in folder.glob("python3*")}
    least = tuple(map(int, re.findall(r"\d+", PROJECT["requires-python"])))
    found = {}
    for path in sorted(path for path in paths if re.fullmatch(r"python3(\.\d+)?", path.name)):
        version = asked(path)
        if version >= least:
            found[version] = str(path)
    return found


def asked(path: Path) -> Version:
    """The version that the interpreter says it has; () where it doesn't run, isn't finished or lacks venv."""
    done = subprocess.run([path, "-c", ASKED], capture_output=True, text=True, check=False)
    return tuple(map(int, done.stdout.split()))


def oldest_and_newest(found: dict[Version, str]) -> tuple[str, str]:
    """The newest release of the oldest minor version, and of the newest."""
    newest = {version[:2]: path for version, path in sorted(found.items())}
    for version, path in sorted(found.items()):
        print(f"Python {'.'.join(map(str, version))}: {path}", file=sys.stderr)
    if len(newest) < 2:
        sys.exit('test-all needs two minor versions of Python; to use these alone: make test-all PYTHONS="python3"')
    return newest[min(newest)], newest[max(newest)]


if __name__ == "__main__":
    main()
