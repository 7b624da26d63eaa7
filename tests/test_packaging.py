"""A wheel installed alone, without the checkout: it serves the page, and puts nothing beside the package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TIMEOUT = 60


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel was installed into."""
    wheels, folder = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=TIMEOUT)
    (wheel,) = wheels.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(folder)]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True, timeout=TIMEOUT)
    return folder


@pytest.fixture
def alone(installed: Path, tmp_path: Path) -> Iterator[dict[str, object]]:
    """How to start a Python that has the wheel and what it needs, but neither the checkout nor its editable install."""
    path = os.pathsep.join([str(installed), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    return {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": path}, "stdout": subprocess.PIPE, "text": True}  # type: ignore[return-value]


def command(*words: str) -> list[str]:
    return [sys._base_executable, "-m", "stream_adam", *words]  # type: ignore[attr-defined]


def test_nothing_lies_beside_the_package(installed: Path) -> None:
    beside = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert beside == {"stream_adam", "bin"}
    for name in ("main.py", "app_hooks.py", "theme.yaml", "templates/index.html", "static/page.css", "static/frame.js"):
        assert (installed / "stream_adam/server_app" / name).is_file()
    assert (installed / "stream_adam/sources/samples/digits.npy").is_file()
    assert (installed / "stream_adam/py.typed").is_file()


def test_the_wheel_serves_the_page(alone: dict[str, object]) -> None:
    server = subprocess.Popen(command("serve", "--port", "0"), **alone)  # type: ignore[call-overload]
    try:
        address = re.search(r"http://\S+", server.stdout.readline())
        assert address is not None
        assert_page(address.group())
    finally:
        server.terminate()
        server.wait(TIMEOUT)
        server.stdout.close()


def test_bokeh_serves_the_page_of_the_wheel(installed: Path, alone: dict[str, object]) -> None:
    words = [sys._base_executable, "-m", "bokeh", "serve", str(installed / "stream_adam/server_app"), "--port", "0"]  # type: ignore[attr-defined]
    server = subprocess.Popen(words, stderr=subprocess.STDOUT, **alone)  # type: ignore[call-overload]
    try:
        said = next(line for line in server.stdout if "running at" in line)
        assert_page(said.split()[-1])
    finally:
        server.kill()
        server.wait(TIMEOUT)
        server.stdout.close()


def assert_page(address: str) -> None:
    assert "<title>stream_adam</title>" in patient_get(address)
    assert "--accent" in patient_get(f"{address}/static/page.css")


def test_the_wheel_plots(alone: dict[str, object], tmp_path: Path) -> None:
    words = ("plot", "--ticks", "300", "--source", 'recording(path="digits.npy")', "--output", "figure.html")
    subprocess.run(command(*words), check=True, timeout=TIMEOUT, **alone)  # type: ignore[call-overload]
    assert "<html" in (tmp_path / "figure.html").read_text(encoding="utf-8")


def patient_get(address: str) -> str:
    """What is served there, once the server is up."""
    script = f"""
import time, urllib.request
for _ in range(300):
    try:
        print(urllib.request.urlopen({address!r}).read().decode())
        break
    except OSError:
        time.sleep(0.1)
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=TIMEOUT)
    return done.stdout
