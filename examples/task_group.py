"""Two runs at once, in one program: each is a task, and the first to come near the minimum ends both.

What to type:

    python examples/task_group.py
"""

import asyncio

from stream_adam import Transport, stream

SOURCE = "rosenbrock()"  # f = (1 - x)² + 100·(y - x²)², from (-1.2, 1)
NEAR = 0.1


async def race(strategy: str, winner: asyncio.Future[str]) -> None:
    """Go on until the weights are near (1, 1), or another strategy is."""
    async for state in stream(SOURCE, strategy, theta0=(-1.2, 1.0), transport=Transport(rate=2_000)):
        x, y = state.theta
        if abs(x - 1) < NEAR and abs(y - 1) < NEAR and not winner.done():
            winner.set_result(f"{strategy} after {state.t + 1:,} ticks")
        if winner.done():
            break


async def main() -> None:
    """Say who was first."""
    winner = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        for strategy in ("adam(alpha=0.02)", "sgd(alpha=0.0005)"):
            group.create_task(race(strategy, winner))
    print(await winner)


if __name__ == "__main__":
    asyncio.run(main())
