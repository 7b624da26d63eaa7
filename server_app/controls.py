"""The controls: widgets that say what the person wants; the session decides what becomes of it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from bokeh.models import (
    Button,
    Column,
    Div,
    Row,
    Select,
    Spinner,
    TextInput,
)

from stream_adam.engine import settings_at
from stream_adam.presets import PRESETS
from stream_adam.series import NOTATIONS
from stream_adam.strategies import names_by_family

from .dials import LOG, SCALES, Dial
from .locking import listen, on_loop
from .screen import script
from .style import CHECKS_STYLE, ERROR_STYLE, HEADING_STYLE, NOTE_STYLE, SOURCE_STYLE, WIDGET_STYLE
from .view import MOST_LANES, RATES, WINDOWS, spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stream_adam.presets import Finding, Preset
    from stream_adam.strategies import Strategy
    from stream_adam.strategies.strategy import Knob

    from .screen import Screen
    from .view import View

WIDE = "stretch_width"
LONG = 100  # characters: some three lines beside the sliders
Options = list[tuple[str, str]]  # of a select: values and their words


class Field:
    """A text field, and under it what is wrong with its text, which stays."""

    def __init__(self, title: str, name: str, told: Callable[[str], None]) -> None:
        self.input = TextInput(title=title, name=name, sizing_mode=WIDE, stylesheets=[WIDGET_STYLE, SOURCE_STYLE])
        self.error = _text(f"{name}-error", ERROR_STYLE)
        self.error.visible = False
        self.root = Column(self.input, self.error, sizing_mode=WIDE, spacing=2)
        listen(self.input, "value", lambda new: told(str(new)))

    def show(self, text: str, error: str = "") -> None:
        """The text as typed, and what is wrong with it."""
        self.input.value = text
        self.error.text = escape(error)
        self.error.visible = bool(error)

    def keep_to(self, text: str) -> None:
        """This text, unless what stands there is wrong and still to be mended."""
        if not self.error.visible:
            self.show(text)


class Controls:
    """All controls of a page.

    The session gives the callbacks; each takes what was asked for, already clamped or still text.

    Attributes:
        parts: what is put into each of the page's boxes, by the box's name.
    """

    def __init__(self, session: Any, status_box: Column) -> None:
        self._status_box = status_box  # its class tells the page's own style sheet how long the text is
        view = session.view
        self._session = session
        self.play = _button("Pause", "play", session.toggle, primary=True)
        self.step = _button("Step", "step", session.step)
        self.back = _button("Back", "back", session.back)
        self.reset = _button("Reset", "reset", session.reset)
        self.follow = _button("Follow", "follow", None)
        self.follow.disabled = True
        self.rate = Dial("Ticks per second", RATES, view.rate, LOG, session.set_rate, "rate")
        self.window = Dial("Window", WINDOWS, view.window, LOG, session.set_window, "window")
        self.preset = _select("Preset", "preset", [("", "–"), *((p.name, p.title) for p in PRESETS.values())], "")
        self.notation = _select("Notation", "notation", list(NOTATIONS.items()), view.notation)
        self.source = Field("Source", "source", session.set_source)
        self.theta0 = Field("Start (theta0)", "theta0", session.set_theta0)
        self.component = _select("Component", "component", [], "")
        self.seed = Spinner(
            title="Seed",
            name="seed",
            step=1,
            value=view.experiment.seed,
            mode="int",  # without bounds: beyond them it would go back to the old value without a word
            sizing_mode=WIDE,
            stylesheets=[WIDGET_STYLE],
        )
        self.add = _button("Add a lane", "add-lane", session.add_lane)
        self.status = _text("status", NOTE_STYLE)
        self.status.html_attributes = {"role": "status", "aria-live": "polite"}
        self.look = _text("look", NOTE_STYLE)
        self.checks = _text("checks", CHECKS_STYLE)
        self.verify = _button("Verify", "verify", session.verify)
        self.lanes = Column(sizing_mode=WIDE, name="lanes", spacing=14)
        self.dials: list[dict[str, Dial]] = []
        self._checked: Preset | None = None
        self.show_checks(None)
        listen(self.component, "value", lambda new: session.set_component(str(new)))
        listen(self.seed, "value", session.set_seed)
        listen(self.preset, "value", lambda new: session.set_preset(str(new)))
        listen(self.notation, "value", lambda new: session.set_notation(str(new)))
        keys = (self.play, self.step, self.back, self.reset, self.follow)
        self.parts: dict[str, list[Any]] = {
            "keys": [Row(*keys, sizing_mode=WIDE, spacing=6)],
            "rate": [self.rate.widget],
            "window": [self.window.widget],
            "status": [self.status],
            "recipe": [self._recipe()],
        }

    def _recipe(self) -> Column:
        return Column(
            self.preset,
            self.look,
            self.checks,
            self.verify,
            self.source.root,
            Row(self.theta0.root, self.component, sizing_mode=WIDE, spacing=8),
            Row(self.seed, self.notation, sizing_mode=WIDE, spacing=8),
            self.lanes,
            self.add,
            sizing_mode=WIDE,
            spacing=8,
        )

    def show_lanes(self, lanes: tuple[Strategy, ...]) -> None:
        """A group of controls a lane, as they stand at tick 0."""
        self.dials = [self._dials(i, strategy) for i, strategy in enumerate(lanes)]
        self.show_values(lanes, 0)
        self.lanes.children = [self._lane(i, strategy, len(lanes)) for i, strategy in enumerate(lanes)]
        self.add.visible = len(lanes) < MOST_LANES

    def show_values(self, lanes: tuple[Strategy, ...], tick: int) -> None:
        """The sliders at the values of that tick, beside them what they can't stand at: a schedule, say."""
        for dials, strategy in zip(self.dials, lanes, strict=True):
            values = settings_at(strategy, tick)
            for (name, dial), hyper in zip(dials.items(), strategy.hyper, strict=True):
                dial.show(values[name], "" if dial.tells(hyper) else str(hyper))

    def show_view(self, view: View) -> None:
        """The play button says what it will do; the preset says what to look at; a start stands where it matters."""
        experiment = view.experiment
        self.play.label = "Play" if view.paused else "Pause"
        self.seed.value = experiment.seed
        self.theta0.keep_to(spelled(experiment.theta0))
        self.theta0.root.visible = experiment.source.native is None
        shown = experiment.shown or []
        self.component.options = [(str(number), f"theta.{number}") for number in shown]
        self.component.value = str(shown[view.place]) if shown else ""
        self.component.visible = bool(shown)
        self.preset.value = view.preset.name if view.preset else ""
        self.look.text = view.preset.look if view.preset else ""
        self.look.visible = view.preset is not None
        if view.preset != self._checked:
            self.show_checks(view.preset)

    def show_checks(self, preset: Preset | None, findings: Sequence[Finding] = ()) -> None:
        """The figures that prove a preset: those expected, and those measured, once they have been."""
        self._checked = preset
        self.checks.text = _table(preset, findings) if preset else ""
        self.checks.visible = self.verify.visible = bool(preset and preset.checks)
        self.show_verifying(at_work=False)

    def show_verifying(self, at_work: bool) -> None:
        """Whether a preset's figures are being measured."""
        self.verify.disabled = at_work
        self.verify.label = "Verifying …" if at_work else "Verify"

    def follow_ranges(self, ranges: list[Any], screen: Screen) -> None:
        """Which ranges the button lets follow the newest tick again."""
        self.follow.js_event_callbacks = {}
        self.follow.js_on_click(script("follow", screen=screen, button=self.follow, ranges=ranges))

    def show_status(self, text: str) -> None:
        """One line on how the run stands; a long one has the panel's whole width."""
        self.status.text = escape(text)
        self._status_box.css_classes = ["long"] if len(text) > LONG else []

    def _dials(self, lane: int, strategy: Strategy) -> dict[str, Dial]:
        values = settings_at(strategy, 0)
        return {name: self._dial(lane, name, knob, values[name]) for name, knob in strategy.knobs.items()}

    def _dial(self, lane: int, name: str, knob: Knob, value: float) -> Dial:
        low, high = knob.reach or (min(value, 0.0), 2 * abs(value) or 1.0)
        scale = SCALES[knob.scale if knob.reach else "linear"]
        return Dial(name, (low, high), value, scale, lambda new: self._session.turn(lane, name, new))

    def _lane(self, lane: int, strategy: Strategy, count: int) -> Column:
        choice = _select(
            "Strategy" if count == 1 else f"Strategy {lane + 1}",
            f"strategy-{lane + 1}",
            {family: [(n, n) for n in names] for family, names in names_by_family().items()},
            strategy.name,
        )
        listen(choice, "value", lambda new: self._session.set_strategy(lane, str(new)))
        head = [choice]
        if count > 1:
            remove = _button("✕", f"remove-{lane + 1}", lambda: self._session.remove_lane(lane))
            remove.html_attributes = {"aria-label": f"Remove lane {lane + 1}"}
            remove.align, remove.sizing_mode, remove.width = "end", None, 34
            head.append(remove)
        sliders = [dial.widget for dial in self.dials[lane].values()]
        about = Div(text=escape(strategy.help), stylesheets=[NOTE_STYLE], sizing_mode=WIDE, disable_math=True)
        return Column(Row(*head, sizing_mode=WIDE, spacing=6), about, *sliders, sizing_mode=WIDE, spacing=4)


def heading(text: str, name: str) -> Div:
    """A lane's title."""
    return Div(text=escape(text), name=name, stylesheets=[HEADING_STYLE], sizing_mode=WIDE, disable_math=True)


def _button(label: str, name: str, pressed: Callable[[], None] | None, primary: bool = False) -> Button:
    button = Button(
        label=label,
        name=name,
        button_type="primary" if primary else "default",
        sizing_mode=WIDE,
        stylesheets=[WIDGET_STYLE],
    )
    if pressed is not None:
        button.on_click(on_loop(pressed))
    return button


def _select(title: str, name: str, options: Options | dict[str, Options], value: str) -> Select:
    return Select(title=title, name=name, options=options, value=value, sizing_mode=WIDE, stylesheets=[WIDGET_STYLE])


def _table(preset: Preset, findings: Sequence[Finding]) -> str:
    """What must be seen, a row a check."""
    measured = [(f"{found.measured:.5g}", "✓" if found.passed else "✗") for found in findings]
    rows = "".join(
        f'<tr title="{escape(check.basis)}"><td>{escape(check.what)}</td>'
        f"<td>{check.expected:.5g} <small>{escape(check.tolerance_text)}</small></td><td>{number} {mark}</td></tr>"
        for check, (number, mark) in zip(preset.checks, measured or [("–", "")] * len(preset.checks), strict=True)
    )
    head = "<tr><th>What must be seen</th><th>expected</th><th>measured</th></tr>"
    whose = "The figures are of the preset as it is given, whatever is changed on this page."
    return f"<table>{head}{rows}</table><p>{whose}</p><p>Claim: {escape(preset.claim)}.</p>"


def _text(name: str, style: Any) -> Div:
    # no mathematics: what a person typed stands in these texts, and TeX can make links
    return Div(text="", name=name, stylesheets=[style], sizing_mode=WIDE, disable_math=True)
