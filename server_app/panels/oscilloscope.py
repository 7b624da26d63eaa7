"""The oscilloscope of a lane: the first 200 ticks above, the last ones below, and the newest values as numbers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import Column, Div, Range1d

from stream_adam.series import component_of, series_of

from ..downsampling import EVERY_TICK, downsampled
from ..running import FIRST
from ..screen import hold, script
from ..style import READOUT_STYLE
from .figures import PanelFigure, data_of, ticks_range, widened, wire

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bokeh.models import Button

    from stream_adam.engine import Block
    from stream_adam.series import Notation, Series
    from stream_adam.strategies import Strategy
    from stream_adam.typing import Floats

    from ..running import Running
    from ..screen import Screen
    from ..view import View

GAPS_SHOWN = 200


class Oscilloscope:
    """The panels of one lane, for one component; `update` brings them to the newest tick of the run.

    Attributes:
        root: what is put on the page.
        sources: the data of the two panels, `first` and `rolling`.
    """

    interval = 0.0

    def __init__(self, number: int, strategy: Strategy, view: View, screen: Screen, follow: Button) -> None:
        source, y_range, notation = view.experiment.source, view.y_range, view.notation
        self._source = source
        self._screen = screen
        self._follow = follow
        self._lane = number - 1
        self._is_last = number == len(view.experiment.lanes)
        self._window = view.window
        self._place = view.place
        self._components = view.experiment.shown
        self.series = series_of(strategy)
        suffix = "" if number == 1 else f":{number}"
        words = self._words(notation)
        self._suffix = suffix
        self._first = PanelFigure("", f"first{suffix}", self.series, ticks_range(0, FIRST), _values_range(y_range))
        self._rolling = PanelFigure(
            "", f"rolling{suffix}", self.series, ticks_range(0, self._window), _values_range(y_range)
        )
        self._panels = (self._first, self._rolling)
        self._gaps = [panel.add_gaps(f"gaps{suffix}") for panel in self._panels]
        self._readout = Div(
            text=_readout(self.series, words, suffix), stylesheets=[READOUT_STYLE], name=f"readout{suffix}",
            sizing_mode="stretch_width", disable_math=True,
        )  # fmt: skip
        for panel in self._panels:
            panel.name(words)
            for column, renderer in panel.renderers.items():
                renderer.name = column + suffix  # by which the readout hides it
            self._attach(panel, fixed=y_range is not None)
        self.root = Column(
            self._readout, self._first.figure, self._rolling.figure, sizing_mode="stretch_width", name=f"lane{suffix}"
        )
        self.sources = (self._first.source, self._rolling.source)
        self._running: Running | None = None
        self.ranges = [r for p in self._panels for r in (p.figure.x_range, p.figure.y_range)]
        self.set_window(self._window)

    def show(self, running: Running) -> None:
        """Look at this run, from where it is."""
        self._running = running
        self._reader = running.hub.reader()
        self.set_component(self._place)
        self.update()

    def set_component(self, place: int) -> None:
        """Show the component at this place among those shown."""
        self._place = place
        self._first.source.data = self._beginning(0)
        self.set_window(self._window)

    def refresh(self) -> None:
        """Draw everything anew at the next update: after a change of window, a way back, a hidden time."""
        self._stale = True

    def set_window(self, window: int) -> None:
        """The rolling panel's width in ticks."""
        self._window = window
        of = "" if self._components is None else f" of component {self._components[self._place]}"
        self._first.figure.title.text = f"first {FIRST} ticks{of}"
        self._rolling.figure.title.text = f"last {window:,} ticks{of}"
        self._stale = True

    def rename(self, notation: Notation) -> None:
        """Words of another notation."""
        words = self._words(notation)
        hidden = {column for column, renderer in self._rolling.renderers.items() if not renderer.visible}
        self._readout.text = _readout(self.series, words, self._suffix, hidden)
        for panel in self._panels:
            panel.name(words)

    def wind_back(self, tick: int) -> None:
        """Forget this tick and what came after it."""
        if tick < FIRST:
            self._first.source.data = self._beginning(0)
        self._stale = True

    def show_gaps(self, gaps: Sequence[Sequence[tuple[int, Floats]]]) -> None:
        """Mark the ticks at which the gradient was not finite."""
        own = [(t, float(g[self._place])) for t, g in gaps[self._lane] if not np.isfinite(g[self._place])]
        for source, end in zip(self._gaps, (FIRST, np.inf), strict=True):
            seen = [gap for gap in own if gap[0] < end][-GAPS_SHOWN:]
            source.data = {
                "t": [t for t, _ in seen],
                "y": [0.97 if value > 0 else 0.03 for _, value in seen],
                "text": [_name(value) for _, value in seen],
            }

    def update(self) -> bool:
        """Bring the panels to the newest tick; whether there was anything to send.

        The rolling panel's source is touched last: the browser acknowledges that one of the last lane, once a frame.
        """
        assert self._running is not None
        names = {"t", *(series.column for series in self.series)}
        first, source = self._first.source, self._rolling.source
        if first.data.keys() != names:  # a client has changed it, which may say anything
            first.data = self._beginning(0)
        shown = len(first.data["t"])
        if shown < self._running.beginning.tick:
            first.stream(wire(self._beginning(shown)))
        block, missed = self._reader.pull()
        if not self._stale and not len(block):
            return False
        newest = self._running.hub.tick
        if self._window > EVERY_TICK:
            source.data = downsampled(self._last(newest - self._window), self._window)
        elif self._stale or missed or len(block) >= self._window or source.data.keys() != names:
            source.data = self._last(newest - self._window)
        else:
            source.stream(wire(self._data(block)), rollover=self._window)
        self._stale = False
        return True

    def _beginning(self, start: int) -> dict[str, Floats]:
        assert self._running is not None
        return self._data(self._running.beginning.between(start, FIRST))

    def _last(self, start: int) -> dict[str, Floats]:
        assert self._running is not None
        hub = self._running.hub
        return self._data(hub.between(max(start, 0), hub.tick))

    def _data(self, block: Block) -> dict[str, Floats]:
        return data_of(self.series, component_of(block.lanes[self._lane], self._place))

    def _words(self, notation: Notation) -> dict[str, str]:
        return {s.column: s.words(notation, self._source) for s in self.series}

    def _attach(self, panel: PanelFigure, fixed: bool) -> None:
        rolling = panel is self._rolling
        frame = script(
            "frame",
            screen=self._screen,
            source=panel.source,
            x_range=panel.figure.x_range,
            y_range=panel.figure.y_range,
            readout=self._readout,
            columns=[s.column for s in self.series],
            fixed=fixed,
            rolling=rolling,
            acknowledge=rolling and self._is_last,
        )
        panel.source.js_on_change("streaming", frame)
        panel.source.js_on_change("data", frame)
        hold(panel.figure, self._screen, self._follow)


def _values_range(given: tuple[float, float] | None) -> Range1d:
    low, high = widened(*given) if given else (-1.0, 1.0)
    return Range1d(low, high)


def _readout(series: Sequence[Series], words: Mapping[str, str], suffix: str, hidden: Collection[str] = ()) -> str:
    """Legend and readout in one: each series with its marker, its words and, from the browser, its newest value.

    Pressing an entry hides its series.
    """
    entries = [
        f'<button type="button" aria-pressed="{"false" if s.column in hidden else "true"}" '
        f'data-series="{escape(s.column + suffix)}">{_marker(s)}'
        f'<span class="words">{escape(words[s.column])}</span>'
        f'<output data-column="{escape(s.column)}">–</output></button>'
        for s in series
    ]
    tick = '<div class="tick">tick <output data-column="t">–</output></div>'
    return f'{tick}<div class="entries">{"".join(entries)}</div>'


def _marker(series: Series) -> str:
    """The series' marker, in its colour on light and on dark."""
    shape = '<path d="M2 2 8 8M8 2 2 8"/>' if series.is_gradient else '<circle cx="5" cy="5" r="3.2"/>'
    colours = f"--light: {series.look.colour}; --dark: {series.look.dark}"
    return f'<svg class="marker" viewBox="0 0 10 10" style="{colours}" aria-hidden="true">{shape}</svg>'


def _name(value: float) -> str:
    return "NaN" if np.isnan(value) else "+∞" if value > 0 else "−∞"
