"""The pages that are compared, each a server in a process of its own: ``python -m bench.pages NAME PORT``.

All show the original figure: the first 200 ticks and the last 200, six series of markers, and move at the rate that the
query gives. The peers' numbers are there beforehand, so that they are timed for showing alone. When each tick was made
is told at ``/made``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from bokeh.application import Application
from bokeh.application.handlers import DirectoryHandler, FunctionHandler
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure
from bokeh.server.server import Server
from tornado.ioloop import PeriodicCallback
from tornado.web import Application as WebApplication
from tornado.web import RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from bench.harness import optional
from bench.uplot import folder
from stream_adam import simulate
from stream_adam.engine import Block
from stream_adam.hub import Hub

PAGE = Path(__file__).parent.parent / "server_app"
NAMES = ("ours", "bokeh", "panel", "uplot")
PATHS = dict.fromkeys(NAMES, "/app") | {"ours": "/server_app"}
SHOWN = 200
HEIGHT = 285
COLUMNS = ("g", "m", "m_hat", "sqrt_v", "sqrt_v_hat", "direction")
COLOURS = ("#7f7f7f", "#1f77b4", "#17becf", "#ff7f0e", "#d62728", "#2ca02c")
KEPT = 20_000  # ticks, or blocks of them, whose time is remembered

made: deque[tuple[int, float]] = deque(maxlen=KEPT)


class Made(RequestHandler):
    """When ticks were made: pairs of a tick and the wall clock's milliseconds."""

    def get(self) -> None:
        self.write(json.dumps(list(made)))


def _note(tick: int) -> None:
    made.append((tick, time.time() * 1e3))


def _ticks() -> Iterator[dict[str, float]]:
    """What is to be shown, tick by tick, from tables that are computed at once."""
    n = 20_000
    run = dict(simulate("swinging_soft() + normal(0.5)", "adam_zero_based", ticks=n, seed=1))
    run |= {"sqrt_v": run["v"] ** 0.5, "sqrt_v_hat": run["v_hat"] ** 0.5}
    table = {name: run[name].tolist() for name in COLUMNS}
    for tick in count():
        _note(tick)
        yield {"t": tick, **{name: values[tick % n] for name, values in table.items()}}


def ours(port: int) -> None:
    """The page of this project."""
    write = Hub.write

    def noted(self: Hub, block: Block) -> None:
        _note(block.start + len(block) - 1)
        write(self, block)

    Hub.write = noted  # type: ignore[method-assign]
    _serve({PATHS["ours"]: Application(DirectoryHandler(filename=str(PAGE)))}, port)


def bokeh(port: int) -> None:
    """A plain Bokeh app: one `stream()` a tick and panel."""

    def fill(doc: Any) -> None:
        rate = float(doc.session_context.request.arguments["rate"][0])
        sources = [ColumnDataSource({name: [] for name in ("t", *COLUMNS)}) for _ in range(2)]
        panels = [_panel(source) for source in sources]
        panels[0].x_range = Range1d(0, SHOWN)
        for panel in panels:
            doc.add_root(panel)
        ticks = _ticks()

        def tick() -> None:
            row = {name: [value] for name, value in next(ticks).items()}
            if row["t"][0] < SHOWN:
                sources[0].stream(row)
            sources[1].stream(row, rollover=SHOWN)

        doc.add_periodic_callback(tick, round(1000 / rate))

    _serve({PATHS["bokeh"]: Application(FunctionHandler(fill))}, port)


def _panel(source: ColumnDataSource) -> Any:
    panel = figure(height=HEIGHT, sizing_mode="stretch_width")
    for name, colour in zip(COLUMNS, COLOURS, strict=True):
        look: dict[str, Any] = {"marker": "x", "size": 6} if name == "g" else {"marker": "circle", "size": 4}
        panel.scatter("t", name, source=source, color=colour, legend_label=name, **look)
    return panel


def panel(port: int) -> None:
    """A Panel app of HoloViews' `Buffer`."""
    hv, pn, pandas, np = (optional(name) for name in ("holoviews", "panel", "pandas", "numpy"))
    buffers = optional("holoviews.streams").Buffer
    hv.extension("bokeh")

    def app() -> Any:
        rate = float(pn.state.session_args["rate"][0])
        empty = pandas.DataFrame({name: np.array([], dtype=float) for name in ("t", *COLUMNS)})
        first, rolling = buffers(empty, length=SHOWN, index=False), buffers(empty, length=SHOWN, index=False)

        def drawn(data: Any) -> Any:
            series = [
                hv.Scatter(data, "t", name, label=name).opts(color=colour, size=6 if name == "g" else 4)
                for name, colour in zip(COLUMNS, COLOURS, strict=True)
            ]
            return hv.Overlay(series).opts(height=HEIGHT, responsive=True)

        ticks = _ticks()

        def tick() -> None:
            row = pandas.DataFrame([next(ticks)])
            if row["t"][0] < SHOWN:
                first.send(row)
            rolling.send(row)

        pn.state.curdoc.add_periodic_callback(tick, round(1000 / rate))
        maps = [hv.DynamicMap(drawn, streams=[buffer]) for buffer in (first, rolling)]
        return pn.Column(*maps, sizing_mode="stretch_width")

    pn.serve({PATHS["panel"]: app}, port=port, show=False, verbose=False, extra_patterns=[("/made", Made)])


UPLOT = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="uPlot.min.css"><body>
<script src="uPlot.iife.min.js"></script><script>
const names = %(names)s, colours = %(colours)s, shown = %(shown)d
window.painted = []
const make = (moving) => new uPlot({
  width: document.body.clientWidth, height: %(height)d, scales: {x: {time: false}},
  series: [{}, ...names.map((label, i) => ({label, stroke: colours[i], paths: () => null,
                                           points: {show: true, size: label == "g" ? 6 : 4, fill: colours[i]}}))],
  hooks: {draw: [(plot) => {
    const newest = plot.data[0].at(-1)
    if (moving && newest != null) setTimeout(() => painted.push([newest, Date.now()]), 0)
  }]},
}, [[], ...names.map(() => [])], document.body)
const plots = [make(false), make(true)]
const first = [[], ...names.map(() => [])], rolling = [[], ...names.map(() => [])]
let due = false
const socket = new WebSocket(`ws://${location.host}/ticks${location.search}`)
socket.onmessage = ({data}) => {
  const row = JSON.parse(data)
  const filling = first[0].length < shown
  row.forEach((value, i) => {
    if (filling) first[i].push(value)
    rolling[i].push(value)
    if (rolling[i].length > shown) rolling[i].shift()
  })
  if (due) return
  due = true
  requestAnimationFrame(() => {
    due = false
    if (filling) plots[0].setData(first)
    plots[1].setData(rolling)
  })
}
</script>"""


def uplot(port: int) -> None:
    """A page of uPlot by hand, a tick a message on a websocket, painted once an animation frame."""
    files = folder()

    class Home(RequestHandler):
        def get(self) -> None:
            parts = {"names": json.dumps(COLUMNS), "colours": json.dumps(COLOURS), "shown": SHOWN, "height": HEIGHT}
            self.write(UPLOT % parts)

    class File(RequestHandler):
        def get(self, name: str) -> None:
            self.set_header("Content-Type", "text/css" if name.endswith("css") else "text/javascript")
            self.write((files / name).read_text(encoding="utf-8"))

    class Ticks(WebSocketHandler):
        def open(self, *_: str, **__: str) -> None:
            ticks = _ticks()

            async def tick() -> None:
                try:
                    await self.write_message(json.dumps(list(next(ticks).values())))
                except WebSocketClosedError:
                    self.timer.stop()

            self.timer = PeriodicCallback(tick, 1000 / float(self.get_argument("rate")))
            self.timer.start()

        def on_close(self) -> None:
            self.timer.stop()

    async def listen() -> None:
        handlers = [("/app", Home), ("/made", Made), ("/ticks", Ticks), (r"/(uPlot[.a-z]+)", File)]
        WebApplication(handlers).listen(port, "127.0.0.1")
        await asyncio.Event().wait()

    asyncio.run(listen())


def _serve(apps: dict[str, Application], port: int) -> None:
    server = Server(
        apps,
        port=port,
        address="127.0.0.1",
        allow_websocket_origin=[f"127.0.0.1:{port}"],
        extra_patterns=[("/made", Made)],
        unused_session_lifetime_milliseconds=2_000,
        check_unused_sessions_milliseconds=1_000,
    )
    server.run_until_shutdown()


SERVERS: dict[str, Callable[[int], None]] = {"ours": ours, "bokeh": bokeh, "panel": panel, "uplot": uplot}

if __name__ == "__main__":
    logging.disable(logging.ERROR)  # a browser asks for an icon; a client leaves in the middle of a message
    SERVERS[sys.argv[1]](int(sys.argv[2]))
