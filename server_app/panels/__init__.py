"""Panels: one file each, a class with `root`, `sources` and `update`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_adam.typing import Floats

    from ..running import Running


class Panel(Protocol):
    """What shows a run."""

    @property
    def interval(self) -> float:
        """Seconds from one update to the next at the least, while the run goes on."""

    @property
    def root(self) -> Any:
        """What is put on the page."""

    @property
    def sources(self) -> Sequence[Any]:
        """The data that it shows."""

    @property
    def ranges(self) -> Sequence[Any]:
        """What follows the newest tick until a person moves it."""

    def show(self, running: Running) -> None:
        """Look at this run, from where it is."""

    def update(self) -> bool:
        """Come to the newest tick; whether there was anything to send."""

    def refresh(self) -> None:
        """Draw everything anew at the next update."""

    def wind_back(self, tick: int) -> None:
        """Forget this tick and what came after it."""

    def show_gaps(self, gaps: Sequence[Sequence[tuple[int, Floats]]]) -> None:
        """Mark, for each lane, the ticks at which the gradient was not finite in some component."""
