"""Devices under the name of IREE's binding."""

from __future__ import annotations

from gossamer.errors import InvalidArgumentError, UnimplementedError
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.dlpack import from_capsule
from gossamer.hal.memory.dlpack_capsule import CPU_DEVICE
from gossamer.hal.queue import QUEUE_AFFINITY_ANY
from gossamer.hal.timeline.semaphore import Semaphore
from gossamer.runtime.iree_api.hal.allocator import HalAllocator
from gossamer.runtime.iree_api.hal.buffers import HalBuffer, HalBufferView
from gossamer.runtime.iree_api.hal.command_buffer import HalCommandBuffer
from gossamer.runtime.iree_api.hal.timelines import HalSemaphore, HalSemaphoreList, to_fence


class HalDevice:
    """A device."""

    def __init__(self, device: Device) -> None:
        self.device = device

    @property
    def allocator(self) -> HalAllocator:
        """Where its buffers come from."""
        return HalAllocator(self.device.allocator)

    def __repr__(self) -> str:
        return self.device.identifier

    def create_semaphore(self, initial_value: int) -> HalSemaphore:
        """Make a timeline."""
        return HalSemaphore.of(Semaphore(initial_value))

    def queue_alloca(
        self,
        allocation_size: int,
        wait_semaphores: HalSemaphoreList,
        signal_semaphores: HalSemaphoreList,
    ) -> HalBuffer:
        """Allocate in queue order."""
        wait, signal = to_fence(wait_semaphores), to_fence(signal_semaphores)
        return HalBuffer.of(self.device.queue_alloca(QUEUE_AFFINITY_ANY, wait, signal, allocation_size))

    def queue_dealloca(
        self,
        buffer: HalBuffer,
        wait_semaphores: HalSemaphoreList,
        signal_semaphores: HalSemaphoreList,
    ) -> None:
        """Deallocate in queue order."""
        wait, signal = to_fence(wait_semaphores), to_fence(signal_semaphores)
        self.device.queue_dealloca(QUEUE_AFFINITY_ANY, wait, signal, buffer.object)

    def queue_copy(
        self,
        source_buffer: HalBuffer,
        target_buffer: HalBuffer,
        wait_semaphores: HalSemaphoreList,
        signal_semaphores: HalSemaphoreList,
    ) -> None:
        """Copy all of a buffer in queue order.

        Raises: ValueError when it does not fit.
        """
        length = source_buffer.object.byte_length
        if length > target_buffer.object.byte_length:
            raise InvalidArgumentError("source buffer length must be less than or equal to the target's")
        wait, signal = to_fence(wait_semaphores), to_fence(signal_semaphores)
        self.device.queue_copy(
            QUEUE_AFFINITY_ANY,
            wait,
            signal,
            BufferRef(source_buffer.object, 0, length),
            BufferRef(target_buffer.object, 0, length),
        )

    def queue_execute(
        self,
        command_buffers: HalCommandBuffer,
        wait_semaphores: HalSemaphoreList,
        signal_semaphores: HalSemaphoreList,
    ) -> None:
        """Execute a command buffer in queue order."""
        wait, signal = to_fence(wait_semaphores), to_fence(signal_semaphores)
        self.device.queue_execute(QUEUE_AFFINITY_ANY, wait, signal, command_buffers.object)

    def create_dlpack_capsule(
        self, buffer_view: HalBufferView, device_type_code: int, device_id: int
    ) -> object:
        """DLPack capsule of a view's memory. Only the CPU (device type 1, id 0) can be asked for."""
        if (device_type_code, device_id) != CPU_DEVICE:
            raise UnimplementedError(
                f"memory is the CPU's: no DLPack device ({device_type_code}, {device_id})"
            )
        return buffer_view.object.__dlpack__()

    def from_dlpack_capsule(self, capsule: object) -> HalBufferView:
        """View of the memory in a DLPack capsule of the CPU, whose owner is kept alive.

        Memory that is not 64-byte aligned is copied.
        Raises: ValueError on elements, layouts or devices that buffers cannot have.
        """
        return HalBufferView.of(from_capsule(capsule, self.device.allocator))

    def begin_profiling(self, mode: str | None = None) -> None:
        """Profiling needs a sink, which this API has none of: only the empty mode does nothing."""
        if mode:
            raise InvalidArgumentError(f"profiling mode '{mode}' needs a profile sink")

    def flush_profiling(self) -> None:
        """Nothing is collected."""

    def end_profiling(self) -> None:
        """Nothing is collected."""

    def begin_external_capture(
        self, provider: str, file_path: str | None = None, label: str | None = None
    ) -> None:
        """Captures are made by tools for GPUs. Raises: NotImplementedError."""
        del file_path, label
        raise UnimplementedError(f"external capture with '{provider}' is not implemented")

    def end_external_capture(self) -> None:
        """See `begin_external_capture`."""
        raise UnimplementedError("external capture is not implemented")
