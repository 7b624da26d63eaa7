"""What Bokeh calls when its server starts. It waits for none of it: these are plain functions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bokeh.settings import settings

if TYPE_CHECKING:
    from bokeh.application.application import ServerContext

log = logging.getLogger("stream_adam")
HOW = (
    "without BOKEH_SECRET_KEY anybody can make up a session, so other machines are refused; unless told otherwise, "
    "bokeh serve listens on every interface and reads messages of 20 MB. Better: 'stream-adam serve', or "
    "BOKEH_SECRET_KEY=$(bokeh secret) bokeh serve server_app --address 127.0.0.1 --session-ids signed "
    "--websocket-max-message-size 524288"
)


def on_server_loaded(server_context: ServerContext) -> None:  # noqa: ARG001  (Bokeh looks at the name)
    """Say how to serve the page safely, to whoever gave no key."""
    if settings.secret_key() is None:
        log.warning(HOW)
