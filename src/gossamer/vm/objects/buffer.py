"""`!vm.buffer`: a range of host bytes that bytecode loads from and stores to.

A buffer owns zeroed memory or borrows somebody else's (rodata of a file, a NumPy array) and keeps it
alive. Owned memory is 64-byte aligned. Offsets given to element accesses count elements, as bytecode does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, overload

import numpy as np

from gossamer.errors import (
    InvalidArgumentError,
    OutOfRangeError,
    PermissionDeniedError,
    ResourceExhaustedError,
)
from gossamer.limits.memory import Account, open_account
from gossamer.vm.objects.ref_types import register_ref_type

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

DEFAULT_ALIGNMENT_BYTES = 64
MAX_ALIGNMENT_BYTES = 1 << 21

IntegerFormat: TypeAlias = Literal["b", "B", "h", "H", "i", "I", "q", "Q"]
FloatFormat: TypeAlias = Literal["f", "d"]
ElementFormat: TypeAlias = IntegerFormat | FloatFormat
"""Element types as the `struct` module spells them."""

ELEMENT_BYTES: dict[ElementFormat, int] = {
    "b": 1,
    "B": 1,
    "h": 2,
    "H": 2,
    "i": 4,
    "I": 4,
    "q": 8,
    "Q": 8,
    "f": 4,
    "d": 8,
}


class Buffer:
    """A range of host memory.

    Attributes:
        data: the bytes, format `B`; read-only where the buffer is immutable.
        length: size in bytes.
        is_mutable: stores are allowed.
    """

    __slots__ = ("__weakref__", "_account", "_address", "_views", "data", "is_mutable", "length")

    def __init__(self, data: memoryview, *, is_mutable: bool) -> None:
        self.data = data
        self.length = len(data)
        self.is_mutable = is_mutable
        self._account: Account | None = None
        self._address: int | None = None
        self._views: dict[ElementFormat, memoryview[int] | memoryview[float]] = {}

    @staticmethod
    def allocate(length: int, alignment: int = DEFAULT_ALIGNMENT_BYTES) -> Buffer:
        """Make a mutable buffer of zeros.

        Args:
            length: bytes.
            alignment: of the first byte, a power of two; smaller ones are raised to 64 bytes.
        Raises: InvalidArgumentError on a bad alignment, ResourceExhaustedError when memory does not suffice.
        """
        if alignment & (alignment - 1) or not 0 <= alignment <= MAX_ALIGNMENT_BYTES:
            raise InvalidArgumentError(
                f"buffer alignment {alignment} is not a power of two up to {MAX_ALIGNMENT_BYTES}"
            )
        if length < 0:
            # Why: bytecode means lengths unsigned, so a negative one is a huge one.
            raise ResourceExhaustedError(f"cannot allocate a buffer of {length} bytes")
        alignment = max(alignment, DEFAULT_ALIGNMENT_BYTES)
        account = open_account(length)
        try:
            storage = np.zeros(length + alignment, dtype=np.uint8)
        except (MemoryError, ValueError, OverflowError) as error:
            raise ResourceExhaustedError(f"cannot allocate a buffer of {length} bytes") from error
        start = -storage.ctypes.data % alignment
        buffer = Buffer(storage.data[start : start + length], is_mutable=True)
        buffer._account = account
        return buffer

    @staticmethod
    def wrap(source: ReadableBuffer, *, is_mutable: bool | None = None) -> Buffer:
        """Borrow the memory of any contiguous object with the buffer protocol; it is kept alive.

        Args:
            source: bytes, memoryview, NumPy array and the like.
            is_mutable: allow stores; by default as the source allows.
        Raises: PermissionDeniedError if stores are asked for and the source is read-only.
        """
        data = memoryview(source)
        if data.format != "B" or data.ndim != 1:
            # Why: a view with a zero in its shape cannot be cast, but has no bytes to show either.
            data = data.cast("B") if data.nbytes else memoryview(b"")
        if is_mutable is None:
            is_mutable = not data.readonly
        elif is_mutable and data.readonly:
            raise PermissionDeniedError("cannot make a mutable buffer of read-only memory")
        return Buffer(data if is_mutable else data.toreadonly(), is_mutable=is_mutable)

    @property
    def address(self) -> int:
        """Address of the first byte; valid as long as the buffer lives."""
        if self._address is None:
            array = np.frombuffer(self.data, dtype=np.uint8)
            self._address = int(array.__array_interface__["data"][0])
        return self._address

    @overload
    def view(self, element: IntegerFormat) -> memoryview[int]: ...
    @overload
    def view(self, element: FloatFormat) -> memoryview[float]: ...
    def view(self, element: ElementFormat) -> memoryview[int] | memoryview[float]:
        """The whole elements of the buffer as an array; the same object every time.

        Indices must be checked by the caller: Python counts negative ones from the end.
        """
        found = self._views.get(element)
        if found is None:
            size = ELEMENT_BYTES[element]
            found = self.data[: self.length - self.length % size].cast(element)
            self._views[element] = found
        return found

    def range(self, offset: int, length: int) -> memoryview:
        """Bytes `[offset, offset + length)`.

        Raises: OutOfRangeError where they pass the end, or a number is negative.
        """
        end = offset + length
        if offset < 0 or length < 0 or end > self.length:
            raise OutOfRangeError(
                f"bytes [{offset}, {end}) are out of range of a buffer of {self.length} bytes"
            )
        return self.data[offset:end]

    def mutable_range(self, offset: int, length: int) -> memoryview:
        """As `range`, for stores.

        Raises: PermissionDeniedError where the buffer is immutable.
        """
        if not self.is_mutable:
            raise PermissionDeniedError("buffer is read-only; nothing may be stored to it")
        return self.range(offset, length)

    def fork_copy(self, memo: dict[int, object]) -> Buffer:
        """Copy for another state; an immutable buffer is its own copy."""
        if not self.is_mutable:
            return self
        copy = Buffer.allocate(self.length)
        copy.data[:] = self.data
        return copy

    def __bytes__(self) -> bytes:
        return bytes(self.data)

    def __len__(self) -> int:
        return self.length

    def __repr__(self) -> str:
        return f"Buffer(length={self.length}, is_mutable={self.is_mutable})"


register_ref_type("!vm.buffer", Buffer)
