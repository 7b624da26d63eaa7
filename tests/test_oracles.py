"""Every strategy of the literature against the library that defines it: stored trajectories, and the library itself."""

from __future__ import annotations

import numpy as np
import pytest
from oracles.cases import KEPT, SETTINGS, VECTORS, Array, theta0
from oracles.make_vectors import REFERENCES, hyper, reference

from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.strategies import BUILT_IN, STRATEGIES
from stream_adam.strategies import conventions as other

NAMES = sorted(SETTINGS)
AGREED = 1e-9  # of the distance travelled, for every strategy
REACHED = 1e-13  # what all but these come to
LESS_REACHED = {
    "adan": 1e-12,  # g + beta2·diff
    "schedule_free_adamw": 1e-12,  # optax holds y and finds x from it
    "radam": 5e-12,  # rho is the difference of nearly equal numbers
    "rmsprop_centered": 5e-12,  # so is v - m², under a constant gradient
    "lion": AGREED,  # without a gradient it decays by 1e-7 of theta a tick: the last places of theta show
}
ROUNDING = 4 * np.finfo(float).eps  # of theta itself: where it rests, the reference's last place may still move


with np.load(VECTORS, allow_pickle=False) as file:
    STORED = dict(file)


def key(name: str, changed: bool) -> str:
    return f"{name}/{'changed' if changed else 'usual'}"


def trajectory(name: str, changed: bool, stream: Array) -> Array:
    strategy = STRATEGIES[name](**hyper(name, changed))
    columns = Run(Experiment.of(stream, strategy, seed=0, theta0=theta0(name))).advance(len(stream)).lanes[0]
    return np.asarray(columns["theta"])


def distance(name: str, theta: Array) -> Array:
    """How far theta has travelled up to each tick."""
    return np.cumsum(np.abs(np.diff(theta, prepend=theta0(name))))


def test_every_strategy_of_the_literature_has_its_trajectories() -> None:
    ours = {name for name in BUILT_IN if STRATEGIES[name].rule.__module__ != other.__name__}
    assert ours == set(SETTINGS) == set(REFERENCES)
    assert len(ours) == 30
    expected = {key(name, changed) for name in ours for changed in (False, True)}
    assert set(STORED) == expected | {"versions", "cases", "gradients"}
    assert STORED["versions"].tolist() == ["torch 2.13.0+cpu", "optax 0.2.8", "pytorch_optimizer 4.1.0"]


def test_the_other_settings_are_other_ones() -> None:
    for name in NAMES:
        usual, changed = hyper(name, False), hyper(name, True)
        assert [key for key in usual if usual[key] == changed[key]] == []


@pytest.mark.parametrize("changed", [False, True], ids=["usual", "changed"])
@pytest.mark.parametrize("name", NAMES)
def test_theta_agrees_with_the_reference(name: str, changed: bool) -> None:
    for case, stream, expected in zip(STORED["cases"], STORED["gradients"], STORED[key(name, changed)], strict=True):
        theta = trajectory(name, changed, stream)
        travelled = distance(name, theta)[KEPT]
        apart = np.abs(theta[KEPT] - expected)
        room = LESS_REACHED.get(name, REACHED) * travelled + ROUNDING * np.abs(expected)
        worst = int(np.argmax(apart - room))
        assert travelled[-1] > 0
        assert (apart <= room).all(), f"{case}, tick {KEPT[worst]}: {apart[worst]:.3g} after {travelled[worst]:.3g}"


@pytest.mark.parametrize("changed", [False, True], ids=["usual", "changed"])
@pytest.mark.parametrize("name", [name for name in NAMES if REFERENCES[name].importable])
def test_the_reference_still_says_what_is_stored(name: str, changed: bool) -> None:
    """Wherever its library is installed; the original's program, which needs none, is run everywhere."""
    again, stored = reference(name, changed, STORED["gradients"]), STORED[key(name, changed)]
    assert (np.abs(again - stored) <= AGREED * np.abs(stored).max(axis=1, keepdims=True)).all()
