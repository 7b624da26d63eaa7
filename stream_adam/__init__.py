"""An oscilloscope for optimizers: watch what Adam makes of a gradient, tick by tick.

>>> import asyncio
>>> from stream_adam import stream
>>> async def main() -> None:
...     async for state in stream("swinging_soft() + normal(0.5)", "adam_zero_based", seed=1, ticks=3):
...         print(state.t, round(state.g, 4), round(state.direction, 4))
>>> asyncio.run(main())
0 10.1728 3.1623
1 11.6544 1.3455
2 12.5742 1.169
"""

from stream_adam.descent import Descent
from stream_adam.errors import SpecError
from stream_adam.strategies import Strategy, register
from stream_adam.streaming import simulate, stream
from stream_adam.sweep import sweep
from stream_adam.transport import Transport

__version__ = "0.1.0"
__all__ = ["Descent", "SpecError", "Strategy", "Transport", "register", "simulate", "stream", "sweep"]
