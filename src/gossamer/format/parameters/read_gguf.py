"""Reads `.gguf` files, versions 2 and 3.

Only where tensors are is kept: their sizes follow from type and dimensions, and metadata is passed over.
Spec: docs/gguf.md in github.com/ggml-org/ggml.
"""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.errors import VersionMismatchError
from gossamer.format.parameters.byte_cursor import ByteCursor
from gossamer.format.parameters.entries import ParameterEntries
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.gguf_types import GGML_TYPES
from gossamer.format.parameters.irpa_layout import align
from gossamer.versions import GGUF_VERSIONS

_MAGIC = b"GGUF"
_DEFAULT_ALIGNMENT = 32
_ALIGNMENT_KEY = b"general.alignment"
_UINT32 = 4
_STRING = 8
_ARRAY = 9
_SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_MAX_LENGTH = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Attributes: position: of its record in the file; offset, length: bytes in the tensor data."""

    position: int
    key: str
    offset: int
    length: int


def read_gguf(handle: FileHandle, index: ParameterEntries) -> None:
    """Add the tensors of a file to an index.

    Args:
        handle: the file; entries refer to it.
    Raises: FormatError where a record is out of bounds or of an unknown kind; VersionMismatchError.
    """
    cursor = ByteCursor(handle.contents, "gguf")
    tensor_count, metadata_count = _read_header(cursor)
    if tensor_count == 0:
        return
    alignment = _DEFAULT_ALIGNMENT
    for number in range(metadata_count):
        alignment = _read_metadata(cursor, number) or alignment
    tensors = [_read_tensor(cursor, number) for number in range(tensor_count)]
    start = align(cursor.position, alignment)
    available = max(len(handle.contents) - start, 0)
    for number, tensor in enumerate(tensors):
        end = tensor.offset + tensor.length
        if end > available:
            raise cursor.error(
                f"tensor '{tensor.key}' at [{tensor.offset}, {end}) passes the data of {available} bytes",
                tensor.position,
                number,
            )
    for tensor in tensors:
        index.add_range(tensor.key, handle, start + tensor.offset if tensor.length else 0, tensor.length)


def _read_header(cursor: ByteCursor) -> tuple[int, int]:
    """Numbers of tensors and of metadata pairs."""
    start = cursor.skip(len(_MAGIC), "magic")
    magic = bytes(cursor.data[start : start + len(_MAGIC)])
    if magic != _MAGIC:
        raise cursor.error(f"magic is {magic!r}, expected {_MAGIC!r}", start)
    version = cursor.u32("version")
    if version not in GGUF_VERSIONS:
        raise VersionMismatchError(
            f"GGUF version {version} is not supported, expected {' or '.join(map(str, GGUF_VERSIONS))}",
            found=str(version),
            supported=str(GGUF_VERSIONS[-1]),
            offset=4,
            table="gguf",
        )
    return cursor.u64("number of tensors"), cursor.u64("number of metadata pairs")


def _read_metadata(cursor: ByteCursor, number: int) -> int | None:
    """Pass over a pair; returns the alignment where the pair sets it."""
    key = cursor.string("metadata key")
    position = cursor.position
    kind = cursor.u32("type of a metadata value")
    if key == _ALIGNMENT_KEY:
        if kind != _UINT32:
            raise cursor.error(f"general.alignment is of type {kind}, expected 4 (uint32)", position, number)
        alignment = cursor.u32("general.alignment")
        if alignment == 0 or alignment & (alignment - 1):
            message = f"general.alignment is {alignment}, expected a power of two"
            raise cursor.error(message, position + 4, number)
        return alignment
    _skip_value(cursor, kind, position, number)
    return None


def _skip_value(cursor: ByteCursor, kind: int, position: int, number: int) -> None:
    if kind == _STRING:
        cursor.skip(cursor.u64("length of a string"), "string")
    elif kind == _ARRAY:
        element = cursor.u32("type of array elements")
        count = cursor.u64("number of array elements")
        if element == _STRING:
            for _ in range(count):
                cursor.skip(cursor.u64("length of a string"), "string")
        elif element in _SCALAR_BYTES:
            cursor.skip(count * _SCALAR_BYTES[element], "array")
        else:
            raise cursor.error(f"array of type {element} is not supported", position + 4, number)
    elif kind in _SCALAR_BYTES:
        cursor.skip(_SCALAR_BYTES[kind], "metadata value")
    else:
        raise cursor.error(f"metadata type {kind} is not supported, expected 0 to 12", position, number)


def _read_tensor(cursor: ByteCursor, number: int) -> _Tensor:
    position = cursor.position
    key = str(cursor.string("tensor name"), "utf-8", "surrogateescape")
    rank = cursor.u32("number of dimensions")
    start = cursor.skip(rank * 8, "dimensions")
    element_count = 1
    for dimension in cursor.data[start : start + rank * 8].cast("Q"):
        element_count *= dimension
        if element_count > _MAX_LENGTH:
            raise cursor.error(f"tensor '{key}' has 2^64 elements or more", start, number)
    kind = cursor.u32("element type")
    if kind not in GGML_TYPES:
        raise cursor.error(f"tensor '{key}' is of unknown type {kind}", cursor.position - 4, number)
    name, block_elements, block_bytes = GGML_TYPES[kind]
    if element_count % block_elements:
        message = (
            f"tensor '{key}' has {element_count} elements, not whole blocks of {block_elements} ({name})"
        )
        raise cursor.error(message, start, number)
    offset = cursor.u64("offset of tensor data")
    return _Tensor(position, key, offset, element_count // block_elements * block_bytes)
