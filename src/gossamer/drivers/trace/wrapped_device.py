"""A device that passes everything on to another one.

Programs see a device like any other: it answers to the same names and runs the same kernels. Callers leave
out none of its methods, as they do for some drivers (see `hal.direct_device`), so a subclass sees every queue
operation by overriding the `queue_*` methods; `submit_*` come to these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.abi.command_flags import CommandCategory
from gossamer.abi.memory_flags import BufferUsage, MemoryType
from gossamer.format.module_def import Bytes
from gossamer.hal.command.binding_table import Binding
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.file import File
from gossamer.hal.timeline.fence import Fence


class WrappedDevice(Device):
    """A device around another.

    Attributes:
        inner: the device that does the work; closed with this one.
    """

    def __init__(self, inner: Device) -> None:
        self.inner = inner
        self.identifier = inner.identifier
        self.allocator = inner.allocator

    def __repr__(self) -> str:
        return f"<hal.Device around {self.inner!r}>"

    def close(self) -> None:
        """See `Device.close`."""
        self.inner.close()

    def trim(self) -> None:
        """See `Device.trim`."""
        self.inner.trim()

    def query_i64(self, category: str, key: str) -> tuple[bool, int]:
        """See `Device.query_i64`."""
        return self.inner.query_i64(category, key)

    def create_executable(self, format: str, data: Bytes, constants: Sequence[int] = ()) -> Executable:
        """See `Device.create_executable`."""
        return self.inner.create_executable(format, data, constants)

    def create_command_buffer(
        self, mode: int = 0, categories: int = CommandCategory.ANY, binding_capacity: int = 0
    ) -> CommandBuffer:
        """See `Device.create_command_buffer`."""
        return self.inner.create_command_buffer(mode, categories, binding_capacity)

    def create_channel(self) -> object:
        """See `Device.create_channel`."""
        return self.inner.create_channel()

    def queue_alloca(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        byte_length: int,
        memory_type: int = MemoryType.DEVICE_LOCAL,
        usage: int = BufferUsage.DEFAULT,
    ) -> Buffer:
        """See `Queue.queue_alloca`."""
        return self.inner.queue_alloca(affinity, wait, signal, byte_length, memory_type, usage)

    def queue_dealloca(self, affinity: int, wait: Fence | None, signal: Fence | None, buffer: Buffer) -> None:
        """See `Queue.queue_dealloca`."""
        self.inner.queue_dealloca(affinity, wait, signal, buffer)

    def queue_barrier(self, affinity: int, wait: Fence | None, signal: Fence | None) -> None:
        """See `Queue.queue_barrier`."""
        self.inner.queue_barrier(affinity, wait, signal)

    def queue_execute(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        command_buffer: CommandBuffer,
        bindings: Sequence[Binding] = (),
    ) -> None:
        """See `Queue.queue_execute`."""
        self.inner.queue_execute(affinity, wait, signal, command_buffer, bindings)

    def queue_fill(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        target: BufferRef,
        pattern: int,
        pattern_length: int,
    ) -> None:
        """See `Queue.queue_fill`."""
        self.inner.queue_fill(affinity, wait, signal, target, pattern, pattern_length)

    def queue_update(
        self, affinity: int, wait: Fence | None, signal: Fence | None, source: Bytes, target: BufferRef
    ) -> None:
        """See `Queue.queue_update`."""
        self.inner.queue_update(affinity, wait, signal, source, target)

    def queue_copy(
        self, affinity: int, wait: Fence | None, signal: Fence | None, source: BufferRef, target: BufferRef
    ) -> None:
        """See `Queue.queue_copy`."""
        self.inner.queue_copy(affinity, wait, signal, source, target)

    def queue_read(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        source: File,
        source_offset: int,
        target: BufferRef,
    ) -> None:
        """See `Queue.queue_read`."""
        self.inner.queue_read(affinity, wait, signal, source, source_offset, target)

    def queue_write(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        source: BufferRef,
        target: File,
        target_offset: int,
    ) -> None:
        """See `Queue.queue_write`."""
        self.inner.queue_write(affinity, wait, signal, source, target, target_offset)

    def queue_host_call(
        self, affinity: int, wait: Fence | None, signal: Fence | None, function: Callable[[], object]
    ) -> None:
        """See `Queue.queue_host_call`."""
        self.inner.queue_host_call(affinity, wait, signal, function)

    def queue_flush(self, affinity: int) -> None:
        """See `Queue.queue_flush`."""
        self.inner.queue_flush(affinity)
