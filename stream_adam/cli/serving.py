"""The page on `bokeh serve`: this process becomes the server, with safe defaults."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from stream_adam.cli import page
from stream_adam.cli.output import OutputError, say
from stream_adam.errors import SpecError
from stream_adam.extensions import load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

MESSAGE_LIMIT = 1 << 20  # bytes: the longest message of a page is a source somebody typed
UNUSED_LIFETIME, UNUSED_CHECK = 2_000, 1_000  # milliseconds that a closed page's session goes on
NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
LOCAL = {"127.0.0.1", "::1"}
EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104  (compared with, not bound to)


def serve(args: argparse.Namespace) -> NoReturn:
    """Become a Bokeh server of the page.

    Raises:
        SpecError: a folder, a file or an address that can't be used.
        OutputError: the port is taken, or the page is missing.
    """
    environment = os.environ | settings(args)
    try:
        directory = page.directory()
    except FileNotFoundError as error:
        raise OutputError(error) from None
    port = free_port(args.address, args.port)
    host = "localhost" if args.address in EVERYWHERE | LOCAL else args.address
    say(f"Open http://{host}:{port}/{page.NAME} in a browser. Ctrl-C ends.")
    arguments = command(directory, args.address, port, args.show)
    os.execve(sys.executable, arguments, environment)  # noqa: S606  (a fixed program)


def settings(args: argparse.Namespace) -> dict[str, str]:
    """What the page reads from its environment, and the key that signs its sessions, a new one each start.

    Raises:
        SpecError: there is no such folder, or a file to load fails.
    """
    found = {"BOKEH_SECRET_KEY": secrets.token_hex(32), "BOKEH_SIGN_SESSIONS": "yes"}
    if args.recordings is not None:
        folder = Path(args.recordings).resolve()
        if not folder.is_dir():
            raise SpecError(f"--recordings {args.recordings}: there is no such folder")
        found["STREAM_ADAM_RECORDINGS"] = str(folder)
    for path in args.load:
        load(path)  # here, where a mistake in it can be told
    if args.load:
        found["STREAM_ADAM_LOAD"] = os.pathsep.join(str(Path(path).resolve()) for path in args.load)
    if args.max_sessions is not None:
        found["STREAM_ADAM_MAX_SESSIONS"] = str(args.max_sessions)
    return found


def command(directory: Path, address: str, port: int, show: bool) -> list[str]:
    """The words of `bokeh serve`."""
    names = ("localhost", "127.0.0.1", socket.gethostname() if address in EVERYWHERE else address)
    hosts = [name for name in dict.fromkeys(names) if ":" not in name]  # Bokeh can't compare an origin of IPv6
    options = {
        "--address": address,
        "--port": port,
        "--websocket-max-message-size": MESSAGE_LIMIT,
        "--session-ids": "signed",
        "--unused-session-lifetime": UNUSED_LIFETIME,
        "--check-unused-sessions": UNUSED_CHECK,
        "--log-level": "warning",
    }
    origins = [word for host in hosts for word in ("--allow-websocket-origin", f"{host}:{port}")]
    listed = [str(word) for option in options.items() for word in option]
    return [sys.executable, "-m", "bokeh", "serve", str(directory), *listed, *origins, *(["--show"] if show else [])]


def free_port(address: str, port: int) -> int:
    """The port, found free on every interface of the address a moment ago; for 0, one that the system picks.

    Raises:
        OutputError: it is taken, or not ours to take.
        SpecError: there is no such address on this machine.
    """
    if ":" in address and address not in EVERYWHERE | LOCAL:
        raise SpecError(
            f"--address {address}: Bokeh opens no page at an IPv6 address; a host name, '::1' or '::' will do"
        )
    found = 0
    for family, host in _interfaces(address):
        with socket.socket(family) as probe:
            if os.name == "posix":  # elsewhere the option lets two servers share a port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, found or port))
            except OSError as error:
                if error.errno in NOT_HERE:
                    continue
                raise OutputError(f"--port {port}: {error.strerror}; give another one, or 0 for any free one") from None
            found = probe.getsockname()[1]
    if not found:
        raise SpecError(f"--address {address}: it is not an address of this machine; 'localhost' is usual")
    return found


def _interfaces(address: str) -> Sequence[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(address, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise SpecError(f"--address {address}: {error.strerror}; 'localhost' is usual") from None
    return [(family, str(place[0])) for family, _, _, _, place in found]
