"""A session: what one tab's person asks for, and what becomes of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.presets import find, verify
from stream_adam.sources import Source
from stream_adam.strategies import as_strategy
from stream_adam.transport import Transport

from . import view as words
from .arrangement import Arrangement
from .budget import Account
from .controls import Controls
from .locking import beside, listen, locked, locked_by_turns, on_loop, report
from .running import Running
from .screen import Screen, script
from .settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bokeh.document import Document
    from bokeh.models import Column, Toggle

    from stream_adam.presets import Finding, Preset

    from .view import View


TICKS = 4.0  # parts of the time for a session's ticks, where its frames have one: a run shall not fall behind


@cache
def verified(name: str) -> list[Finding]:
    """A preset's checks, run once: they come out the same each time."""
    return verify(find(name))


class Session:
    """One tab, once built: what it shows (`view`), the widgets that say what it shall show, and the run (`running`).

    Args:
        doc: the tab's document.
        visible: active while a person sees the tab; the browser says so.
        boxes: where the page's parts are put, by name.
        view: what is shown first.
    """

    def __init__(self, doc: Document, visible: Toggle, boxes: Mapping[str, Column], view: View) -> None:
        self.view = view
        self.screen = Screen(visible)
        self._doc = doc
        self._boxes = boxes
        self._reading: asyncio.Task[None] | None = None
        self._accounts = Account(TICKS), Account()
        self._rebuilding = Account()
        self._renewing: asyncio.Task[None] | None = None
        self._has_to_renew = False
        self._is_closed = False

    def build(self) -> Iterator[None]:
        """Put everything into the boxes and set to work, in parts of some hundredths of a second each."""
        view = self.view
        self.controls = Controls(self, self._boxes["status"])
        self._boxes["plots"].js_on_change("children", script("shown", screen=self.screen))
        yield
        yield from self._begin(at_once=1)
        self.controls.source.show(*view.refused.get("source", (view.experiment.source.text, "")))
        self.controls.theta0.show(*view.refused.get("theta0", (words.spelled(view.experiment.theta0), "")))
        listen(self.screen.visible, "active", lambda new: self._looked_at(bool(new)))
        listen(self.screen.painted, "value", self._painted)
        listen(self.screen.follow, "value", lambda _new: self.running.redraw())
        self._looked_at(self.screen.visible.active)

    def close(self) -> None:
        """The tab is gone: so is its work."""
        self._is_closed = True
        self._leave_off_reading()
        self.running.end()

    # The keys -----------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Play or pause; after the end of the source, play it again from tick 0."""
        if self.running.ended:
            self.view = replace(self.view, paused=False)
            self._replace()
            return
        transport = self.running.transport
        if transport.paused:
            transport.play()
        else:
            transport.pause()
            self.running.settle()
        self._show(paused=transport.paused)

    def step(self) -> None:
        """One tick on."""
        self.running.transport.step()
        self._show(paused=True)

    def back(self) -> None:
        """One tick back."""
        self.running.transport.pause()
        self._attempt(self.running.back)
        self.controls.show_values(self.view.experiment.lanes, self.running.run.tick)
        self._show(paused=True)

    def reset(self) -> None:
        """From tick 0 again, with the settings as they are now."""
        self._replace()

    def set_rate(self, rate: float) -> None:
        """Ticks per second."""
        self.running.transport.rate = rate
        self._show(rate=rate)

    # The look -----------------------------------------------------------------------------------------------

    def set_window(self, window: float) -> None:
        """The rolling panel's width."""
        self.screen.window.value = int(window)
        for scope in self.shown.scopes:
            scope.set_window(int(window))
        self._show(window=int(window))
        self.running.redraw()

    def set_notation(self, name: str) -> None:
        """The legend's words."""
        self._attempt(lambda: self._show(notation=words.notation(name)))
        for scope in self.shown.scopes:
            scope.rename(self.view.notation)
        self.running.redraw()

    def set_component(self, number: str) -> None:
        """Which component the oscilloscopes show."""
        shown = self.view.experiment.shown
        if shown is not None and number != str(shown[self.view.place]):
            self._attempt(lambda: self._show(component=words.component(number, self.view.experiment)))
            for scope in self.shown.scopes:
                scope.set_component(self.view.place)
                scope.show_gaps(self.running.gaps)
            if self.shown.weight is not None:
                self.shown.weight.set_component(self.view.place)
            self.running.redraw()

    # The recipe ---------------------------------------------------------------------------------------------

    def set_source(self, text: str) -> None:
        """Another gradient, from tick 0, once it is read; where its text is wrong, the old one goes on."""
        self._leave_off_reading()
        if text.strip() == self.view.experiment.source.text:
            self.controls.source.show(text)
        else:
            self._reading = asyncio.create_task(self._read(text))
            self._reading.add_done_callback(report)

    async def _read(self, text: str) -> None:
        """Read the source beside the loop, as a recording may be long, and go on as before meanwhile."""
        saying = partial(self.controls.show_status, f"Reading {text} …")
        try:
            source = await beside(Source.of, text, settings().files, slow=lambda: locked(self._doc, saying))
        except SpecError as refused:
            why = str(refused)
            await locked(self._doc, lambda: self._refuse(text, why))
        else:
            await locked(self._doc, lambda: self._take_source(text, source))

    def _leave_off_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()

    def _refuse(self, text: str, why: str) -> None:
        self.controls.source.show(text, why)
        self.controls.show_status(self._standing())

    def _take_source(self, text: str, source: Source) -> None:
        """With other components than before, it starts where its objective customarily does."""
        now = self.view.experiment
        same = source.components == now.source.components and words.fits(now.theta0, source)
        try:
            self._replace(source=source, theta0=now.theta0 if same else words.start_of(source))
        except SpecError as refused:
            self._refuse(text, str(refused))
        else:
            self.controls.source.show(text)

    def set_theta0(self, text: str) -> None:
        """Another start, from tick 0; where its text is wrong, the old one goes on."""
        error = ""
        if text != words.spelled(self.view.experiment.theta0):
            try:
                self._replace(theta0=words.weights(text))
                text = words.spelled(self.view.experiment.theta0)
            except SpecError as refused:
                error = str(refused)
        self.controls.theta0.show(text, error)

    def choose_start(self, point: tuple[float, ...]) -> None:
        """Start at this point of the landscape, from tick 0."""
        self._attempt(lambda: self._replace(theta0=point if len(point) > 1 else point[0]))

    def set_seed(self, seed: object) -> None:
        """Other noise, from tick 0; None is an empty field."""
        if seed != self.view.experiment.seed:
            self._attempt(lambda: self._replace(seed=words.seed_of("" if seed is None else str(seed))))

    def set_strategy(self, lane: int, name: str) -> None:
        """Another strategy in a lane, with its usual settings, from tick 0."""
        lanes = list(self.view.experiment.lanes)
        if lanes[lane].name != name:
            self._attempt(lambda: self._replace(strategies=[*lanes[:lane], as_strategy(name), *lanes[lane + 1 :]]))

    def add_lane(self) -> None:
        """One more lane, on the same gradient; the newest one's strategy again, to be changed."""
        lanes = self._settled().lanes
        if len(lanes) < words.MOST_LANES:
            self._replace(strategies=[*lanes, lanes[-1]])

    def remove_lane(self, lane: int) -> None:
        """A lane less."""
        lanes = self._settled().lanes
        if len(lanes) > 1:
            self._replace(strategies=[*lanes[:lane], *lanes[lane + 1 :]])

    def set_preset(self, name: str) -> None:
        """A preset's recipe, from tick 0."""
        if name and not (self.view.preset and name == self.view.preset.name):
            self._attempt(lambda: self._take_preset(name))

    def verify(self) -> None:
        """Measure what the preset says must be seen, while everything goes on."""
        if self.view.preset is not None and not self.controls.verify.disabled:
            self.controls.show_verifying(at_work=True)
            self._verifying = asyncio.create_task(self._verify(self.view.preset))

    async def _verify(self, preset: Preset) -> None:
        try:
            findings = await asyncio.to_thread(verified, preset.name)
        except Exception as error:  # what a check may raise: the button must work again
            reason = f"Verify: {preset.name} can't be measured: {type(error).__name__}: {error}"
            await locked(self._doc, lambda: self._not_found(reason))
        else:
            await locked(self._doc, lambda: self._found(preset, findings))

    def _not_found(self, reason: str) -> None:
        self.controls.show_verifying(at_work=False)
        self.controls.show_status(reason)

    def _found(self, preset: Preset, findings: Sequence[Finding]) -> None:
        if self.view.preset == preset:
            self.controls.show_checks(preset, findings)

    def turn(self, lane: int, name: str, value: float) -> None:
        """A hyperparameter from the next tick on; every state stays."""
        self._attempt(lambda: self._change(self.view.experiment.changed(self.running.run.tick, lane, name, value)))

    # What becomes of it -------------------------------------------------------------------------------------

    def _settled(self) -> Experiment:
        """The experiment with the hyperparameters that were turned as they are now, without that history."""
        return self.view.experiment.settled(self.running.run.tick, self._begun)

    def _attempt(self, act: Callable[[], None]) -> None:
        """Do it, or say on the status line why it can't be done."""
        try:
            act()
        except SpecError as error:
            self.controls.show_status(str(error))

    def _change(self, experiment: Experiment) -> None:
        """Other settings from the next tick on."""
        self.running.run.change(experiment)
        self.running.reason = ""
        self._show(experiment=experiment)

    def _take_preset(self, name: str) -> None:
        self._leave_off_reading()
        preset = find(name)
        experiment = preset.experiment(settings().files)
        self.view = replace(self.view, preset=preset)
        self._start(experiment)
        self.controls.source.show(preset.source)

    def _replace(self, **changes: Any) -> None:
        """Another run in place of this one: its parts, but for these changes."""
        now = self._settled()
        parts: dict[str, Any] = {
            "source": now.source, "strategies": now.lanes, "seed": now.seed, "theta0": now.theta0, "bounds": now.bounds,
        } | changes  # fmt: skip
        self._start(Experiment.of(parts.pop("source"), parts.pop("strategies"), **parts))

    def _start(self, experiment: Experiment) -> None:
        """Another run, built when it is this session's turn; the lock is its next, so that nobody acts in between."""
        self.running.rest()
        self.view = self.view.of(experiment)
        if not self._has_to_renew:
            self._has_to_renew = True
            self._renewing = asyncio.create_task(locked_by_turns(self._doc, self._renew, self._rebuilding))
            self._renewing.add_done_callback(report)

    def _renew(self) -> Iterator[None]:
        yield
        self._has_to_renew = False
        self.running.end()  # the former one may have been woken meanwhile, and a frame of it be on its way
        for _ in self._begin():
            yield
            if self._is_closed:
                return
        if self.screen.visible.active:
            self.running.wake()

    def _begin(self, at_once: int = words.MOST_LANES + 1) -> Iterator[None]:
        """A run from tick 0, with its panels and controls, in parts; so many panels are put on the page at once."""
        view = self.view
        self._begun = view.experiment
        transport = Transport(view.rate, view.paused)
        lead_in = view.preset.lead_in if view.preset else 0
        self.running = Running(self._doc, view.experiment, transport, self._stands, self._accounts, lead_in)
        shown = self.shown = Arrangement(view, self.screen, self.controls.follow, on_loop(self.choose_start))
        for _ in shown.build():
            yield
        self.running.show(shown.panels)
        yield
        self.screen.window.value = view.window
        self.controls.show_lanes(view.experiment.lanes)
        self.controls.theta0.show(words.spelled(view.experiment.theta0))
        self.controls.follow_ranges([r for panel in shown.panels for r in panel.ranges], self.screen)
        self._show()
        yield
        with self._doc.models.freeze():
            for name, children in self.controls.parts.items():
                self._boxes[name].children = children
        for count in range(at_once, len(shown.children) + at_once, at_once):
            yield
            self._boxes["plots"].children = shown.children[:count]  # with the first of them the page is shown

    def _show(self, **changes: Any) -> None:
        """Change what is shown, and the URL and the widgets with it."""
        self.view = replace(self.view, **changes)
        self.screen.query.value = self.view.query
        self.controls.show_view(self.view)
        self.controls.show_status(self._standing())

    def _stands(self) -> None:
        """The run stands, or goes on, without a key."""
        if self.view.paused != self.running.transport.paused:
            self._show(paused=self.running.transport.paused)
        self.controls.show_status(self._standing())

    def _standing(self) -> str:
        """How the run stands, in a line."""
        told = {"source", "theta0"} if self.view.experiment.source.native is None else {"source"}  # under their fields
        refused = {name: why for name, (_, why) in self.view.refused.items() if name not in told}
        if refused:
            reasons = [why if why.startswith(name) else f"{name}: {why}" for name, why in refused.items()]
            return "; ".join(reasons) + " (the default is shown)"
        if self.running.reason:
            return self.running.reason
        tick = self.running.run.tick
        if self.running.ended:
            stands = f"The source has ended: {tick:,} ticks."
        else:
            stands = f"Paused before tick {tick:,}." if self.view.paused else "Running."
        gaps = self.running.gaps
        if any(gaps):
            first = min(lane[0][0] for lane in gaps if lane)
            stands += f" Gradients that were not finite: {max(map(len, gaps)):,}, the first at tick {first:,}."
        return stands

    def _looked_at(self, visible: bool) -> None:
        """The tab came to the front, or went."""
        if visible:
            self.running.wake()
        else:
            self.running.rest()

    def _painted(self, count: object) -> None:
        with suppress(SpecError):  # a browser of ours counts; what another says counts for nothing
            self.running.painted(int(words.clamped(count, 0, 1e15)))
