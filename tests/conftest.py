"""Settings that all tests share, and what a run of them tells: versions, memory, faults."""

from __future__ import annotations

import platform
import resource
import sys
from importlib.metadata import version
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from stream_adam.sources import GROUPS, WORDS
from stream_adam.strategies import STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES = ("numpy", "numba", "llvmlite", "msgspec", "bokeh", "tornado", "matplotlib")
MEMORY = pytest.StashKey[dict[str, float]]()  # by process: the most that it, or a program that it ran, has had

# The same examples every time: a law that fails on one machine fails on all.
settings.register_profile("project", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--most-memory", type=float, metavar="MB", help="the run fails if one of its processes has more")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MEMORY] = {}


def pytest_report_header() -> str:
    """What the tests run on: docs/reliability.md lists the versions that were run."""
    found = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"on Python {platform.python_version()}, {found}"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers, a file's tests stay together, and all that need a browser, or load a server, have one."""
    for item in items:
        browser = "browser" in item.path.parts or item.path.name == "test_crowds.py"
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


def most_memory() -> float:
    """MB, by the system's count, that this process, or one that it has started and waited for, has had at a time."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) * unit / 1e6


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist hands its memory over; the process that reads it last says whether it was too much."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["memory"] = most_memory()
        return
    memory, allowed = session.config.stash[MEMORY], session.config.getoption("most_memory")
    memory["this process"] = most_memory()
    if allowed is not None and max(memory.values()) > allowed and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist has ended."""
    if "memory" in getattr(node, "workeroutput", ()):
        node.config.stash[MEMORY][node.gateway.id] = node.workeroutput["memory"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The faults that the run tried, in the form of docs/reliability.md; and the memory of its processes."""
    _tell_faults(terminalreporter)
    allowed = config.getoption("most_memory")
    if allowed is not None:
        told = ", ".join(f"{name} {most:.0f} MB" for name, most in sorted(config.stash[MEMORY].items()))
        terminalreporter.section("memory")
        terminalreporter.line(f"The most at a time: {told}. Allowed: {allowed:.0f} MB.")
        if max(config.stash[MEMORY].values()) > allowed:
            terminalreporter.line("FAILED: a process had more than that.", red=True)


def _tell_faults(terminalreporter: pytest.TerminalReporter) -> None:
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
