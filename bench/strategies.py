"""Every strategy of the table beside its counterpart in optax or torch, and beside our Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import original
from original import simulate_modified_adam

from bench.harness import Peer, Plan, Row, Side, Work, faster, run, within
from bench.peers import optax_scan, torch_steps
from stream_adam import simulate
from stream_adam.strategies import BUILT_IN, STRATEGIES

TICKS, TORCH_TICKS = 100_000, 500

# Where both libraries have one, optax is the counterpart: in a scan it is a thousand times as fast as a step of torch.
# Conventions may differ in a detail (where eps stands), the work done a tick does not.
BY_OPTAX: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda o: o.sgd(1e-3),
    "momentum": lambda o: o.sgd(1e-3, momentum=0.9),
    "nesterov": lambda o: o.sgd(1e-3, momentum=0.9, nesterov=True),
    "sign_sgd": lambda o: o.sign_sgd(1e-3),
    "signum": lambda o: o.signum(1e-3),
    "lion": lambda o: o.lion(1e-4),
    "rprop": lambda o: o.rprop(1e-2),
    "adagrad": lambda o: o.adagrad(1e-2),
    "rmsprop": lambda o: o.rmsprop(1e-2, decay=0.99),
    "rmsprop_centered": lambda o: o.rmsprop(1e-2, decay=0.99, centered=True),
    "adadelta": lambda o: o.adadelta(1.0),
    "adam": lambda o: o.adam(1e-3),
    "adamw": lambda o: o.adamw(1e-3, weight_decay=1e-2),
    "amsgrad": lambda o: o.amsgrad(1e-3),
    "adamax": lambda o: o.adamax(2e-3),
    "nadam": lambda o: o.nadam(2e-3),
    "radam": lambda o: o.radam(1e-3),
    "adabelief": lambda o: o.adabelief(1e-3),
    "yogi": lambda o: o.yogi(1e-2),
    "adan": lambda o: o.adan(1e-3),
    "novograd": lambda o: o.novograd(1e-3),
    "laprop": lambda o: o.chain(
        o.scale_by_rms(decay=0.999, eps=1e-15, eps_in_sqrt=False, bias_correction=True),
        o.ema(0.9, debias=True),
        o.scale_by_learning_rate(4e-4),
    ),
    "ademamix": lambda o: o.contrib.ademamix(1e-3),
    "adopt": lambda o: o.contrib.adopt(1e-3),
    "schedule_free_adamw": lambda o: o.contrib.schedule_free_adamw(2.5e-3),
    "adam_eps_inside": lambda o: o.adam(1e-3, eps=0.0, eps_root=1e-8),
    "adam_uncorrected": lambda o: o.rmsprop(1e-3, decay=0.999, momentum=0.9),
}
BY_TORCH: dict[str, Callable[[Any, Any], Any]] = {
    "diffgrad": lambda t, p: t.optim.Adam(p, 1e-3),
    "cautious_adamw": lambda t, p: t.optim.AdamW(p, 1e-3),
    "stable_adamw": lambda t, p: t.optim.AdamW(p, 1e-3),
    "amsgrad_uncorrected": lambda t, p: t.optim.Adam(p, 1e-3, amsgrad=True),
    "adam_eps_hat": lambda t, p: t.optim.Adam(p, 1e-3),
    "adabelief_fresh_eps": lambda t, p: t.optim.Adam(p, 1e-3),
    "adam_variance": lambda t, p: t.optim.Adam(p, 1e-3),
    "radam_paper": lambda t, p: t.optim.RAdam(p, 1e-3),
}
# These have no counterpart of their own: named is the plain algorithm that they are a variant of, which does less.
NEAREST = {"diffgrad", "cautious_adamw", "stable_adamw", "amsgrad_uncorrected", "adam_eps_hat", "adabelief_fresh_eps",
           "adam_uncorrected", "adam_variance"}  # fmt: skip
BY_THE_ORIGINAL = {"adam_zero_based": original.simulate_adam, "adam_centered": simulate_modified_adam}


def rows(plan: Plan) -> Iterator[Row]:
    """A work for every strategy that the project ships."""
    short = Plan(plan.rounds, plan.seconds / 6, plan.scale)
    g = np.random.default_rng(1).normal(size=plan.sized(TICKS))
    adam = _ours("adam", g, "our adam")
    for name in STRATEGIES:
        if name not in BUILT_IN:
            continue
        peers = [Peer(side, faster()) for side in _counterparts(name, g, plan)]
        beside = [] if name == "adam" else [Peer(adam, within(3))]
        yield from run(Work(f"{name}, {len(g):,} ticks", "tick", _ours(name, g, "ours"), (*peers, *beside)), short)


def _ours(name: str, g: Any, side: str) -> Side:
    return Side(side, lambda: lambda: simulate(g, name, ticks=len(g), seed=1), len(g))


def _counterparts(name: str, g: Any, plan: Plan) -> Iterator[Side]:
    nearest = ", its plainer kin" if name in NEAREST else ""
    if name in BY_OPTAX:
        side = optax_scan(BY_OPTAX[name], g)
        yield replace(side, name=side.name + nearest)
    if name in BY_TORCH:
        yield torch_steps(f"torch, a step{nearest}", BY_TORCH[name], plan.sized(TORCH_TICKS))
    if name in BY_THE_ORIGINAL:
        part, program = g[:5_000], BY_THE_ORIGINAL[name]
        yield Side("the original's loop", lambda: lambda: program(part), len(part))


def without_counterpart() -> list[str]:
    """Strategies of the table that nobody is named for above."""
    return sorted(BUILT_IN - BY_OPTAX.keys() - BY_TORCH.keys() - BY_THE_ORIGINAL.keys())
