"""What the strategies and their references are run on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Settings = dict[str, float]

VECTORS = Path(__file__).parent / "vectors.npz"
TICKS = 1_000
KEPT = np.array([*range(40), *range(59, TICKS, 20)])  # the ticks whose theta is stored: a sum holds all before it


def gradients() -> dict[str, Array]:
    """Each case's stream of gradients."""
    rng = np.random.default_rng(20)
    noise = rng.normal(0.3, 1.0, TICKS)
    tails = rng.standard_t(1.5, TICKS)
    outlier = rng.normal(0.0, 1.0, TICKS)
    outlier[400] = 100.0
    zeros = rng.normal(-0.2, 0.5, TICKS)
    for start, end in ((0, 120), (300, 520), (700, 703), (900, 990)):
        zeros[start:end] = 0.0
    tiny = 1e-8 * rng.normal(0.2, 1.0, TICKS)
    constant = np.full(TICKS, 0.7)
    return {"noise": noise, "tails": tails, "zeros": zeros, "outlier": outlier, "constant": constant, "tiny": tiny}


# Beside the defaults, every strategy runs with these.
SETTINGS: dict[str, Settings] = {
    "sgd": {"alpha": 0.03},
    "momentum": {"alpha": 0.02, "momentum": 0.8, "dampening": 0.3},
    "nesterov": {"alpha": 0.02, "momentum": 0.7},
    "sign_sgd": {"alpha": 0.02},
    "signum": {"alpha": 0.02, "beta1": 0.6},
    "lion": {"alpha": 0.01, "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.2},
    "rprop": {"alpha": 0.05, "eta_minus": 0.4, "eta_plus": 1.3, "step_min": 1e-3, "step_max": 0.4},
    "adagrad": {"alpha": 0.1, "eps": 1e-3, "initial_accumulator": 0.2},
    "rmsprop": {"alpha": 0.003, "rho": 0.9, "eps": 1e-4, "momentum": 0.7},
    "rmsprop_centered": {"alpha": 0.003, "rho": 0.995, "eps": 1e-4, "momentum": 0.7},
    "adadelta": {"alpha": 0.5, "rho": 0.97, "eps": 1e-8},
    "adam": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    "adam_zero_based": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    "adam_centered": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    "adamw": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4, "weight_decay": 0.3},
    "amsgrad": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    "adamax": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    "nadam": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4, "momentum_decay": 0.05},
    "radam": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    "adabelief": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-5},
    "yogi": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    "adan": {"alpha": 0.02, "beta1": 0.9, "beta2": 0.8, "beta3": 0.95, "eps": 1e-4, "weight_decay": 0.3},
    "novograd": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.6, "eps": 1e-3, "weight_decay": 0.1},
    "laprop": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-5},
    "diffgrad": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    "ademamix": {
        "alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "beta3": 0.99, "mix": 3.0, "eps": 1e-4, "weight_decay": 0.3,
    },
    "adopt": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    "stable_adamw": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4, "weight_decay": 0.3},
    "cautious_adamw": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4, "weight_decay": 0.3},
    "schedule_free_adamw": {"alpha": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4, "weight_decay": 0.3},
}  # fmt: skip


def theta0(name: str) -> float:
    """Where the weight starts: away from 0 if it decays, else at 0, where the smallest steps are not rounded away."""
    return 0.5 if "weight_decay" in SETTINGS[name] else 0.0
