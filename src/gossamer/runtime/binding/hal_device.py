"""Devices, allocators and drivers under the names of IREE's binding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from gossamer.errors import FailedPreconditionError, InvalidArgumentError, UnimplementedError
from gossamer.hal.allocator import Allocator
from gossamer.hal.buffer_view import BufferView
from gossamer.hal.command_buffer import BufferRef
from gossamer.hal.device import QUEUE_AFFINITY_ANY, Device
from gossamer.hal.drivers import DRIVERS, device_uris
from gossamer.hal.fence import Fence
from gossamer.hal.memory import BufferUsage, MemoryType
from gossamer.hal.semaphore import Semaphore
from gossamer.runtime.binding.hal_objects import (
    HalBuffer,
    HalBufferView,
    HalCommandBuffer,
    HalFence,
    HalSemaphore,
)
from gossamer.runtime.binding.hal_types import BufferCompatibility, HalElementType
from gossamer.runtime.devices import new_device

HalSemaphoreList: TypeAlias = "Sequence[tuple[HalSemaphore, int]] | HalFence"


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
        element_type: HalElementType | None = None,
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
        """Copy an object with the buffer protocol into memory that the host can see."""
        copied = self.allocate_buffer_copy(
            MemoryType.HOST_LOCAL | MemoryType.DEVICE_VISIBLE, BufferUsage.TRANSFER, device, initial_contents
        )
        return cast("HalBuffer", copied)

    def import_host_allocation(
        self, buffer_obj: Any, memory_type: MemoryType | int, allowed_usage: BufferUsage | int
    ) -> HalBuffer:
        """Share the memory of an object with the buffer protocol, without a copy."""
        return HalBuffer.of(self.allocator.import_memory(buffer_obj, int(memory_type), int(allowed_usage)))

    def query_buffer_compatibility(
        self,
        memory_type: MemoryType | int,
        allowed_usage: BufferUsage | int,
        intended_usage: BufferUsage | int,
        allocation_size: int,
    ) -> int:
        """Bits of `BufferCompatibility`: memory is the host's, so everything can be done with it."""
        del memory_type, intended_usage, allocation_size
        compatibility = (
            BufferCompatibility.ALLOCATABLE | BufferCompatibility.IMPORTABLE | BufferCompatibility.EXPORTABLE
        )
        if int(allowed_usage) & BufferUsage.TRANSFER:
            compatibility |= BufferCompatibility.QUEUE_TRANSFER
        if int(allowed_usage) & BufferUsage.DISPATCH_STORAGE:
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
        """Bytes by kind; host and device memory are one, counted as the device's."""
        found = self.allocator.statistics
        return {
            "host_bytes_peak": 0,
            "host_bytes_allocated": 0,
            "host_bytes_freed": 0,
            "device_bytes_peak": found.peak_bytes,
            "device_bytes_allocated": found.allocated_bytes,
            "device_bytes_freed": found.freed_bytes,
        }

    @property
    def formatted_statistics(self) -> str:
        """The same as text."""
        found = self.statistics
        lines = [
            f"{place:>13}: {found[f'{key}_bytes_peak']:>12}B peak / "
            f"{found[f'{key}_bytes_allocated']:>12}B allocated / {found[f'{key}_bytes_freed']:>12}B freed"
            for place, key in (("HOST_LOCAL", "host"), ("DEVICE_LOCAL", "device"))
        ]
        return "\n".join(lines) + "\n"


class HalDevice:
    """A device."""

    def __init__(self, device: Device) -> None:
        self.device = device

    @property
    def allocator(self) -> HalAllocator:
        """Where its buffers come from."""
        return HalAllocator(self.device.allocator)

    def __repr__(self) -> str:
        return f"<HalDevice {self.device.identifier}>"

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
        wait, signal = _fences(wait_semaphores, signal_semaphores)
        return HalBuffer.of(self.device.queue_alloca(QUEUE_AFFINITY_ANY, wait, signal, allocation_size))

    def queue_dealloca(
        self,
        buffer: HalBuffer,
        wait_semaphores: HalSemaphoreList,
        signal_semaphores: HalSemaphoreList,
    ) -> None:
        """Deallocate in queue order."""
        wait, signal = _fences(wait_semaphores, signal_semaphores)
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
            raise InvalidArgumentError("source buffer length must be less than or equal to target length")
        wait, signal = _fences(wait_semaphores, signal_semaphores)
        self.device.queue_copy(
            QUEUE_AFFINITY_ANY,
            wait,
            signal,
            BufferRef(source_buffer.object, 0, length),
            BufferRef(target_buffer.object, 0, length),
        )

    def queue_execute(
        self,
        command_buffer: HalCommandBuffer,
        wait_semaphores: HalSemaphoreList,
        signal_semaphores: HalSemaphoreList,
    ) -> None:
        """Execute a command buffer in queue order."""
        wait, signal = _fences(wait_semaphores, signal_semaphores)
        self.device.queue_execute(QUEUE_AFFINITY_ANY, wait, signal, command_buffer.object)

    def create_dlpack_capsule(
        self, buffer_view: HalBufferView, device_type_code: int, device_id: int
    ) -> object:
        """DLPack capsule of a view's memory. Only the CPU (device type 1, id 0) can be asked for."""
        if (device_type_code, device_id) != (1, 0):
            raise UnimplementedError(
                f"memory is the CPU's: no DLPack device ({device_type_code}, {device_id})"
            )
        return buffer_view.object.to_numpy().__dlpack__()

    def from_dlpack_capsule(self, capsule: Any) -> HalBufferView:
        """View of the memory in a DLPack capsule of the CPU; the capsule's owner is kept alive."""
        array = np.from_dlpack(cast("Any", _Capsule(capsule)))
        view = BufferView.from_numpy(array, self.device.allocator, copy=None)
        return HalBufferView.of(view)

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
        """Captures by GPU tools are not there on a CPU. Raises: RuntimeError."""
        del file_path, label
        raise FailedPreconditionError(f"UNIMPLEMENTED: capture provider '{provider}' is not available")

    def end_external_capture(self) -> None:
        """See `begin_external_capture`."""
        raise FailedPreconditionError("UNIMPLEMENTED: no capture was begun")


class _Capsule:
    """Gives a capsule to whoever takes objects with `__dlpack__`."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __dlpack__(self, **_options: object) -> object:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)


def _fences(wait: HalSemaphoreList, signal: HalSemaphoreList) -> tuple[Fence | None, Fence | None]:
    return _fence(wait), _fence(signal)


def _fence(semaphores: HalSemaphoreList) -> Fence | None:
    if isinstance(semaphores, HalFence):
        return semaphores.object
    pairs = [(semaphore.object, value) for semaphore, value in semaphores]
    return Fence(pairs) if pairs else None


class HalDriver:
    """A kind of device."""

    def __init__(self, name: str) -> None:
        self.name = name

    @staticmethod
    def query() -> list[str]:
        """Names of the drivers there are."""
        return [driver.name for driver in DRIVERS]

    def query_available_devices(self) -> list[dict[str, Any]]:
        """Devices of the driver."""
        return [
            {"device_id": index, "path": uri.partition("://")[2], "name": "default"}
            for index, uri in enumerate(device_uris(self.name))
        ]

    def create_default_device(self, allocators: list[HalAllocator] | None = None) -> HalDevice:
        """Make the first device."""
        _refuse_allocators(allocators)
        return HalDevice(new_device(self.name))

    def create_device(
        self,
        device_id: int | dict[str, Any],
        params: dict[str, Any] | None = None,
        allocators: list[HalAllocator] | None = None,
    ) -> HalDevice:
        """Make a device of `query_available_devices`, by its id or its entry.

        Raises: ValueError when there is none of that id.
        """
        _refuse_allocators(allocators)
        if params:
            raise InvalidArgumentError(f"device parameters are not known: {', '.join(params)}")
        number = device_id["device_id"] if isinstance(device_id, dict) else device_id
        devices = self.query_available_devices()
        if not 0 <= number < len(devices):
            raise InvalidArgumentError(f"Device id {number} not found. Available devices: {devices}")
        return HalDevice(new_device(self.name))

    def create_device_by_uri(
        self, device_uri: str, allocators: list[HalAllocator] | None = None
    ) -> HalDevice:
        """Make a device of a URI."""
        _refuse_allocators(allocators)
        return HalDevice(new_device(device_uri))

    def __repr__(self) -> str:
        return f"<HalDriver {self.name}>"


def _refuse_allocators(allocators: list[HalAllocator] | None) -> None:
    if allocators:
        raise UnimplementedError("allocators of the caller's own are not supported")
