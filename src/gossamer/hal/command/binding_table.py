"""Binding tables: the buffers that an execution of a command buffer puts in its slots.

While commands are recorded, `SlotRequirements` learns what each slot must hold. Then it checks tables and
packs them for the runner: u64 address and length for each slot. Callers who know offsets and lengths
beforehand have a `BindingLayout` checked once and pack tables themselves.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeAlias

from gossamer.errors import InvalidArgumentError, OutOfRangeError, StatusError
from gossamer.hal.memory.buffer import Buffer

Binding: TypeAlias = tuple[Buffer | None, int, int]
"""An entry of a binding table: buffer, offset, length (or WHOLE_BUFFER)."""

_EMPTY = struct.Struct("")

_UNUSED_SLOT = 1 << 64
"""Extent of a slot that no command names: no binding is long enough, so it is looked at apart."""


class BindingLayout:
    """Offsets and lengths of all bindings of a table.

    Attributes:
        ranges: pairs of offset and length, in bytes.
        pack: makes a table of an address and a length for each slot, in turn. Who calls it has checked that
            each range lies in its buffer and that the buffers are not deallocated, and keeps them alive.
    """

    __slots__ = ("pack", "ranges")

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        self.ranges = tuple(ranges)
        self.pack = struct.Struct(f"<{2 * len(self.ranges)}Q").pack

    def __reduce__(self) -> tuple[type[BindingLayout], tuple[Sequence[tuple[int, int]]]]:
        return BindingLayout, (self.ranges,)


class FittingLayouts(dict[BindingLayout, bool]):
    """For each layout, whether tables of it serve some commands whatever the buffers; found when asked."""

    def __init__(self, requirements: SlotRequirements | None = None) -> None:
        super().__init__()
        self._requirements = requirements

    def __missing__(self, layout: BindingLayout) -> bool:
        if self._requirements is None:
            return False
        fits = self[layout] = self._requirements.accepts(layout)
        return fits


class SlotRequirements:
    """What commands need of each slot.

    Attributes:
        capacity: slots that commands may name.
    """

    __slots__ = ("_access", "_extents", "_format", "_requirements", "capacity")

    def __init__(self, capacity: int) -> None:
        if capacity < 0:
            raise InvalidArgumentError(f"binding capacity {capacity} is negative")
        self.capacity = capacity
        self._extents: list[int] = []
        self._access: list[int] = []
        self._requirements: list[tuple[int, int]] = []
        self._format = _EMPTY

    @property
    def count(self) -> int:
        """Least length of a table."""
        return len(self._extents)

    def check_slot(self, slot: int) -> None:
        """Raise OutOfRangeError unless commands may name a slot."""
        if not 0 <= slot < self.capacity:
            raise OutOfRangeError(
                f"indirect buffer reference slot {slot} is out range of the declared binding capacity "
                f"of the command buffer {self.capacity}"
            )

    def require(self, slot: int, offset: int, length: int, access: int) -> None:
        """Add a need: bytes `[offset, offset + length)`, or all from offset for a length of -1.

        Raises: OutOfRangeError on a slot past the capacity or a negative number.
        """
        self.check_slot(slot)
        if offset < 0 or length < -1:
            raise OutOfRangeError(f"slot {slot}: offset {offset} and length {length} must not be negative")
        self.take(slot, offset, max(length, 0))
        self._access[slot] |= access

    def take(self, slot: int, offset: int, length: int) -> bool:
        """Add a need without access; False, and nothing is added, where `require` knows more or raises."""
        if not 0 <= slot < self.capacity or offset < 0 or length < 0:
            return False
        while len(self._extents) <= slot:
            self._extents.append(_UNUSED_SLOT)
            self._access.append(0)
        present = self._extents[slot]
        if present == _UNUSED_SLOT or present < offset + length:
            self._extents[slot] = offset + length
        return True

    def finalize(self) -> None:
        """Get ready to pack tables; nothing is added any more."""
        if not self._extents:
            return
        self._requirements = list(zip(self._extents, self._access, strict=True))
        self._format = struct.Struct(f"<{2 * len(self._extents)}Q")

    def accepts(self, layout: BindingLayout) -> bool:
        """True where every table of a layout serves; tables of others may, or not."""
        return len(layout.ranges) >= len(self._requirements) and all(
            offset >= 0 and extent <= length and access == 0
            for (offset, length), (extent, access) in zip(layout.ranges, self._requirements, strict=False)
        )

    def pack(self, bindings: Sequence[Binding]) -> bytes:
        """Check a table and pack it.

        Raises: InvalidArgumentError, OutOfRangeError or PermissionDeniedError where it does not serve.
        """
        requirements = self._requirements
        if not requirements:
            return b""
        if len(bindings) < len(requirements):
            raise _missing_bindings(len(requirements), len(bindings))
        values: list[int] = []
        append = values.append
        for binding, (extent, access) in zip(bindings, requirements, strict=False):
            buffer, offset, length = binding
            if (
                type(buffer) is Buffer
                and offset >= 0
                and extent <= length <= buffer.byte_length - offset
                and not access & ~buffer.allowed_access
                and buffer.address
            ):
                append(buffer.address + offset)
                append(length)
            else:
                try:
                    values += _table_entry(buffer, offset, length, extent, access)
                except StatusError as error:
                    raise error.annotate(f"binding table slot {len(values) // 2}") from None
        return self._format.pack(*values)


def _missing_bindings(needed: int, provided: int) -> InvalidArgumentError | OutOfRangeError:
    if not provided:
        return InvalidArgumentError(
            f"indirect command buffer requires at least {needed} bindings but no binding table was provided"
        )
    return OutOfRangeError(
        f"indirect command buffer requires at least {needed} bindings but only {provided} were provided"
    )


def _table_entry(
    buffer: Buffer | None, offset: int, length: int, extent: int, access: int
) -> tuple[int, int]:
    """What a table holds for an unusual binding: of a slot no command names, or to the buffer's end."""
    if extent == _UNUSED_SLOT:
        return 0, 0
    if not isinstance(buffer, Buffer):
        raise InvalidArgumentError("binding table slot requires a buffer but none was provided")
    address, length = buffer.range(offset, length)
    buffer.require_access(access)
    if extent > length:
        raise OutOfRangeError(
            "at least one command attempted to access an address outside of the valid bound buffer range "
            f"(length={extent}, end(inc)={offset + extent - 1}, binding offset={offset}, "
            f"binding length={length}, binding end(inc)={offset + length - 1})"
        )
    return address, length
