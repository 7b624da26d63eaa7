"""Writing where the disk is full: rows end with a whole row, and a figure is replaced by a whole one or not at all."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from faults import Tally, wide
from stream_adam.cli import commands, ending
from stream_adam.cli.commands import main
from stream_adam.cli.files import replaced
from stream_adam.cli.output import OutputError, Sink

PROGRAM = [sys.executable, "-m", "stream_adam"]
TIMEOUT = 60


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """No file may grow beyond that many bytes; the system refuses what is too much, in the middle of a write, too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said on stderr; pytest keeps that in a file, which such a disk has no room for."""
    lines: list[str] = []
    monkeypatch.setattr(commands, "complain", lambda error: lines.append(str(error)))
    return lines


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


LANES = ["--strategy", "adam", "--strategy", "sgd"]
RUNS = {
    "jsonl": ["run", "--ticks", "40", "--format", "jsonl"],
    "csv": ["run", "--ticks", "40", "--format", "csv", *LANES],
    "table": ["run", "--ticks", "90", "--format", "table"],
}


def rows_in(text: bytes, kind: str) -> int:
    lines = [line for line in text.splitlines() if line.strip()]
    if kind == "jsonl":
        return len(lines)
    return len([line for line in lines if line.split(b",")[0].split()[0] not in {b"t", b"lane"}])


@pytest.mark.parametrize("kind", RUNS)
def test_rows_end_with_a_whole_one_wherever_the_disk_is_full(
    kind: str, tmp_path: Path, told: list[str], tally: Tally
) -> None:
    """The disk is full after n bytes of rows"""
    path = tmp_path / "rows"
    words = [*RUNS[kind], "--output", str(path)]
    assert main(words) == 0
    whole = path.read_bytes()
    for size in range(0, len(whole), wide(short=197, all=3)):
        with disk_of(size):
            code = main(words)
        text = path.read_bytes()
        assert code == 1
        assert whole.startswith(text)
        assert text.endswith(b"\n") or not text
        next_line = whole[len(text) :].split(b"\n")[0]
        assert len(text) + len(next_line) + 1 > size, "every row for which there was room"
        count = rows_in(text, kind)
        rows = f"{count} whole row{'' if count == 1 else 's'}"
        assert told.pop() == f"cannot write to {path}: {os.strerror(errno.EFBIG)}; {rows} in it"
        tally.survived()


@pytest.mark.parametrize("n", range(1, 7))
def test_the_nth_write_fails(n: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write of rows takes half of what it is given, and the n-th nothing"""
    writes = 0

    def write(data: Any) -> int:
        nonlocal writes
        writes += 1
        if writes == n:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.write(sink._file.fileno(), data[: max(1, len(data) // 2)])

    path = tmp_path / "rows"
    with Sink(str(path), lambda data: data.count(b"\n")) as sink:
        monkeypatch.setattr(sink, "_file", Halves(sink._file, write))
        with pytest.raises(OutputError, match=r"No space left on device; \d whole rows? in it$"):
            write_all(sink)
    text = path.read_text()
    assert "".join(f"{k}{k}{k}\n{k}{k}\n" for k in range(5)).startswith(text)
    assert not text or text.endswith("\n")


def write_all(sink: Sink) -> None:
    for k in range(5):
        sink.write(f"{k}{k}{k}\n{k}{k}\n".encode(), 2)


class Halves:
    """A file with another way to write."""

    def __init__(self, file: Any, write: Any) -> None:
        self.fileno, self.close, self.write = file.fileno, file.close, write


FIGURES = ["a.svg", "a.png", "a.html"]


@pytest.mark.parametrize("name", wide(short=FIGURES[::2], all=FIGURES))
def test_a_figure_on_a_full_disk_leaves_the_former_one(
    name: str, tmp_path: Path, told: list[str], tally: Tally
) -> None:
    """The disk is full after n bytes of a figure"""
    path = tmp_path / name
    words = ["plot", "--ticks", "30", "--output", str(path)]
    assert main(words) == 0
    size = path.stat().st_size
    path.write_bytes(b"the former one")
    path.chmod(0o640)
    for room in wide(short=(size // 2,), all=(0, 1, 4096, size // 4, size // 2, size - 1)):
        with disk_of(room):
            assert main(words) == 1
        assert told.pop() == f"cannot write to {path}: {os.strerror(errno.EFBIG)}"
        assert path.read_bytes() == b"the former one"
        assert names_in(tmp_path) == [name]
        tally.survived()
    assert main(words) == 0
    assert path.stat().st_size == pytest.approx(size, rel=0.01)  # a page has numbers that count up in this process
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names_in(tmp_path) == [name]


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    """A new file has the usual mode"""
    (tmp_path / "usual").write_text("")
    with replaced(tmp_path / "new") as path:
        path.write_text("x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """A link, to nothing yet and to a file, stays a link"""
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target.svg", tmp_path / "link.svg"
    link.symlink_to(target)
    for _ in range(2):  # to nothing yet, and to a file
        assert main(["plot", "--ticks", "3", "--output", str(link)]) == 0
        assert link.is_symlink()
        assert target.read_text().startswith("<?xml")
    assert [path.name for path in tmp_path.rglob("*.svg")] == ["link.svg", "target.svg"]


def test_a_pipe_and_a_device_are_written_to_directly(tmp_path: Path) -> None:
    """A pipe and a device are written to directly"""
    os.mkfifo(tmp_path / "pipe.svg")
    (tmp_path / "nothing.svg").symlink_to("/dev/null")
    (tmp_path / "out.svg").symlink_to("/dev/stdout")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe.svg").read_bytes()))
    reader.start()
    try:
        assert main(["plot", "--ticks", "3", "--output", str(tmp_path / "pipe.svg")]) == 0
    finally:
        reader.join(TIMEOUT)
    assert read[0].startswith(b"<?xml")
    assert main(["plot", "--ticks", "3", "--output", str(tmp_path / "nothing.svg")]) == 0
    words = [*PROGRAM, "plot", "--ticks", "3", "--output", str(tmp_path / "out.svg")]
    assert subprocess.run(words, capture_output=True, check=True, timeout=TIMEOUT).stdout == read[0]
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert names_in(tmp_path) == ["nothing.svg", "out.svg", "pipe.svg"]


def test_a_folder_that_takes_no_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that takes no new file"""

    def refuse(self: Path, *arguments: Any, **options: Any) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    there, missing = tmp_path / "there", tmp_path / "missing"
    there.write_text("former")
    monkeypatch.setattr(Path, "open", refuse)
    with replaced(there) as path:
        assert path == there
    with pytest.raises(PermissionError), replaced(missing):
        pass


@pytest.mark.parametrize("number", ending.SIGNALS)
def test_a_signal_in_the_middle_of_a_figure_leaves_the_former_one(number: signal.Signals, tmp_path: Path) -> None:
    """A signal in the middle of a figure"""
    path = tmp_path / "figure"
    path.write_text("former")
    process = os.fork()
    if process == 0:
        with suppress(BaseException):
            signal.signal(number, signal.SIG_DFL)  # `nohup` may have it ignored
            ending.install()
            with replaced(path) as new:
                new.write_text("half a fig")
                os.kill(os.getpid(), number)
                os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 128 + number
    assert path.read_text() == "former"
    assert names_in(tmp_path) == ["figure"]
