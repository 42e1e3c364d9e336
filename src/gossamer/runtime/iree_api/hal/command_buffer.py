"""Command buffers under the name of IREE's binding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.abi.command_flags import CommandCategory
from gossamer.errors import FailedPreconditionError, InvalidArgumentError
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.runtime.iree_api.hal.buffers import HalBuffer
from gossamer.runtime.iree_api.refs import RefObject

if TYPE_CHECKING:
    from gossamer.runtime.iree_api.hal.device import HalDevice


class HalCommandBuffer(RefObject):
    """Recorded work."""

    __slots__ = ("_begun",)
    _object_type = CommandBuffer
    object: CommandBuffer

    def __init__(self, device: HalDevice, binding_capacity: int = 0, begin: bool = True) -> None:
        """Make a command buffer that records, unless `begin` is False, from the start."""
        categories = CommandCategory.TRANSFER | CommandCategory.DISPATCH
        self.object = device.device.create_command_buffer(0, categories, binding_capacity)
        self._begun = begin

    def begin(self) -> None:
        """Start recording. Raises: RuntimeError when it has begun."""
        if self._begun:
            raise FailedPreconditionError("command buffer is already in a recording state")
        self._begun = True

    def end(self) -> None:
        """Stop recording. Raises: RuntimeError when it has ended."""
        self.object.finalize()

    def copy(
        self,
        source_buffer: HalBuffer,
        target_buffer: HalBuffer,
        source_offset: int = 0,
        target_offset: int = 0,
        length: int | None = None,
        end: bool = False,
    ) -> None:
        """Record a copy; of all of the source from its offset unless `length` says how much.

        Raises: ValueError when no length is given and the target is too short.
        """
        if length is None:
            length = source_buffer.object.byte_length - source_offset
            if length > target_buffer.object.byte_length - target_offset:
                raise InvalidArgumentError("the source is longer than the target: give a length")
        self.object.copy_buffer(
            BufferRef(source_buffer.object, source_offset, length),
            BufferRef(target_buffer.object, target_offset, length),
        )
        if end:
            self.end()

    def fill(
        self,
        target_buffer: HalBuffer,
        pattern: Any,
        target_offset: int = 0,
        length: int | None = None,
        end: bool = False,
    ) -> None:
        """Record a fill with a pattern of 1, 2, 4 or 8 bytes: any object with the buffer protocol."""
        data = memoryview(pattern).tobytes()
        if length is None:
            length = target_buffer.object.byte_length - target_offset
        target = BufferRef(target_buffer.object, target_offset, length)
        self.object.fill_buffer(target, int.from_bytes(data, "little"), len(data))
        if end:
            self.end()
