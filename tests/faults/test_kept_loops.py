"""The loops that are kept on disk: nothing is found again that isn't right, and no folder or file can stop a run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from faults import Tally, wide
from stream_adam import Descent, origin, simulate
from stream_adam.compiled import keeping, loops, making, ticks
from stream_adam.strategies import STRATEGIES, Strategy

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
LONG = 200_000

WAYS = {  # what the rule gives for a gradient of 1: the number in the place of #
    "a number": "def rule(g, s, h):\n    return State(g * #)",
    "an Enum's member": "class Gain(Enum):\n    K = #\ndef rule(g, s, h):\n    return State(g * Gain.K.value)",
    "a NamedTuple": "KEPT = Pair(0.0, #)\ndef rule(g, s, h):\n    return State(g * KEPT.second)",
    "an array": "TABLE = np.array([0.0, #])\ndef rule(g, s, h):\n    return State(g * TABLE[1])",
    "a closure": "def made(k):\n    def rule(g, s, h):\n        return State(g * k)\n    return rule\nrule = made(#)",
    "a lambda": "scaled = lambda g: g * #\ndef rule(g, s, h):\n    return State(scaled(g))",
    "a default": "def scaled(g, k=#):\n    return g * k\ndef rule(g, s, h):\n    return State(scaled(g))",
    "a callee under njit": (
        "@numba.njit\ndef scaled(g):\n    return g * #\ndef rule(g, s, h):\n    return State(scaled(g))"
    ),
    "a callee under vectorize": (
        "@numba.vectorize(['float64(float64)'])\ndef scaled(g):\n    return g * #\n"
        "def rule(g, s, h):\n    return State(scaled(g))"
    ),
    "a constant of another module": "import constants\ndef rule(g, s, h):\n    return State(g * constants.K)",
    "a call in a call": (
        "def inner(g):\n    return g * #\ndef outer(g):\n    return inner(g)\n"
        "def rule(g, s, h):\n    return State(outer(g))"
    ),
    "a flag": "TWICE = # > 3\ndef rule(g, s, h):\n    return State(g * 5 if TWICE else g * 2)",
    "a tuple's entry": "PAIRS = ((0.0, 1.0), (#, 3.0))\ndef rule(g, s, h):\n    return State(g * PAIRS[1][0])",
}
HEAD = """
from enum import Enum
from typing import NamedTuple
import numba
import numpy as np

class State(NamedTuple):
    direction: float = 0.0

class Hyper(NamedTuple):
    alpha: float = 1.0

class Pair(NamedTuple):
    first: float
    second: float

"""
TAIL = "\nrule.__annotations__ = {'g': float, 's': State, 'h': Hyper, 'return': State}\n"
SAYS = """
import importlib, sys
import numpy as np
from stream_adam import Descent, simulate

for k in range(int(sys.argv[1])):
    rule = importlib.import_module(f"rule_{k}").rule
    few, many = (simulate("line(1)", rule, ticks=n, seed=1)["direction"][-1] for n in (3, int(sys.argv[2])))
    said = [few, many]
    if k % int(sys.argv[3]) == 0:
        theta = np.zeros(3)
        Descent(rule, theta).step(np.ones(3))
        said.append(-theta[0])
    print(*map(float, said))
"""


def printed(code: str, *words: object, folder: Path, cwd: Path = ROOT, start: str = "") -> list[str]:
    """What the program prints in a process of its own, which keeps its loops in that folder."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", "-c", start + code, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    assert (done.returncode, done.stderr) == (0, ""), (done.returncode, done.stderr[-500:])
    return done.stdout.splitlines()


def test_a_rule_of_ones_own_is_what_its_source_says_now(tmp_path: Path, tally: Tally) -> None:
    """A rule of one's own, changed in each of many ways between two processes"""
    ways = dict(list(WAYS.items())[:: wide(short=5, all=1)])
    for value in (2.0, 5.0):
        (tmp_path / "constants.py").write_text(f"K = {value}\n", encoding="utf-8")
        for k, text in enumerate(ways.values()):
            (tmp_path / f"rule_{k}.py").write_text(HEAD + text.replace("#", str(value)) + TAIL, encoding="utf-8")
        lines = printed(SAYS, len(ways), LONG, wide(short=2, all=1), folder=tmp_path / "kept", cwd=tmp_path)
        assert len(lines) == len(ways)
        for way, line in zip(ways, lines, strict=True):
            with tally.trying(f"{way}: {line}"):
                assert {float(word) for word in line.split()} == {value}
    assert not list((tmp_path / "kept").rglob("*.nbc"))


def test_a_changed_line_of_the_package_is_another_loop(tmp_path: Path) -> None:
    """A line of the package that is changed: another loop; what was kept before is cleared, but for others' loops"""
    package, kept = tmp_path / "package", tmp_path / "kept"
    shutil.copytree(origin.PACKAGE, package / "stream_adam", ignore=shutil.ignore_patterns("__pycache__"))
    other = kept / "loops_0123456789abcdef_0123456789abcdef"
    other.mkdir(parents=True)
    code = f"from stream_adam import simulate; print(simulate('line(1)', 'sgd', ticks={LONG}, seed=1)['direction'][-1])"
    path = package / "stream_adam" / "strategies" / "momentum.py"
    folders = []
    for before, after, result in (("", "", "1.0"), ("return SgdState(g)", "return SgdState(3 * g)", "3.0")):
        path.write_text(path.read_text("utf-8").replace(before, after) if before else path.read_text("utf-8"), "utf-8")
        for _ in range(2):
            lines = printed(code, folder=kept, cwd=package, start=f"import sys; sys.path.insert(0, {str(package)!r})\n")
            assert lines == [result]
        folders.append(sorted(found.name for found in kept.iterdir() if (found / "ticks_sgd_open.sum").exists()))
    assert [len(found) for found in folders] == [1, 1]
    assert folders[0] != folders[1]
    assert other.is_dir()


def test_a_package_that_was_edited_since_it_was_imported_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that was edited since it was imported keeps no loop"""
    keeping.folder_here()
    monkeypatch.setattr(origin, "AT_IMPORT", origin.AT_IMPORT[1:])
    with pytest.raises(keeping.NotKept, match="have changed since they were imported"):
        keeping.folder_here()
    assert not keeping.is_kept("ticks_sgd_open")


# -- damage


class Kept(NamedTuple):
    folder: Path
    written: Any
    arguments: tuple[Any, ...]

    @property
    def files(self) -> list[Path]:
        """All that is on disk of the loop."""
        name = self.written.name
        return sorted(path for path in self.folder.parent.rglob(f"{name}*") if path.is_file())

    def result(self) -> list[float]:
        """What the loop makes of a few gradients, as a process would that has just started."""
        loop = keeping.kept(self.written, self.arguments)
        out, nothing = np.zeros((3, 5, 1)), np.zeros(0)
        codes = np.zeros(0, np.int64)
        g = np.arange(5.0).reshape(1, 5)
        loop(np.zeros(1), np.zeros(1), np.ones(1), g, codes, nothing, codes, nothing, -np.inf, np.inf, out)
        return out[2, :, 0].tolist()  # type: ignore[no-any-return]


RIGHT = [0.0, -1.0, -3.0, -6.0, -10.0]


@pytest.fixture
def sgd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """The loop of sgd, kept in a folder of its own."""
    monkeypatch.setattr(keeping, "_roots", lambda: [tmp_path])
    strategy, nothing = STRATEGIES["sgd"], np.zeros(0)
    arguments = (nothing, nothing, nothing, np.zeros((1, 0)), *ticks.walked(None), -np.inf, np.inf, np.zeros((3, 0, 1)))
    kept = Kept(keeping.folder_here(), ticks._written(strategy, False), arguments)
    assert kept.result() == RIGHT
    assert keeping.is_kept(kept.written.name)
    return kept


def flips(files: list[Path], step: int) -> Iterator[tuple[Path, int]]:
    """A place in each file after every `step` bytes."""
    for path in files:
        for at in range(0, path.stat().st_size, step):
            yield path, at


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1 :]


def test_a_flipped_byte_is_seen_before_numba_loads_it(sgd: Kept, tally: Tally) -> None:
    """A bit of a byte of what numba has kept, flipped: the loop counts as not kept"""
    for path, at in flips([path for path in sgd.files if path.suffix in {".nbi", ".nbc"}], wide(short=997, all=97)):
        whole = path.read_bytes()
        path.write_bytes(flipped(whole, at))
        with tally.trying(f"{path.name} at {at}"):
            assert not keeping.is_kept(sgd.written.name)
        path.write_bytes(whole)
    assert keeping.is_kept(sgd.written.name)


def test_what_was_damaged_is_compiled_anew(sgd: Kept, tally: Tally) -> None:
    """A damaged file of a kept loop: flipped, cut off, empty, gone"""
    damages: list[tuple[str, Any]] = [("cut", lambda c: c[: len(c) // 2]), ("empty", lambda _: b""), ("gone", None)]
    for path in sgd.files:
        step = max(1, path.stat().st_size // wide(short=1, all=5))
        flipping = [(f"flipped at {at}", lambda c, at=at: flipped(c, at)) for _, at in flips([path], step)]
        for name, damage in damages[: wide(short=0, all=3)] + flipping:
            whole = path.read_bytes()
            if damage is None:
                path.unlink()
            else:
                path.write_bytes(damage(whole))
            with tally.trying(f"{path.name} {name}"):
                assert sgd.result() == RIGHT
                assert keeping.is_kept(sgd.written.name)


# -- folders


NUMBERS = "from stream_adam import simulate\nprint(simulate('line(1)', 'sgd', ticks=200_000, seed=1)['theta'][2])\n"
FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (LONGEST, LONGEST))
"""


@pytest.mark.parametrize(
    "folder", wide(short=["a file"], all=["a file", "nowhere", "/proc/no_folder_can_be_made_here"])
)
def test_without_a_folder_the_loop_is_compiled_in_memory(folder: str, tmp_path: Path) -> None:
    """A folder for loops that is none, or can't be made: the loop is compiled in memory"""
    path = Path(folder) if folder.startswith("/") else tmp_path / folder
    if folder == "a file":
        path.write_text("", encoding="utf-8")
    assert [round(float(line), 12) for line in printed(NUMBERS, folder=path)] == [-0.003]


@pytest.mark.parametrize("size", wide(short=[3_000], all=[0, 100, 1_000, 3_000, 10_000, 20_000]))
def test_on_a_full_disk_the_loop_is_compiled_in_memory(size: int, tmp_path: Path) -> None:
    """A disk that is full after so many bytes of a loop, and has room again later"""
    for start in (FULL.replace("LONGEST", str(size)), "", *wide(short=(), all=("",))):
        assert [round(float(line), 12) for line in printed(NUMBERS, folder=tmp_path, start=start)] == [-0.003]
    assert len(list(tmp_path.rglob("*.nbc"))) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_folder_that_vanishes(sgd: Kept, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that vanishes while a loop is being kept there"""
    made = making.loop_in

    def vanishing(written: Any, file: str, *, keep: bool) -> Any:
        if moment == "before":
            shutil.rmtree(sgd.folder)
        found = made(written, file, keep=keep)
        if moment == "after":
            shutil.rmtree(sgd.folder)
        return found

    shutil.rmtree(sgd.folder)
    monkeypatch.setattr(keeping, "loop_in", vanishing)
    monkeypatch.setattr(loops, "_package", {})
    assert simulate("line(1)", "sgd(alpha=1)", ticks=LONG, seed=1)["theta"][:3].tolist() == [-1.0, -2.0, -3.0]


MANY = """
import sys
import numpy as np
from stream_adam import Descent, simulate, sweep
for name in sys.argv[2:]:
    print(simulate("square(8)", name, ticks=200_000, seed=1)["theta"][-1])
    if sys.argv[1] == "all":
        theta = np.zeros(5)
        Descent(name, theta).step(np.arange(5.0))
        print(theta.tolist(), sweep("square(8)", name, ticks=20, seed=1, alpha=[0.1, 0.2])["theta"].tolist())
"""


def test_several_processes_keep_the_same_loops_at_once(tmp_path: Path, tally: Tally) -> None:
    """Processes that start together on an empty folder, and one more that finds what they kept"""
    for k in range(wide(short=1, all=2)):
        folder = tmp_path / str(k)
        environment = os.environ | {"NUMBA_CACHE_DIR": str(folder)}
        names = wide(short=["ticks", "sgd"], all=["all", "momentum"])
        command = [sys.executable, "-W", "error", "-c", MANY, *names]
        started = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
            for _ in range(wide(short=2, all=5))
        ]
        results = [process.communicate() for process in started]
        results.append(("".join(f"{line}\n" for line in printed(MANY, *names, folder=folder)), ""))
        for result in results:
            with tally.trying(f"{result}"):
                assert result == results[-1]


# -- rules that come again and again


class State(NamedTuple):
    direction: float = 0.0


class Hyper(NamedTuple):
    alpha: float = 1.0


def own(k: float) -> Any:
    def rule(g: float, s: State, h: Hyper) -> State:
        return State(g * k)

    rule.__annotations__.update(s=State, h=Hyper)
    return rule


def test_after_so_many_rules_the_next_runs_interpreted_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many rules of one's own the next runs interpreted, and says so"""
    monkeypatch.setattr(loops, "MOST_OWN", loops._own + 2)
    found = [simulate([1.0], own(k), ticks=1_000_000, seed=1)["theta"][-1] for k in (1.0, 2.0)]
    for again in (3.0, 4.0):
        with pytest.warns(RuntimeWarning, match="^rule runs interpreted: .* were compiled in this process") as seen:
            found.append(simulate([1.0], own(again), ticks=1_000_000, seed=1)["theta"][-1])
        assert len(seen) == 1
    assert found == [-1.0, -2.0, -3.0, -4.0]
    with pytest.warns(RuntimeWarning, match="^rule runs interpreted: "):
        Descent(own(5.0), np.zeros(3))
    assert simulate("line(1)", "sgd", ticks=LONG, seed=1)["t"][-1] == LONG - 1  # the package's own are not counted


GROWN = """
import gc, resource, sys
from typing import NamedTuple
from stream_adam import simulate

class State(NamedTuple):
    m: float = 0.0
    direction: float = 0.0

class Hyper(NamedTuple):
    alpha: float = 1.0

def megabytes():
    gc.collect()
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6  # the most so far

sizes = []
for k in range(int(sys.argv[1])):
    def rule(g: float, s: State, h: Hyper) -> State:
        m = 0.9 * s.m + 0.1 * g
        return State(m, m * k)
    simulate([1.0], rule, ticks=1_000_000, seed=1)
    sizes.append(megabytes())
print((sizes[-1] - sizes[1]) / (len(sizes) - 2))
"""


def test_a_rule_that_comes_again_costs_little_memory(tmp_path: Path, tally: Tally) -> None:
    """A rule of one's own that is made and compiled again: 1.5 MB at the most"""
    count = wide(short=4, all=25)
    [grown] = printed(GROWN, count, folder=tmp_path)
    assert float(grown) <= 1.5, f"{grown} MB for each"
    tally.survived(count)


def test_the_strategies_that_are_kept_are_the_packages_own() -> None:
    """A rule of one's own that looks like the package's is not kept"""
    adam = STRATEGIES["adam"]
    assert loops.is_of_the_package(adam)
    assert loops.is_of_the_package(adam(alpha=0.5))
    assert not loops.is_of_the_package(Strategy.of(own(1.0)))
    assert not loops.is_of_the_package(Strategy(adam.rule, State, adam.Hyper, adam.hyper))
