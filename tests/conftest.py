"""Settings that all tests share."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from stream_adam.sources import GROUPS, WORDS
from stream_adam.strategies import STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same examples every time: a law that fails on one machine fails on all.
settings.register_profile("project", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers, a file's tests stay together, and all that need a browser have one worker."""
    for item in items:
        browser = "browser" in item.path.parts
        item.add_marker(pytest.mark.xdist_group("browser" if browser else str(item.path)))


@pytest.fixture
def own_strategies() -> Iterator[None]:
    """The strategies, and the objectives, that a test registers are gone when it ends."""
    tables: tuple[dict[str, Any], ...] = (STRATEGIES, WORDS, GROUPS["objectives"])
    before = [dict(table) for table in tables]
    yield
    for table, known in zip(tables, before, strict=True):
        table.clear()
        table.update(known)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A table of the faults that the run tried, in the form of docs/reliability.md."""
    rows: dict[tuple[str, str], list[int]] = {}
    for report in chain.from_iterable(terminalreporter.stats.get(how, ()) for how in ("passed", "failed")):
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "faults":
                title, *counts = value
                old = rows.setdefault((title, report.fspath), [0, 0])
                rows[title, report.fspath] = [a + b for a, b in zip(old, counts, strict=True)]
    if rows:
        terminalreporter.section("faults")
        terminalreporter.line("| fault | tried | survived | lost | in |")
        terminalreporter.line("| --- | --- | --- | --- | --- |")
    for (title, path), (tried, lost) in rows.items():
        terminalreporter.line(f"| {title} | {tried:,} | {tried - lost:,} | {lost:,} | `{path}` |")
