"""What commands name memory by: a range of a buffer, or of a slot of the binding table.

In: a buffer or a slot, offset and length. Out: what command buffers and queues take.
Mirrors `iree_hal_buffer_ref_t` of `iree/hal/command_buffer.h`.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from gossamer.abi.memory_flags import WHOLE_BUFFER
from gossamer.hal.memory.buffer import Buffer


class BufferRef(NamedTuple):
    """A range of a buffer, or of what a slot of the binding table will hold.

    Attributes:
        buffer: None for a slot.
        offset, length: bytes; length may be WHOLE_BUFFER.
        slot: of the binding table, where `buffer` is None.
    """

    buffer: Buffer | None
    offset: int = 0
    length: int = WHOLE_BUFFER
    slot: int = 0


BufferRange: TypeAlias = tuple[object, int, int, int]
"""What a `BufferRef` is, or the same as a plain tuple whose buffer was not checked yet."""
