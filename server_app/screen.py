"""The screen: what the browser and the server tell each other beside the data.

The browser acknowledges every frame it has painted; the server keeps at most four unacknowledged, and fewer where a
browser takes long to paint them. So what is seen is never older than four frames, however fast the ticks come.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bokeh.models import CustomJS, NumericInput, TextInput

if TYPE_CHECKING:
    from bokeh.model import Model
    from bokeh.models import Toggle

MOST = 4  # frames under way: with two, a browser that paints several at once often waited for the next
SLOW = 0.1  # seconds from sending a frame to its acknowledgement, above which fewer are under way
QUICK = 0.075  # seconds, below which there may be more
STATIC = Path(__file__).parent / "static"


class Screen:
    """What the browser and the server tell each other: a value each, in models of Bokeh's own.

    (A data model of ours would do the same, but a client in Python could not read the document then.)

    Attributes:
        painted: frames painted so far, counted by the browser.
        visible: whether the tab is open and in front; the browser says so.
        follow: counts how often the person asked to follow the newest tick again; the browser says so.
        window: ticks that the rolling panel is wide; the server says so.
        query: the URL's query; the server says so.
    """

    def __init__(self, visible: Toggle) -> None:
        self.painted = NumericInput(name="painted", value=0)
        self.visible = visible
        self.follow = NumericInput(name="following", value=0)
        self.window = NumericInput(name="width", value=0)
        self.query = TextInput(name="query")

    @property
    def models(self) -> dict[str, Model]:
        """As the scripts take them."""
        return dict(vars(self))


class Flow:
    """How many frames are under way to the browser, and whether another may go.

    >>> flow = Flow()
    >>> for _ in range(4):
    ...     flow.sent(now=0.0)
    >>> flow.may_send()
    False
    >>> flow.painted(1, now=0.5); flow.may_send()  # it took 0.5 s: there shall be no more than three
    False
    >>> flow.painted(4, now=0.51); flow.sent(now=0.6); flow.may_send()  # and now one by one
    False
    """

    def __init__(self) -> None:
        self._under_way: deque[float] = deque()
        self._painted = 0
        self._latency = 0.0
        self._room = MOST

    def may_send(self) -> bool:
        """Whether the browser has room for a frame."""
        return len(self._under_way) < self._room

    def sent(self, now: float) -> None:
        """Note that a frame has gone."""
        self._under_way.append(now)

    def painted(self, count: int, now: float) -> None:
        """Note how many frames the browser says it has painted, all in all; it may say anything."""
        for _ in range(min(max(count - self._painted, 0), len(self._under_way))):
            self._latency = 0.7 * self._latency + 0.3 * (now - self._under_way.popleft())
            if self._latency > SLOW:
                self._room = max(1, self._room - 1)
            elif self._latency < QUICK:
                self._room = min(MOST, self._room + 1)
        self._painted = max(count, self._painted)

    def silence(self, now: float) -> float:
        """Seconds since the oldest frame under way was sent; 0 where none is."""
        return now - self._under_way[0] if self._under_way else 0.0

    def forget(self) -> None:
        """Nothing is under way: the browser was hidden, and what it was sent may never be painted."""
        self._under_way.clear()


def hold(figure: Any, screen: Screen, follow: Model) -> None:
    """Leave the figure's ranges to a person who moves it, from the first touch on, until they shall follow again."""
    held = script("held", x_range=figure.x_range, y_range=figure.y_range, screen=screen, follow=follow)
    for event in ("panstart", "rangesupdate", "reset"):
        figure.js_on_event(event, held)


def script(name: str, **args: object) -> CustomJS:
    """A callback whose code is the module of that name in `static/`; a `Screen` is given as its models."""
    modules = ("numbers", name) if name in {"frame", "course"} else (name,)
    args = {name: value.models if isinstance(value, Screen) else value for name, value in args.items()}
    return CustomJS(
        args=args, code="".join((STATIC / f"{module}.js").read_text(encoding="utf-8") for module in modules)
    )
