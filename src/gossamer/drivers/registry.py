"""Drivers: what kinds of devices there are, and devices by URI.

In: `local-sync`, `local-task`, `local-task://` and such. Out: devices, and the lists tools print.
Mirrors `iree/hal/driver_registry.h`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from gossamer.drivers.local.sync_device import SyncDevice
from gossamer.drivers.local.task_device import TaskDevice
from gossamer.drivers.local.workers.worker_options import DEFAULT_WORKERS, WorkerOptions
from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.hal.device import Device
from gossamer.hal.executable import ExecutableLoader
from gossamer.hal.memory.allocator import Allocator


@dataclass(frozen=True, slots=True)
class DriverInfo:
    """A kind of device.

    Attributes:
        name: first part of a device URI.
        full_name: for people.
    """

    name: str
    full_name: str


DRIVERS = (
    DriverInfo("local-sync", "Local execution using a lightweight inline synchronous queue"),
    DriverInfo("local-task", "Local execution using the IREE multithreading task system"),
)


def device_uris(driver_name: str | None = None) -> list[str]:
    """URIs of the devices there are, of one driver or of all.

    Raises: NotFoundError when there is no such driver.
    """
    if driver_name is None:
        return [f"{driver.name}://" for driver in DRIVERS]
    return [f"{_driver(driver_name).name}://"]


def create_device(
    uri: str = "local-task",
    *,
    executable_loaders: Sequence[ExecutableLoader] = (),
    allocator: Allocator | None = None,
    workers: WorkerOptions = DEFAULT_WORKERS,
) -> Device:
    """Make a device.

    Args:
        uri: a driver name, optionally with `://`, a path (`default` or nothing) and parameters:
            `local-task://?workers=4` sets the number of threads.
        executable_loaders: for the formats its programs bring.
        allocator: None makes one for the device.
        workers: how threads are set up; `local-sync` has none.
    Raises: NotFoundError when there is no such driver or device, InvalidArgumentError on a bad parameter.
    """
    name, _, rest = uri.partition("://")
    driver = _driver(name)
    path, _, query = rest.partition("?")
    if path not in ("", "default", "0"):
        raise NotFoundError(f"driver '{name}' has no device '{path}'")
    parameters = parse_qs(query, keep_blank_values=True)
    count = parameters.pop("workers", None)
    if parameters:
        raise InvalidArgumentError(f"device '{uri}' has unknown parameters: {', '.join(parameters)}")
    if driver.name == "local-sync":
        return SyncDevice("local-sync", executable_loaders=executable_loaders, allocator=allocator)
    if count is not None and not count[-1].isdecimal():
        raise InvalidArgumentError(f"device '{uri}': 'workers' must be a number")
    return TaskDevice(
        "local-task",
        workers=replace(workers, count=int(count[-1])) if count else workers,
        executable_loaders=executable_loaders,
        allocator=allocator,
    )


def _driver(name: str) -> DriverInfo:
    for driver in DRIVERS:
        if driver.name == name:
            return driver
    names = ", ".join(driver.name for driver in DRIVERS)
    raise NotFoundError(f"no driver '{name}' registered; available: {names}")
