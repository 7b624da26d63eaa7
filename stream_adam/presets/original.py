"""The original experiment's own runs, and a real recording."""

from __future__ import annotations

import cmath
import math

from stream_adam.presets.outcome import at, highest, lowest, mean, rms, root_mean
from stream_adam.presets.preset import Check, Preset

LAST = -200  # ticks that the original's second panel shows
SHIPPED = "computed in float64 from normal.npy, the original's noise"
SOFT = 'swinging_soft() + 0.5*recording(path="normal.npy")'
SUPERPOSED = 'swinging() + recording(path="normal.npy")'
LINE = 'line(5) + 0.5*recording(path="normal.npy")'
PASSED = 0.1 / (1 - 0.9 * cmath.exp(-2j * math.pi / 25))  # of a sine of period 25, by m

ORIGINAL = (
    Preset(
        "original_soft",
        "The original: a simple swing",
        "swinging_soft() + normal(0.5)",
        ("adam_zero_based",),
        10_000,
        "A gradient swings around 10 with amplitude 5. √s settles near 10.6, the root of the mean square, not at the "
        "mean of 10; the regularized component stays near 1.",
        "the original experiment, whose author expected √s to settle at 10",
        (
            Check("√v̂, mean of the last 200 ticks", root_mean("v_hat", LAST), 10.602, 5e-4, SHIPPED, source=SOFT),
            Check("the same with numpy's own stream", root_mean("v_hat", LAST), math.sqrt(112.75), 0.005,
                  "√(10² + 5²/2 + 0.5²), the root of the mean square", relative=True),
            Check("d, mean of the last 200 ticks", mean("direction", LAST), 0.944, 5e-4, SHIPPED, source=SOFT),
            Check("d, the least of them", lowest("direction", LAST), 0.753, 5e-4, SHIPPED, source=SOFT),
            Check("d, the largest of them", highest("direction", LAST), 1.139, 5e-4, SHIPPED, source=SOFT),
        ),
        y_range=(0.0, 20.0),
    ),
    Preset(
        "original_superposed",
        "The original: superposed swings",
        "swinging() + normal(1.0)",
        ("adam_zero_based",),
        10_000,
        "The gradient keeps swinging between -22 and 33. Divided by its large √s, it hardly moves the weight.",
        "the original experiment; the figures are ours",
        (
            Check("d, the least of the last 200 ticks", lowest("direction", LAST), -0.852, 5e-4, SHIPPED,
                  source=SUPERPOSED),
            Check("d, the largest of them", highest("direction", LAST), 1.465, 5e-4, SHIPPED, source=SUPERPOSED),
            Check("√v̂, their mean", root_mean("v_hat", LAST), 15.585, 5e-4, SHIPPED, source=SUPERPOSED),
            Check("the same with numpy's own stream", root_mean("v_hat", LAST), math.sqrt(243), 0.01,
                  "√(20²/2 + 5² + 5²/2 + 3²/2 + 1²)", relative=True),
            Check("g, the least of all", lowest("g"), -22.06, 0.005, SHIPPED, source=SUPERPOSED),
            Check("g, the largest of all", highest("g"), 33.46, 0.005, SHIPPED, source=SUPERPOSED),
        ),
        y_range=(-25.0, 30.0),
    ),
    Preset(
        "original_line",
        "The original: a line",
        "line(5) + normal(0.5)",
        ("adam_zero_based",),
        10_000,
        "A gradient of 5 goes on and on, with noise. It comes out as a step of 1: its size is divided away.",
        "the original experiment; the figures are ours",
        (
            Check("d, mean of the last 200 ticks", mean("direction", LAST), 1.001, 5e-4, SHIPPED, source=LINE),
            Check("the same with numpy's own stream", mean("direction", LAST), 5 / math.sqrt(25.25), 0.02,
                  "5/√(5² + 0.5²), the mean over the root of the mean square", relative=True),
            Check("the same for a line of 50, noise 5", mean("direction", LAST), 1.001, 5e-4,
                  "the same: the size is divided away", source='10*(line(5) + 0.5*recording(path="normal.npy"))'),
        ),
        y_range=(0.0, 6.0),
    ),
    Preset(
        "original_modified",
        "The original's two changed lines",
        "swinging_soft() + normal(0.5)",
        ("adam_centered",),
        10_000,
        "The second moment is taken around the running mean, and the mean is added back. This is not Adam, it is an "
        "experiment.",
        "the original experiment; the figures are ours",
        (
            Check("√v̂, mean of the last 200 ticks", root_mean("v_hat", LAST), 3.1288, 5e-4, SHIPPED, source=SOFT),
            Check("the same with numpy's own stream", root_mean("v_hat", LAST),
                  math.sqrt(25 / 2 * abs(1 - PASSED) ** 2 + 0.5**2 * 0.9**2 * 2 / 1.9),
                  0.02, "√(25/2·|1 − H|² + 0.5²·0.9²·2/1.9), H the filter that m is, period 25", relative=True),
            Check("d, mean of the last 200 ticks", mean("direction", LAST), 13.2112, 5e-4, SHIPPED, source=SOFT),
        ),
        y_range=(0.0, 20.0),
    ),
    Preset(
        "one_tick_late",
        "One tick late",
        "swinging_soft() + normal(0.5)",
        ("adam", "adam_zero_based"),
        200,
        "Kingma & Ba count from 1: the first step has size 1. The original counts from 0: its first step is 3.16, "
        "and the excess fades.",
        "ours",
        (
            Check("first direction, from 1", at("direction", 0), 1, 1e-6, "g/√g² = 1"),
            Check("second direction, from 1", at("direction", 1), 1.00123, 5e-6, SHIPPED, source=SOFT),
            Check("third direction, from 1", at("direction", 2), 1.00351, 5e-6, SHIPPED, source=SOFT),
            Check("first direction, from 0", at("direction", 0, 1), 0.1 / math.sqrt(0.001), 5e-6,
                  "(1 − beta1)/√(1 − beta2)"),
            Check("second direction, from 0", at("direction", 1, 1), 1.34550, 5e-6, SHIPPED, source=SOFT),
            Check("third direction, from 0", at("direction", 2, 1), 1.16897, 5e-6, SHIPPED, source=SOFT),
        ),
    ),
    Preset(
        "digits",
        "A real training, one weight of it",
        '100 * recording(path="digits.npy")',
        ("adam",),
        10_000,
        "The gradient of one weight of a small network that learns handwritten digits, a hundredfold: minibatch noise, "
        "whose scale shrinks as the network learns. √v̂ follows it with a memory of about 1,000 ticks, and the step "
        "keeps its size.",
        "ours, on the data of Alpaydin & Kaynak 1998",
        (
            Check("√v̂ at tick 999", lambda run: math.sqrt(run("v_hat")[999]), 1.2566, 5e-4),
            Check("√v̂ at the end", lambda run: math.sqrt(run("v_hat")[-1]), 0.6138, 5e-4),
            Check("d, RMS over the first 1,000 ticks", rms("direction", ticks=1_000), 0.1921, 5e-4),
            Check("d, RMS over the last 1,000 ticks", rms("direction", -1_000), 0.1717, 5e-4),
        ),
    ),
)  # fmt: skip
