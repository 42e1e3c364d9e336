"""Queues: operations in the order of fences.

Every operation takes a wait fence and a signal fence, either may be None. It is done once its wait fence is
reached, and then signals; whether it is done when the call returns is the driver's affair. An operation whose
wait fence fails, or that fails itself, fails its signal fence with that error; an error in its arguments is
raised at once. Operations belong to the scope of calls that they were queued under (see `gossamer.limits`):
when it is stopped, those that have not ended fail their signal fences.
In: operations. Out: memory changed, functions called, fences signalled or failed.
Mirrors the queue operations of `iree/hal/device.h`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.abi.memory_flags import BufferUsage, MemoryType
from gossamer.format.module_def import Bytes
from gossamer.hal.command.binding_table import Binding
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.file import File
from gossamer.hal.timeline.fence import Fence

QUEUE_AFFINITY_ANY = -1


class Queue:
    """What drivers implement: each `queue_*` method; none of them has a default.

    Each takes `affinity`, a bit set of the device's queues, and the two fences. What a program waits for
    itself is submitted by `submit_*` instead: these make the signal fence. They are `queue_*` with a fence
    unless a driver knows operations that are done at once, for which it need not make one.
    """

    def queue_alloca(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        byte_length: int,
        memory_type: int = MemoryType.DEVICE_LOCAL,
        usage: int = BufferUsage.DEFAULT,
    ) -> Buffer:
        """Allocate; later operations may name the buffer at once and use it once `signal` is reached.

        Args:
            memory_type, usage: bit sets of `abi.memory_flags`.
        """
        raise NotImplementedError

    def queue_dealloca(self, affinity: int, wait: Fence | None, signal: Fence | None, buffer: Buffer) -> None:
        """Deallocate; the contents are out of reach from then on."""
        raise NotImplementedError

    def queue_barrier(self, affinity: int, wait: Fence | None, signal: Fence | None) -> None:
        """Signal one fence when another is reached."""
        raise NotImplementedError

    def queue_execute(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        command_buffer: CommandBuffer,
        bindings: Sequence[Binding] = (),
    ) -> None:
        """Execute a command buffer of this device.

        Args:
            bindings: table for its slots; the buffers are kept alive until it is done.
        """
        raise NotImplementedError

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
        raise NotImplementedError

    def queue_update(
        self, affinity: int, wait: Fence | None, signal: Fence | None, source: Bytes, target: BufferRef
    ) -> None:
        """Copy host bytes, as they are now, to a buffer."""
        raise NotImplementedError

    def queue_copy(
        self, affinity: int, wait: Fence | None, signal: Fence | None, source: BufferRef, target: BufferRef
    ) -> None:
        """Copy between buffers."""
        raise NotImplementedError

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
        raise NotImplementedError

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
        raise NotImplementedError

    def queue_host_call(
        self, affinity: int, wait: Fence | None, signal: Fence | None, function: Callable[[], object]
    ) -> None:
        """Call a Python function; what it raises fails the signal fence."""
        raise NotImplementedError

    def queue_flush(self, affinity: int) -> None:
        """Start what was submitted and is held back."""
        raise NotImplementedError

    def submit_alloca(
        self, affinity: int, wait: Fence | None, byte_length: int, memory_type: int, usage: int
    ) -> tuple[Buffer, Fence | None]:
        """As `queue_alloca`: the buffer, and its fence or None where that is reached."""
        signal = Fence.create()
        return self.queue_alloca(affinity, wait, signal, byte_length, memory_type, usage), signal

    def submit_dealloca(self, affinity: int, wait: Fence | None, buffer: Buffer) -> Fence | None:
        """As `queue_dealloca`: the fence, or None where it is reached."""
        signal = Fence.create()
        self.queue_dealloca(affinity, wait, signal, buffer)
        return signal

    def submit_barrier(self, affinity: int, wait: Fence | None) -> Fence | None:
        """As `queue_barrier`: the fence, or None where it is reached."""
        signal = Fence.create()
        self.queue_barrier(affinity, wait, signal)
        return signal

    def submit_execute(
        self,
        affinity: int,
        wait: Fence | None,
        command_buffer: CommandBuffer,
        bindings: Sequence[Binding] = (),
    ) -> Fence | None:
        """As `queue_execute`: the fence, or None where it is reached."""
        signal = Fence.create()
        self.queue_execute(affinity, wait, signal, command_buffer, bindings)
        return signal
