"""`make bench`: where the time goes, each figure beside its peers', taken in turn in one run.

``python -m bench`` does all; ``python -m bench ticks sweep`` some; ``--quick`` a hundredth, to see that it runs.
A whole run writes bench/results.json and the table of docs/performance.md; any other writes neither.
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
from pathlib import Path

from bench import components, files, heartbeat, page, server, shell, strategies, sweep, ticks
from bench.harness import HEADER, Plan, Row

ROOT = Path(__file__).parent.parent
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
    rows = list(_printed(args.themes or list(THEMES), plan))
    print(f"\n{_tally(rows)}; {(time.monotonic() - began) / 60:.1f} minutes")
    if not args.themes and not args.quick:
        write(rows)


def _printed(themes: list[str], plan: Plan) -> Iterator[Row]:
    for name in themes:
        for row in THEMES[name](plan):
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


def _tally(rows: list[Row]) -> str:
    reached = sum(row.verdict == "reached" for row in rows)
    missed = sum(row.verdict.startswith("missed") for row in rows)
    return f"{reached} reached, {missed} missed, {len(rows) - reached - missed} without a bound or a peer"


def write(rows: list[Row]) -> None:
    """The figures as JSON, and the table into the docs, between its two marks."""
    record = {"command": COMMAND, "machine": machine(), "rows": [asdict(row) for row in rows]}
    RESULTS.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    table = "\n".join([HEADER, *map(str, rows)])
    filled = f"{BEGIN}\n`{COMMAND}` on {machine()}: {_tally(rows)}.\n\n{table}\n{END}"
    text = DOCS.read_text(encoding="utf-8")
    if BEGIN not in text:
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n"
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCS.write_text(before + filled + after, encoding="utf-8")


if __name__ == "__main__":
    main()
