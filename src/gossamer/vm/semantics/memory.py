"""Operations on `!vm.buffer`.

Loads, stores and fills count offsets in elements of their width; everything else counts bytes. Errors:
InvalidArgumentError for null, PermissionDeniedError for a store to a read-only buffer, OutOfRangeError for
anything that passes the end. Nothing is changed when an error is raised.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gossamer.errors import InvalidArgumentError, OutOfRangeError, PermissionDeniedError
from gossamer.vm.numbers.rounding import f32_from_bits, f32_to_bits
from gossamer.vm.objects.buffer import ELEMENT_BYTES, Buffer, ElementFormat, FloatFormat, IntegerFormat
from gossamer.vm.objects.ref_types import ref_type_name
from gossamer.vm.semantics.siphash import siphash_2_4


def as_buffer(ref: object) -> Buffer:
    """The ref, if it is a buffer; InvalidArgumentError otherwise."""
    if isinstance(ref, Buffer):
        return ref
    raise InvalidArgumentError(
        "buffer is null" if ref is None else f"expected !vm.buffer, found {ref_type_name(ref)}"
    )


def _check_access(buffer: Buffer, element: ElementFormat, offset: int, count: int) -> None:
    size = ELEMENT_BYTES[element]
    if offset < 0 or count < 0 or (offset + count) * size > buffer.length:
        raise OutOfRangeError(
            f"access of {count} elements of {size} bytes at element {offset} passes the end "
            f"of a buffer of {buffer.length} bytes"
        )


def _check_mutable(buffer: Buffer) -> None:
    if not buffer.is_mutable:
        raise PermissionDeniedError("buffer is read-only; nothing may be stored to it")


def _load_integer(element: IntegerFormat) -> Callable[[object, int], int]:
    def load(ref: object, offset: int) -> int:
        buffer = as_buffer(ref)
        _check_access(buffer, element, offset, 1)
        return buffer.view(element)[offset]

    return load


def _store_integer(element: IntegerFormat) -> Callable[[object, int, int], None]:
    mask = (1 << 8 * ELEMENT_BYTES[element]) - 1

    def store(ref: object, offset: int, value: int) -> None:
        buffer = as_buffer(ref)
        _check_mutable(buffer)
        _check_access(buffer, element, offset, 1)
        buffer.view(element)[offset] = value & mask

    return store


def _load_f32(ref: object, offset: int) -> float:
    buffer = as_buffer(ref)
    _check_access(buffer, "f", offset, 1)
    return f32_from_bits(buffer.view("i")[offset])


def _store_f32(ref: object, offset: int, value: float) -> None:
    buffer = as_buffer(ref)
    _check_mutable(buffer)
    _check_access(buffer, "f", offset, 1)
    buffer.view("i")[offset] = f32_to_bits(value)


def _load_f64(ref: object, offset: int) -> float:
    buffer = as_buffer(ref)
    _check_access(buffer, "d", offset, 1)
    return buffer.view("d")[offset]


def _store_f64(ref: object, offset: int, value: float) -> None:
    buffer = as_buffer(ref)
    _check_mutable(buffer)
    _check_access(buffer, "d", offset, 1)
    buffer.view("d")[offset] = value


def _fill(buffer: Buffer, element: ElementFormat, offset: int, count: int, pattern: bytes) -> None:
    _check_mutable(buffer)
    _check_access(buffer, element, offset, count)
    size = ELEMENT_BYTES[element]
    elements = np.frombuffer(buffer.data[offset * size : (offset + count) * size], dtype=f"<u{size}")
    elements[:] = int.from_bytes(pattern, "little")


def _fill_integer(element: IntegerFormat) -> Callable[[object, int, int, int], None]:
    size = ELEMENT_BYTES[element]
    mask = (1 << 8 * size) - 1

    def fill(ref: object, offset: int, count: int, value: int) -> None:
        buffer = as_buffer(ref)
        _fill(buffer, element, offset, count, (value & mask).to_bytes(size, "little"))

    return fill


def _fill_float(element: FloatFormat) -> Callable[[object, int, int, float], None]:
    def fill(ref: object, offset: int, count: int, value: float) -> None:
        one = Buffer.allocate(ELEMENT_BYTES[element])
        (_store_f32 if element == "f" else _store_f64)(one, 0, value)
        _fill(as_buffer(ref), element, offset, count, bytes(one.data))

    return fill


def _clone(ref: object, offset: int, length: int, alignment: int) -> Buffer:
    source = as_buffer(ref).range(offset, length)
    clone = Buffer.allocate(length, alignment)
    clone.data[:] = source
    return clone


def _length(ref: object) -> int:
    return as_buffer(ref).length


def _copy(source: object, source_offset: int, target: object, target_offset: int, length: int) -> None:
    source_range = as_buffer(source).range(source_offset, length)
    target_range = as_buffer(target).mutable_range(target_offset, length)
    # Why: memoryview assignment copies as if through a temporary, so overlapping ranges are well defined.
    target_range[:] = source_range


def _compare(lhs: object, lhs_offset: int, rhs: object, rhs_offset: int, length: int) -> int:
    return int(as_buffer(lhs).range(lhs_offset, length) == as_buffer(rhs).range(rhs_offset, length))


def _hash(ref: object, offset: int, length: int) -> int:
    return siphash_2_4(as_buffer(ref).range(offset, length))


MEMORY_OPERATIONS: dict[str, Callable[..., object]] = {
    "buffer.alloc": Buffer.allocate,
    "buffer.clone": _clone,
    "buffer.length": _length,
    "buffer.copy": _copy,
    "buffer.compare": _compare,
    "buffer.hash": _hash,
    "buffer.load.i8.u": _load_integer("B"),
    "buffer.load.i8.s": _load_integer("b"),
    "buffer.load.i16.u": _load_integer("H"),
    "buffer.load.i16.s": _load_integer("h"),
    "buffer.load.i32": _load_integer("i"),
    "buffer.load.i64": _load_integer("q"),
    "buffer.load.f32": _load_f32,
    "buffer.load.f64": _load_f64,
    "buffer.store.i8": _store_integer("B"),
    "buffer.store.i16": _store_integer("H"),
    "buffer.store.i32": _store_integer("I"),
    "buffer.store.i64": _store_integer("Q"),
    "buffer.store.f32": _store_f32,
    "buffer.store.f64": _store_f64,
    "buffer.fill.i8": _fill_integer("B"),
    "buffer.fill.i16": _fill_integer("H"),
    "buffer.fill.i32": _fill_integer("I"),
    "buffer.fill.i64": _fill_integer("Q"),
    "buffer.fill.f32": _fill_float("f"),
    "buffer.fill.f64": _fill_float("d"),
}
"""Operations by opcode name; each takes its operands in stream order and returns its result or None."""
