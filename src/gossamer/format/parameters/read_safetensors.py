"""Reads `.safetensors` files: a JSON object of tensors after its length, then the tensors' bytes.

Spec: github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from gossamer.errors import FormatError
from gossamer.format.parameters.entries import ParameterEntries
from gossamer.format.parameters.file_handle import FileHandle

_TABLE = "safetensors"
_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 100_000_000
"""Limit of the format's own library."""

_METADATA_KEY = "__metadata__"
_ELEMENT_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64, "C64": 64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor of a file.

    Attributes:
        element_type: as the format spells it, for example "BF16".
        shape: sizes.
        start, end: where its bytes are in the file.
    """

    element_type: str
    shape: tuple[int, ...]
    start: int
    end: int


def read_safetensors(handle: FileHandle, index: ParameterEntries) -> None:
    """Add the tensors of a file to an index.

    Args:
        handle: the file; entries refer to it.
    Raises: FormatError as `stored_tensors`.
    """
    for key, tensor in stored_tensors(handle.contents).items():
        index.add_range(key, handle, tensor.start, tensor.end - tensor.start)


def stored_tensors(data: memoryview) -> dict[str, StoredTensor]:
    """The tensors of a file, by key.

    Raises: FormatError where the header is no such JSON object, or a tensor is out of bounds or has another
        length than its type and shape say.
    """
    header, start = _read_header(data)
    available = len(data) - start
    return {
        _escaped(key): _tensor(key, value, start, available, number)
        for number, (key, value) in enumerate(header.items())
        if key != _METADATA_KEY
    }


def _read_header(data: memoryview) -> tuple[dict[str, object], int]:
    """The JSON object, and where the tensors' bytes start."""
    if len(data) < _LENGTH_BYTES:
        raise _error(f"a file has {_LENGTH_BYTES} bytes at least, not {len(data)}", 0)
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if length > min(len(data) - _LENGTH_BYTES, _MAX_HEADER_BYTES):
        left = len(data) - _LENGTH_BYTES
        raise _error(f"header of {length} bytes: {left} are left, {_MAX_HEADER_BYTES} are the limit", 0)
    start = _LENGTH_BYTES + length
    try:
        text = str(data[_LENGTH_BYTES:start], "utf-8")
    except UnicodeDecodeError as error:
        raise _error("header is not UTF-8", _LENGTH_BYTES + error.start) from None
    try:
        header = json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        position = _LENGTH_BYTES + len(text[: error.pos].encode())
        raise _error(f"header is not JSON: {error.msg}", position) from None
    except (ValueError, RecursionError) as error:
        raise _error(f"header is not JSON of this format: {error}", _LENGTH_BYTES) from None
    if not isinstance(header, dict):
        raise _error(f"header is a {type(header).__name__}, expected an object", _LENGTH_BYTES)
    return cast("dict[str, object]", header), start


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        key = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise ValueError(f"key {key!r} is there twice")
    return found


def _tensor(key: str, value: object, start: int, available: int, number: int) -> StoredTensor:
    if not isinstance(value, dict):
        raise _error(f"tensor {key!r} is no object", _LENGTH_BYTES, number)
    tensor = cast("dict[str, object]", value)
    offsets = _sizes(tensor, "data_offsets", key, number)
    if len(offsets) != 2 or not offsets[0] <= offsets[1] <= available:
        raise _error(
            f"tensor {key!r} is at {offsets}, expected a begin and an end up to {available}",
            _LENGTH_BYTES,
            number,
        )
    begin, end = offsets
    element_type = str(tensor.get("dtype"))
    shape = _sizes(tensor, "shape", key, number)
    bits = _ELEMENT_BITS.get(element_type)
    if bits is not None:
        expected = bits // 8
        for dimension in shape:
            expected *= dimension
            if expected > available:
                break
        if expected != end - begin:
            message = f"tensor {key!r} has {end - begin} bytes, not those of its type and shape"
            raise _error(message, _LENGTH_BYTES, number)
    return StoredTensor(element_type, tuple(shape), start + begin, start + end)


def _sizes(tensor: dict[str, object], name: str, key: str, number: int) -> list[int]:
    found = tensor.get(name)
    if isinstance(found, list):
        sizes = cast("list[object]", found)
        if all(type(size) is int and size >= 0 for size in sizes):
            return cast("list[int]", sizes)
    raise _error(f"'{name}' of tensor {key!r} is no list of sizes", _LENGTH_BYTES, number)


def _escaped(key: str) -> str:
    """The key as all indices hold keys: JSON may spell halves of surrogate pairs, which have no UTF-8."""
    return key.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")


def _error(message: str, position: int, number: int | None = None) -> FormatError:
    return FormatError(message, offset=position, table=_TABLE, index=number)
