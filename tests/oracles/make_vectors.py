"""Make the reference trajectories: ``python -m oracles.make_vectors``, in ``tests``.

Needs torch 2.13.0, optax 0.2.8 and pytorch_optimizer 4.1, and nothing of them is needed to compare with what this
writes. Nothing of the project but the strategies' default hyperparameters is used.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import original

from oracles.cases import KEPT, SETTINGS, VECTORS, Array, Settings, gradients, theta0
from stream_adam.engine import settings_at
from stream_adam.strategies import STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[Any, Settings], Any]  # (library, hyperparameters) -> an optimizer, or what makes one of parameters


class Reference(NamedTuple):
    """Who says what a strategy's trajectory is: theta of shape (cases, ticks) from gradients of that shape."""

    library: str
    thetas: Callable[[Array, Settings, float], Array]

    @property
    def importable(self) -> bool:
        return importlib.util.find_spec(self.library) is not None


def by_torch(make: Make, library: str = "torch", after: Any = None) -> Reference:
    """A torch optimizer with one parameter of one component a case.

    ``after(theta, step, g, g_before, slots, h)`` makes the weight of the optimizer's bare step, where it is given.
    """

    def thetas(streams: Array, h: Settings, start: float) -> Array:
        torch = importlib.import_module("torch")
        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)  # some keep scalars of their own in the default type
        try:
            return run(torch, streams, h, start)
        finally:
            torch.set_default_dtype(usual)

    def run(torch: Any, streams: Array, h: Settings, start: float) -> Array:
        parameters = [torch.nn.Parameter(torch.full((1,), start)) for _ in streams]
        optimizer = make(importlib.import_module(library), h)(parameters)
        theta, before, out = np.full(len(streams), start), np.zeros(len(streams)), []
        for g in streams.T:
            for parameter, one in zip(parameters, g, strict=True):
                parameter.grad = torch.tensor([one])  # a fresh one: some write into it
                if after:
                    parameter.data.zero_()
            optimizer.step()
            moved = np.array([parameter.item() for parameter in parameters])
            if after:
                slots = [optimizer.state[parameter] for parameter in parameters]
                moved = np.array([after(*each, h) for each in zip(theta, moved, g, before, slots, strict=True)])
            theta, before = moved, g
            out.append(theta)
        return np.array(out).T

    return Reference(library, thetas)


def by_optax(make: Make) -> Reference:
    """An optax optimizer with one leaf of one component a case."""

    def thetas(streams: Array, h: Settings, start: float) -> Array:
        jax, optax = importlib.import_module("jax"), importlib.import_module("optax")
        jax.config.update("jax_enable_x64", True)
        optimizer = make(optax, h)
        parameters = [jax.numpy.full((1,), start) for _ in streams]

        def tick(carry: Any, g: Any) -> Any:
            weights, state = carry
            updates, state = optimizer.update([g[i : i + 1] for i in range(len(streams))], state, weights)
            weights = optax.apply_updates(weights, updates)
            return (weights, state), jax.numpy.concatenate(weights)

        _, out = jax.lax.scan(tick, (parameters, optimizer.init(parameters)), jax.numpy.asarray(streams.T))
        return np.asarray(out).T

    return Reference("optax", thetas)


def by_the_original(program: Any) -> Reference:
    """The original experiment's program, its constants set."""

    def thetas(streams: Array, h: Settings, start: float) -> Array:
        usual = original.BETA_1, original.BETA_2, original.EPSILON
        original.BETA_1, original.BETA_2, original.EPSILON = h["beta1"], h["beta2"], h["eps"]
        try:
            directions = np.array([[row[-1] for row in program(stream)] for stream in streams])
        finally:
            original.BETA_1, original.BETA_2, original.EPSILON = usual
        return start - np.cumsum(h["alpha"] * directions, axis=1)

    return Reference("numpy", thetas)


def betas(h: Settings) -> tuple[float, float]:
    return h["beta1"], h["beta2"]


def adamlike(name: str, **more: Any) -> Make:
    """What makes the torch optimizer of that name from alpha, the betas and eps."""
    return lambda torch, h: lambda p: getattr(torch.optim, name)(p, h["alpha"], betas(h), h["eps"], **more)


def steady(theta: float, step: float, g: float, before: float, slots: Any, h: Settings) -> float:
    """diffGrad's friction times Adam's step."""
    return theta + float(step / (1 + np.exp(-abs(before - g))))


def cautious(theta: float, step: float, g: float, before: float, slots: Any, h: Settings) -> float:
    """AdamW's step, dropped where the mean and the gradient disagree."""
    kept = step if slots["exp_avg"].item() * g > 0 else 0.0
    return theta * (1 - h["alpha"] * h["weight_decay"]) + kept


REFERENCES: dict[str, Reference] = {
    "sgd": by_torch(lambda torch, h: lambda p: torch.optim.SGD(p, h["alpha"])),
    "momentum": by_torch(
        lambda torch, h: lambda p: torch.optim.SGD(p, h["alpha"], momentum=h["momentum"], dampening=h["dampening"])
    ),
    "nesterov": by_torch(
        lambda torch, h: lambda p: torch.optim.SGD(p, h["alpha"], momentum=h["momentum"], nesterov=True)
    ),
    "sign_sgd": by_optax(lambda optax, h: optax.sign_sgd(h["alpha"])),
    "signum": by_optax(lambda optax, h: optax.signum(h["alpha"], beta=h["beta1"])),
    "lion": by_optax(lambda optax, h: optax.lion(h["alpha"], *betas(h), weight_decay=h["weight_decay"])),
    "rprop": by_torch(
        lambda torch, h: lambda p: torch.optim.Rprop(
            p, h["alpha"], etas=(h["eta_minus"], h["eta_plus"]), step_sizes=(h["step_min"], h["step_max"])
        )
    ),
    "adagrad": by_torch(
        lambda torch, h: lambda p: torch.optim.Adagrad(
            p, h["alpha"], eps=h["eps"], initial_accumulator_value=h["initial_accumulator"]
        )
    ),
    "rmsprop": by_torch(
        lambda torch, h: lambda p: torch.optim.RMSprop(p, h["alpha"], h["rho"], h["eps"], momentum=h["momentum"])
    ),
    "rmsprop_centered": by_torch(
        lambda torch, h: lambda p: torch.optim.RMSprop(
            p, h["alpha"], h["rho"], h["eps"], momentum=h["momentum"], centered=True
        )
    ),
    "adadelta": by_torch(lambda torch, h: lambda p: torch.optim.Adadelta(p, h["alpha"], h["rho"], h["eps"])),
    "adam": by_torch(adamlike("Adam")),
    "adam_zero_based": by_the_original(original.simulate_adam),
    "adam_centered": by_the_original(original.simulate_modified_adam),
    "adamw": by_torch(
        lambda torch, h: lambda p: torch.optim.AdamW(p, h["alpha"], betas(h), h["eps"], h["weight_decay"])
    ),
    "amsgrad": by_torch(adamlike("Adam", amsgrad=True)),
    "adamax": by_torch(adamlike("Adamax")),
    "nadam": by_torch(
        lambda torch, h: lambda p: torch.optim.NAdam(
            p, h["alpha"], betas(h), h["eps"], momentum_decay=h["momentum_decay"]
        )
    ),
    "radam": by_torch(adamlike("RAdam")),
    "adabelief": by_optax(lambda optax, h: optax.adabelief(h["alpha"], *betas(h), eps=h["eps"], eps_root=h["eps"])),
    "yogi": by_optax(lambda optax, h: optax.yogi(h["alpha"], *betas(h), eps=h["eps"])),
    "adan": by_torch(
        lambda library, h: lambda p: library.Adan(
            p, h["alpha"], (*betas(h), h["beta3"]), h["weight_decay"], weight_decouple=False, eps=h["eps"],
            foreach=False,
        ),
        "pytorch_optimizer",
    ),
    "novograd": by_optax(
        lambda optax, h: optax.novograd(h["alpha"], *betas(h), eps=h["eps"], weight_decay=h["weight_decay"])
    ),
    "laprop": by_optax(
        lambda optax, h: optax.chain(
            optax.scale_by_rms(decay=h["beta2"], eps=h["eps"], eps_in_sqrt=False, bias_correction=True),
            optax.ema(h["beta1"], debias=True),
            optax.scale_by_learning_rate(h["alpha"]),
        )
    ),
    "diffgrad": by_torch(adamlike("Adam"), after=steady),
    "ademamix": by_optax(
        lambda optax, h: optax.contrib.ademamix(
            h["alpha"], *betas(h), b3=h["beta3"], alpha=h["mix"], eps=h["eps"], weight_decay=h["weight_decay"]
        )
    ),
    "adopt": by_optax(lambda optax, h: optax.contrib.adopt(h["alpha"], *betas(h), eps=h["eps"])),
    "stable_adamw": by_torch(
        lambda library, h: lambda p: library.StableAdamW(
            p, h["alpha"], betas(h), weight_decay=h["weight_decay"], eps=h["eps"], foreach=False
        ),
        "pytorch_optimizer",
    ),
    "cautious_adamw": by_torch(adamlike("AdamW"), after=cautious),
    "schedule_free_adamw": by_optax(
        lambda optax, h: optax.contrib.schedule_free_adamw(
            h["alpha"], b1=h["beta1"], b2=h["beta2"], eps=h["eps"], weight_decay=h["weight_decay"]
        )
    ),
}  # fmt: skip


def hyper(name: str, changed: bool) -> Settings:
    """The hyperparameters of a strategy: the usual ones, or those of `SETTINGS`."""
    return settings_at(STRATEGIES[name], 0) | (SETTINGS[name] if changed else {})


def reference(name: str, changed: bool, streams: Array) -> Array:
    """The reference's theta at the kept ticks, shape (cases, kept)."""
    return REFERENCES[name].thetas(streams, hyper(name, changed), theta0(name))[:, KEPT]


def main() -> None:
    """Write the vectors, with the gradients and the versions of who made them."""
    streams = gradients()
    table = np.array(list(streams.values()))
    versions = {library: importlib.metadata.version(library) for library in ("torch", "optax", "pytorch_optimizer")}
    arrays: dict[str, Any] = {
        "versions": np.array([f"{library} {version}" for library, version in versions.items()]),
        "cases": np.array(list(streams)),
        "gradients": table,
    }
    for name in REFERENCES:
        for changed in (False, True):
            arrays[f"{name}/{'changed' if changed else 'usual'}"] = reference(name, changed, table)
    np.savez_compressed(VECTORS, **arrays)


if __name__ == "__main__":
    main()
