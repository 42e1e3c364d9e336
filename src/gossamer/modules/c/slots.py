"""Slots: values as C has them, 8 bytes each.

In: values in the callable ABI. Out: bytes for C, and back. Refs become handles, spans a count and an address.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from typing import cast

from gossamer.abi.calling_convention import Argument, Span
from gossamer.errors import InvalidArgumentError
from gossamer.modules.c import handles
from gossamer.modules.c.abi import SLOT_BYTES, SLOT_FORMATS, SPAN, read_struct

_MAX_SPAN_VALUES = 1 << 20

TakeRef = Callable[[int], object]


class SlotLayout:
    """A row of slots.

    Attributes:
        count: number of slots.
        size: bytes of all.
        is_plain: neither refs nor spans among them: values are packed as they are.
        packing: of the whole row.
    """

    __slots__ = ("_special", "count", "is_plain", "packing", "size")

    def __init__(self, kinds: Sequence[Argument]) -> None:
        self.count = len(kinds)
        self.size = self.count * SLOT_BYTES
        # What is not packed as it is: positions of refs (None) and spans.
        self._special = tuple(
            (index, kind if isinstance(kind, Span) else None)
            for index, kind in enumerate(kinds)
            if kind == "r" or isinstance(kind, Span)
        )
        self.is_plain = not self._special
        formats = (SLOT_FORMATS[kind if isinstance(kind, str) else "C"] for kind in kinds)
        self.packing = struct.Struct("<" + "".join(formats))

    def to_slots(self, values: Sequence[object], held: list[int], memory: list[object]) -> list[object]:
        """What to pack for values, one for each slot.

        Args:
            held: gets the handles that are made for refs.
            memory: gets what must live as long as C uses the slots.
        """
        slots = list(values)
        for index, span in self._special:
            if span is None:
                slots[index] = handle = handles.hold(values[index])
                held.append(handle)
            else:
                slots[index] = _pack_span(span, cast("Sequence[object]", values[index]), held, memory)
        return slots

    def from_slots(self, slots: Sequence[object], take: TakeRef) -> Sequence[object]:
        """Values of slots that C filled.

        Args:
            take: makes a ref of a handle.
        """
        if not self._special:
            return slots
        values = list(slots)
        for index, span in self._special:
            slot = cast("int", slots[index])
            values[index] = take(slot) if span is None else _read_span(span, slot, take)
        return values

    def read(self, address: int) -> tuple[object, ...]:
        """Slots at an address."""
        return self.packing.unpack(ctypes.string_at(address, self.size)) if self.count else ()


def _pack_span(span: Span, groups: Sequence[object], held: list[int], memory: list[object]) -> int:
    width = len(span.element)
    flat = groups if width == 1 else [value for group in groups for value in cast("Sequence[object]", group)]
    row = SlotLayout(span.element * len(groups))
    try:
        values = _kept(row.packing.pack(*row.to_slots(flat, held, memory)), memory)
    except (struct.error, OverflowError, IndexError) as error:
        raise InvalidArgumentError(f"a span does not fit C{span.element}D: {error}") from None
    return _kept(SPAN.pack(len(groups), values), memory)


def _kept(data: bytes, memory: list[object]) -> int:
    """Address of a copy of some bytes."""
    copy = ctypes.create_string_buffer(data, len(data) or 1)
    memory.append(copy)
    return ctypes.addressof(copy)


def _read_span(span: Span, address: int, take: TakeRef) -> list[object]:
    if not address:
        raise InvalidArgumentError("a span is null; one without elements needs a `gossamer_span_t`, too")
    group_count, first = read_struct(SPAN, address)
    width = len(span.element)
    if group_count * width > _MAX_SPAN_VALUES:
        raise InvalidArgumentError(f"a span of {group_count} groups passes the limit {_MAX_SPAN_VALUES}")
    row = SlotLayout(span.element * group_count)
    flat = row.from_slots(row.read(first), take)
    if width == 1:
        return list(flat)
    return [tuple(flat[start : start + width]) for start in range(0, len(flat), width)]


def unpacked(values: Sequence[object]) -> object:
    """Results as the callable ABI has them: None, one value or a tuple."""
    if not values:
        return None
    return values[0] if len(values) == 1 else tuple(values)
