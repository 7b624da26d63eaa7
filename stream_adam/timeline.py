"""Going back: snapshots of a run on the way, and the run again from the nearest one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stream_adam.engine import Run

MOST = 64  # snapshots; then every other one is let go
SPACING = 256  # ticks between them at first
STRIDE = 10_000  # ticks run at once on the way to a tick


class Timeline:
    """The snapshots of one run, fewer and further apart as it grows: any tick is near one.

    >>> from stream_adam.engine import Run
    >>> from stream_adam.experiment import Experiment
    >>> run = Run(Experiment.of("normal(1)", "adam", seed=1))
    >>> timeline = Timeline(run)
    >>> once = run.advance(1000).lanes[0]["theta"]
    >>> timeline.note()
    >>> timeline.seek(400)
    >>> bool((run.advance(600).lanes[0]["theta"] == once[400:]).all())
    True
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._spacing = SPACING
        self._snapshots: list[tuple[int, Any]] = [(run.tick, run.save())]

    def note(self) -> None:
        """Take a snapshot if the last one is far enough back; to be called after a block."""
        if self._run.tick < self._snapshots[-1][0] + self._spacing:
            return
        self._snapshots.append((self._run.tick, self._run.save()))
        if len(self._snapshots) > MOST:
            self._snapshots = self._snapshots[::2]
            self._spacing *= 2

    def seek(self, tick: int) -> None:
        """Bring the run to where this tick, which it has been at before, comes next.

        Raises:
            SpecError: values came from outside and can't be had again.
        """
        self._snapshots = [s for s in self._snapshots if s[0] <= tick] or self._snapshots[:1]
        self._run.restore(self._snapshots[-1][1])
        while self._run.tick < tick:
            self._run.advance(min(STRIDE, tick - self._run.tick))
