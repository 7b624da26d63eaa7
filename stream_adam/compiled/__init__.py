"""The compiled loops: a strategy's own rule over ticks, over components and over settings, by numba.

Numba compiles the very function that the interpreter runs, inside generic loops: nothing is written twice. Without
fast-math and with numpy's error model the bits are the same. This package is imported on first need.
"""

from stream_adam.compiled.components import ONE_PART, step_of
from stream_adam.compiled.keeping import CannotCompile
from stream_adam.compiled.loop import loop_of
from stream_adam.compiled.settings import WIDTH, Work, sweep_of

__all__ = ["ONE_PART", "WIDTH", "CannotCompile", "Work", "loop_of", "step_of", "sweep_of"]
