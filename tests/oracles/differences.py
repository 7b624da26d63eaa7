"""How far implementations that differ come apart: ``python -m oracles.differences``, in ``tests``.

Prints where theta is after each case's ticks, by the reference of `oracles.make_vectors` and by another library or
setting under the same name, alike in every hyperparameter. Needs what `oracles.make_vectors` needs.
"""

from __future__ import annotations

import numpy as np

from oracles.cases import gradients, theta0
from oracles.make_vectors import REFERENCES, Reference, adamlike, betas, by_optax, by_torch, hyper

OTHERS: list[tuple[str, str, Reference]] = [
    ("adagrad", "optax.adagrad, eps inside the root", by_optax(
        lambda optax, h: optax.adagrad(h["alpha"], h["initial_accumulator"], h["eps"]))),
    ("rmsprop", "optax.rmsprop, eps inside the root", by_optax(
        lambda optax, h: optax.rmsprop(h["alpha"], h["rho"], h["eps"]))),
    ("rprop", "optax.rprop", by_optax(
        lambda optax, h: optax.rprop(h["alpha"], h["eta_minus"], h["eta_plus"], h["step_min"], h["step_max"]))),
    ("lion", "optax.lion without decay", by_optax(
        lambda optax, h: optax.lion(h["alpha"], *betas(h), weight_decay=0.0))),
    ("amsgrad", "optax.amsgrad", by_optax(lambda optax, h: optax.amsgrad(h["alpha"], *betas(h), h["eps"]))),
    ("nadam", "optax.nadam", by_optax(lambda optax, h: optax.nadam(h["alpha"], *betas(h), h["eps"]))),
    ("radam", "optax.radam, eps after the correction", by_optax(
        lambda optax, h: optax.radam(h["alpha"], *betas(h), h["eps"]))),
    ("adan", "optax.adan", by_optax(
        lambda optax, h: optax.adan(h["alpha"], *betas(h), h["beta3"], eps=h["eps"]))),
    ("laprop", "pytorch_optimizer.LaProp", by_torch(
        lambda library, h: lambda p: library.LaProp(p, h["alpha"], betas(h), eps=h["eps"], foreach=False),
        "pytorch_optimizer")),
    ("diffgrad", "pytorch_optimizer.DiffGrad", by_torch(
        lambda library, h: lambda p: library.DiffGrad(p, h["alpha"], betas(h), eps=h["eps"]), "pytorch_optimizer")),
    ("diffgrad", "torch.optim.Adam", by_torch(adamlike("Adam"))),
    ("adopt", "pytorch_optimizer.ADOPT", by_torch(
        lambda library, h: lambda p: library.ADOPT(p, h["alpha"], betas(h), eps=h["eps"], foreach=False),
        "pytorch_optimizer")),
]  # fmt: skip


def main() -> None:
    """Print a row for each pair and case."""
    streams = gradients()
    table = np.array(list(streams.values()))
    print("strategy | the other | case | theta | the other's | furthest apart")
    for name, other, reference in OTHERS:
        h = hyper(name, changed=False)
        ours, theirs = (of.thetas(table, h, theta0(name)) for of in (REFERENCES[name], reference))
        for case, one, two in zip(streams, ours, theirs, strict=True):
            print(f"{name} | {other} | {case} | {one[-1]:.6g} | {two[-1]:.6g} | {np.abs(one - two).max():.3g}")


if __name__ == "__main__":
    main()
