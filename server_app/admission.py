"""What the page itself can do about who comes, on a server that somebody else set up: `bokeh serve`."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from bokeh.models import Div
from bokeh.settings import settings
from bokeh.util.token import check_session_id_signature

from .style import NOTE_STYLE

if TYPE_CHECKING:
    from bokeh.application.application import SessionContext
    from bokeh.document import Document

NOT_IP = "0.0.0.0"  # noqa: S104  (what Tornado says of a peer on a Unix socket)


def is_admitted(context: SessionContext | None) -> bool:
    """Whether a visitor is on this machine, or has a session that nobody else can have made up."""
    peer = getattr(context.request, "remote_ip", None) if context else None
    return context is None or peer is None or _is_near(peer) or _is_signed(context.id)


def refuse(doc: Document) -> None:
    """Say why there is nothing to see."""
    doc.title = "stream_adam"
    text = (
        "<h1>For visitors on the server's own machine</h1><p>The server doesn't sign its sessions. With "
        "<code>--session-ids signed</code> and the variable <code>BOKEH_SECRET_KEY</code> it is open to others.</p>"
    )
    doc.add_root(Div(text=text, name="refused", stylesheets=[NOTE_STYLE], sizing_mode="stretch_width"))


def path_to_static(context: SessionContext | None) -> str:
    """The way from the page's address to the folder of its files: relative, as a proxy may stand in between."""
    path = getattr(context.request, "path", "") if context else ""
    return f"{path.rpartition('/')[2]}/static".removeprefix("/")


def _is_near(peer: str) -> bool:
    if peer == NOT_IP:
        return True
    address = ipaddress.ip_address(peer)
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_signed(session_id: str) -> bool:
    key = settings.secret_key_bytes()
    return key is not None and check_session_id_signature(session_id, key, signed=True)
