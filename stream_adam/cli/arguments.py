"""The words of the command line, read and checked: argparse, with errors of one line that say what would do."""

from __future__ import annotations

import argparse
import math
import os
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

from stream_adam import __version__
from stream_adam.cli.output import say
from stream_adam.errors import SpecError, suggestion
from stream_adam.transport import HIGHEST, LOWEST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = {
    "run": "stream the states as rows, a tick a row",
    "plot": "draw the first and the last ticks, as in the original experiment",
    "serve": "show the page, live, in a browser",
    "list": "tell what can be typed: sources, strategies, presets",
    "verify": "run the presets' checks: what was expected, and what was measured",
}
LISTED = ("sources", "strategies", "presets")
FORMATTED = ("jsonl", "csv", "table")
BY_ENDING = {"": "jsonl", ".jsonl": "jsonl", ".csv": "csv", ".txt": "table"}
FIGURES = (".html", ".png", ".svg")
SIGNED = {"--source", "--strategy", "--theta0", "--bounds", "--y-range"}  # what follows may begin with a minus
Pair = tuple[float, float]


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are the project's, and whose help goes the way of all output."""

    def error(self, message: str) -> NoReturn:
        """In place of the usage and an exit: one line.

        Raises:
            SpecError: always.
        """
        raise SpecError(message.removeprefix("argument ").replace("expected one argument", "a value must follow it"))

    def _print_message(self, message: str, file: IO[str] | None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        say(message)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The words as attributes; `command` is the first of them.

    Raises:
        SpecError: a word is not known, or its value can't be used.
    """
    _check_command(argv)
    parser, commands = _parsers()
    args, extra = parser.parse_known_args(_glued(argv))
    if extra:
        raise SpecError(_unexpected(extra[0], args.command, commands[args.command]))
    if args.command == "plot" and args.output is None:
        raise SpecError(f"plot needs --output FILE, whose ending is one of {', '.join(FIGURES)}")
    if args.command == "plot" and args.ticks == math.inf:
        raise SpecError("--ticks: a figure needs an end: 'inf' is for run")
    if args.command == "run" and args.format is None:
        args.format = _format_of(args.output)
    if args.command == "list" and args.what not in LISTED:
        raise SpecError(_unlisted(args.what))
    return args


def _parsers() -> tuple[Parser, dict[str, Parser]]:
    parser = Parser("stream-adam", description="An oscilloscope for optimizers.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"stream-adam {__version__}")
    chosen = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    fill = {"run": _add_run, "plot": _add_plot, "serve": _add_serve, "list": _add_list, "verify": _add_verify}
    commands = {}
    for name, text in COMMANDS.items():
        commands[name] = chosen.add_parser(name, help=text, description=f"{text.capitalize()}.", allow_abbrev=False)
        fill[name](commands[name])
    return parser, commands


def _add_source(parser: Parser) -> None:
    add = parser.add_argument
    add("--source", metavar="EXPR", help="the gradient, such as 'sine(25) + normal(0.5)'")
    add("--strategy", metavar="SPEC", action="append", help="such as 'adam(beta2=0.99)'; may be given several times")
    add("--preset", metavar="NAME", help="a recipe from 'list presets'; the other words override its parts")
    add("--ticks", metavar="N", type=_ticks, help="how many; as many as the preset has unless given")
    add("--seed", metavar="S|random", type=_seed, help="of the noise; 1 unless given; random draws one and says which")
    add("--theta0", metavar="X[,Y…]", type=_weights, help="the weight before the first tick; one a component")
    add("--bounds", metavar="LO,HI", type=_pair, help="the weight is kept within these")
    _add_load(parser)


def _add_load(parser: Parser) -> None:
    text = "a Python file that registers strategies of yours"
    parser.add_argument("--load", metavar="FILE.py", action="append", default=[], help=text)


def _add_run(parser: Parser) -> None:
    _add_source(parser)
    add = parser.add_argument
    add("--rate", metavar="TICKS_PER_SECOND", type=_rate, help="as fast as they are read unless given")
    add("--columns", metavar="NAME[,NAME…]", type=_names, help="which columns; all unless given")
    add("--every", metavar="K", type=_whole(1), default=1, help="only the ticks that K divides")
    add("--format", metavar="|".join(FORMATTED), type=_format, help="as the ending of FILE says unless given")
    add("--output", metavar="FILE[.jsonl|.csv|.txt]", help="in place of standard output")


def _add_plot(parser: Parser) -> None:
    _add_source(parser)
    add = parser.add_argument
    add("--window", metavar="N", type=_whole(1), default=200, help="ticks in a panel; 200 unless given")
    add("--y-range", metavar="LO,HI", type=_range, help="of the values, before a margin of 10 %%")
    add("--component", metavar="I", type=_whole(0), help="which one a .png or .svg shows; the first unless given")
    add("--output", metavar="FILE.html|.png|.svg", type=_figure_file)


def _add_serve(parser: Parser) -> None:
    add = parser.add_argument
    add("--port", metavar="N", type=_port, default=5006, help="5006 unless given; 0 picks a free one")
    add("--address", "--host", metavar="HOST", default="localhost", help="where to listen; localhost unless given")
    add("--prefix", metavar="P", type=_prefix, default="", help="before every path, as a proxy may need it")
    origins = "another name that browsers call it by, or whose pages may embed it; may be given several times"
    add("--allow-websocket-origin", metavar="HOST[:PORT]", type=_host, action="append", default=[], help=origins)
    add("--auth-module", metavar="FILE.py", help="Bokeh's hooks for a login")
    add("--num-procs", metavar="N", type=_processes, default=1, help="how many processes; 0 is one a core")
    add("--show", action="store_true", help="open a browser on it")
    add("--recordings", metavar="DIR", help="the folder whose files recording(path=…) may name")
    add("--max-sessions", metavar="N", type=_whole(1), help="how many pages may run at once, in each process")
    _add_load(parser)


def _add_list(parser: Parser) -> None:
    _add_load(parser)
    parser.add_argument("what", metavar="|".join(LISTED), nargs="?")


def _add_verify(parser: Parser) -> None:
    parser.add_argument("--hide", action="store_true", help="the questions without the figures")
    parser.add_argument("names", metavar="NAME", nargs="*", help="a preset's; all of them unless given")


def _check_command(argv: Sequence[str]) -> None:
    listed = ", ".join(COMMANDS)
    if not argv:
        raise SpecError(f"a command is needed: {listed}; 'stream-adam --help' tells more")
    if argv[0] not in {*COMMANDS, "--help", "-h", "--version"}:
        if argv[0].startswith("-"):
            raise SpecError(f"{_shown(argv[0])} before the command: begin with one of {listed}")
        raise SpecError(f"unknown command {_shown(argv[0])}: {suggestion(argv[0], COMMANDS)}")


def _glued(argv: Sequence[str]) -> list[str]:
    """``--bounds -1,1`` as ``--bounds=-1,1``, which argparse doesn't take for another option."""
    glued: list[str] = []
    for word in argv:
        if glued and glued[-1] in SIGNED and word.startswith("-") and not word.startswith("--"):
            glued[-1] += f"={word}"
        else:
            glued.append(word)
    return glued


def _unexpected(word: str, command: str, parser: Parser) -> str:
    options = [option for action in parser._actions for option in action.option_strings if option.startswith("--")]  # noqa: SLF001
    if not word.startswith("-"):
        where = "; an expression goes after --source, in quotes if it has spaces" if "--source" in options else ""
        return f"{command}: unexpected word {_shown(word)}{where}"
    name = word.partition("=")[0]
    return f"{command}: unknown option {_shown(name)}: {suggestion(name, options, kind='option')}"


def _unlisted(word: str | None) -> str:
    if word is None:
        return f"list what? One of {', '.join(LISTED)}"
    return f"list: there is no list of {_shown(word)}: {suggestion(word, LISTED)}"


def _shown(text: str) -> str:
    """What was typed, in quotes; not all of it where it is long."""
    return f"'{text if len(text) <= 40 else text[:39] + '…'}'"


def _wrong(text: str, wanted: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{_shown(text)} is not {wanted}")


def _whole(low: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low:
            raise _wrong(text, f"a whole number from {low} on")
        return value

    return read


def _weights(text: str) -> float | tuple[float, ...]:
    try:
        values = tuple(map(float, text.split(",")))
    except ValueError:
        values = (math.nan,)
    if not all(map(math.isfinite, values)):
        raise _wrong(text, "a finite number, or one a component, as in -1.2,1")
    return values if len(values) > 1 else values[0]


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not LOWEST <= value <= HIGHEST:
        raise _wrong(text, "a number of ticks per second above 0")
    return value


def _pair(text: str) -> Pair:
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        low, high = math.inf, -math.inf
    if not low <= high:
        raise _wrong(text, "LO,HI: two numbers, the lower first, as in -1,1")
    return low, high


def _range(text: str) -> Pair:
    low, high = _pair(text)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise _wrong(text, "LO,HI: two finite numbers, the lower first, as in 0,20")
    return low, high


def _port(text: str) -> int:
    value = _whole(0)(text)
    if value > 65535:
        raise _wrong(text, "a port from 0 to 65535")
    return value


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[\w./~-]*", text, re.ASCII):
        raise _wrong(text, "a path, such as /adam")
    parts = [part for part in text.split("/") if part]
    return "".join(f"/{part}" for part in parts)


def _host(text: str) -> str:
    """As Bokeh compares it: with a port, which is 80 unless given; `*` stands for any part."""
    found = re.fullmatch(r"([\w.*-]+|\[[0-9a-f:.]+\])(:(\d+|\*))?", text.lower())
    if not found:
        raise _wrong(text, "HOST or HOST:PORT, such as example.org:5006, without http://")
    return text.lower() if found[2] or text == "*" else f"{text.lower()}:80"


def _processes(text: str) -> int:
    count = _whole(0)(text)
    if count != 1 and os.name != "posix":
        raise _wrong(text, "1: this system can't fork a server")
    return count


def _format(text: str) -> str:
    if text not in FORMATTED:
        raise argparse.ArgumentTypeError(f"unknown format {_shown(text)}: {suggestion(text, FORMATTED)}")
    return text


def _format_of(path: str | None) -> str:
    """The format that a file's ending says; JSON lines without one."""
    ending = Path(path or "").suffix.lower()
    if ending not in BY_ENDING:
        raise SpecError(
            f"--output: {_shown(path or '')}: known endings are .jsonl, .csv, .txt (a table); --format overrides them"
        )
    return BY_ENDING[ending]


def _ticks(text: str) -> int | float:
    return math.inf if text.lower() == "inf" else _whole(0)(text)


def _seed(text: str) -> int | str:
    return text if text == "random" else _whole(0)(text)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _figure_file(text: str) -> str:
    if Path(text).suffix.lower() not in FIGURES:
        raise argparse.ArgumentTypeError(f"{_shown(text)}: known endings are {', '.join(FIGURES)}")
    return text
