"""The budget's laws, in virtual time: nobody starves, nobody takes more than a part, and one alone has all of it."""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server_app.budget import Budget, metered

SHARE = 0.6
costs = st.floats(0.002, 0.05)
briefly = settings(max_examples=30)


@dataclass
class Visitor:
    """Work of `cost` seconds comes every `period` seconds; 0 means that there is always more."""

    cost: float
    period: float = 0.0
    work: float = 0.0
    longest: float = 0.0  # seconds from wanting to work until it may


def served(visitors: list[Visitor], until: float) -> None:
    """One processor does what the budget permits, one piece after another."""
    budget, now = Budget(SHARE), 0.0
    coming = [(0.0, number, 0.0) for number in range(len(visitors))]  # when to ask, who, since when it wants to
    while coming and now < until:
        asked, number, since = heapq.heappop(coming)
        now = max(now, asked)
        wait = budget.wait(number, now)
        if wait > 1e-9:
            heapq.heappush(coming, (now + wait, number, since))
            continue
        visitor = visitors[number]
        visitor.longest = max(visitor.longest, now - since)
        now += visitor.cost
        visitor.work += visitor.cost
        budget.charge(number, visitor.cost, now)
        following = max(now, since + visitor.period)
        heapq.heappush(coming, (following, number, following))


@briefly
@given(costs)
def test_one_alone_has_all_of_it(cost: float) -> None:
    visitor = Visitor(cost)
    served([visitor], 5.0)
    pieces = 5.0 / (cost / SHARE + cost)  # what a piece takes is not paid off meanwhile
    assert visitor.work == pytest.approx(pieces * cost, abs=2 * cost)


@briefly
@given(st.lists(costs, min_size=2, max_size=12))
def test_the_greedy_have_equal_parts_and_no_more(each: list[float]) -> None:
    visitors = [Visitor(cost) for cost in each]
    served(visitors, 5.0)
    part = 5.0 * SHARE / len(each)
    for visitor in visitors:  # who is at work, or waits for the processor, pays nothing off: the others do meanwhile
        assert 0.6 * part - 2 * sum(each) <= visitor.work <= 1.4 * part + 2 * sum(each)
    assert sum(visitor.work for visitor in visitors) <= 5.0 * SHARE + sum(each)


@briefly
@given(st.integers(1, 12), costs)
def test_a_modest_one_is_served_whatever_the_greedy_do(greedy: int, cost: float) -> None:
    modest = Visitor(0.001, period=0.05)
    served([modest, *(Visitor(cost) for _ in range(greedy))], 5.0)
    longest = 0.001 * (greedy + 1) / SHARE + greedy * cost  # its own debt, and all others' pieces at once
    assert modest.longest <= longest + 1e-6
    assert modest.work >= 0.001 * 5.0 / max(0.05, longest + 0.001) * 0.9


def test_what_the_modest_leave_the_greedy_may_have() -> None:
    modest, greedy = [Visitor(0.001, period=0.1) for _ in range(20)], Visitor(0.01)
    served([*modest, greedy], 5.0)
    assert sum(visitor.work for visitor in modest) == pytest.approx(1.0, rel=0.05)
    assert greedy.work >= 0.6 * (5.0 * SHARE - 1.0)  # far more than a part in 21


@given(st.lists(st.tuples(st.integers(0, 5), costs, st.floats(0, 0.1)), min_size=1))
def test_whoever_waits_as_long_as_told_is_out_of_debt(charges: list[tuple[int, float, float]]) -> None:
    budget, now, owed = Budget(SHARE), 0.0, dict.fromkeys(range(6), 0.0)
    for session, cost, passing in charges:
        now += passing
        budget.charge(session, cost, now)
        owed[session] += cost
    for session, debt in owed.items():
        assert 0.0 <= budget.wait(session, now) <= 6 * debt / SHARE + 1e-9
    session = charges[-1][0]
    assert budget.wait(session, now) > 0.0
    now += budget.wait(session, now)
    assert budget.wait(session, now) == pytest.approx(0.0, abs=1e-9)


async def test_work_is_metered_and_goes_on_as_it_would() -> None:
    spent: list[float] = []

    async def busy(failing: bool) -> str:
        try:
            await asyncio.sleep(0)
            total = sum(range(300_000))
            await asyncio.sleep(3600 if failing else 0)
        except asyncio.CancelledError:
            return f"cancelled after {total}"
        return "done"

    assert await metered(busy(failing=False), spent.append) == "done"
    assert max(spent) > 1e-4
    assert len(spent) == 3  # two pauses, three steps
    task = asyncio.create_task(metered(busy(failing=True), spent.append))
    await asyncio.sleep(0.1)
    task.cancel()
    assert (await task).startswith("cancelled")

    async def broken() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError):
        await metered(broken(), spent.append)
