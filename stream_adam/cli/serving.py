"""The page, served by this process with safe defaults: what is typed becomes a server's settings and open sockets."""

from __future__ import annotations

import errno
import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from stream_adam.cli import page
from stream_adam.cli.output import OutputError, say
from stream_adam.errors import SpecError
from stream_adam.extensions import load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

BACKLOG = 1024  # connections that wait to be taken
NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL}
LOCAL = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104  (compared with, not bound to)


def serve(args: argparse.Namespace) -> None:
    """Serve the page until this process is ended.

    Raises:
        SpecError: a folder, a file or an address that can't be used.
        OutputError: the port is taken, or the page is missing.
    """
    os.environ.update(settings(args))  # before bokeh is imported, which reads some of them at once
    try:
        directory, module = page.directory(), page.module("site")
        site = module.Site(f"/{page.NAME}", directory, prefix=args.prefix, auth_module=args.auth_module)
    except (FileNotFoundError, RuntimeError) as error:
        raise OutputError(error) from None
    sockets = listen(args.address, args.port)
    port = sockets[0].getsockname()[1]
    host = "localhost" if args.address in {*EVERYWHERE, *LOCAL} else bracketed(args.address)
    url = f"http://{host}:{port}{args.prefix}/{page.NAME}"
    say(f"Open {url} in a browser. Ctrl-C ends.")
    hosts = [*names(args.address, port), *args.allow_websocket_origin]
    site.run(sockets, hosts, processes=args.num_procs, show=url if args.show else None)


def settings(args: argparse.Namespace) -> dict[str, str]:
    """What the page reads from its environment, and the key that signs its sessions, a new one unless there is one.

    Raises:
        SpecError: there is no such folder, or a file to load fails.
    """
    found = {"BOKEH_SECRET_KEY": os.environ.get("BOKEH_SECRET_KEY") or secrets.token_hex(32)}
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


def names(address: str, port: int) -> list[str]:
    """The hosts by which a browser may call a page at this address: "name:port", for each name that is known here."""
    here = socket.gethostname() if address in EVERYWHERE else address
    return [f"{bracketed(name).lower()}:{port}" for name in dict.fromkeys((*LOCAL, here))]


def bracketed(host: str) -> str:
    """As it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def listen(address: str, port: int) -> list[socket.socket]:
    """Sockets on every interface of the address, which listen; for port 0, all on one that the system picks.

    Raises:
        OutputError: the port is taken, or not ours to take.
        SpecError: there is no such address on this machine.
    """
    found: list[socket.socket] = []
    for family, host in _interfaces(address):
        chosen = found[0].getsockname()[1] if found else port
        try:
            found.append(socket.create_server((host, chosen), family=family, backlog=BACKLOG))
        except OSError as error:
            if error.errno in NOT_HERE:
                continue
            reason = os.strerror(error.errno or 0)
            raise OutputError(f"--port {port}: {reason}; give another one, or 0 for any free one") from None
        found[-1].setblocking(False)
    if not found:
        raise SpecError(f"--address {address}: it is not an address of this machine; 'localhost' is usual")
    return found


def _interfaces(address: str) -> Sequence[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(address or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise SpecError(f"--address {address}: {error.strerror}; 'localhost' is usual") from None
    return [(family, str(place[0])) for family, _, _, _, place in found]
