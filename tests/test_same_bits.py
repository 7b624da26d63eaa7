"""Every strategy gives the same bits on every version of Python and of the libraries."""

from __future__ import annotations

import json

import pytest
from same_bits import NOISE, STORED, digest_of

from stream_adam.strategies import BUILT_IN

DIGESTS: dict[str, str] = json.loads(STORED.read_text(encoding="utf-8"))


def test_every_strategy_has_a_digest() -> None:
    assert set(DIGESTS) == {*NOISE, *BUILT_IN}
    assert len(set(DIGESTS.values())) == len(DIGESTS)


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("name", DIGESTS)
def test_the_bits_are_those_of_every_version(name: str, compiled: bool) -> None:
    assert digest_of(name, compiled=compiled) == DIGESTS[name]
