"""Reads `.npy` files, one array whose key is the file's name, and `.npz` files, which hold many by name.

The bytes are used where they are; so arrays must be in C order, and `.npz` files not compressed (`np.savez`).
IREE 3.13.0 does not read these. Spec: numpy.lib.format.
"""

from __future__ import annotations

import os
import re
from math import prod
from pathlib import PurePath

from gossamer.errors import FormatError
from gossamer.format.parameters.entries import ParameterEntries
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.zip_entries import read_entries

_MAGIC = b"\x93NUMPY"
_PREFIX_BYTES = {1: 10, 2: 12, 3: 12}
_MAX_HEADER_BYTES = 10_000
_HEADER = re.compile(
    r"\s*\{\s*'descr':\s*'(?P<order>[<>|=]?)(?P<kind>[?bBiufcV])(?P<size>\d{1,4})?',"
    r"\s*'fortran_order':\s*(?P<fortran>True|False),"
    r"\s*'shape':\s*\((?P<shape>(\s*\d{1,19}\s*,)*(\s*\d{1,19}\s*)?)\)(\s*,)?\s*\}\s*"
)


def read_npy(handle: FileHandle, index: ParameterEntries, path: str | os.PathLike[str] | None) -> None:
    """Add the array of a file to an index; its key is the file's name without `.npy`.

    Raises: FormatError on bytes that are no array of numbers in C order.
    """
    key = PurePath(path).stem if path is not None else "array"
    start, length = _array_range(handle.contents)
    index.add_range(key, handle, start, length)


def read_npz(handle: FileHandle, index: ParameterEntries) -> None:
    """Add the arrays of a file to an index; their keys are the names they were saved under.

    Raises: FormatError as `read_npy` does, and where the file is no zip file or is compressed.
    """
    entries = read_entries(handle.contents)
    if not entries:
        raise FormatError("no zip file with entries, as np.savez writes", offset=0, table="npz")
    found = [(name, FileHandle(payload), _array_range(payload)) for name, payload in entries.items()]
    for name, part, (start, length) in found:
        index.add_range(name.removesuffix(".npy"), part, start, length)


def _array_range(data: memoryview) -> tuple[int, int]:
    """Start and length of an array's bytes."""
    if bytes(data[: len(_MAGIC)]) != _MAGIC:
        raise _error(f"magic is {bytes(data[: len(_MAGIC)])!r}, expected {_MAGIC!r}", 0)
    major = data[len(_MAGIC)] if len(data) > len(_MAGIC) else 0
    prefix = _PREFIX_BYTES.get(major)
    if prefix is None:
        raise _error(f"version {major} is not supported, expected 1 to 3", len(_MAGIC))
    if len(data) < prefix:
        raise _error(f"header is cut off after {len(data)} bytes", len(data))
    length = int.from_bytes(data[len(_MAGIC) + 2 : prefix], "little")
    if length > min(len(data) - prefix, _MAX_HEADER_BYTES):
        raise _error(f"header of {length} bytes, {len(data) - prefix} are left", len(_MAGIC) + 2)
    start = prefix + length
    array_bytes = _array_bytes(str(data[prefix:start], "latin-1"), prefix)
    if array_bytes > len(data) - start:
        raise _error(f"array of {array_bytes} bytes, {len(data) - start} are left", start)
    return start, array_bytes


def _array_bytes(header: str, position: int) -> int:
    """Bytes of an array by its header."""
    match = _HEADER.fullmatch(header)
    if match is None:
        raise _error(f"header describes no array of numbers: {header.strip()[:80]!r}", position)
    shape = [int(dimension) for dimension in match["shape"].split(",") if dimension.strip()]
    size = int(match["size"] or 1)
    if match["order"] == ">" and size > 1:
        raise _error("elements are big-endian; convert the array to little-endian first", position)
    if match["fortran"] == "True" and len(shape) > 1:
        raise _error("array is in Fortran order; save a copy in C order", position)
    return size * prod(shape)


def _error(message: str, position: int) -> FormatError:
    return FormatError(message, offset=position, table="npy")
