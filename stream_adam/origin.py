"""Which files of the package this process runs, so that machine code made of other ones is never taken for theirs.

The list of the files' dates is taken when the package is first imported, before anything that goes into a compiled loop
is. A file that is edited later has another date than the list says: then this process runs what no file has any more.
"""

from __future__ import annotations

import os

PACKAGE = os.path.dirname(__file__)  # noqa: PTH120  (pathlib takes longer to import than all of this)
SOURCES = (  # all that a compiled loop is made of, and all that these import
    "compiled", "data", "errors.py", "hints.py", "language", "numeric.py", "origin.py", "sources", "states.py",
    "strategies", "typing.py",
)  # fmt: skip

Stamps = tuple[tuple[str, int, int, int], ...]


def stamps() -> Stamps:
    """The files with their sizes and dates: of the content, and of any other change."""
    return tuple((path, at.st_size, at.st_mtime_ns, at.st_ctime_ns) for path, at in sorted(_files()))


def digest() -> str | None:
    """A hash of the files' contents; None where there are none, or this process may have imported others."""
    from hashlib import sha256  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    found = sha256()
    try:
        for path, *_ in AT_IMPORT:
            content = Path(path).read_bytes()
            found.update(f"{path.removeprefix(PACKAGE)} {len(content)} ".encode() + content)
        return found.hexdigest() if AT_IMPORT and stamps() == AT_IMPORT else None
    except OSError:
        return None


def _files() -> list[tuple[str, os.stat_result]]:
    found: list[tuple[str, os.stat_result]] = []
    for name in SOURCES:
        path = f"{PACKAGE}{os.sep}{name}"
        if name.endswith(".py"):
            found.append((path, os.stat(path)))  # noqa: PTH116
        else:
            with os.scandir(path) as entries:
                found.extend((entry.path, entry.stat()) for entry in entries if entry.name.endswith(".py"))
    return found


try:
    AT_IMPORT = stamps()
except OSError:  # no files: in an archive, or compiled ahead
    AT_IMPORT = ()
