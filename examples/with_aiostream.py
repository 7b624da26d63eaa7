"""A stream among the operators of aiostream: every tenth state, in threes, until twelve have come.

What to type:

    pip install aiostream
    python examples/with_aiostream.py
"""

import asyncio

from aiostream import pipe
from aiostream import stream as operators

from stream_adam import stream


async def main() -> None:
    """Print the means of three."""
    states = operators.iterate(stream("normal(1)", "adam", seed=1))
    tenth = states | pipe.filter(lambda state: state.t % 10 == 0)
    threes = tenth | pipe.take(12) | pipe.chunks(3)
    async with threes.stream() as chunks:
        async for three in chunks:
            print([state.t for state in three], round(sum(state.direction for state in three) / 3, 6))


if __name__ == "__main__":
    asyncio.run(main())
