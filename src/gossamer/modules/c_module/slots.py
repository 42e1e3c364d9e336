"""Slots: values as C has them, 8 bytes each.

In: values in the callable ABI. Out: bytes for C, and back. Refs become handles, spans a count and an address.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from gossamer.errors import InvalidArgumentError
from gossamer.isa.calling_convention import Argument, Span
from gossamer.modules.c_module import handles
from gossamer.modules.c_module.abi import SLOT_BYTES, SLOT_FORMATS, SPAN, read_struct

_NUMBERS = ("i", "I", "f", "F")
_MAX_SPAN_VALUES = 1 << 20


@dataclass(slots=True)
class Loans:
    """What C may use during one call.

    Attributes:
        handles: to be released after it.
        memory: of spans.
    """

    handles: list[int] = field(default_factory=lambda: [])
    memory: list[object] = field(default_factory=lambda: [])

    def lend(self, value: object) -> int:
        """Handle of a ref until `end`."""
        handle = handles.hold(value)
        if handle:
            self.handles.append(handle)
        return handle

    def end(self) -> None:
        """Take everything back but what C retained."""
        for handle in self.handles:
            handles.end_loan(handle)
        self.memory.clear()


Lend = Callable[[object], int]
TakeRef = Callable[[int], object]


class SlotLayout:
    """A row of slots.

    Attributes:
        count: number of slots.
        size: bytes of all.
        is_plain: neither refs nor spans among them: values are packed as they are.
        packing: of the whole row.
    """

    __slots__ = ("_kinds", "count", "is_plain", "packing", "size")

    def __init__(self, kinds: Sequence[Argument]) -> None:
        self._kinds = tuple(kinds)
        self.count = len(self._kinds)
        self.size = self.count * SLOT_BYTES
        self.is_plain = all(kind in _NUMBERS for kind in self._kinds)
        formats = (SLOT_FORMATS[kind if isinstance(kind, str) else "C"] for kind in self._kinds)
        self.packing = struct.Struct("<" + "".join(formats))

    def to_slots(self, values: Sequence[object], lend: Lend, memory: list[object]) -> list[object]:
        """What to pack for values.

        Args:
            lend: makes a handle of a ref.
            memory: gets what must live as long as C uses the slots.
        Raises: InvalidArgumentError where there are more or less values than slots.
        """
        if len(values) != self.count:
            raise InvalidArgumentError(f"expected {self.count} values, got {len(values)}")
        slots = list(values)
        for index, kind in enumerate(self._kinds):
            if kind == "r":
                slots[index] = lend(values[index])
            elif isinstance(kind, Span):
                slots[index] = _pack_span(kind, cast("Sequence[object]", values[index]), lend, memory)
        return slots

    def from_slots(self, slots: Sequence[object], take: TakeRef) -> list[object]:
        """Values of slots that C filled.

        Args:
            take: makes a ref of a handle.
        """
        values = list(slots)
        for index, kind in enumerate(self._kinds):
            if kind == "r":
                values[index] = take(cast("int", slots[index]))
            elif isinstance(kind, Span):
                values[index] = _read_span(kind, cast("int", slots[index]), take)
        return values

    def read(self, address: int) -> tuple[object, ...]:
        """Slots at an address."""
        return self.packing.unpack(ctypes.string_at(address, self.size)) if self.count else ()


def _pack_span(span: Span, groups: Sequence[object], lend: Lend, memory: list[object]) -> int:
    width = len(span.element)
    flat = groups if width == 1 else [value for group in groups for value in cast("Sequence[object]", group)]
    row = SlotLayout(span.element * len(groups))
    values = _kept(row.packing.pack(*row.to_slots(flat, lend, memory)), memory)
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
        return flat
    return [tuple(flat[start : start + width]) for start in range(0, len(flat), width)]


def unpacked(values: Sequence[object]) -> object:
    """Results as the callable ABI has them: None, one value or a tuple."""
    if not values:
        return None
    return values[0] if len(values) == 1 else tuple(values)
