"""The command line: run, plot, serve, list, verify.

The exit code is 0, also where `| head` has seen enough; 2 for a mistake in a word that was typed; 1 where something
can't be written or opened, or a check fails; 130 after Ctrl-C.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import sys
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from stream_adam.cli import page
from stream_adam.cli.arguments import parse
from stream_adam.cli.ending import tidied_by
from stream_adam.cli.files import replaced
from stream_adam.cli.listing import LISTS
from stream_adam.cli.output import (
    OutputError,
    Progress,
    ReaderLeft,
    Sink,
    complain,
    complain_of_warning,
    say,
)
from stream_adam.cli.rows import FORMATS
from stream_adam.cli.serving import serve
from stream_adam.cli.verifying import CheckFailed, verify
from stream_adam.clock import WallClock
from stream_adam.engine import COMPILE_AFTER, Run
from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.extensions import load
from stream_adam.language.tree import Call
from stream_adam.presets import DEFAULT_PRESET, Preset, find
from stream_adam.runs import Choice
from stream_adam.sources import Source
from stream_adam.strategies import as_strategy
from stream_adam.streaming import blocks
from stream_adam.transport import Transport

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from stream_adam.cli.rows import Rows
    from stream_adam.engine import Block
    from stream_adam.experiment import Weight

BLOCK = 8_192  # ticks written at once, where nothing paces them
AT_ONCE = 500  # ticks that are written before a long run is compiled


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the words say; the exit code."""
    with warnings.catch_warnings():
        warnings.showwarning = complain_of_warning  # type: ignore[assignment]  # it takes whatever comes
        return _ended(sys.argv[1:] if argv is None else argv)


def _ended(argv: Sequence[str]) -> int:
    commands = {"run": run, "plot": plot, "serve": serve, "list": list_, "verify": verify}
    loaded: list[str] = []
    try:
        args = parse(argv)
        loaded = getattr(args, "load", [])
        commands[args.command](args)
    except ReaderLeft:
        return 0
    except SpecError as error:
        complain(error)
        return 2
    except (OutputError, CheckFailed, OSError, UnicodeDecodeError) as error:
        complain(error)
        return 1
    except Exception as error:
        if (place := _place_in(loaded, error)) is None:
            raise
        complain(f"{type(error).__name__}: {error} ({place})")
        return 1
    return 0


def _place_in(files: Sequence[str], error: Exception) -> str | None:
    """The line of one of these files that raised the error; None where it came from elsewhere."""
    paths = {str(Path(file).resolve()) for file in files}
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if str(Path(frame.filename).resolve()) in paths]
    return f"{own[-1].filename}, line {own[-1].lineno}" if own else None


def run(args: argparse.Namespace) -> None:
    """Stream rows to standard output or a file."""
    experiment = experiment_of(args)
    with _told("--columns"):
        choice = Choice(experiment, args.columns, args.every)
    rows = FORMATS[args.format](experiment, choice)
    with (
        Progress(args.output is None) as progress,
        Sink(args.output, rows.count) as sink,
        tidied_by(progress.clear),
        tidied_by(sink.cut_back),
    ):
        asyncio.run(_stream(Run(experiment), choice, rows, sink, progress, args))


async def _stream(
    run: Run, choice: Choice, rows: Rows, sink: Sink, progress: Progress, args: argparse.Namespace
) -> None:
    """Write each block as it passes, in one piece: a paced row is seen at its moment."""
    sink.write(rows.header)
    passing = blocks(run, transport=Transport(args.rate), clock=WallClock(), ticks=_ticks(args), most=BLOCK)
    compile_soon = _is_long(run, args)
    async with contextlib.aclosing(passing):
        async for block in passing:
            if kept := choice.thinned(block):
                sink.write(rows(kept), len(kept) * len(kept.lanes))
            progress.at(run.tick)
            if compile_soon and run.tick >= AT_ONCE:
                _compile(run)
                compile_soon = False


def _is_long(run: Run, args: argparse.Namespace) -> bool:
    """Whether compiling after the first rows, while nothing else goes on, is the shortest way to the end."""
    return args.rate is None and (_ticks(args) or 0) >= COMPILE_AFTER and not run.experiment.source.is_live


def _ticks(args: argparse.Namespace) -> int | None:
    """How many ticks `run` has: a preset's, where nothing else is said; None goes on forever."""
    if args.ticks is None:
        return None if args.preset is None else find(args.preset).ticks
    return None if args.ticks == math.inf else int(args.ticks)


def _compile(run: Run) -> None:
    """Have it compiled; the collector need not look through what numba makes for that, which stays."""
    gc.disable()
    run.compile()
    gc.freeze()
    gc.enable()


def plot(args: argparse.Namespace) -> None:
    """Draw the original's figure into a file."""
    experiment = experiment_of(args)
    recipe = _recipe(args)
    block = _block(experiment, recipe.ticks if args.ticks is None else args.ticks)
    y_range = args.y_range or _y_range(experiment.source, recipe)
    try:
        with replaced(Path(args.output)) as path:
            _draw(path, args, experiment, block, y_range)
    except OSError as error:
        raise OutputError(f"cannot write to {args.output}: {error.strerror or error}") from None


def list_(args: argparse.Namespace) -> None:
    """Tell what can be typed."""
    for path in args.load:
        load(path)
    say(LISTS[args.what]())


def experiment_of(args: argparse.Namespace) -> Experiment:
    """The experiment that the words describe: a preset's parts, or the original's, where they don't say otherwise.

    Raises:
        SpecError: a word can't be used.
    """
    for path in args.load:
        load(path)
    recipe = _recipe(args)
    with _told("--source"):
        source = Source.of(recipe.source if args.source is None else args.source)
    if source.is_live and sys.stdin is None:
        raise SpecError("--source: stdin() needs a standard input, and it is closed")
    with _told("--strategy"):
        strategies = [as_strategy(text) for text in args.strategy or recipe.strategies]
    seed = recipe.seed if args.seed is None else None if args.seed == "random" else args.seed
    theta0 = _start(recipe, source) if args.theta0 is None else args.theta0
    bounds = recipe.bounds if args.bounds is None else args.bounds
    experiment = Experiment.of(source, strategies, seed=seed, theta0=theta0, bounds=bounds)
    if args.seed == "random":
        complain(f"seed {experiment.seed}")
    if args.preset is not None and args.source is None and args.ticks not in {None, math.inf}:
        _note_size(source, args.ticks)
    return experiment


def _note_size(source: Source, ticks: int) -> None:
    """Say that a signal of the original keeps its size, and so its period, where a preset is run for other ticks."""
    for node in source.tree.walk():
        names = [p.name for p in node.word.parameters] if isinstance(node, Call) else []
        if isinstance(node, Call) and "size" in names:
            size = node.arguments[names.index("size")]
            if str(size) != str(ticks):
                name = node.word.name
                complain(f"--ticks {ticks}: {name}() keeps its size of {size}; {name}(size={ticks}) would follow")


def _recipe(args: argparse.Namespace) -> Preset:
    return DEFAULT_PRESET if args.preset is None else find(args.preset)


def _start(recipe: Preset, source: Source) -> Weight:
    """Where the preset starts, unless the source that was typed has another number of components."""
    fits = not isinstance(recipe.theta0, tuple) or len(recipe.theta0) == source.components
    return recipe.theta0 if fits else 0.0


@contextlib.contextmanager
def _told(option: str) -> Iterator[None]:
    """Say which word of the command line an error is about."""
    try:
        yield
    except SpecError as error:
        raise SpecError(f"{option}: {error}") from None


def _block(experiment: Experiment, ticks: int) -> Block:
    run = Run(experiment)
    if ticks >= COMPILE_AFTER:
        _compile(run)
    block = run.complete(ticks)
    if not len(block):
        raise SpecError("there is no tick to plot: --ticks is 0, or the source is empty")
    return block


def _y_range(source: Source, recipe: Preset) -> tuple[float, float] | None:
    """A preset's range goes with its source; any other source shows its own."""
    known = (preset.y_range for preset in (recipe, DEFAULT_PRESET) if preset.source == source.text)
    return next(known, None)


def _draw(
    path: Path,
    args: argparse.Namespace,
    experiment: Experiment,
    block: Block,
    y_range: tuple[float, float] | None,
) -> None:
    if path.suffix.lower() == ".html":
        export = page.module("export")
        export.write_html(path, experiment, block, window=args.window, y_range=y_range, notation="original")
    else:
        from stream_adam.cli import figure  # noqa: PLC0415  (matplotlib takes its time)

        figure.write(path, experiment, block, window=args.window, y_range=y_range, component=args.component)
