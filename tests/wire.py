"""A client that speaks to `stream-adam serve` in bytes, so that it can say what no browser would."""

from __future__ import annotations

import base64
import os
import re
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY = secrets.token_hex(32)  # which the tests know as well as the server
LONG = 30.0  # seconds: only what hangs needs as much
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

# A server whose limits of time are short enough to wait for: so many seconds as the environment says
HASTY = """
import os
import sys
from stream_adam.cli import main, page
site = page.module("site")
site.PATIENCE = site.PING = float(os.environ["HASTY_SECONDS"])
sys.exit(main(sys.argv[1:]))
"""


@dataclass
class Served:
    """A server under way, at `port` of this machine; `url` is what it said."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def port(self) -> int:
        found = re.search(r":(\d+)/", self.url)
        assert found is not None, self.url
        return int(found[1])

    def connect(self, host: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection((host, self.port), timeout=LONG)

    def ask(self, request: bytes) -> bytes:
        """All that it answers until it closes the connection."""
        with self.connect() as connection:
            connection.sendall(request)
            return everything(connection)

    def get(self, path: str, **headers: str) -> tuple[int, str, bytes]:
        """The status, the headers and the body."""
        answer = self.ask(self.request(path, headers | {"Connection": "close"}))
        head, _, body = answer.partition(b"\r\n\r\n")
        return status(answer), head.decode(), body

    def request(self, path: str, headers: Mapping[str, str]) -> bytes:
        """With a host of the server's own, unless the headers have one."""
        fields = {"Host": f"localhost:{self.port}"} | {name.replace("_", "-"): text for name, text in headers.items()}
        return "".join([f"GET {path} HTTP/1.1\r\n", *(f"{k}: {v}\r\n" for k, v in fields.items()), "\r\n"]).encode()

    def upgrade(self, token: str | None, **headers: str) -> bytes:
        """A request for the page's websocket, as a browser makes it; without a header that is empty."""
        fields = {
            "Origin": f"http://localhost:{self.port}", "Upgrade": "websocket", "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
            "Sec-WebSocket-Protocol": "bokeh" if token is None else f"bokeh, {token}",
        } | headers  # fmt: skip
        return self.request("/server_app/ws", {name: text for name, text in fields.items() if text})

    def token(self) -> str:
        """A new session's, as the page has it."""
        status, _, body = self.get("/server_app")
        found = re.search(rb'"token":"([^"]+)"', body)
        assert status == 200, body
        assert found is not None, body
        return found[1].decode()

    @contextmanager
    def websocket(self, token: str) -> Iterator[Websocket]:
        """Open, and greeted by the server."""
        with self.connect() as connection:
            opened = Websocket(connection)
            assert opened.upgraded(self.upgrade(token))
            opened.assert_greeted()
            yield opened

    def said(self) -> str:
        """The log so far."""
        return self.log.read_text(encoding="utf-8")

    def files(self) -> int:
        """How many files and sockets it has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def assert_alive(self) -> None:
        """A bystander's page and its websocket open; nothing has gone wrong in the server itself."""
        with self.websocket(self.token()) as bystander:
            bystander.assert_alive()
        assert "Traceback" not in self.said()


class Websocket:
    """Frames in bytes; whatever else is awaited, the server's pings are answered."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._read = b""

    def write(self, data: bytes) -> None:
        """As it is."""
        self._connection.sendall(data)

    def send(self, opcode: int, payload: bytes = b"", *, final: bool = True) -> None:
        self.write(frame(opcode, payload, final=final))

    def upgraded(self, request: bytes) -> bool:
        """Whether the server takes it for a websocket."""
        self.write(request)
        while b"\r\n\r\n" not in self._read and self._more():
            pass
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        return status(head) == 101

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """What comes, until the server says goodbye or goes without."""
        end = time.monotonic() + LONG
        while len(self._read) >= _length(self._read) or self._more():
            if len(self._read) >= (length := _length(self._read)):
                opcode, payload = self._read[0] & 15, self._read[_head(self._read) : length]
                self._read = self._read[length:]
                if opcode == PING:
                    with suppress(OSError):
                        self.send(PONG, payload)
                assert time.monotonic() < end, "it goes on for ever"
                yield opcode, payload
                if opcode == CLOSE:
                    return

    def assert_greeted(self) -> None:
        """The server has a session for it."""
        assert any(b"ACK" in payload for _, payload in self.frames())

    def assert_alive(self) -> None:
        """It answers a ping."""
        question = secrets.token_bytes(8)
        self.send(PING, question)
        assert any(found == (PONG, question) for found in self.frames()), "the server has closed it"

    def assert_closed(self) -> None:
        """The server ends it."""
        for _ in self.frames():
            pass

    def _more(self) -> bool:
        more = _received(self._connection)
        self._read += more
        return bool(more)


def _head(data: bytes) -> int:
    """How long a frame's header is."""
    return {126: 4, 127: 10}.get(data[1], 2) if len(data) > 1 else 2


def _length(data: bytes) -> int:
    """How long the frame at the beginning is, of which some may still be under way."""
    head = _head(data)
    if len(data) < head:
        return head
    return head + (int.from_bytes(data[2:head]) if head > 2 else data[1])


def frame(opcode: int, payload: bytes, *, final: bool = True, masked: bool = True, length: int | None = None) -> bytes:
    """A frame; its header may lie about the payload's length."""
    said, bit = len(payload) if length is None else length, 0x80 * masked
    head = bytes([0x80 * final | opcode])
    if said < 126:
        head += bytes([bit | said])
    elif said < 1 << 16:
        head += bytes([bit | 126]) + struct.pack(">H", said)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", said)
    return head + (bytes(4) if masked else b"") + payload  # a mask of zeros


def status(answer: bytes) -> int:
    """Of an HTTP answer; 0 where there is none."""
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 1 else 0


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection, which it must."""
    read = b""
    while more := _received(connection):
        read += more
    return read


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 16)
    except ConnectionResetError:
        return b""


def until(condition: object, what: str) -> None:
    """Until it holds: it is asked again and again, and must hold before long."""
    assert callable(condition)
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@contextmanager
def served(*words: str, program: tuple[str, ...] = ("-m", "stream_adam"), **environment: str) -> Iterator[Served]:
    """`stream-adam serve` on a free port, with these words; it ends with the block."""
    command = [sys.executable, *program, "serve", "--port", "0", *words]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as it is in the background, and the server would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        environment = {**os.environ, "BOKEH_SECRET_KEY": KEY} | environment
        with (
            log.open("w") as stderr,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment) as process,
        ):
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                assert line.startswith("Open http"), log.read_text()
                yield Served(process, line.split()[1], log)
            finally:
                process.terminate()
