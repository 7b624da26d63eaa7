"""`make bench`: where the time goes, each figure beside its peers', taken in turn in one run.

``python -m bench`` does all; ``python -m bench ticks sweep`` some; ``--quick`` a hundredth, to see that it runs.
All but a quick run write bench/results.json, where some themes join those that were run of the same package on the same
machine, and, once none is missing, the table of docs/performance.md.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from bench import components, files, heartbeat, page, server, shell, strategies, sweep, ticks
from bench.harness import HEADER, Plan, Row

ROOT = Path(__file__).parent.parent
CODE = (ROOT / "stream_adam", ROOT / "server_app")
RESULTS, DOCS = ROOT / "bench" / "results.json", ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- make bench: from here -->", "<!-- make bench: to here -->"
THEMES: dict[str, Callable[[Plan], Iterator[Row]]] = {
    "ticks": ticks.rows,
    "components": components.rows,
    "sweep": sweep.rows,
    "strategies": strategies.rows,
    "heartbeat": heartbeat.rows,
    "shell": shell.rows,
    "files": files.rows,
    "page": page.rows,
    "server": server.rows,
}
VERSIONS = ("numpy", "numba", "msgspec", "bokeh", "torch", "jax", "optax", "panel", "holoviews")
COMMAND = "make bench"


def main() -> None:
    """Run what is asked for, and print the table as it comes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("themes", nargs="*", metavar="THEME", help=", ".join(THEMES))
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    unknown = [name for name in args.themes if name not in THEMES]
    if unknown:
        parser.error(f"unknown theme '{unknown[0]}': {', '.join(THEMES)}")
    plan = Plan((1, 1), 0.1, 0.01) if args.quick else Plan()
    began = time.monotonic()
    print(f"{machine()}\n\n{HEADER}", flush=True)
    rows = {name: list(_printed(THEMES[name](plan))) for name in args.themes or THEMES}
    print(f"\n{_tally(rows)}; {(time.monotonic() - began) / 60:.1f} minutes")
    if not args.quick:
        write(rows)


def _printed(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        print(row, flush=True)
        yield row


def machine() -> str:
    """The machine and the versions, in a line."""
    versions = ", ".join(f"{name} {_version(name)}" for name in VERSIONS)
    return f"{_processor()}; {platform.system()}, Python {platform.python_version()}, {versions}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """The processor's name, where the system tells it, and how many there are."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*:\s*(.+)", info.read_text(encoding="utf-8")) if info.exists() else []
    return f"{names[0] if names else platform.processor() or platform.machine()}, {len(names) or '?'} cores"


def _tally(themes: dict[str, list[Row]]) -> str:
    rows = [row for theme in themes.values() for row in theme]
    reached = sum(row.verdict == "reached" for row in rows)
    missed = sum(row.verdict.startswith("missed") for row in rows)
    return f"{reached} reached, {missed} missed, {len(rows) - reached - missed} without a bound or a peer"


def write(rows: dict[str, list[Row]]) -> None:
    """The figures as JSON, with those that are there already; once all are, the table into the docs."""
    known = _earlier() | rows
    themes = {name: known[name] for name in THEMES if name in known}
    written = {name: [asdict(row) for row in theme] for name, theme in themes.items()}
    record = {"command": COMMAND, "of": _measured(), "rows": written}
    RESULTS.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if len(themes) == len(THEMES):
        _fill_in(themes)


def _earlier() -> dict[str, list[Row]]:
    """The figures of this package on this machine, as far as they were written."""
    record = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if record.get("of") != _measured():
        return {}
    return {name: [Row(**row) for row in theme] for name, theme in record["rows"].items()}


def _measured() -> dict[str, str]:
    """What the figures are of: where, and the hash of all files of the package and its page."""
    found = sha256()
    for path in sorted(path for folder in CODE for path in folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return {"machine": machine(), "code": found.hexdigest()}


def _fill_in(themes: dict[str, list[Row]]) -> None:
    """The table into the docs, between its two marks."""
    table = "\n".join([HEADER, *(str(row) for theme in themes.values() for row in theme)])
    filled = f"{BEGIN}\n`{COMMAND}` on {machine()}: {_tally(themes)}.\n\n{table}\n{END}"
    text = DOCS.read_text(encoding="utf-8")
    if BEGIN not in text:
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n"
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCS.write_text(before + filled + after, encoding="utf-8")


if __name__ == "__main__":
    main()
