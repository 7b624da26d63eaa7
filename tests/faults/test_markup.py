"""Markup wherever a user can put a text: nothing of it becomes part of a page, a figure, a line or a log."""

from __future__ import annotations

import csv
import json
import logging
import os
import random
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
from bokeh.core.json_encoder import serialize_json
from bokeh.models import Div

from faults import Tally, hostile, wide
from faults.tab import Tab
from server_app import export
from server_app.logs import OneLine
from server_app.view import read
from stream_adam import SpecError, register, register_objective
from stream_adam.cli import figure
from stream_adam.cli.commands import main
from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.sources import Files

WORDS = (
    "preset", "source", "strategy", "seed", "theta0", "bounds", "window", "rate", "paused", "notation", "component",
)  # fmt: skip


class Structure(HTMLParser):
    """The elements of a text, each with the names of its attributes; what is written in `heard` beside."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[object] = []
        self.heard = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.elements.append(tag)

    def handle_comment(self, data: str) -> None:
        self.elements.append("a comment")

    def handle_decl(self, decl: str) -> None:
        self.elements.append("a declaration")

    def handle_pi(self, data: str) -> None:
        self.elements.append("an instruction")

    def unknown_decl(self, data: str) -> None:
        self.elements.append("a section")

    def handle_data(self, data: str) -> None:
        self.heard += data


def elements(text: str) -> list[object]:
    return Structure(text).elements


# The page, without a browser

FIELDS = {("source", "value"), ("theta0", "value")}  # text fields, whose text is no markup


def page_of(tab: Tab) -> list[str]:
    """The elements of each text on the page."""
    return sorted(str(elements(model.text)) for model in tab.doc.models if isinstance(model, Div))


def assert_text_is_text(tab: Tab, text: str) -> None:
    """No model has the text, but for the fields and for texts in which nobody reads a formula; all can be sent."""
    for model in tab.doc.models:
        if isinstance(model, Div):
            assert model.disable_math, model.text
        elif len(text) > 4 and not text.isalnum():  # what is shorter stands in the page's own scripts as well
            for name, value in model.properties_with_values(include_defaults=False).items():
                assert (model.name, name) in FIELDS or text not in str(value), f"{type(model).__name__}.{name}"
    serialize_json(tab.doc.to_json()).encode()


def asked_and_typed(text: str) -> Iterator[tuple[str, Tab]]:
    """A page whose address has the text in every word, and then in every field, one after the other."""
    tab = Tab(read({word: [text.encode(errors="replace")] for word in WORDS}, Files(None, anywhere=False)))
    try:
        yield "its address", tab
        for act, arguments in (
            (tab.session.set_theta0, ()), (tab.session.set_preset, ()), (tab.session.set_notation, ()),
            (tab.session.set_component, ()), (tab.session.set_seed, ()), (tab.session.set_strategy, (0,)),
            (tab.session.set_source, ()),
        ):  # fmt: skip
            tab.do(act, *arguments, text)
            yield act.__name__, tab
    finally:
        tab.close()


def test_a_word_of_the_address_or_a_field_of_the_page(tally: Tally) -> None:
    """Markup in every word of the page's address, and in every field"""
    harmless = {where: page_of(tab) for where, tab in asked_and_typed("harmless")}
    for text in hostile.texts(wide(short=2, all=120)):
        for where, tab in asked_and_typed(text):
            with tally.trying(f"{where}: {text!r:.80}"):
                assert page_of(tab) == harmless[where]
                if where == "set_source":  # the last one
                    assert_text_is_text(tab, text)


class State(NamedTuple):
    direction: float = 0.0


class Hyper(NamedTuple):
    alpha: float = 1.0


def told_by_a_rule(text: str) -> Iterator[tuple[str, Tab]]:
    """A page with a rule whose documentation is the text, and which then fails with it."""

    def own(g: float, s: State, h: Hyper) -> State:
        raise LookupError(text)

    own.__annotations__.update(s=State, h=Hyper)
    own.__doc__ = text
    register(own)
    tab = Tab(read({"strategy": [b"own"], "paused": [b"1"]}, Files(None, anywhere=False)))
    try:
        yield "its documentation", tab
        tab.do(tab.session.step)
        tab.wait(0.02)
        assert "LookupError" in tab.session.controls.status.text
        yield "its error", tab
    finally:
        tab.close()


@pytest.mark.usefixtures("own_strategies")
def test_a_rule_of_ones_own(tally: Tally, caplog: pytest.LogCaptureFixture) -> None:
    """Markup in what a rule of one's own says of itself, and in the error that it raises"""
    harmless = {where: page_of(tab) for where, tab in told_by_a_rule("harmless")}
    for text in hostile.texts(wide(short=1, all=60)):
        for where, tab in told_by_a_rule(text):
            with tally.trying(f"{where}: {text!r:.80}"):
                assert page_of(tab) == harmless[where]
                assert_text_is_text(tab, text)
    caplog.clear()  # that a run stopped


def test_a_name_of_ones_own(tally: Tally) -> None:
    """Markup as the name of a rule or of an objective of one's own: refused in a line"""
    for text in hostile.texts(wide(short=20, all=300)):

        def rule(g: float, s: State, h: Hyper) -> State:
            return State(g)

        def value(x: float) -> float:
            return x * x

        rule.__annotations__.update(s=State, h=Hyper)
        rule.__name__ = value.__name__ = text
        for what, given in (("a rule", register), ("an objective", register_objective(start=(1.0,)))):
            with tally.trying(f"{what}: {text!r:.80}"):
                if not text.isidentifier():
                    with pytest.raises(SpecError) as told:
                        given(rule if what == "a rule" else value)
                    assert str(told.value).isprintable()


# Figures


def assert_a_line(error: SpecError) -> None:
    assert 5 < len(str(error)) < 200
    assert str(error).isprintable()


class Recording(NamedTuple):
    """A file whose name and whose column are the text, and the source that names both."""

    path: Path
    source: str


def recordings(count: int, folder: Path) -> Iterator[Recording]:
    """A file for each text that a file's name can be."""
    for number, text in enumerate(["harmless", *hostile.texts(count)]):
        name, column = "".join(text.split("/"))[:60].replace("\0", ""), text[:60]
        path = folder / str(number) / f"{name}.csv"
        path.parent.mkdir()
        try:
            with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                csv.writer(file).writerows([[column, "other"], ["0.5", "1"], ["0.25", "1"]])
        except (OSError, UnicodeError):
            continue  # no name of a file
        yield Recording(path, f'recording(path="{path}", column="{column}")')


def runs(count: int, folder: Path, tally: Tally) -> Iterator[tuple[str, Experiment]]:
    """The experiments of such files; where one can't be written as a source, a line says so."""
    for recording in recordings(count, folder):
        with tally.trying(f"{recording.source!r:.80}"):
            try:
                experiment = Experiment.of(recording.source, ["adam", "sgd"], seed=1)
            except SpecError as error:
                assert_a_line(error)
            else:
                yield recording.source, experiment


def embedded(page: str) -> list[list[object]]:
    """The elements of each text in a figure's page."""
    found: list[list[object]] = []

    def walk(part: Any) -> None:
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            walk(inner)
        if isinstance(part, dict) and part.get("name") == "Div":
            found.append(elements(part["attributes"]["text"]))
            assert part["attributes"]["disable_math"]

    for document in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL):
        walk(json.loads(unescape(document)))
    assert found
    return found


def test_a_figure_that_is_a_page(tmp_path: Path, tally: Tally) -> None:
    """Markup in a recording's name and column, in a figure that is a page"""
    path = tmp_path / "figure.html"
    harmless: Any = None
    for source, experiment in runs(wide(short=1, all=60), tmp_path, tally):
        export.write_html(path, experiment, Run(experiment).complete(2), window=2, y_range=None)
        page = path.read_text(encoding="utf-8")
        drawn = elements(page), embedded(page)
        harmless = harmless or drawn
        assert drawn == harmless, source


@pytest.mark.filterwarnings("ignore:Glyph .* missing from")
def test_a_figure_that_is_a_drawing(tmp_path: Path, tally: Tally) -> None:
    """Markup in a recording's name and column, in a figure that is SVG"""
    path = tmp_path / "figure.svg"
    names = {"svg", "metadata", "RDF", "Work", "type", "format", "creator", "Agent", "title", "defs", "style", "g",
             "path", "rect", "use", "clipPath"}  # fmt: skip
    for source, experiment in runs(wide(short=1, all=60), tmp_path, tally):
        figure.write(path, experiment, Run(experiment).complete(2))
        found = {element.tag.rpartition("}")[2] for element in ET.parse(path).iter()}
        assert found <= names, source


# Lines

OPTIONS: tuple[list[str], ...] = (
    ["run", "--source"], ["run", "--strategy"], ["run", "--preset"], ["run", "--seed"], ["run", "--theta0"],
    ["run", "--bounds"], ["run", "--rate"], ["run", "--columns"], ["run", "--every"], ["run", "--format"],
    ["run", "--ticks"], ["run", "--load"], ["run", "--output"], ["plot", "--window"], ["plot", "--output"],
    ["plot", "--ticks"], ["list"], ["verify"], ["serve", "--port"], ["serve", "--recordings"],
    ["serve", "--auth-module"], ["serve", "--prefix"], ["run"], [],
)  # fmt: skip


def test_a_line_of_the_command_line(tally: Tally, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Markup and a terminal's own words in every word of the command line: one line, of printable characters"""
    for text in hostile.texts(wide(short=10, all=100)):
        try:
            os.fsencode(text)
        except UnicodeEncodeError:
            continue  # no shell can say it
        for words in OPTIONS:
            with tally.trying(f"{words}: {text!r:.80}"):
                given = f"{tmp_path}/nowhere/{text}" if words[-1:] == ["--output"] else text
                code = main([*words, given])
                out, told = capfd.readouterr()
                assert code in {1, 2}
                assert out == ""
                assert told.startswith("stream-adam: ")
                assert told.endswith("\n")
                assert told[:-1].isprintable()


def test_a_row(tally: Tally, tmp_path: Path) -> None:
    """A strategy that is written over several lines, in rows of each format"""
    draw = random.Random(1)
    for number in range(wide(short=10, all=100)):
        blanks = ["".join(draw.choices(" \t\n\r\f\v", k=3)) for _ in range(4)]
        spec = "adam({}beta1{}={}0.5{})".format(*blanks)
        for kind in ("csv", "jsonl", "table"):
            path = tmp_path / f"{number}.{kind}"
            words = ["--strategy", spec, "--strategy", "sgd", "--format", kind, "--output", str(path)]
            with tally.trying(f"{spec!r} as {kind}"):
                assert main(["run", "--ticks", "3", *words]) == 0
                lines = path.read_bytes().decode().split("\n")
                assert len(lines) == {"csv": 8, "jsonl": 7, "table": 8}[kind]
                assert all(line.expandtabs().isprintable() for line in lines)


def test_a_line_of_the_servers_log(tally: Tally) -> None:
    """Markup and a terminal's own words in what the server's log tells: one line, of printable characters"""
    for text in hostile.texts(wide(short=10, all=100)):
        try:
            raise ValueError(text)  # noqa: TRY301
        except ValueError as error:
            faults = (None, (type(error), error, None))
        for fault in faults:
            record = logging.LogRecord("bokeh", logging.ERROR, "", 0, "said %s", (text,), fault)
            with tally.trying(f"{text!r:.80}"):
                told = OneLine().format(record)
                assert told.isprintable()
                assert len(told) < 400
