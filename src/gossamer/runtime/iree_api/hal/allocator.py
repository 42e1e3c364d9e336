"""Allocators under the name of IREE's binding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gossamer.abi.memory_flags import BufferUsage, MemoryType
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.allocator_statistics import format_statistics
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.iree_api.hal.buffers import HalBuffer, HalBufferView
from gossamer.runtime.iree_api.types import BufferCompatibility, HalElementType

if TYPE_CHECKING:
    from gossamer.runtime.iree_api.hal.device import HalDevice


class HalAllocator:
    """Where a device's buffers come from."""

    def __init__(self, allocator: Allocator) -> None:
        self.allocator = allocator

    def allocate_buffer(
        self, memory_type: MemoryType | int, allowed_usage: BufferUsage | int, allocation_size: int
    ) -> HalBuffer:
        """Allocate bytes of undefined contents."""
        return HalBuffer.of(
            self.allocator.allocate_buffer(allocation_size, int(memory_type), int(allowed_usage))
        )

    def allocate_buffer_copy(
        self,
        memory_type: MemoryType | int,
        allowed_usage: BufferUsage | int,
        device: HalDevice,
        buffer: Any,
        element_type: HalElementType | int | None = None,
    ) -> HalBuffer | HalBufferView:
        """Copy an object with the buffer protocol; with an element type, into a view of its shape."""
        del device
        array = np.asarray(buffer)
        data = (
            np.ascontiguousarray(array).reshape(-1).view(np.uint8) if array.nbytes else np.zeros(0, np.uint8)
        )
        target = self.allocator.allocate_buffer(data.nbytes, int(memory_type), int(allowed_usage))
        target.to_numpy()[:] = data
        if element_type is None:
            return HalBuffer.of(target)
        return HalBufferView.of(BufferView(target, list(array.shape), int(element_type)))

    def allocate_host_staging_buffer_copy(self, device: HalDevice, initial_contents: Any) -> HalBuffer:
        """Copy an object with the buffer protocol into memory that transfers are quick from."""
        copied = self.allocate_buffer_copy(
            MemoryType.DEVICE_LOCAL, BufferUsage.TRANSFER, device, initial_contents
        )
        return cast("HalBuffer", copied)

    def import_host_allocation(
        self, buffer: Any, memory_type: MemoryType | int, allowed_usage: BufferUsage | int
    ) -> HalBuffer:
        """Share the memory of a contiguous object with the buffer protocol, without a copy."""
        return HalBuffer.of(self.allocator.import_memory(buffer, int(memory_type), int(allowed_usage)))

    def query_buffer_compatibility(
        self,
        memory_type: MemoryType | int,
        allowed_usage: BufferUsage | int,
        intended_usage: BufferUsage | int,
        allocation_size: int,
    ) -> int:
        """Bits of `BufferCompatibility`: memory is the host's, so everything can be done with it."""
        del memory_type, allocation_size
        usage = int(allowed_usage) & int(intended_usage)
        compatibility = (
            BufferCompatibility.ALLOCATABLE | BufferCompatibility.IMPORTABLE | BufferCompatibility.EXPORTABLE
        )
        if usage & BufferUsage.TRANSFER:
            compatibility |= BufferCompatibility.QUEUE_TRANSFER
        if usage & BufferUsage.DISPATCH_STORAGE:
            compatibility |= BufferCompatibility.QUEUE_DISPATCH
        return int(compatibility)

    def trim(self) -> None:
        """Give memory held for reuse back to the system."""
        self.allocator.trim()

    @property
    def has_statistics(self) -> bool:
        """Always True."""
        return True

    @property
    def statistics(self) -> dict[str, int]:
        """Bytes by kind of memory."""
        found = self.allocator.statistics
        return {
            "host_bytes_peak": found.host.peak_bytes,
            "host_bytes_allocated": found.host.allocated_bytes,
            "host_bytes_freed": found.host.freed_bytes,
            "device_bytes_peak": found.device.peak_bytes,
            "device_bytes_allocated": found.device.allocated_bytes,
            "device_bytes_freed": found.device.freed_bytes,
        }

    @property
    def formatted_statistics(self) -> str:
        """The same as text."""
        return format_statistics(self.allocator.statistics)
