"""Sources: a gradient a tick, as an expression of signals, noise, data and objectives.

The words compose in Python as they do in text:

>>> from stream_adam.sources import normal, sine
>>> source = sine(25, amplitude=5) + 10 + normal(0.5)
>>> str(source)
'sine(25, 5) + 10 + normal(0.5)'
>>> Source.of(str(source)).tree == source
True
"""

from __future__ import annotations

from stream_adam.language.tree import PI as pi  # noqa: N811  (as it is written in a source)
from stream_adam.language.tree import THETA as theta  # noqa: N811
from stream_adam.language.tree import VARIABLES
from stream_adam.language.tree import T as t  # noqa: N811
from stream_adam.sources.reading import Reading
from stream_adam.sources.recordings import Files
from stream_adam.sources.registering import register_objective
from stream_adam.sources.source import Source, SourceLike
from stream_adam.sources.words import GROUPS, WORDS, word

swinging, swinging_soft, line = word("swinging"), word("swinging_soft"), word("line")
sine, square, sawtooth, triangle = word("sine"), word("square"), word("sawtooth"), word("triangle")
ramp, step, impulse, chirp = word("ramp"), word("step"), word("impulse"), word("chirp")
normal, uniform, laplace, student_t = word("normal"), word("uniform"), word("laplace"), word("student_t")
cauchy, bernoulli, random_walk = word("cauchy"), word("bernoulli"), word("random_walk")
recording, stdin = word("recording"), word("stdin")
quadratic, absolute, huber, logistic = word("quadratic"), word("absolute"), word("huber"), word("logistic")
rosenbrock, beale, himmelblau, booth = word("rosenbrock"), word("beale"), word("himmelblau"), word("booth")
styblinski_tang, rastrigin, ackley = word("styblinski_tang"), word("rastrigin"), word("ackley")
saddle, monkey_saddle, plateau, cliff = word("saddle"), word("monkey_saddle"), word("plateau"), word("cliff")
easom, goldstein_price, matyas, griewank = word("easom"), word("goldstein_price"), word("matyas"), word("griewank")
three_hump_camel, descend, mlp_digits = word("three_hump_camel"), word("descend"), word("mlp_digits")
sin, cos, tan, exp, log, sqrt = word("sin"), word("cos"), word("tan"), word("exp"), word("log"), word("sqrt")
sign, floor, where, tanh = word("sign"), word("floor"), word("where"), word("tanh")
minimum, maximum, clip = word("minimum"), word("maximum"), word("clip")

DEFAULT_SOURCE = "swinging_soft() + normal(0.5)"

__all__ = [
    "DEFAULT_SOURCE",
    "GROUPS",
    "VARIABLES",
    "WORDS",
    "Files",
    "Reading",
    "Source",
    "SourceLike",
    "absolute",
    "ackley",
    "beale",
    "bernoulli",
    "booth",
    "cauchy",
    "chirp",
    "cliff",
    "clip",
    "cos",
    "descend",
    "easom",
    "exp",
    "floor",
    "goldstein_price",
    "griewank",
    "himmelblau",
    "huber",
    "impulse",
    "laplace",
    "line",
    "log",
    "logistic",
    "matyas",
    "maximum",
    "minimum",
    "mlp_digits",
    "monkey_saddle",
    "normal",
    "pi",
    "plateau",
    "quadratic",
    "ramp",
    "random_walk",
    "rastrigin",
    "recording",
    "register_objective",
    "rosenbrock",
    "saddle",
    "sawtooth",
    "sign",
    "sin",
    "sine",
    "sqrt",
    "square",
    "stdin",
    "step",
    "student_t",
    "styblinski_tang",
    "swinging",
    "swinging_soft",
    "t",
    "tan",
    "tanh",
    "theta",
    "three_hump_camel",
    "triangle",
    "uniform",
    "where",
]  # fmt: skip
