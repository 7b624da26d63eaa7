"""Settings that all tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

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
    """What a test registers is gone when it ends."""
    before = dict(STRATEGIES)
    yield
    STRATEGIES.clear()
    STRATEGIES.update(before)
