"""Host queues' operations on memory: allocation, fills, updates, copies, files.

In: operations on buffers in the order of fences, see `hal.queue`. Out: memory allocated, deallocated or
changed; transfers are one-shot command buffers.
"""

from __future__ import annotations

import ctypes

from gossamer.abi.command_flags import CommandBufferMode, CommandCategory
from gossamer.abi.memory_flags import BufferUsage, MemoryAccess, MemoryType
from gossamer.drivers.host.queue import HostQueue
from gossamer.format.module_def import Bytes
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.command.command_checks import check_fill
from gossamer.hal.command.runner import RunnerMaker
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.file import File
from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.pending import start_when_reached
from gossamer.limits.scope import current_scope

# Plain numbers: operations of flags take many times as long.
_ONE_SHOT, _TRANSFER = int(CommandBufferMode.ONE_SHOT), int(CommandCategory.TRANSFER)
_READ = int(MemoryAccess.READ)
_WRITE = int(MemoryAccess.WRITE)
_TRANSFER_SOURCE = int(BufferUsage.TRANSFER_SOURCE)
_TRANSFER_TARGET = int(BufferUsage.TRANSFER_TARGET)


class HostMemoryQueue(HostQueue):
    """A host queue with an allocator.

    A queue allocation that waits for nothing and tells nobody is one of `allocator`, and nothing more.

    Args:
        allocator: where buffers come from.
        make_runner: what runs command programs; it is handed to the command buffers made here.
    """

    def __init__(self, allocator: Allocator, make_runner: RunnerMaker) -> None:
        self.allocator = allocator
        self.make_runner = make_runner

    def create_command_buffer(
        self, mode: int = 0, categories: int = CommandCategory.ANY, binding_capacity: int = 0
    ) -> CommandBuffer:
        """Start recording commands for this queue; see `Device.create_command_buffer`."""
        return CommandBuffer(mode, categories, binding_capacity, self.make_runner)

    def queue_alloca(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        byte_length: int,
        memory_type: int = MemoryType.DEVICE_LOCAL,
        usage: int = BufferUsage.DEFAULT,
    ) -> Buffer:
        """Allocate in queue order; later operations may name the buffer at once and use it once signalled."""
        buffer = self.allocator.allocate_buffer(byte_length, memory_type, usage)
        if wait is not None or signal is not None:
            self.queue_barrier(affinity, wait, signal)
        return buffer

    def submit_alloca(
        self, affinity: int, wait: Fence | None, byte_length: int, memory_type: int, usage: int
    ) -> tuple[Buffer, Fence | None]:
        """See `Queue.submit_alloca`; no fence is made where the wait fence is reached."""
        buffer = self.allocator.allocate_buffer(byte_length, memory_type, usage)
        return buffer, None if wait is None else self.submit_barrier(affinity, wait)

    def queue_dealloca(self, affinity: int, wait: Fence | None, signal: Fence | None, buffer: Buffer) -> None:
        """Deallocate in queue order; the contents are out of reach from then on."""
        if wait is None or wait.is_reached:
            buffer.allocated_buffer.deallocate()
            self.queue_barrier(affinity, None, signal)
            return

        def deallocate() -> None:
            buffer.allocated_buffer.deallocate()
            if signal is not None:
                signal.signal()

        start_when_reached(wait, signal, deallocate, current_scope())

    def submit_dealloca(self, affinity: int, wait: Fence | None, buffer: Buffer) -> Fence | None:
        """See `Queue.submit_dealloca`; no fence is made where the wait fence is reached."""
        if wait is None or wait.is_reached:
            buffer.allocated_buffer.deallocate()
            return None
        signal = Fence.create()
        self.queue_dealloca(affinity, wait, signal, buffer)
        return signal

    def queue_fill(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        target: BufferRef,
        pattern: int,
        pattern_length: int,
    ) -> None:
        """Fill a range of a buffer with a pattern of 1, 2, 4 or 8 bytes."""
        check_fill(target.offset, target.length, pattern_length)
        commands = CommandBuffer(_ONE_SHOT, _TRANSFER, 0, self.make_runner)
        commands.fill_buffer(target, pattern, pattern_length)
        self._execute_now(affinity, wait, signal, commands)

    def queue_update(
        self, affinity: int, wait: Fence | None, signal: Fence | None, source: Bytes, target: BufferRef
    ) -> None:
        """Copy host bytes, as they are now, to a buffer."""
        commands = CommandBuffer(_ONE_SHOT, _TRANSFER, 0, self.make_runner)
        commands.update_buffer(source, target)
        self._execute_now(affinity, wait, signal, commands)

    def queue_copy(
        self, affinity: int, wait: Fence | None, signal: Fence | None, source: BufferRef, target: BufferRef
    ) -> None:
        """Copy between buffers."""
        commands = CommandBuffer(_ONE_SHOT, _TRANSFER, 0, self.make_runner)
        commands.copy_buffer(source, target)
        self._execute_now(affinity, wait, signal, commands)

    def queue_read(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        source: File,
        source_offset: int,
        target: BufferRef,
    ) -> None:
        """Copy from a file to a buffer; `target` says how many bytes."""
        del affinity
        assert target.buffer is not None
        target.buffer.require_usage(_TRANSFER_TARGET)
        target.buffer.require_access(_WRITE)
        address, length = target.buffer.range(target.offset, target.length)
        source_address, _ = source.range(source_offset, length)
        self._submit(wait, signal, _move, address, source_address, length, (source, target))

    def queue_write(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        source: BufferRef,
        target: File,
        target_offset: int,
    ) -> None:
        """Copy from a buffer to a file; `source` says how many bytes."""
        del affinity
        assert source.buffer is not None
        source.buffer.require_usage(_TRANSFER_SOURCE)
        source.buffer.require_access(_READ)
        address, length = source.buffer.range(source.offset, source.length)
        target_address, _ = target.range(target_offset, length, write=True)
        self._submit(wait, signal, _move, target_address, address, length, (source, target))

    def _execute_now(
        self, affinity: int, wait: Fence | None, signal: Fence | None, commands: CommandBuffer
    ) -> None:
        commands.finalize()
        self.queue_execute(affinity, wait, signal, commands)


def _move(target: int, source: int, length: int, keepalive: object) -> None:
    ctypes.memmove(target, source, length)
