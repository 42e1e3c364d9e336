"""Devices of the runtime: those of all drivers, with every executable loader there is.

In: a URI such as `local-task`. Out: a device, shared by all who ask for the same URI unless told otherwise.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TypeAlias

from gossamer.drivers.driver import DeviceOptions
from gossamer.drivers.local.executable.elf_loader import ElfLoader
from gossamer.drivers.local.workers.worker_options import DEFAULT_WORKERS, WorkerOptions
from gossamer.drivers.registry import create_device
from gossamer.errors import InvalidArgumentError
from gossamer.hal.device import Device
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.hal.native_policy import NativeCodePolicy
from gossamer.modules.vmvx.executable import VmvxLoader

DEFAULT_DEVICE_URI = "local-task"
DeviceLike: TypeAlias = Device | str

_lock = threading.Lock()
_devices: dict[tuple[str, NativeCodePolicy], Device] = {}


def new_device(
    uri: str = DEFAULT_DEVICE_URI,
    *,
    allow_native: NativeCodePolicy | str = NativeCodePolicy.ALL,
    max_memory: int | None = None,
    allocator: Allocator | None = None,
    workers: WorkerOptions = DEFAULT_WORKERS,
) -> Device:
    """Make a device that nobody else uses.

    Args:
        allow_native: whether programs may bring native code, which can do whatever the process can: "none",
            "embedded" (code that stands alone) or "all" (also libraries for the system's loader). Programs
            with code that is refused fail with PermissionDeniedError when they are loaded.
        max_memory: bytes that its buffers may take at a time; allocations past it fail with
            ResourceExhaustedError. None for no limit.
        allocator: where its buffers come from; then the allocator's own limit counts.
        workers: how the threads of `local-task` are set up; `?workers=` of the URI wins.
    Raises: NotFoundError when there is no such driver or device, InvalidArgumentError on a bad parameter or
        an unknown policy.
    """
    policy = NativeCodePolicy.parse(allow_native)
    loaders = [ElfLoader(policy), VmvxLoader()]
    allocator = allocator or HeapAllocator(capacity_bytes=max_memory)
    return create_device(uri, DeviceOptions(loaders, allocator, workers))


def get_device(
    uri: str = DEFAULT_DEVICE_URI, *, allow_native: NativeCodePolicy | str = NativeCodePolicy.ALL
) -> Device:
    """The process's device of a URI and a policy, made on first use; see `new_device`."""
    key = (uri, NativeCodePolicy.parse(allow_native))
    with _lock:
        device = _devices.get(key)
        if device is None:
            device = _devices[key] = new_device(uri, allow_native=allow_native)
        return device


def resolve_devices(
    devices: DeviceLike | Sequence[DeviceLike] | None, *, allow_native: NativeCodePolicy | None = None
) -> list[Device]:
    """Devices of what a caller may pass: a device, a URI, several of them, or None for the default.

    Args:
        allow_native: policy of devices named by URI; None for any native code.
    Raises: InvalidArgumentError for a device object beside a policy, since it has one of its own.
    """
    if devices is None:
        devices = [DEFAULT_DEVICE_URI]
    if isinstance(devices, (str, Device)):
        devices = [devices]
    if allow_native is None:
        allow_native = NativeCodePolicy.ALL
    elif any(isinstance(device, Device) for device in devices):
        raise InvalidArgumentError(
            "allow_native= is for devices named by URI; a device object got its own when new_device() made it"
        )
    return [
        get_device(device, allow_native=allow_native) if isinstance(device, str) else device
        for device in devices
    ]
