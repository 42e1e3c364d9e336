"""A checked reader of FlatBuffers: every offset, count and string is checked before it is used.

It knows no schema: a `Table` is asked for its fields by their ids. Nothing is copied but strings, and a
budget bounds the work, because one small file can name the same table or string any number of times.
Spec: https://flatbuffers.dev/internals.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from gossamer.errors import FormatError

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")
_SCALARS = {character: struct.Struct("<" + character) for character in "BbHhIiQqfd"}

# Why: each table and each vector element takes at least 4 bytes of a file that shares nothing, and
# each string its own bytes once; the factor leaves room for writers that share what is equal.
_WORK_PER_BYTE = 4
_WORK_FLOOR = 4096


class FlatBuffer:
    """Bytes of one FlatBuffer, without a size prefix.

    Attributes:
        data: the bytes, borrowed.
        file_offset: where they are in their file; alignment is measured from the file's start.
    """

    __slots__ = ("_budget", "_strings", "data", "file_offset")

    def __init__(self, data: memoryview, *, file_offset: int = 0) -> None:
        self.data = data
        self.file_offset = file_offset
        self._budget = len(data) * _WORK_PER_BYTE + _WORK_FLOOR
        self._strings: dict[int, str] = {}

    def error(self, message: str, position: int, table: str = "", index: int | None = None) -> FormatError:
        """Make an error about the byte at `position` of the buffer."""
        return FormatError(message, offset=self.file_offset + position, table=table, index=index)

    def charge(self, work: int, position: int) -> None:
        """Count work against the budget that the buffer's size sets.

        Raises: FormatError when references multiply to more than the buffer could hold.
        """
        self._budget -= work
        if self._budget < 0:
            raise self.error("tables or strings are referenced more often than a file can need", position)

    def root(self, name: str, identifier: bytes) -> Table:
        """Open the root table.

        Args:
            name: of the table, for messages.
            identifier: the four bytes that bytes 4 to 7 must be.
        Raises: FormatError where the buffer is too short, of another kind, or its root is out of bounds.
        """
        if len(self.data) < 8:
            raise self.error(f"a FlatBuffer has 8 bytes at least, not {len(self.data)}", 0, name)
        found = bytes(self.data[4:8])
        if found != identifier:
            raise self.error(f"file identifier is {found!r}, expected {identifier!r}", 4, name)
        return Table(self, self.follow(0, name, None), name)

    def follow(self, position: int, table: str, index: int | None) -> int:
        """Read the offset at `position` (4 bytes must be there) and return what it points to.

        Raises: FormatError where that is null, unaligned or leaves fewer than 4 bytes.
        """
        offset = _U32.unpack_from(self.data, position)[0]
        target = position + offset
        if offset == 0 or target + 4 > len(self.data):
            raise self.error(f"offset {offset} is out of bounds", position, table, index)
        if (self.file_offset + target) & 3:
            raise self.error(f"offset {offset} is not to a multiple of 4", position, table, index)
        return target

    def string(self, position: int, table: str, index: int | None) -> str:
        """Read the string whose length is at `position`; bytes that are not UTF-8 become surrogates.

        Raises: FormatError where it passes the end or has no terminator.
        """
        cached = self._strings.get(position)
        if cached is not None:
            return cached
        length = _U32.unpack_from(self.data, position)[0]
        start = position + 4
        if length >= len(self.data) - start:
            raise self.error(f"string of {length} bytes passes the end", position, table, index)
        if self.data[start + length] != 0:
            raise self.error("string has no terminator", start + length, table, index)
        self.charge(length, position)
        text = str(self.data[start : start + length], "utf-8", "surrogateescape")
        self._strings[position] = text
        return text


class Table:
    """One table; fields are asked for by id, and absent ones give their default.

    Attributes:
        name: for messages, for example `ImportFunctionDef`.
        index: which element of a vector it is, or None.
        position: in the buffer.
    """

    __slots__ = ("_field_count", "_size", "_vtable", "buffer", "index", "name", "position")

    def __init__(self, buffer: FlatBuffer, position: int, name: str, index: int | None = None) -> None:
        self.buffer = buffer
        self.position = position
        self.name = name
        self.index = index
        buffer.charge(4, position)
        data = buffer.data
        vtable = position - _I32.unpack_from(data, position)[0]
        if vtable < 0 or vtable + 4 > len(data) or (buffer.file_offset + vtable) & 1:
            raise self._error("vtable is out of bounds or unaligned")
        vtable_size: int = _U16.unpack_from(data, vtable)[0]
        self._size: int = _U16.unpack_from(data, vtable + 2)[0]
        if vtable_size < 4 or vtable_size & 1 or vtable + vtable_size > len(data):
            raise self._error(f"vtable of {vtable_size} bytes is out of bounds or malformed", vtable)
        if self._size < 4 or position + self._size > len(data):
            raise self._error(f"table of {self._size} bytes is out of bounds", vtable + 2)
        self._vtable = vtable
        self._field_count = vtable_size // 2 - 2

    def _error(self, message: str, position: int | None = None) -> FormatError:
        at = self.position if position is None else position
        return self.buffer.error(message, at, self.name, self.index)

    def field(self, field_id: int, size: int, alignment: int) -> int | None:
        """Position of a field of `size` bytes, or None where it is absent.

        Raises: FormatError where the field passes its table or is unaligned.
        """
        if field_id >= self._field_count:
            return None
        entry = self._vtable + 4 + 2 * field_id
        offset: int = _U16.unpack_from(self.buffer.data, entry)[0]
        if offset == 0:
            return None
        if offset < 4 or offset + size > self._size:
            raise self._error(f"field {field_id} at {offset} passes the table of {self._size} bytes", entry)
        position = self.position + offset
        if (self.buffer.file_offset + position) & (alignment - 1):
            raise self._error(f"field {field_id} is not aligned to {alignment} bytes", position)
        return position

    def has(self, field_id: int) -> bool:
        """True where the field is present, whatever it holds."""
        return self.field(field_id, 0, 1) is not None

    def scalar(self, field_id: int, character: str, default: int = 0) -> int:
        """An integer field; `character` is its `struct` format."""
        layout = _SCALARS[character]
        position = self.field(field_id, layout.size, layout.size)
        return default if position is None else layout.unpack_from(self.buffer.data, position)[0]

    def _reference(self, field_id: int) -> int | None:
        position = self.field(field_id, 4, 4)
        return None if position is None else self.buffer.follow(position, self.name, self.index)

    def string(self, field_id: int) -> str | None:
        """A string field, or None where it is absent."""
        position = self._reference(field_id)
        return None if position is None else self.buffer.string(position, self.name, self.index)

    def table(self, field_id: int, name: str) -> Table | None:
        """A table field, or None where it is absent."""
        position = self._reference(field_id)
        return None if position is None else Table(self.buffer, position, name)

    def vector(self, field_id: int, element_size: int, alignment: int = 1) -> memoryview | None:
        """Bytes of a vector of scalars or structs, borrowed, or None where it is absent."""
        position = self._reference(field_id)
        if position is None:
            return None
        count: int = _U32.unpack_from(self.buffer.data, position)[0]
        start = position + 4
        if count > (len(self.buffer.data) - start) // element_size:
            raise self._error(f"vector of {count} elements of {element_size} bytes passes the end", position)
        if count and (self.buffer.file_offset + start) & (alignment - 1):
            raise self._error(f"vector is not aligned to {alignment} bytes", position)
        return self.buffer.data[start : start + count * element_size]

    def structs(self, field_id: int, layout: struct.Struct) -> Iterator[tuple[int, ...]]:
        """Elements of a vector of structs that are aligned to 4 bytes; none where it is absent."""
        vector = self.vector(field_id, layout.size, 4)
        if vector is None:
            return
        # Why: not `iter_unpack`, which exports the view for as long as it lives. CPython before 3.11.9
        # crashes when it collects a cycle with an exported view, such as an exception and its frames.
        for offset in range(0, len(vector), layout.size):
            self.buffer.charge(layout.size, self.position)
            yield layout.unpack_from(vector, offset)

    def references(self, field_id: int) -> Iterator[tuple[int, int]]:
        """Positions of the offsets in a vector of offsets, with their index; none where it is absent."""
        position = self._reference(field_id)
        if position is None:
            return
        count: int = _U32.unpack_from(self.buffer.data, position)[0]
        start = position + 4
        if count > (len(self.buffer.data) - start) // 4:
            raise self._error(f"vector of {count} offsets passes the end", position)
        for index in range(count):
            yield index, start + 4 * index

    def tables(self, field_id: int, name: str) -> Iterator[Table]:
        """Elements of a vector of tables; none where it is absent."""
        for index, position in self.references(field_id):
            target = self.buffer.follow(position, name, index)
            yield Table(self.buffer, target, name, index)
