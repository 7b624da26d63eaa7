"""A running experiment: from the engine to the frames of one browser tab.

Two tasks belong to it. The *producer* moves the run on as the transport permits and writes what comes into the hub. The
*painter* takes the newest of the hub and sends a frame whenever the browser has painted an earlier one. Neither waits
for the other. Both rest while the tab is hidden.
"""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np

from stream_adam.clock import WallClock
from stream_adam.engine import COMPILE_AFTER, Run
from stream_adam.errors import SpecError
from stream_adam.hub import Hub
from stream_adam.streaming import blocks
from stream_adam.timeline import Timeline
from stream_adam.transport import Transport

from .budget import metered
from .locking import locked, report
from .screen import Flow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bokeh.document import Document

    from stream_adam.engine import Block
    from stream_adam.experiment import Experiment
    from stream_adam.typing import Floats

    from .budget import Account
    from .panels import Panel

FRAME = 1 / 60  # seconds from a frame to the next at the least; the browser's acknowledgements mostly take longer
GRAIN = 1 / 60  # seconds between blocks of ticks at the least
BLOCK = 2_000  # ticks computed between two turns of the event loop
HISTORY = 100_000  # ticks kept to look back on: the widest window
ROOM = 400_000  # ticks times components kept
LEAST = 10_000  # ticks kept, however many components there are
FIRST = 200  # ticks of the beginning, which are kept for good
CATCH_UP = 2_000_000  # ticks that a hidden tab makes up for at the most
SILENCE = 3.0  # seconds without an acknowledgement, after which nobody is taken to be there
SHOWN_GAPS = 10_000  # ticks without a finite gradient that are remembered

log = logging.getLogger(__name__)


class Running:
    """One run on its way to one screen.

    Args:
        doc: the document; its lock is taken for every frame.
        experiment: what runs.
        transport: its keys.
        standing: called, with the lock held, when the run has ended, stopped or gone on without the keys.
        accounts: what its ticks take of the processor's time, and its frames: dear ones shall not hold up the ticks.
        lead_in: ticks that are run at once before it plays.

    Attributes:
        run, hub, transport: the numbers, the last of them, and the keys.
        beginning: the first of them.
        panels: who is shown them; a frame is acknowledged by the last.
        flow: the frames under way.
        gaps: for each lane, the ticks at which the gradient was not finite, with its value in each component.
        ended: whether the source has.
        reason: why it stopped without its keys, until it goes on.
    """

    def __init__(
        self,
        doc: Document,
        experiment: Experiment,
        transport: Transport,
        standing: Callable[[], None],
        accounts: tuple[Account, Account],
        lead_in: int = 0,
    ) -> None:
        self.run = Run(experiment)
        self.hub = Hub(experiment, min(HISTORY, max(LEAST, ROOM // math.prod(experiment.shape))))
        self.beginning = Hub(experiment, FIRST)
        self.transport = transport
        self.panels: Sequence[Panel] = ()
        self.flow = Flow()
        self.gaps: list[list[tuple[int, Floats]]] = [[] for _ in experiment.lanes]
        self.ended = False
        self.reason = ""
        self._timeline = Timeline(self.run)
        self._doc = doc
        self._standing = standing
        self._clock = WallClock()
        self._news = asyncio.Event()  # there may be something to send
        self._tasks: list[asyncio.Task[None]] = []
        self._is_over = False
        self._computing, self._showing = accounts
        self._resting_since: float | None = None
        self._lead_in = lead_in
        self._due: dict[Panel, float] = {}  # when a panel is to be updated again, while the run goes on
        self._silent = False  # no frame was acknowledged for so long that the run rests

    def show(self, panels: Sequence[Panel]) -> None:
        """Show it on these panels from now on."""
        self.panels = panels
        for panel in panels:
            panel.show(self)

    @property
    def is_awake(self) -> bool:
        """Whether its tasks are at work."""
        return bool(self._tasks)

    def wake(self) -> None:
        """Set to work, unless it is; what a hidden tab missed is made up for."""
        if self._tasks or self._is_over:
            return
        self._silent = False
        owed, self._lead_in = self._lead_in, 0
        rate = self.transport.rate
        if self._resting_since is not None and not self.transport.paused and rate is not None:
            owed = min(int((self._clock.now() - self._resting_since) * rate), CATCH_UP)
        self._resting_since = None
        self.flow.forget()
        self.redraw()
        producing = metered(self._produce(owed), self._computing.charge)
        self._tasks = [asyncio.create_task(work) for work in (producing, self._paint())]
        for task in self._tasks:
            task.add_done_callback(report)

    def rest(self) -> None:
        """Leave off until `wake`: nothing is computed, nothing is sent."""
        if self._tasks:
            self._resting_since = self._clock.now()
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        self._silent = False

    def end(self) -> None:
        """Leave off for good; the rings of numbers are let go of at once, as Python comes by seldom."""
        self._is_over = True
        self.rest()
        self.hub.empty()

    def back(self) -> None:
        """One tick back.

        Raises:
            SpecError: the source can't be wound back.
        """
        self._timeline.seek(max(self.run.tick - 1, 0))
        tick = self.run.tick
        self.hub.wind_back(tick)
        self.beginning.wind_back(min(tick, self.beginning.tick))
        self.gaps = [[gap for gap in gaps if gap[0] < tick] for gaps in self.gaps]
        self.reason = ""
        for panel in self.panels:
            panel.wind_back(tick)
            panel.show_gaps(self.gaps)
        if self.ended:  # its producer has gone home
            self.ended = False
            self.rest()
            self._resting_since = None
            self.wake()
        self.redraw()

    def redraw(self) -> None:
        """Send every panel whole with the next frame."""
        for panel in self.panels:
            panel.refresh()
        self._news.set()

    def settle(self) -> None:
        """Send what is left over, now that the run is paused."""
        self._news.set()

    def painted(self, count: int) -> None:
        """The browser says how many frames it has painted."""
        self.flow.painted(count, self._clock.now())
        self._news.set()
        if self._silent:
            self.wake()

    async def _produce(self, owed: int) -> None:
        """Move the run on, and give what comes to the hub."""
        while not self.ended:
            try:
                await self._catch_up(owed)
                stream = blocks(self.run, transport=self.transport, clock=self._clock, most=BLOCK, grain=GRAIN)
                async with aclosing(stream):
                    async for block in stream:
                        self._take(block)
                        await self._computing.turn()
                self.ended = True
            except SpecError as error:  # a schedule left its bounds: it may be brought back, and the run be played
                self.reason = str(error)
            except Exception as error:  # what a user's rule may raise
                log.warning("a run stopped", exc_info=True)
                self.reason = f"{type(error).__name__}: {error}"
            owed = 0
            self.transport.pause()
            self.settle()
            await locked(self._doc, self._standing)

    async def _catch_up(self, owed: int) -> None:
        """The lead-in, or the ticks of the time that the tab was hidden."""
        if owed > COMPILE_AFTER:
            await asyncio.to_thread(self.run.compile, aside=True)
        while owed > 0 and len(block := self.run.advance(min(owed, BLOCK))):
            self._take(block)
            owed -= len(block)
            await asyncio.sleep(0)
            await self._computing.turn()

    def _take(self, block: Block) -> None:
        self.reason = ""
        self.hub.write(block)
        if self.beginning.tick < FIRST:
            self.beginning.write(self.hub.between(self.beginning.tick, FIRST))
        self._timeline.note()
        for gaps, columns in zip(self.gaps, block.lanes, strict=True):
            g = columns["g"].reshape(len(block), -1)
            bad = np.flatnonzero(~np.isfinite(g).all(axis=1))
            gaps.extend((int(columns["t"][i]), g[i].copy()) for i in bad[: SHOWN_GAPS - len(gaps)])
        self._news.set()

    async def _paint(self) -> None:
        """Send the newest as often as the browser paints, and no oftener than it is worth."""
        shown, due = 0, self._clock.now()
        while True:
            await self._news.wait()
            if (early := due - self._clock.now()) > 0:
                await asyncio.sleep(early)
            self._news.clear()
            if not self.flow.may_send():
                if self.flow.silence(self._clock.now()) > SILENCE:
                    self.rest()  # the tab has gone without a word, or can't keep up; a word of it wakes the run
                    self._silent = True
                continue  # the next acknowledgement is news
            due = self._clock.now() + FRAME
            gaps = sum(map(len, self.gaps))
            await locked(self._doc, self._frame if gaps == shown else self._frame_with_gaps, self._showing)
            shown = gaps

    def _frame(self) -> None:
        if self._is_over:  # it waited for its turn
            return
        now = self._clock.now()
        due = [panel for panel in self.panels if self.transport.paused or now >= self._due.get(panel, now)]
        self._due |= {panel: now + panel.interval for panel in due}
        *_, will_be_acknowledged = [panel.update() for panel in due]  # the last one never takes a pause
        if will_be_acknowledged:
            self.flow.sent(self._clock.now())
        if self.transport.paused:
            self._standing()

    def _frame_with_gaps(self) -> None:
        for panel in self.panels:
            panel.show_gaps(self.gaps)
        self._standing()
        self._frame()
