"""Trails: what each lane has gone through since tick 0, in at most a thousand rows of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import ColumnDataSource

from .figures import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from stream_adam.typing import Floats

    from ..running import Running

    Measure = Callable[[Running, int, int], Sequence[Floats]]

MOST = 1_000  # rows
COARSEST = 60  # doublings
OFF = 1e250  # where a map ends
NEWEST = 200  # of them, those that a way never leaves out


class Trail:
    """Rows that begin with their tick: all of them at first, then fewer, each as it was given; the newest always."""

    def __init__(self, columns: int) -> None:
        self.rows = np.empty((0, columns))

    def add(self, rows: Floats) -> bool:
        """Add the newest rows; whether others had to go."""
        self.rows = np.concatenate([self.rows, rows])
        if len(self.rows) <= MOST:
            return False
        self._thin()
        for _ in range(COARSEST):
            if len(self.rows) <= MOST // 2:  # so that there is room for a while
                return True
            self._coarsen()
            self._thin()
        self.rows = self.rows[-MOST:]  # it leaps about without end
        return True

    def wind_back(self, tick: int) -> None:
        """Forget this tick and what came after it."""
        self.rows = self.rows[self.rows[:, 0] < tick]

    def since(self, tick: int) -> int:
        """From which tick on rows are needed anew, where the trail is to end with this one."""
        return tick

    def _coarsen(self) -> None:
        raise NotImplementedError

    def _thin(self) -> None:
        raise NotImplementedError


class Extremes(Trail):
    """The smallest and the largest of each bucket of ticks: for values against t. No extreme is ever lost.

    >>> trail = Extremes(2)
    >>> trail.add(np.column_stack([np.arange(5000.0), np.arange(5000.0) == 777]))
    True
    >>> len(trail.rows) <= MOST, trail.rows[trail.rows[:, 1] == 1].tolist(), trail.rows[-1].tolist()
    (True, [[777.0, 1.0]], [4999.0, 0.0])
    """

    def __init__(self, columns: int) -> None:
        super().__init__(columns)
        self._length = 1  # ticks of a bucket

    def since(self, tick: int) -> int:
        """The last bucket is needed anew: its extremes may have been among what is forgotten."""
        return tick // self._length * self._length

    def _coarsen(self) -> None:
        self._length *= 2

    def _thin(self) -> None:
        bucket = self.rows[:, 0] // self._length
        kept = {len(self.rows) - 1}
        for column in self.rows.T[1:]:
            for values in (column, -column):
                order = np.lexsort((values, bucket))  # NaN is last
                kept.update(order[_firsts(bucket)].tolist())
        bad = np.flatnonzero(np.isnan(self.rows).any(axis=1))
        kept.update(bad[_firsts(bucket[bad])].tolist())
        self.rows = self.rows[sorted(kept)]


class Way(Trail):
    """A way over a map, in two columns: the rows that are a step away from the one kept before.

    So none that is left out is farther than two steps from one that is drawn. The newest rows are all there.

    >>> way = Way(0.01, 0.01)
    >>> t = np.arange(5000.0)
    >>> way.add(np.column_stack([t, np.minimum(t, 100), 0.001 * np.sin(t)]))
    True
    >>> way.rows[:101, 1].tolist() == list(range(101)), len(way.rows)
    (True, 301)
    """

    def __init__(self, width: float, height: float) -> None:
        super().__init__(3)
        self._step = np.array([width, height])

    def _coarsen(self) -> None:
        self._step = 2 * self._step

    def _thin(self) -> None:
        old, newest = self.rows[:-NEWEST], self.rows[-NEWEST:]
        places = np.nan_to_num(old[:, 1:], nan=OFF, posinf=OFF, neginf=-OFF) / self._step
        last_x = last_y = np.inf
        kept = []
        for i, (x, y) in enumerate(places.tolist()):
            if abs(x - last_x) >= 1 or abs(y - last_y) >= 1:
                kept.append(i)
                last_x, last_y = x, y
        self.rows = np.concatenate([old[kept], newest])


def _firsts(bucket: Floats) -> NDArray[np.intp]:
    """Where each bucket begins."""
    return np.flatnonzero(np.diff(bucket, prepend=-1.0))


def _apart(rows: Floats) -> Floats:
    """The rows after one of NaN: a line must not lead over what nobody saw."""
    gap = np.full((1, rows.shape[1]), np.nan)
    gap[0, 0] = rows[0, 0]
    return np.concatenate([gap, rows])


class Trails:
    """The trails of all lanes on their way to the browser, a source a lane.

    Args:
        name: of the first lane's source; the others' have their lane's number after it.
        columns: of each, the tick first.
        trails: an empty one a lane.
        measure: gives each lane's rows of the ticks from one up to another.
    """

    def __init__(self, name: str, columns: Sequence[str], trails: Sequence[Trail], measure: Measure) -> None:
        self._columns = columns
        self._measure = measure
        self._trails = trails
        self.sources = [
            ColumnDataSource({column: [] for column in columns}, name=f"{name}:{lane}" if lane > 1 else name)
            for lane in range(1, len(trails) + 1)
        ]
        self._next = 0  # the first tick that isn't on the trails
        self._stale = True

    def fill(self, lanes: Sequence[Floats]) -> None:
        """Add rows to each lane at once: a whole run, in a file."""
        for trail, source, rows in zip(self._trails, self.sources, lanes, strict=True):
            trail.add(rows)
            source.data = self._named(trail.rows)

    @property
    def newest(self) -> Floats:
        """The newest row of each lane that has one, shape (lanes, columns)."""
        return np.array([trail.rows[-1] for trail in self._trails if len(trail.rows)]).reshape(-1, len(self._columns))

    def refresh(self) -> None:
        """Send everything anew at the next update."""
        self._stale = True

    def wind_back(self, tick: int) -> None:
        """Forget this tick and what came after it."""
        self._next = min(trail.since(max(tick - 1, 0)) for trail in self._trails)
        for trail in self._trails:
            trail.wind_back(self._next)
        self._stale = True

    def update(self, running: Running) -> bool:
        """Go on to the newest tick of the run; whether there was anything to send."""
        tick = running.hub.tick
        if not self._stale and tick <= self._next:
            return False
        missed = running.hub.oldest > self._next
        given = self._measure(running, self._next, tick)
        for trail, source, measured in zip(self._trails, self.sources, given, strict=True):
            rows = _apart(measured) if missed and len(measured) else measured
            changed = source.data.keys() != set(self._columns)  # by a client, which may say anything
            if trail.add(rows) or self._stale or changed:
                source.data = self._named(trail.rows)
            elif len(rows):
                source.stream(wire(self._named(rows)))
        self._next = tick
        self._stale = False
        return True

    def _named(self, rows: Floats) -> dict[str, Floats]:
        return dict(zip(self._columns, np.ascontiguousarray(rows.T), strict=True))
