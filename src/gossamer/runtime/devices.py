"""Devices of the runtime: those of `hal.drivers` with every executable loader there is.

In: a URI such as `local-task`. Out: a device, shared by all who ask for the same URI unless told otherwise.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TypeAlias

from gossamer.hal.device import Device
from gossamer.hal.drivers import create_device
from gossamer.hal.local.elf_loader import ElfLoader, NativeCodePolicy
from gossamer.modules.vmvx_executable import VmvxLoader

DEFAULT_DEVICE_URI = "local-task"
DeviceLike: TypeAlias = Device | str

_lock = threading.Lock()
_devices: dict[str, Device] = {}


def new_device(uri: str = DEFAULT_DEVICE_URI, *, allow_native: NativeCodePolicy = "all") -> Device:
    """Make a device that nobody else uses.

    Args:
        allow_native: whether programs may bring native code, which can do whatever the process can: "none",
            "embedded" (code that stands alone) or "all" (also libraries for the system's loader). Programs
            with code that is refused fail with PermissionDeniedError when they are loaded.
    Raises: NotFoundError when there is no such driver or device, InvalidArgumentError on a bad parameter.
    """
    return create_device(uri, executable_loaders=[ElfLoader(allow_native), VmvxLoader()])


def get_device(uri: str = DEFAULT_DEVICE_URI) -> Device:
    """The process's device of a URI, made on first use."""
    with _lock:
        device = _devices.get(uri)
        if device is None:
            device = _devices[uri] = new_device(uri)
        return device


def resolve_devices(devices: DeviceLike | Sequence[DeviceLike] | None) -> list[Device]:
    """Devices of what a caller may pass: a device, a URI, several of them, or None for the default."""
    if devices is None:
        return [get_device()]
    if isinstance(devices, (str, Device)):
        devices = [devices]
    return [get_device(device) if isinstance(device, str) else device for device in devices]
