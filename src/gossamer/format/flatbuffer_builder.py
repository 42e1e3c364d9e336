# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
# Why: the flatbuffers package has no annotations, and this file is its only door.
"""Writes FlatBuffers: tables of fields given by id, vectors, strings, structs.

A FlatBuffer is written leaf first: make what a table refers to, then the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NewType, TypeAlias

import flatbuffers

Offset = NewType("Offset", int)
"""Something already written that a field or a vector may refer to."""

FieldValue: TypeAlias = "Offset | tuple[str, int] | None"
"""A reference, an integer with its `struct` format (B, i, I or Q), or nothing."""

_SIZES = {"B": 1, "i": 4, "I": 4, "Q": 8}


class FlatBufferBuilder:
    """Builds one FlatBuffer."""

    def __init__(self, size_hint: int = 1024) -> None:
        self._builder = flatbuffers.Builder(size_hint)

    def string(self, text: str) -> Offset:
        """Write a string, once for all equal ones."""
        return Offset(self._builder.CreateSharedString(text, errors="surrogateescape"))

    def optional_string(self, text: str) -> Offset | None:
        """Write a string unless it is empty."""
        return self.string(text) if text else None

    def raw_vector(self, data: bytes | memoryview, element_size: int = 1, alignment: int = 1) -> Offset:
        """Write a vector of scalars or structs from its bytes.

        Args:
            alignment: of the first element, bytes, at least that of an element.
        """
        builder = self._builder
        builder.StartVector(element_size, len(data) // element_size, alignment)
        # Why: the package copies only `bytes`, and rodata may be a view of megabytes.
        start = builder.head - len(data)
        builder.Bytes[start : builder.head] = data
        builder.head = start
        return Offset(builder.EndVector())

    def offset_vector(self, offsets: Sequence[Offset | None]) -> Offset:
        """Write a vector of references; None is the null of a union without a value."""
        builder = self._builder
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            if offset is None:
                builder.PrependUint32(0)
            else:
                builder.PrependUOffsetTRelative(offset)
        return Offset(builder.EndVector())

    def optional_offset_vector(self, offsets: Sequence[Offset]) -> Offset | None:
        """Write a vector of references unless it is empty."""
        return self.offset_vector(offsets) if offsets else None

    def table(self, fields: Sequence[FieldValue]) -> Offset:
        """Write a table whose field with id `i` is `fields[i]`; integers that are zero are left out.

        Raises: ValueError where an integer does not fit its format.
        """
        builder = self._builder
        builder.StartObject(len(fields))
        # Why: the widest fields first leaves the fewest gaps.
        for field_id in sorted(range(len(fields)), key=lambda i: -_field_size(fields[i])):
            value = fields[field_id]
            if value is None:
                continue
            if isinstance(value, tuple):
                self._scalar_slot(field_id, *value)
            else:
                builder.PrependUOffsetTRelativeSlot(field_id, value, 0)
        return Offset(builder.EndObject())

    def _scalar_slot(self, field_id: int, character: str, value: int) -> None:
        builder = self._builder
        prepend = {
            "B": builder.PrependUint8Slot,
            "i": builder.PrependInt32Slot,
            "I": builder.PrependUint32Slot,
            "Q": builder.PrependUint64Slot,
        }[character]
        try:
            prepend(field_id, value, 0)
        except TypeError as error:
            raise ValueError(f"field {field_id}: {value} does not fit {character!r}: {error}") from None

    def finish(self, root: Offset, identifier: bytes) -> bytes:
        """Complete the buffer and return it with its size before it."""
        self._builder.FinishSizePrefixed(root, identifier)
        return bytes(self._builder.Output())


def _field_size(value: FieldValue) -> int:
    return _SIZES[value[0]] if isinstance(value, tuple) else 4
