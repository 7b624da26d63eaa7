"""`stream-adam serve` among strangers: forged names and tokens, junk, floods and silence, all from this machine."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id
from wire import BINARY, CLOSE, HASTY, KEY, PING, TEXT, Served, Websocket, everything, frame, served, status, until

from faults import Tally, wide

CONNECTIONS = wide(short=150, all=500)
JUNK = wide(short=40, all=400)
HASTE = wide(short=1.5, all=3.0)  # seconds that the hasty server waits
MESSAGE_LIMIT = 1 << 19
SLACK = 4  # files that a server may open for itself meanwhile


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """One that has its usual limits."""
    with served() as server:
        yield server


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """One that waits a few seconds where the usual one waits a quarter of a minute."""
    with served(program=("-c", HASTY), HASTY_SECONDS=str(HASTE)) as server:
        server.assert_alive()
        yield server


@pytest.fixture(scope="module")
def token() -> str:
    """Of one session, so that no test need wait for a new one."""
    return signed(expiration=3600)


@pytest.fixture
def bystander(server: Served, token: str) -> Iterator[Websocket]:
    """Somebody else, who must not suffer."""
    with server.websocket(token) as bystander:
        yield bystander
        bystander.assert_alive()
        assert "Traceback" not in server.said()


# Names

OWN_HOSTS = ("localhost:{port}", "LOCALHOST:{port}", "127.0.0.1:{port}", "[::1]:{port}")
STRANGE_HOSTS = (
    "localhost", "localhost:{other}", "localhost:80", "127.0.0.1", "127.0.0.2:{port}", "evil.example:{port}",
    "evil.example", "localhost.evil.example:{port}", "localhost.:{port}", "evil.localhost:{port}", "0.0.0.0:{port}",
    "[::]:{port}", "*", "*:{port}", "localhost:{port}:80", "localhost:{port}, evil.example", "localhost:{port}/",
    "ev il", "localhost@evil.example:{port}", "",
)  # fmt: skip
OWN_ORIGINS = (
    "http://localhost:{port}", "https://localhost:{port}", "http://127.0.0.1:{port}", "http://[::1]:{port}",
    "HTTP://LocalHost:{port}",
)  # fmt: skip
STRANGE_ORIGINS = (
    "", "null", "localhost:{port}", "http://localhost", "http://localhost:{other}", "http://evil.example",
    "http://evil.example:{port}", "http://localhost:{port}.evil.example", "http://localhost:{port}@evil.example",
    "http://evil.example/localhost:{port}", "file://", "http://*", "http://[::1", "http://", "\u00e9",
    "chrome-extension://localhost", "http://localhost:{port}, http://evil.example",
    "http://evil.example, http://localhost:{port}",
)  # fmt: skip
REFUSED = {400, 403}


def filled(text: str, server: Served) -> str:
    return text.format(port=server.port, other=server.port + 1)


def test_a_request_must_call_the_server_by_a_name_of_its_own(server: Served, token: str, tally: Tally) -> None:
    """A request under a name, its own or not, for the page and for its websocket"""
    for host in OWN_HOSTS:
        with tally.trying(f"{host}, the server's own"):
            assert server.get("/server_app/static/page.css", Host=filled(host, server))[0] == 200
    for host in STRANGE_HOSTS:
        with tally.trying(host):
            assert server.get("/server_app", Host=filled(host, server))[0] in REFUSED
        with tally.trying(f"{host}, a websocket"):
            assert handshake(server, server.upgrade(token, Host=filled(host, server) or " ")) in REFUSED


def test_a_page_of_somebody_elses_has_no_websocket(server: Served, token: str, tally: Tally) -> None:
    """A websocket opened by a page of an address, its own or not"""
    for origin in OWN_ORIGINS:
        with tally.trying(f"{origin}, the server's own"):
            assert handshake(server, server.upgrade(token, Origin=filled(origin, server))) == 101
    for origin in STRANGE_ORIGINS:
        with tally.trying(origin):
            assert handshake(server, server.upgrade(token, Origin=filled(origin, server))) == 403
    another = f"Origin: http://localhost:{server.port}\r\nUpgrade:".encode()
    with tally.trying("two addresses"):
        assert handshake(server, server.upgrade(token).replace(b"Upgrade:", another, 1)) == 403


def handshake(server: Served, request: bytes) -> int:
    with server.connect() as connection:
        connection.sendall(request)
        return status(connection.recv(1 << 16))


def test_a_name_that_its_owner_pointed_here_is_refused(server: Served, token: str, tally: Tally) -> None:
    """A foreign name that points to this machine (DNS rebinding), where host and origin agree"""
    name = f"evil.example:{server.port}"
    for fetch_site in ("same-origin", "none", ""):
        headers = {"Host": name, "Origin": f"http://{name}", "Sec-Fetch-Site": fetch_site}
        with tally.trying(f"Sec-Fetch-Site: {fetch_site}"), server.connect() as connection:
            connection.sendall(server.upgrade(token, **headers))
            answer = connection.recv(1 << 16)
            assert status(answer) == 403
            assert b"--allow-websocket-origin evil.example" in answer


def test_a_page_of_somebody_elses_reads_nothing(server: Served, tally: Tally) -> None:
    """A page of somebody else's reads this server's files"""
    for path in ("/server_app", "/", "/server_app/autoload.js", "/server_app/static/page.css"):
        for name, value in (("Origin", "http://evil.example"), ("Host", f"evil.example:{server.port}")):
            with tally.trying(f"{path}, {name}"):
                assert server.get(path, **{name: value})[0] == 403


# Sessions and tokens


def signed(session: str | None = None, key: str = KEY, expiration: int = 300) -> str:
    of = generate_session_id(key.encode(), signed=True) if session is None else session
    return str(generate_jwt_token(of, key.encode(), signed=True, expiration=expiration))


def spoilt(token: str) -> str:
    at = len(token) // 3
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


FORGED: dict[str, Callable[[], str | None]] = {
    "none": lambda: None,
    "empty": lambda: "",
    "junk": lambda: "junk",
    "junk with a signature's look": lambda: "junk.junk",
    "not signed": lambda: generate_jwt_token("x" * 44, None, signed=False),
    "signed with another key": lambda: signed(key="o" * 64),
    "a session that is not signed": lambda: signed("x" * 44),
    "a session signed with another key": lambda: signed(generate_session_id(b"o" * 64, signed=True)),
    "an empty session": lambda: signed(""),
    "one letter changed": lambda: spoilt(signed()),
    "the signature cut": lambda: signed()[:-1],
    "another token's signature": lambda: signed().split(".")[0] + "." + signed().split(".")[1],
    "very long": lambda: "A" * 30_000,
    "expired": lambda: signed(expiration=0),
    "long expired": lambda: signed(expiration=-10_000_000),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_or_expired_token_opens_nothing(server: Served, forge: Callable[[], str | None]) -> None:
    """A token that is forged, spoilt or expired"""
    with server.connect() as connection:
        connection.sendall(server.upgrade(forge()))
        answer = connection.recv(1 << 16)
        if status(answer) == 101:  # an expired one is closed by Bokeh
            answer += everything(connection)
        else:
            assert status(answer) == 403
    assert b"ACK" not in answer


SESSIONS = (
    "bokeh-session-id=", "bokeh-session-id=x", "bokeh-session-id=%ff", "bokeh-token=", "bokeh-token=junk",
    "bokeh-token=a.b", "bokeh-token=%00", "bokeh-token=x&bokeh-session-id=x", "bokeh-session-id=x&bokeh-session-id=y",
)  # fmt: skip


def test_a_forged_session_is_refused_with_the_page(server: Served, tally: Tally) -> None:
    """A session that nobody has signed, in an address or a header"""
    for query in SESSIONS:
        for path in ("/server_app", "/server_app/autoload.js"):
            with tally.trying(f"{path}?{query}"):
                assert server.get(f"{path}?{query}")[0] == 403
    with tally.trying("a header"):
        assert server.get("/server_app", Bokeh_Session_Id="x")[0] == 403
    assert "bokeh" not in server.said().replace("bokeh-", "")


@pytest.mark.usefixtures("bystander")
def test_a_replayed_token_meets_the_same_session(server: Served, token: str) -> None:
    """A token that is used a second time"""
    with server.websocket(token) as second:
        second.assert_alive()


# Messages


@pytest.mark.usefixtures("bystander")
def test_a_message_over_the_limit_ends_its_own_connection_alone(server: Served, token: str, tally: Tally) -> None:
    """A message over the limit, in one frame or in many"""
    parts = MESSAGE_LIMIT // 4  # each within it
    for count, size in ((1, MESSAGE_LIMIT + 1), (8, parts), (parts, 8)):
        with tally.trying(f"{count:,} frames"), server.websocket(token) as sender:
            with suppress(BrokenPipeError, ConnectionResetError):
                sender.write(
                    frame(TEXT, b"x" * size, final=count == 1) + frame(0, b"x" * size, final=False) * (count - 1)
                )
            with suppress(BrokenPipeError, ConnectionResetError):
                sender.assert_closed()


FRAMES: dict[str, bytes] = {
    "text": frame(TEXT, b"junk"),
    "json": frame(TEXT, b'{"msgtype": "PATCH-DOC", "msgid": "1"}') + frame(TEXT, b"{}") + frame(TEXT, b'{"events": 7}'),
    "another kind of json": frame(TEXT, b"[[[[[[]]]]]]") * 3,
    "deep json": frame(TEXT, b"[" * 100_000),
    "an unknown message": frame(TEXT, b'{"msgtype": "EVIL", "msgid": "1"}') + frame(TEXT, b"{}") * 2,
    "a number of buffers": frame(TEXT, b'{"msgtype": "PATCH-DOC", "msgid": "1", "num_buffers": 1000000000}') * 3,
    "no number of buffers": frame(TEXT, b'{"msgtype": "PATCH-DOC", "msgid": "1", "num_buffers": "x"}') * 3,
    "binary": frame(BINARY, bytes(range(256)) * 10),
    "text that is none": frame(TEXT, b"\xff\xfe\xfd"),
    "not masked": frame(TEXT, b"{}", masked=False),
    "a part without a beginning": frame(0, b"x"),
    "a beginning within a message": frame(TEXT, b"x", final=False) * 2,
    "a reserved kind": frame(5, b"x"),
    "a reserved kind of control": frame(13, b"x"),
    "reserved bits": b"\xf1\x82" + bytes(4) + b"{}",
    "a ping in parts": frame(PING, b"x", final=False),
    "a long ping": frame(PING, b"x" * 126),
    "a length of 2⁶³": frame(TEXT, b"", length=1 << 63),
    "a length of a gigabyte": frame(BINARY, b"x" * 100, length=1 << 30),
    "a reason that is none": frame(CLOSE, b"\x03"),
    "a thousand pings": frame(PING, b"x") * 1000 + frame(CLOSE, b""),
    "a thousand empty parts": frame(TEXT, b"", final=False) + frame(0, b"", final=False) * 1000 + frame(CLOSE, b""),
    "HTTP": b"GET / HTTP/1.1\r\n\r\n" * 20,
}


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("name", FRAMES)
def test_junk_ends_its_own_connection_alone(server: Served, token: str, name: str, tally: Tally) -> None:
    """Frames that are no message, whole, or cut off in the middle"""
    junk = FRAMES[name]
    gone = suppress(BrokenPipeError, ConnectionResetError)
    with tally.trying(f"{name}, whole"), server.websocket(token) as sender, gone:
        sender.write(junk + frame(CLOSE, b""))
        sender.assert_closed()
    for part in range(1, wide(short=2, all=20)):
        with tally.trying(f"{name}, {part} parts"), server.websocket(token) as sender, suppress(OSError):
            sender.write(junk[: len(junk) * part // wide(short=2, all=20)])


@pytest.mark.usefixtures("bystander")
def test_random_frames(server: Served, token: str, tally: Tally) -> None:
    """Random bytes in place of frames"""
    draw = random.Random(1)
    for number in range(JUNK):
        with tally.trying(f"number {number}"), server.websocket(token) as sender, suppress(OSError):
            sender.write(draw.randbytes(draw.randrange(1, 3000)))


REQUESTS: dict[str, bytes] = {
    "nothing": b"\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 10 + b"\r\n\r\n",
    "zeros": bytes(1000) + b"\r\n\r\n",
    "no version": b"GET /server_app\r\n\r\n",
    "no host": b"GET /server_app HTTP/1.1\r\n\r\n",
    "a header that goes on": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
    "a long line": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    "a large body": b"POST /server_app HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
    "a negative body": b"POST /server_app HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a chunk of all": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_that_is_none(server: Served, name: str, tally: Tally) -> None:
    """A request that is no HTTP, whole, or cut off"""
    request = REQUESTS[name]
    for length in (len(request), *range(0, len(request), max(1, len(request) // wide(short=2, all=20)))):
        with tally.trying(f"{name}, {length:,} bytes"), server.connect() as connection:
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request[:length])
                connection.shutdown(socket.SHUT_WR)
            assert status(everything(connection)) in {0, 400, 403, 413}
    assert "Traceback" not in server.said()


# Floods and silence


def opened(server: Served, begun: Callable[[int], bytes]) -> ExitStack:
    """Many connections that begin, and say no more."""
    held = ExitStack()
    for number in range(CONNECTIONS):
        connection = held.enter_context(closing(server.connect()))
        connection.sendall(begun(number))
    return held


def test_many_connections_half_open(server: Served, token: str, tally: Tally) -> None:
    """A connection that is open halfway, beside many others"""
    server.assert_alive()
    before = server.files()
    begun = (b"", b"GET /server_app HT", server.request("/server_app", {})[:-2], server.upgrade(token),
             server.upgrade(token)[:-2], server.upgrade("junk"))  # fmt: skip
    with opened(server, lambda number: begun[number % len(begun)]):
        start = time.monotonic()
        server.assert_alive()
        assert time.monotonic() - start < 15, "a bystander waits"
    until(lambda: server.files() <= before + SLACK, "their sockets stay open")
    server.assert_alive()
    tally.survived(CONNECTIONS)


def test_who_says_no_more_is_let_go(hasty: Served, tally: Tally) -> None:
    """A connection that says no more"""
    before = hasty.files()
    begun = (b"", b"G", b"GET /server_app HTTP/1.1\r\nHost: ", b"POST / HTTP/1.1\r\nHost: x\r\n")
    with opened(hasty, lambda number: begun[number % len(begun)]):
        until(lambda: hasty.files() <= before + SLACK, "it waits for them")
    hasty.assert_alive()
    tally.survived(CONNECTIONS)


def test_who_never_comes_to_an_end_is_let_go(hasty: Served, tally: Tally) -> None:
    """A request that goes on byte by byte: its headers, its body"""
    bodies = f"POST /server_app HTTP/1.1\r\nHost: localhost:{hasty.port}\r\nContent-Length: 60000\r\n\r\n".encode()
    with ExitStack() as connections:
        slow = {name: connections.enter_context(hasty.connect()) for name in ("headers", "body")}
        slow["headers"].sendall(hasty.request("/server_app", {})[:-2])
        slow["body"].sendall(bodies)
        for name, connection in slow.items():
            with tally.trying(name):
                until(lambda connection=connection: has_ended(connection, b"x"), "it listens for ever")
    hasty.assert_alive()


def has_ended(connection: socket.socket, more: bytes) -> bool:
    """Whether the server has closed it, though there is more to come."""
    try:
        connection.sendall(more)
        connection.settimeout(0.1)
        return not connection.recv(1000)
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_peer_that_is_gone_without_a_word_is_noticed(hasty: Served, tally: Tally) -> None:
    """A websocket whose other end is gone without a word"""
    before, token, count = hasty.files(), hasty.token(), 10
    with ExitStack() as silent:
        for _ in range(count):
            silent.enter_context(hasty.websocket(token))  # which answers no ping
        until(lambda: hasty.files() <= before + SLACK, "it still holds their sockets")
    hasty.assert_alive()
    tally.survived(count)


def test_one_that_answers_is_kept(hasty: Served) -> None:
    """A websocket that answers nothing but pings, and is kept"""
    with hasty.websocket(hasty.token()) as patient:
        pings = (payload for opcode, payload in patient.frames() if opcode == PING)
        for _ in range(3):
            assert next(pings, None) is not None, "it was closed"
        patient.assert_alive()


def test_the_log_is_short(hasty: Served, tally: Tally) -> None:
    """A request that is refused again and again, and told of a few times"""
    before = len(hasty.said().splitlines())
    for _ in range(CONNECTIONS):
        hasty.get("/server_app", Host="evil.example")
    hasty.assert_alive()
    said = hasty.said().splitlines()[before:]
    assert len(said) <= 10, said
    assert all("refused" in line for line in said)
    tally.survived(CONNECTIONS)
