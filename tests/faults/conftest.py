"""The tally of each test, and where the table of the run finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faults import WIDE, Tally

if TYPE_CHECKING:
    from collections.abc import Generator

collect_ignore = [] if WIDE else ["test_markup_in_a_browser.py"]  # tests/browser tries some of it each time


@pytest.fixture
def tally() -> Tally:
    """What the test tried, and what was lost."""
    return Tally()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Generator[None, None, None]:
    """The test fails if a fault was lost; its counts travel with its report, from an xdist worker too."""
    tally = item.funcargs.get("tally")
    if not isinstance(tally, Tally):
        tally = Tally()
        tally.tried = 1  # the test is one fault
    try:
        yield
        tally.check()
    except BaseException:
        tally.lost = tally.lost or ["the test itself"]
        tally.tried = max(tally.tried, len(tally.lost))
        raise
    finally:
        title = (item.function.__doc__ or item.originalname.removeprefix("test_").replace("_", " ")).splitlines()[0]
        item.user_properties.append(("faults", [title, tally.tried, len(tally.lost)]))
