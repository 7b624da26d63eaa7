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

from __future__ import annotations

from stream_adam import origin as origin  # first of all: it notes what the other imports find

TYPE_CHECKING = False  # true to a type checker; importing typing takes as long as all that comes before Ctrl-C is quiet
if TYPE_CHECKING:
    from typing import Any

    from stream_adam.broadcasting import broadcast
    from stream_adam.descent import Descent
    from stream_adam.errors import SpecError
    from stream_adam.runs import simulate
    from stream_adam.sources import register_objective
    from stream_adam.strategies import Strategy, register
    from stream_adam.strategies.strategy import Beta, Carried, Derived, Epsilon, PositiveRate, Rate, Square
    from stream_adam.streaming import iterate, stream
    from stream_adam.sweeping import sweep
    from stream_adam.transport import Transport

__version__ = "0.1.0"
__all__ = [
    "Beta", "Carried", "Derived", "Descent", "Epsilon", "PositiveRate", "Rate", "SpecError", "Square", "Strategy",
    "Transport", "broadcast", "iterate", "register", "register_objective", "simulate", "stream", "sweep",
]  # fmt: skip

_MODULES = dict.fromkeys(
    ("Beta", "Carried", "Derived", "Epsilon", "PositiveRate", "Rate", "Square"), "strategies.strategy"
) | {  # where each name is defined; numpy is imported with the first of them, after the command line is ready
    "Descent": "descent",
    "SpecError": "errors",
    "Strategy": "strategies",
    "Transport": "transport",
    "broadcast": "broadcasting",
    "iterate": "streaming",
    "register": "strategies",
    "register_objective": "sources",
    "simulate": "runs",
    "stream": "streaming",
    "sweep": "sweeping",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for."""
    from importlib import import_module  # noqa: PLC0415

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
