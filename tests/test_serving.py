"""What whoever serves the page relies on: its addresses and names, a login, several processes; Bokeh's own server."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
from bokeh.document import Document
from bokeh.settings import settings
from bokeh.util.token import generate_jwt_token, generate_session_id
from wire import KEY, LONG, Served, Websocket, served, status, until

from server_app import admission
from server_app.app_hooks import HOW
from server_app.site import Site
from stream_adam.cli.output import OutputError
from stream_adam.cli.serving import listen, names
from stream_adam.errors import SpecError

ROOT = Path(__file__).parent.parent

# Addresses


class References(HTMLParser):
    """What a page has its browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found = {"/favicon.ico"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {text for name, text in attrs if name in {"src", "href"} and text and tag != "a"}


def assert_all_there(server: Served, path: str) -> None:
    """The page answers, after a redirection perhaps, and so does everything that it refers to."""
    code, head, body = server.get(path)
    if code == 302:
        found = re.search(r"Location: (\S+)", head)
        assert found is not None
        path = found[1]
        code, head, body = server.get(path)
    assert code == 200
    assert b"<title>stream_adam</title>" in body
    references = References()
    references.feed(body.decode())
    assert any("page.css" in reference for reference in references.found)
    for reference in references.found:
        assert server.get(urljoin(path, reference))[0] == 200, reference


def test_the_page_at_its_addresses_lacks_nothing() -> None:
    with served() as server:
        for path in ("/", "/server_app", "/server_app/", "/server_app?window=50", "/server_app/?window=50"):
            assert_all_there(server, path)
        assert server.said() == ""


def test_a_prefix_goes_before_every_path() -> None:
    with served("--prefix", "lab/adam/") as server:
        assert re.fullmatch(r"http://localhost:\d+/lab/adam/server_app", server.url)
        for path in ("/lab/adam", "/lab/adam/", "/lab/adam/server_app", "/lab/adam/server_app/"):
            assert_all_there(server, path)
        assert server.get("/server_app")[0] == 404


def test_the_log_says_which_word_lets_a_refused_page_in() -> None:
    refused = {"Origin": "https://lab.example:8443", "Host": "gate.example"}
    with served() as server:
        for name, value in refused.items():
            server.get("/server_app", **{name: value})
        asked = re.findall(r"(--allow-websocket-origin \S+)'", server.said())
    assert asked == [f"--allow-websocket-origin {host}" for host in ("lab.example:8443", "gate.example")]
    with served(*" ".join(asked).split()) as server, server.connect() as connection:
        assert Websocket(connection).upgraded(server.upgrade(server.token(), **refused))
        assert server.said() == ""


def test_the_names_by_which_a_page_is_called() -> None:
    here = ["localhost:7", "127.0.0.1:7", "[::1]:7"]
    assert names("localhost", 7) == names("127.0.0.1", 7) == names("::1", 7) == here
    assert names("0.0.0.0", 7) == names("::", 7) == names("", 7) == [*here, f"{socket.gethostname().lower()}:7"]
    assert names("Lab.example", 7) == [*here, "lab.example:7"]
    assert names("fd00::7", 7) == [*here, "[fd00::7]:7"]


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "", "0.0.0.0"])
def test_all_interfaces_of_an_address_share_a_port(address: str) -> None:
    sockets = listen(address, 0)
    try:
        (port,) = {one.getsockname()[1] for one in sockets}
        with pytest.raises(OutputError, match=rf"^--port {port}: .* in use; give another one, or 0 for any free one$"):
            listen(address, port)
    finally:
        for one in sockets:
            one.close()


def test_an_address_of_another_machine() -> None:
    for address in ("203.0.113.1", "fe80::1"):
        with pytest.raises(SpecError, match=r"is not an address of this machine; 'localhost' is usual$"):
            listen(address, 0)


def test_a_page_at_an_ipv6_address() -> None:
    with served("--address", "::1") as server, server.connect("::1") as connection:
        assert server.url.startswith("http://localhost:")
        token = served_token(server, connection)
        with server.connect("::1") as second:
            request = server.upgrade(token, Host=f"[::1]:{server.port}", Origin=f"http://[::1]:{server.port}")
            opened = Websocket(second)
            assert opened.upgraded(request)
            opened.assert_greeted()


def served_token(server: Served, connection: socket.socket) -> str:
    connection.sendall(server.request("/server_app", {"Connection": "close"}))
    read = b""
    while more := connection.recv(1 << 16):
        read += more
    found = re.search(rb'"token":"([^"]+)"', read)
    assert status(read) == 200
    assert found is not None
    return found[1].decode()


# Processes


def test_processes_share_a_page_and_end_with_their_parent(tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/shown\n')
    browser.chmod(0o755)
    words = ("--num-procs", "3", "--show", "--max-sessions", "50", "--prefix", "p")
    with served(*words, BROWSER=str(browser)) as server:
        for _ in range(6):
            token = re.search(rb'"token":"([^"]+)"', server.get("/p/server_app")[2])
            assert token is not None
            with server.connect() as connection:  # another process may take it: the token says all
                opened = Websocket(connection)
                path = server.upgrade(token[1].decode()).replace(b"GET /server_app", b"GET /p/server_app")
                assert opened.upgraded(path)
                opened.assert_greeted()
        until((tmp_path / "shown").exists, "no browser was opened")
        assert (tmp_path / "shown").read_text().split() == [server.url]
        server.process.kill()
        until(lambda: is_free(server.port), "the other processes go on")
        assert "Traceback" not in server.said()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_an_interrupt_ends_all_processes_quietly() -> None:
    with served("--num-procs", "2") as server:
        server.get("/server_app")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(LONG) == 130
        until(lambda: is_free(server.port), "a process goes on")
        assert server.said() == ""


# A login

LOGIN = """
from tornado.web import RequestHandler

def get_user(handler):
    return handler.get_signed_cookie("user")

login_url = "/login"

class LoginHandler(RequestHandler):
    def get(self):
        self.finish("who are you?")

    def post(self):
        self.set_signed_cookie("user", self.get_argument("name"))
        self.redirect("/server_app")
"""


def test_a_login(tmp_path: Path) -> None:
    module = tmp_path / "login.py"
    module.write_text(LOGIN)
    with served("--auth-module", str(module), "--num-procs", "2") as server:
        code, head, _ = server.get("/server_app")
        assert code == 302
        assert "Location: /login" in head
        assert server.get("/login")[2] == b"who are you?"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "8", "Connection": "close"}
        post = server.request("/login", headers).replace(b"GET", b"POST", 1) + b"name=eve"
        cookie = re.search(r"Set-Cookie: (user=[^;]+)", server.ask(post).decode())
        assert cookie is not None
        assert server.get("/server_app", Cookie=cookie[1])[0] == 200
        assert server.get("/server_app", Cookie="user=eve")[0] == 302
        assert server.said() == ""


MODULES = {
    "get_user": "get_user = print", "syntax": "def", "raises": "1/0", "import": "import nowhere_at_all",
    "nothing": "x = 1",
}  # fmt: skip


def test_hooks_that_can_not_be_used(tmp_path: Path) -> None:
    told = {}
    for name, text in MODULES.items():
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        with pytest.raises(SpecError) as error:
            Site("/server_app", ROOT / "server_app", auth_module=str(path))
        told[name] = str(error.value).partition(".py: ")[2]
    assert told["raises"] == "ZeroDivisionError: division by zero"
    assert told["import"] == "ModuleNotFoundError: No module named 'nowhere_at_all'"
    assert told["syntax"].startswith("SyntaxError: ")
    assert "must" in told["get_user"]
    assert told["nothing"].startswith("it must define get_user or get_user_async")


def test_strategies_of_ones_own() -> None:
    with served("--load", str(ROOT / "examples" / "two_lines.py")) as server:
        with server.websocket(server.token()) as page:
            page.assert_alive()
        assert server.said() == ""


# Bokeh's own server

PEERS = {
    "127.0.0.1": True, "127.8.9.10": True, "::1": True, "::ffff:127.0.0.1": True, "0.0.0.0": True,
    "192.0.2.1": False, "10.0.0.1": False, "::ffff:192.0.2.1": False, "fe80::1": False, "2001:db8::1": False,
}  # fmt: skip


@pytest.mark.parametrize(("peer", "near"), PEERS.items())
def test_visitors_from_other_machines_need_a_session_that_is_signed(
    peer: str, near: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def admitted(session: str) -> bool:
        request = SimpleNamespace(remote_ip=peer)
        return admission.is_admitted(SimpleNamespace(id=session, request=request))

    ours = generate_session_id(KEY.encode(), signed=True)
    monkeypatch.setattr(settings, "secret_key_bytes", lambda: None)
    assert [admitted(session) for session in ("made-up", ours, "a.b")] == [near] * 3
    monkeypatch.setattr(settings, "secret_key_bytes", KEY.encode)
    assert [admitted(session) for session in ("made-up", ours, ours + "x")] == [near, True, near]


def test_a_page_within_another_program_admits_as_that_does() -> None:
    assert admission.is_admitted(None)
    assert admission.is_admitted(SimpleNamespace(id="x", request=None))


def test_a_refusal_says_what_would_do() -> None:
    doc = Document()
    admission.refuse(doc)
    assert "BOKEH_SECRET_KEY" in doc.roots[0].text


@contextmanager
def bokeh_serve(folder: Path, line: str) -> Iterator[Served]:
    """A shell's line of `bokeh serve`, on a free port."""
    line = line.replace("server_app", "server_app --port 0", 1).replace("bokeh ", f"{sys.executable} -m bokeh ")
    words = ["sh", "-c", f"exec env {line}"]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("BOKEH_")}
    log = folder / "log"
    with (
        log.open("w") as stderr,
        subprocess.Popen(words, stderr=stderr, text=True, cwd=ROOT, env=environment) as process,
    ):
        try:
            until(lambda: "process id" in log.read_text(), "bokeh serve does not start")
            found = re.search(r"running at: (\S+)", log.read_text())
            assert found is not None
            yield Served(process, found[1], log)
        finally:
            process.kill()


def made_up() -> str:
    return str(generate_jwt_token("x" * 44, None, signed=False))


def test_bokeh_serve_says_in_a_line_how_to_serve_the_page_safely(tmp_path: Path) -> None:
    with bokeh_serve(tmp_path, "bokeh serve server_app") as server:
        until(lambda: HOW in server.said(), "nothing is said")
        assert server.said().count(HOW) == 1
        with server.websocket(made_up()) as page:  # from this machine, it is shown
            page.assert_alive()
        for path in ("/", "/server_app", "/server_app/"):
            assert_all_there(server, path)
        assert "Traceback" not in server.said()


def test_the_safe_line_of_bokeh_serve_is_readmes_and_is_one(tmp_path: Path) -> None:
    found = re.search(r"BOKEH_SECRET_KEY=.*", HOW)
    assert found is not None
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert found[0] in " ".join(readme.replace("\\\n", " ").split())
    with bokeh_serve(tmp_path, found[0]) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert "websocket_max_message_size set to 524288" in server.said()
        with server.websocket(server.token()) as page:
            page.assert_alive()
        with server.connect() as connection:
            opened = Websocket(connection)
            assert not opened.upgraded(server.upgrade(made_up())) or not any(
                b"ACK" in said for _, said in opened.frames()
            )
        assert HOW not in server.said()
