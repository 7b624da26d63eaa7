"""Numbers from outside: one column of a file that something else wrote, as float64.

`read` takes every format by its ending: arrays (`.npy`, `.npz`), tables (`.csv`, `.tsv`, also `.gz`) and JSON lines
(`.jsonl`, also `.gz`). A file whose shape contradicts itself is refused, with the row and the column; nothing is
guessed, and nothing in a file is ever executed. `arriving` reads the same text formats line by line, as they come.

Both are pure functions of what they read: they may be called from any thread, and no event loop is needed.
"""

from __future__ import annotations

from stream_adam.data.arrays import NOT_NUMBERS
from stream_adam.data.lines import arriving
from stream_adam.data.opening import LIMIT
from stream_adam.data.reading import ENDINGS, ending_of, read
from stream_adam.data.selection import Selection

__all__ = ["ENDINGS", "LIMIT", "NOT_NUMBERS", "Selection", "arriving", "ending_of", "read"]
