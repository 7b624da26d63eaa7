"""Arrays: `.npy` and `.npz`, without ever unpickling anything."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.data.selection import DEFAULT, NOT_YET, Selection
from stream_adam.errors import SpecError, shown, suggestion

if TYPE_CHECKING:
    from typing import IO

    from numpy.typing import NDArray

    from stream_adam.typing import Floats

    Anything = NDArray[Any]

NOT_NUMBERS = {
    "O": "Python objects: array.astype(float) makes numbers of them",
    "c": "complex numbers: a gradient is real, so save .real or .imag",
    "U": "text", "S": "bytes", "V": "records: choose a field", "M": "dates", "m": "durations",
}  # fmt: skip


def read_npy(file: IO[bytes], selection: Selection) -> Floats:
    """One column of an array: of one component, or chosen by number or by the name of a field.

    Raises:
        SpecError: it holds no numbers, or its shape is not one value a tick.
    """
    array = _array(file)
    if array.dtype.names is not None:
        names = array.dtype.names
        return _numbers(array[names[selection.place(names, len(names))]])
    if array.ndim == 2 and array.shape[1] > 1:
        if selection.column == DEFAULT:
            raise SpecError(f'its shape is {array.shape}: choose a column by its number, as in column="0"; {NOT_YET}')
        array = array[:, selection.place(None, array.shape[1])]
    return _numbers(array)


def read_npz(file: IO[bytes], selection: Selection, limit: int) -> Floats:
    """One array of an archive; `column` names it.

    Raises:
        SpecError: no such array, or one that `read_npy` would refuse.
    """
    with zipfile.ZipFile(file) as archive:
        members = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        member = members[_name(list(members), selection)]
        if member.file_size > limit:
            raise SpecError(f"its array has {member.file_size:,} bytes: up to {limit:,} are read here")
        with archive.open(member) as inner:
            array = _array(inner)
    if array.dtype.names is not None or (array.ndim == 2 and array.shape[1] > 1):
        what = "fields" if array.dtype.names else f"the shape {array.shape}"
        raise SpecError(f"its array {shown(selection.column)} has {what}: {NOT_YET}; save one column")
    return _numbers(array)


def _name(names: list[str], selection: Selection) -> str:
    """The array that is wanted; without a choice, the only one."""
    if not names:
        raise SpecError("it holds no array")
    if selection.column in names:
        return selection.column
    if selection.column == DEFAULT and len(names) == 1:
        return names[0]
    if selection.column.isdecimal():
        return names[selection.place(None, len(names))]
    raise SpecError(f"no array {shown(selection.column)}; {suggestion(selection.column, names, kind='array')}")


def _array(file: IO[bytes]) -> Anything:
    """The array, if the file holds exactly what its header says."""
    try:
        array: Anything = np.lib.format.read_array(file, allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise SpecError(f"it holds pickled {NOT_NUMBERS['O']}") from None
        raise
    if file.read(1):
        raise SpecError(f"it goes on after the {array.size:,} values that its header tells of")
    return array


def _numbers(array: Anything) -> Floats:
    if array.dtype.kind not in "fiub":
        raise SpecError(f"numbers are needed, not {NOT_NUMBERS.get(array.dtype.kind, str(array.dtype))}")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise SpecError(f"one value a tick is needed, but the shape is {array.shape}")
    return np.array(array, dtype=np.float64)
