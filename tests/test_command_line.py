"""What a shell sees of `stream-adam`: rows, exit codes, and what is said on stderr; every command is a real process."""

from __future__ import annotations

import csv
import http.client
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from original import COLUMNS, build_swinging, build_swinging_soft, noisy, simulate_adam, simulate_modified_adam

from stream_adam import simulate
from stream_adam.presets import PRESETS
from stream_adam.sources import WORDS
from stream_adam.strategies import STRATEGIES

PROGRAM = [sys.executable, "-m", "stream_adam"]
TIMEOUT = 60
Result = subprocess.CompletedProcess[bytes]


def command(*words: str, **options: Any) -> Result:
    return subprocess.run([*PROGRAM, *words], capture_output=True, timeout=TIMEOUT, check=False, **options)


def rows_of(*words: str) -> list[dict[str, str]]:
    result = command("run", "--format", "csv", *words)
    assert (result.returncode, result.stderr) == (0, b"")
    return list(csv.DictReader(io.StringIO(result.stdout.decode())))


def together(*commands: Sequence[str]) -> list[Result]:
    """The commands side by side: most of their time is the start of Python."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda words: command(*words), commands))


def shell(script: str) -> Result:
    """A line of shell, in which $RUN runs the program; pipes report every exit code."""
    environment = os.environ | {"RUN": " ".join(PROGRAM)}
    return subprocess.run(["bash", "-c", script], capture_output=True, timeout=TIMEOUT, check=False, env=environment)


@contextmanager
def started(*words: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A command under way, which can be interrupted even where the tests run in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        try:
            yield process
        finally:
            process.kill()


# The original's numbers


@pytest.mark.parametrize(("size", "seed"), [(10_000, 1), (777, 2)])
def test_the_rows_are_the_originals(size: int, seed: int) -> None:
    gradients = {
        f"swinging(size={size}) + normal(1.0)": noisy(build_swinging, 1.0, size, seed),
        f"swinging_soft(size={size}) + normal(0.5)": noisy(build_swinging_soft, 0.5, size, seed),
    }
    for source, g in gradients.items():
        specs = ("--strategy", "adam_zero_based", "--strategy", "adam_centered")
        rows = rows_of("--source", source, *specs, "--ticks", str(size), "--seed", str(seed))
        for lane, original in (("adam_zero_based", simulate_adam), ("adam_centered", simulate_modified_adam)):
            found = np.array([[float(row[name]) for name in COLUMNS] for row in rows if row["lane"] == lane])
            expected = np.array(original(g))
            np.testing.assert_array_equal(found[:, 0], expected[:, 0])
            np.testing.assert_allclose(found[:, 1], expected[:, 1], rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(found[:, 2:], expected[:, 2:], rtol=1e-10, atol=1e-10)


def test_the_defaults_are_the_originals() -> None:
    plain, written = together(
        ["run", "--ticks", "50"],
        ["run", "--ticks", "50", "--source", "swinging_soft(size=10000) + normal(0.5)", "--seed", "1",
         "--strategy", "adam_zero_based(alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-7)", "--theta0", "0"],
    )  # fmt: skip
    assert plain.stdout == written.stdout
    assert plain.stdout.count(b"\n") == 50


# Rows


def test_rows_read_back_to_the_same_bits() -> None:
    source, spec = "cauchy(3) * 10**(20*sin(t)) + 0.1", "adam(alpha=0.001*minimum(1, (t+1)/20))"
    words = ["--source", source, "--strategy", spec, "--ticks", "2000", "--seed", "5", "--theta0", "-2.5"]
    jsonl, text = together(["run", *words], ["run", *words, "--format", "csv"])
    expected = simulate(source, spec, ticks=2000, seed=5, theta0=-2.5)
    objects = [json.loads(line) for line in jsonl.stdout.splitlines()]
    cells = list(csv.DictReader(io.StringIO(text.stdout.decode())))
    assert list(objects[0]) == list(cells[0]) == list(expected)
    assert type(objects[0]["t"]) is int
    for name, column in expected.items():
        np.testing.assert_array_equal([row[name] for row in objects], column)
        np.testing.assert_array_equal([float(row[name]) for row in cells], column)


def test_what_is_not_finite_is_spelled() -> None:
    words = ["run", "--source", "where(t==1, 1/0, where(t==2, -1/0, 2))", "--strategy", "sgd", "--ticks", "4"]
    jsonl, text, table = together(words, [*words, "--format", "csv"], [*words, "--format", "table"])
    objects = [json.loads(line) for line in jsonl.stdout.splitlines()]
    assert [row["g"] for row in objects] == [2.0, "inf", "-inf", 2.0]
    assert [row["theta"] for row in objects] == [-0.002, "-inf", "nan", "nan"]
    assert text.stdout.decode().splitlines()[1:] == [
        "0,2.0,2.0,-0.002", "1,inf,inf,-inf", "2,-inf,-inf,nan", "3,2.0,2.0,nan",
    ]  # fmt: skip
    assert [line.split() for line in table.stdout.decode().splitlines()[:3]] == [
        ["t", "g", "direction", "theta"], ["0", "2", "2", "-0.002"], ["1", "inf", "inf", "-inf"],
    ]  # fmt: skip


def test_lanes_take_turns_tick_by_tick() -> None:
    specs = ["adam(beta1=0.8, eps=0)", "sgd", "sgd"]
    words = ["run", "--ticks", "3", *(word for spec in specs for word in ("--strategy", spec))]
    jsonl, text = together(words, [*words, "--format", "csv"])
    objects = [json.loads(line) for line in jsonl.stdout.splitlines()]
    cells = list(csv.DictReader(io.StringIO(text.stdout.decode())))
    expected = [(str(t), spec) for t in range(3) for spec in specs]
    assert [(str(row["t"]), row["lane"]) for row in objects] == expected
    assert [(row["t"], row["lane"]) for row in cells] == expected
    assert list(objects[1]) == ["lane", "t", "g", "direction", "theta"]
    assert ",".join(cells[0]) == "lane,t,g,m,v,m_hat,v_hat,beta1_t,beta2_t,direction,theta"
    assert cells[1]["m_hat"] == ""
    assert float(cells[0]["m_hat"]) == objects[0]["m_hat"]


def test_a_table_is_aligned_under_its_headers() -> None:
    lines = command("run", "--ticks", "60", "--format", "table").stdout.decode().splitlines()
    headers = [line for line in lines if line.lstrip().startswith("t ")]
    assert len(headers) == 2
    assert {len(line) for line in lines if line} == {len(lines[0])}


def test_long_runs_go_on_without_a_seam() -> None:
    ticks = 210_000
    lines = command("run", "--ticks", str(ticks), "--source", "sine(25) + normal(1)").stdout.splitlines()
    expected = simulate("sine(25) + normal(1)", "adam_zero_based", ticks=ticks, seed=1)
    assert len(lines) == ticks
    for at in (0, 15, 16, 8_191, 8_192, 16_400, ticks - 1):
        assert json.loads(lines[at]) == {name: column[at] for name, column in expected.items()}


def test_a_presets_parts_give_way_to_what_is_typed() -> None:
    words = ["run", "--preset", "bowl", "--format", "csv", "--ticks", "2"]
    whole, other = together(words, [*words, "--strategy", "adam", "--theta0=-3", "--bounds", "-1,1", "--seed", "9"])
    lanes = [line.split(",")[0] for line in whole.stdout.decode().splitlines()]
    assert lanes == ["lane", *["adam(alpha=0.01)", "sgd(alpha=0.01)"] * 2]
    assert other.stdout.startswith(b"t,g,")
    assert other.stdout.decode().splitlines()[1].endswith(",-1.0")


def test_a_preset_brings_its_start_and_its_bounds() -> None:
    words = ["run", "--format", "csv", "--ticks", "1", "--strategy", "sgd(alpha=1)", "--preset"]
    start, bounded, unbounded, other = (
        next(csv.DictReader(io.StringIO(result.stdout.decode())))
        for result in together(
            [*words, "rosenbrock_race", "--source", "rosenbrock() - rosenbrock()"],
            [*words, "not_converging", "--source", "3"],
            [*words, "not_converging", "--source", "3", "--bounds=-9,9"],
            [*words, "rosenbrock_race", "--source", "3"],
        )
    )
    assert (start["theta.0"], start["theta.1"]) == ("-1.2", "1.0")
    assert (bounded["theta"], unbounded["theta"]) == ("-1.0", "-3.0")
    assert other["theta"] == "-3.0"  # a start of two components is none for a source of one


def test_a_preset_says_how_many_ticks_unless_something_else_does() -> None:
    whole, endless, shown = (
        shell(f"$RUN run --preset one_tick_late --strategy sgd --columns t {words}").stdout.split()
        for words in ("", f"--ticks inf | head -{PRESETS['one_tick_late'].ticks + 5}", "--ticks 7")
    )
    assert len(whole) == PRESETS["one_tick_late"].ticks
    assert len(endless) == len(whole) + 5
    assert len(shown) == 7


def test_a_signal_that_keeps_its_size_is_told() -> None:
    words = ["run", "--columns", "g", "--preset", "original_soft", "--ticks"]
    other, same, own = together([*words, "3"], [*words, "10000"], [*words, "3", "--source", "swinging_soft()"])
    note = "stream-adam: --ticks 3: swinging_soft() keeps its size of 10000; swinging_soft(size=3) would follow\n"
    assert (other.returncode, other.stderr.decode()) == (0, note)
    assert same.stderr == own.stderr == b""
    assert same.stdout.startswith(other.stdout)


def test_a_drawn_seed_is_told() -> None:
    drawn = command("run", "--ticks", "3", "--seed", "random")
    found = re.fullmatch(r"stream-adam: seed (\d+)\n", drawn.stderr.decode())
    assert found
    again = command("run", "--ticks", "3", "--seed", found[1])
    assert (again.stdout, again.stderr) == (drawn.stdout, b"")


def test_columns_and_ticks_can_be_chosen() -> None:
    words = ["run", "--strategy", "adam", "--strategy", "sgd", "--ticks", "20000"]
    chosen = [*words, "--columns", "theta,t,m", "--every", "7000"]
    lines, text, several = together(
        chosen, [*chosen, "--format", "csv"],
        ["run", "--source", "rosenbrock()", "--columns", "theta,g.1", "--ticks", "1", "--format", "csv"],
    )  # fmt: skip
    objects = [json.loads(line) for line in lines.stdout.splitlines()]
    adam, sgd = simulate("swinging_soft() + normal(0.5)", ["adam", "sgd"], ticks=20_000, seed=1)
    assert [row["t"] for row in objects] == [0, 0, 7000, 7000, 14000, 14000]
    for at, row in enumerate(objects):
        whole = (adam, sgd)[at % 2]
        names = ["theta", "t", "m"][: 3 - at % 2]
        assert row == {"lane": ("adam", "sgd")[at % 2]} | {name: whole[name][row["t"]] for name in names}
        assert list(row) == ["lane", *names]
    assert text.stdout.splitlines()[0] == b"lane,theta,t,m"
    assert text.stdout.splitlines()[2].endswith(b",0,")
    assert several.stdout.splitlines()[0] == b"theta.0,theta.1,g.1"


def test_the_ending_of_the_output_says_its_format(tmp_path: Path) -> None:
    begins = {"a.jsonl": b'{"t":0', "a.CSV": b"t,g,", "a.txt": b"       t", "rows": b'{"t":0'}
    together(*(["run", "--ticks", "2", "--output", str(tmp_path / name)] for name in begins))
    assert all((tmp_path / name).read_bytes().startswith(begin) for name, begin in begins.items())
    other = command("run", "--ticks", "2", "--output", str(tmp_path / "a.npy"), "--format", "csv")
    assert (other.returncode, (tmp_path / "a.npy").read_bytes()[:4]) == (0, b"t,g,")


def test_our_own_output_is_a_recording(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    lanes = ["--strategy", "adam(eps=1e-7)", "--strategy", "sgd", "--ticks", "50"]
    command("run", *lanes, "--output", str(own))
    source = f"""recording(path="{own}", column="m_hat", lane="adam(eps=1e-7)")"""
    read = command("run", "--source", source, "--strategy", "sgd", "--columns", "g", "--format", "csv")
    expected = simulate("swinging_soft() + normal(0.5)", "adam(eps=1e-7)", seed=1, ticks=50)["m_hat"]
    np.testing.assert_array_equal([float(cell) for cell in read.stdout.split()[1:]], expected)
    lane = """'stdin(lane="sgd")'"""
    piped = shell(f"$RUN run {' '.join(map(repr, lanes))} | $RUN run --source {lane} --columns g")
    assert len(piped.stdout.splitlines()) == 50
    assert piped.stderr == b""


def test_a_minus_may_begin_a_value() -> None:
    results = together(
        ["run", "--ticks", "1", "--bounds", "-1,1", "--theta0", "-5e-1", "--source", "-3*t - 1", "--strategy", "sgd"],
        ["run", "--ticks", "1", "--bounds=-1,1", "--theta0=-0.5", "--source=-3*t - 1", "--strategy=sgd"],
    )
    assert results[0].stdout == results[1].stdout == b'{"t":0,"g":-1.0,"direction":-1.0,"theta":-0.499}\n'


def test_a_strategy_of_ones_own_is_loaded(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(OWN)
    words = ["--load", str(own), "--strategy", "halved(alpha=1)", "--source", "t+1"]
    run, listed, slow = together(
        ["run", *words, "--ticks", "2"], ["list", "strategies", "--load", str(own)],
        ["run", *words, "--strategy", "not_compiled", "--ticks", "200001", "--output", str(tmp_path / "rows")],
    )  # fmt: skip
    assert json.loads(run.stdout.splitlines()[-1]) == {"t": 1, "g": 2.0, "direction": 1.0, "theta": -1.5}
    assert "halved\n  Half of the gradient.\n" in listed.stdout.decode()
    assert slow.returncode == 0
    (line,) = slow.stderr.decode().splitlines()
    assert line.startswith("stream-adam: not_compiled can't be compiled and runs interpreted: ")


def test_a_strategy_that_raises_gives_its_rows_first(tmp_path: Path) -> None:
    own, rows = tmp_path / "own.py", tmp_path / "rows"
    own.write_text(OWN)
    words = ["run", "--load", str(own), "--strategy", "failing", "--source", "t", "--strategy", "sgd"]
    piped, filed = together(words, [*words, "--output", str(rows)])
    line = OWN[: OWN.index('raise LookupError("mine")')].count("\n") + 1
    for result, text in ((piped, piped.stdout), (filed, rows.read_bytes())):
        assert result.returncode == 1
        assert result.stderr.decode() == f"stream-adam: LookupError: mine ({own}, line {line})\n"
        assert [json.loads(row)["t"] for row in text.splitlines()] == [t for t in range(1539) for _ in range(2)]


OWN = '''
import json
from typing import NamedTuple
from stream_adam import register

class State(NamedTuple):
    direction: float = 0.0

class Hyper(NamedTuple):
    alpha: float = 0.1

@register
def halved(g: float, s: State, h: Hyper) -> State:
    """Half of the gradient."""
    return State(g / 2)

@register
def not_compiled(g: float, s: State, h: Hyper) -> State:
    """Uses what numba has no idea of."""
    return State(json.loads("1.0"))

@register
def failing(g: float, s: State, h: Hyper) -> State:
    """Fails at tick 1,539."""
    if g == 1539:
        raise LookupError("mine")
    return State(g)
'''


# Where rows go


def test_head_ends_an_endless_run_quietly() -> None:
    result = shell("$RUN run | head -3; echo ${PIPESTATUS[0]}; $RUN run --rate 200 | head -1; echo ${PIPESTATUS[0]}")
    lines = result.stdout.decode().splitlines()
    assert [line if len(line) < 5 else json.loads(line)["t"] for line in lines] == [0, 1, 2, "0", 0, "0"]
    assert result.stderr == b""


FULL = Path("/dev/full").exists()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("$RUN run --ticks 3 >&-", "cannot write to standard output: it is closed"),
        ("$RUN list sources >&-", "cannot write to standard output: it is closed"),
        ("$RUN run --ticks 3 --output /nowhere/rows", "cannot write to /nowhere/rows: No such file or directory"),
        ("$RUN plot --ticks 3 --output /nowhere/a.svg", "cannot write to /nowhere/a.svg: No such file or directory"),
        ("$RUN run --ticks 3 --output .", "cannot write to .: Is a directory"),
        ("cd $(mktemp -d); mkfifo f; head -1 f >/dev/null & $RUN run --output f", "cannot write to f: Broken pipe"),
        *([
            ("$RUN run --ticks 3 >/dev/full", "cannot write to standard output: No space left on device"),
            ("$RUN list presets >/dev/full", "cannot write to standard output: No space left on device"),
            ("$RUN --help >/dev/full", "cannot write to standard output: No space left on device"),
            ("$RUN run --output /dev/full", "cannot write to /dev/full: No space left on device"),
        ] if FULL else []),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_said_in_a_line(script: str, message: str) -> None:
    result = shell(f"export PYTHONPATH=$PWD; {script}")
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.decode() == f"stream-adam: {message}\n"


def test_closed_streams_are_left_alone(tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    assert shell(f"$RUN run --ticks 2 --output {rows} <&- >&- 2>&-").returncode == 0
    assert len(rows.read_text().splitlines()) == 2
    assert shell(f"$RUN run --ticks 2 --source 'oops(' --output {rows} 2>&-").returncode == 2
    assert len(rows.read_text().splitlines()) == 2


def test_a_paced_row_is_seen_at_its_moment() -> None:
    with started("run", "--rate", "10", "--format", "csv") as process:
        assert process.stdout is not None
        process.stdout.readline()
        times = []
        for _ in range(6):
            assert process.stdout.readline()
            times.append(time.monotonic())
    assert 0.3 < times[-1] - times[0] < 2


@pytest.mark.parametrize("words", [["run", "--source", "stdin()"], ["run"], ["run", "--rate", "0.01"]])
def test_ctrl_c_ends_at_once(words: list[str]) -> None:
    """While it waits for a line, for a reader who doesn't read, and for the next tick."""
    with started(*words, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"1\n")
        process.stdin.flush()
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], TIMEOUT)[0]
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.wait(TIMEOUT) == 130
        assert time.monotonic() - began < 1
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_progress_is_for_a_terminal_alone(tmp_path: Path) -> None:
    words = ["run", "--ticks", "20000", "--output", str(tmp_path / "rows")]
    shown = on_terminal(words)
    assert re.search(r"\r[\d,]+ ticks, [\d,]+ ticks/s\x1b\[K", shown)
    assert shown.endswith("\r\x1b[K")
    assert command(*words).stderr == b""


def on_terminal(words: Sequence[str]) -> str:
    """What a command writes to a terminal on stderr."""
    leader, follower = pty.openpty()
    with subprocess.Popen([*PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=follower) as process:
        os.close(follower)
        shown = b""
        while chunk := _read(leader):
            shown += chunk
        assert process.wait(TIMEOUT) == 0
    os.close(leader)
    return shown.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1024)
    except OSError:  # how Linux says that the other end was closed
        return b""


# Standard input as a source


def test_standard_input_is_a_source() -> None:
    result = command("run", "--source", "stdin()", "--strategy", "adam", input=b"1\n2\n\n3\n4\n5\n")
    assert (result.returncode, result.stderr) == (0, b"")
    expected = simulate([1.0, 2.0, 3.0, 4.0, 5.0], "adam", ticks=9)
    for at, line in enumerate(result.stdout.splitlines()):
        assert json.loads(line) == {name: column[at] for name, column in expected.items()}
    assert at == 4


def test_a_line_is_answered_before_the_next() -> None:
    with started("run", "--source", "2*stdin()", "--strategy", "sgd", "--ticks", "2", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for given in (b"1", b"2"):
            process.stdin.write(given + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["g"] == 2 * float(given)
        assert process.wait(TIMEOUT) == 0  # although the input goes on


def test_what_is_wrong_with_the_input_is_said() -> None:
    words = command("run", "--source", "stdin()", input=b"1\nx\n")
    assert words.returncode == 2
    assert words.stderr == b"stream-adam: line 2 of the input is 'x': one number a line is needed\n"
    closed = shell("$RUN run --source 'stdin()' <&-")
    assert closed.returncode == 2
    assert closed.stderr == b"stream-adam: --source: stdin() needs a standard input, and it is closed\n"


# Presets that are verified


def test_verify_prints_what_was_expected_and_measured() -> None:
    chosen = command("verify", "one_tick_late", "epsilon_gate")
    assert (chosen.returncode, chosen.stderr) == (0, b"")
    rows = [line.split() for line in chosen.stdout.decode().splitlines()]
    assert ["first", "direction,", "from", "0", "3.1622777", "±5e-06", "3.1622767"] in rows
    assert chosen.stdout.decode().endswith("\n\n10 checks of 2 presets passed\n")


def test_verify_without_a_name_takes_every_preset() -> None:
    script = """
from stream_adam import cli, presets
findings = presets.verify(presets.PRESETS["bowl"])
presets.verify = lambda preset: findings  # each one's own are measured in test_presets.py
raise SystemExit(cli.main(["verify"]))
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=TIMEOUT, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    text = result.stdout.decode()
    assert all(f"{name}: {preset.title}\n" in text for name, preset in PRESETS.items())
    checks = len(PRESETS["bowl"].checks) * len(PRESETS)
    assert text.endswith(f"\n{checks} checks of {len(PRESETS)} presets passed\n")


def test_verify_can_ask_without_the_answers() -> None:
    asked, shown = together(["verify", "one_tick_late", "--hide"], ["verify", "one_tick_late"])
    assert (asked.returncode, asked.stderr) == (0, b"")
    title, *questions, blank, passed = asked.stdout.decode().splitlines()
    assert (title, blank) == (shown.stdout.decode().splitlines()[0], "")
    assert questions == [f"  {check.what}" for check in PRESETS["one_tick_late"].checks]
    assert passed == shown.stdout.decode().splitlines()[-1]
    assert b"3.16" not in asked.stdout


def test_verify_tells_what_failed() -> None:
    script = """
from dataclasses import replace
from stream_adam import cli, presets
bowl = presets.PRESETS["bowl"]
presets.PRESETS["bowl"] = replace(bowl, checks=(replace(bowl.checks[0], expected=0.5), *bowl.checks[1:]))
raise SystemExit(cli.main(["verify", "bowl", "epsilon_gate"]))
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=TIMEOUT, check=False)
    assert result.returncode == 1
    (line,) = result.stderr.decode().splitlines()
    what = "gradient descent without noise, after 100 ticks"
    assert line == f"stream-adam: verify: 1 of 7 checks failed: bowl: {what}"
    assert result.stdout.decode().count("  FAILED\n") == 1


# Mistakes

MISTAKES = {
    "": "a command is needed: run, plot, serve, list, verify; 'stream-adam --help' tells more",
    "lst": "unknown command 'lst': did you mean 'list'?",
    "--ticks 3 run": "'--ticks' before the command: begin with one of run, plot, serve, list, verify",
    "run --tick 3": "run: unknown option '--tick': did you mean '--ticks'?",
    "run sine(25)": "run: unexpected word 'sine(25)'; an expression goes after --source, in quotes if it has spaces",
    "serve 5": "serve: unexpected word '5'",
    "run --source": "--source: a value must follow it",
    "run --source sinn(t)": "--source: unknown word 'sinn' at column 1: did you mean 'sin'?",
    "run --strategy adm": "--strategy: unknown strategy 'adm': did you mean 'adam'?",
    "run --strategy adam(beta2=1)": "--strategy: adam: beta2 is 1: it must be below 1",
    "run --ticks 3 --strategy adam(alpha=-1-t)": "adam: alpha is -1 at tick 0: it must be at least 0",
    "run --preset dgits": "unknown preset 'dgits': did you mean 'digits'?",
    "run --ticks -1": "--ticks: '-1' is not a whole number from 0 on",
    "run --ticks many": "--ticks: 'many' is not a whole number from 0 on",
    "run --seed 1.5": "--seed: '1.5' is not a whole number from 0 on",
    "run --every 0": "--every: '0' is not a whole number from 1 on",
    "run --columns gg": "--columns: no column 'gg'; known are t, g, m, v, m_hat and 6 more",
    "run --columns exp_avg": "--columns: no column 'exp_avg'; did you mean 'm'?",
    "run --output a.npy": "--output: 'a.npy': known endings are .jsonl, .csv, .txt (a table); --format overrides them",
    "plot --output a.png --ticks inf": "--ticks: a figure needs an end: 'inf' is for run",
    "run --theta0 nan": "--theta0: 'nan' is not a finite number, or one a component, as in -1.2,1",
    "run --bounds 1": "--bounds: '1' is not LO,HI: two numbers, the lower first, as in -1,1",
    "run --bounds 1,-1": "--bounds: '1,-1' is not LO,HI: two numbers, the lower first, as in -1,1",
    "run --rate 0": "--rate: '0' is not a number of ticks per second above 0",
    "run --format jsn": "--format: unknown format 'jsn': known are jsonl, csv, table",
    "run --load nowhere.py": "--load nowhere.py: there is no such Python file",
    "plot": "plot needs --output FILE, whose ending is one of .html, .png, .svg",
    "plot --output a.pdf": "--output: 'a.pdf': known endings are .html, .png, .svg",
    "plot --output a.png --ticks 0": "there is no tick to plot: --ticks is 0, or the source is empty",
    "plot --output a.png --window 0": "--window: '0' is not a whole number from 1 on",
    "plot --y-range 2,2": "--y-range: '2,2' is not LO,HI: two finite numbers, the lower first, as in 0,20",
    "list": "list what? One of sources, strategies, presets",
    "list preset": "list: there is no list of 'preset': did you mean 'presets'?",
    "verify bwl": "unknown preset 'bwl': did you mean 'bowl'?",
    "verify bowl --seed 2": "verify: unknown option '--seed': known are --help, --hide",
    "plot --output a.png --ticks 9 --component 1": "there is no component 1: the source has none",
    "plot --output a.png --component x": "--component: 'x' is not a whole number from 0 on",
    "serve --port 80000": "--port: '80000' is not a port from 0 to 65535",
    "serve --address fe80::1": "--address fe80::1: it is not an address of this machine; 'localhost' is usual",
    "serve --allow-websocket-origin http://a.example": (
        "--allow-websocket-origin: 'http://a.example' is not HOST or HOST:PORT, such as example.org:5006, without http://"
    ),
    "serve --prefix (x)": "--prefix: '(x)' is not a path, such as /adam",
    "serve --num-procs -1": "--num-procs: '-1' is not a whole number from 0 on",
    "serve --auth-module nowhere.py": "--auth-module nowhere.py: there is no such file",
    "serve --recordings /nowhere": "--recordings /nowhere: there is no such folder",
}  # fmt: skip


def test_a_mistake_is_one_line_that_says_what_would_be_right() -> None:
    """All in one process, whose start takes most of the time."""
    script = f"from stream_adam.cli import main\nfor words in {list(MISTAKES)}: print(main(words.split()))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=TIMEOUT, check=True)
    told = dict(zip(MISTAKES, result.stderr.decode().splitlines(), strict=True))
    assert told == {words: f"stream-adam: {message}" for words, message in MISTAKES.items()}
    assert result.stdout.split() == [b"2"] * len(MISTAKES)


def test_a_mistake_ends_with_2() -> None:
    for result, message in zip(together([], ["run", "--source", "sinn(t)"]), ["", "run --source sinn(t)"], strict=True):
        assert (result.returncode, result.stdout) == (2, b"")
        assert result.stderr.decode() == f"stream-adam: {MISTAKES[message]}\n"


# Lists and help


def test_lists_name_everything_within_a_hundred_columns() -> None:
    sources, strategies, presets, version, usage = (
        result.stdout.decode()
        for result in together(["list", "sources"], ["list", "strategies"], ["list", "presets"], ["--version"],
                               ["run", "--help"])
    )  # fmt: skip
    assert all(word.signature in sources for word in WORDS.values())
    for strategy in STRATEGIES.values():
        assert f"\n{strategy.name}\n  " in strategies
        assert f" {strategy.name} {strategy.help} " in " ".join(strategies.split())
        assert all(f"    {knob}=" in strategies for knob in strategy.knobs)
    for name, preset in PRESETS.items():
        assert f"{name}\n  {preset.title}" in presets
        told = (preset.look, f"Claim: {preset.claim}.", *preset.strategies)
        assert all(" ".join(text.split()) in " ".join(presets.split()) for text in told)
    assert max(map(len, (sources + strategies + presets).splitlines())) <= 100
    assert version.startswith("stream-adam 0.")
    assert "--strategy" in usage


def test_a_short_run_loads_no_heavy_module() -> None:
    script = "import sys; from stream_adam.cli import main; main(['run', '--ticks', '1']); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=TIMEOUT, check=True)
    loaded = set(result.stdout.decode().split())
    assert not loaded & {"numba", "matplotlib", "bokeh", "tornado", "server_app", "pandas"}


# The page


def test_the_page_is_served_to_this_machine_alone() -> None:
    with started("serve", "--port", "0", "--max-sessions", "3") as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        found = re.fullmatch(r"Open http://localhost:(\d+)/server_app in a browser\. Ctrl-C ends\.\n", line)
        assert found
        assert _status(int(found[1]), "/server_app", {}) == 200
        assert _status(int(found[1]), "/server_app/ws", FROM_ELSEWHERE) == 403
        taken = command("serve", "--port", found[1])
        assert taken.returncode == 1
        assert re.fullmatch(
            rf"stream-adam: --port {found[1]}: .*; give another one, or 0 for .*\n", taken.stderr.decode()
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 130
        assert process.stderr is not None
        assert b"refused" in process.stderr.readline()
        assert process.stderr.read() == b""


FROM_ELSEWHERE = {
    "Origin": "http://elsewhere.example", "Connection": "Upgrade", "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "c3RyZWFtX2FkYW1fdGVzdA==",
}  # fmt: skip


def _status(port: int, path: str, headers: dict[str, str]) -> int:
    """How the server answers, as soon as it is up."""
    until = time.monotonic() + TIMEOUT
    while True:
        connection = http.client.HTTPConnection("localhost", port, timeout=TIMEOUT)
        with closing(connection):
            try:
                connection.request("GET", path, headers=headers)
                return connection.getresponse().status
            except ConnectionRefusedError:
                assert time.monotonic() < until
        time.sleep(0.1)
