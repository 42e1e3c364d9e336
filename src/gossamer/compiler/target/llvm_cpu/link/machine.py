"""What linking has to know about an architecture: its relocations and its largest page."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from gossamer.errors import FormatError

_TABLE = "ELF object"


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a section's bytes that depends on where something is.

    Attributes:
        contents: of the section, changed in place.
        offset: of the place in them.
        type: of the relocation.
        address: of the place once loaded at zero.
        target: address of what is referred to, addend included.
        slot: address of the pointer to it, or 0 where the relocation needs none.
    """

    contents: bytearray
    offset: int
    type: int
    address: int
    target: int
    slot: int

    @property
    def distance(self) -> int:
        """From the place to what is referred to."""
        return self.target - self.address

    def write(self, layout: str, value: int) -> None:
        """Write a number.

        Raises: FormatError where it does not fit.
        """
        try:
            struct.pack_into(layout, self.contents, self.offset, value)
        except struct.error:
            raise self.too_far(value) from None

    def word(self, position: int = 0) -> int:
        """The instruction at the place, or so many bytes after it."""
        return struct.unpack_from("<I", self.contents, self.offset + position)[0]

    def set_word(self, mask: int, bits: int, position: int = 0) -> None:
        """Replace the bits of an instruction that are in `mask`."""
        word = self.word(position) & ~mask & 0xFFFF_FFFF | bits & mask
        struct.pack_into("<I", self.contents, self.offset + position, word)

    def signed(self, value: int, bits: int, unit: int = 1) -> int:
        """`value` in units, as a field of so many bits has it.

        Raises: FormatError where it does not fit.
        """
        if value % unit or not -(1 << bits - 1) <= value // unit < 1 << bits - 1:
            raise self.too_far(value)
        return value // unit & (1 << bits) - 1

    def too_far(self, value: int) -> FormatError:
        """The error that a value does not fit."""
        return FormatError(f"relocation of type {self.type} does not fit: {value}", table=_TABLE)


@dataclass(frozen=True, slots=True)
class Machine:
    """An architecture.

    Attributes:
        page_bytes: the largest page that systems for it use.
        pointer: type of a relocation that is an address of 64 bits.
        relative: type of the relocation that a loader resolves by adding where it loaded the image.
        slots: types of relocations that go through a pointer to what they refer to.
        nothing: types of relocations that ask for nothing.
        paired: types of relocations that continue the one at the place their symbol is.
        apply: fills in one place; false where it does not know the relocation's type.
    """

    page_bytes: int
    pointer: int
    relative: int
    slots: frozenset[int]
    apply: Callable[[Site], bool]
    nothing: frozenset[int] = frozenset({0})
    paired: frozenset[int] = frozenset()
