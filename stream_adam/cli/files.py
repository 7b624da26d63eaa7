"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from stream_adam.cli.ending import tidied_by

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Where to write what is to stand at `path`; it takes the place of the former file when all of it is on the disk.

    After an error, or a signal, the former file is there as it was. A link stays a link. A device or a pipe is written
    to directly, and so is a file in a folder that takes no new ones.

    Raises:
        OSError: it can't be written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{os.getpid()}.{target.name}")
    if (path.exists() and not path.is_file()) or not _created(temporary, target):
        yield path
        return
    try:
        with tidied_by(temporary.unlink):
            yield temporary
            if target.exists():
                shutil.copymode(target, temporary)
            _sync(temporary)
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def is_regular(descriptor: int) -> bool:
    """Whether the open file lies on a disk and can be cut; devices and pipes can't."""
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _created(temporary: Path, target: Path) -> bool:
    """Create the temporary file; not where the folder refuses, but has the target."""
    try:
        temporary.open("xb").close()
    except PermissionError:
        if not target.exists():
            raise
        return False
    return True


def _sync(path: Path) -> None:
    """Have the system write it to the disk, where a renamed but empty file would stay after a power cut."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())
