"""The drivers `local-sync` and `local-task`.

Mirrors `iree/hal/drivers/local_sync/registration` and its neighbour.
"""

from __future__ import annotations

from dataclasses import replace

from gossamer.drivers.driver import DeviceAddress, DeviceOptions, Driver
from gossamer.drivers.local.sync_device import SyncDevice
from gossamer.drivers.local.task_device import TaskDevice
from gossamer.drivers.local.workers.worker_options import DEFAULT_WORKERS
from gossamer.errors import InvalidArgumentError


def _create_sync(address: DeviceAddress, options: DeviceOptions) -> SyncDevice:
    # Why `workers`: one URI can be used for both; here it changes nothing.
    address.require_default("workers")
    return SyncDevice(
        address.driver, executable_loaders=options.executable_loaders, allocator=options.allocator
    )


def _create_task(address: DeviceAddress, options: DeviceOptions) -> TaskDevice:
    address.require_default("workers")
    workers = options.workers or DEFAULT_WORKERS
    count = address.parameters.get("workers")
    if count is not None:
        if not count.isdecimal():
            raise InvalidArgumentError(f"device '{address.uri}': 'workers' must be a number")
        workers = replace(workers, count=int(count))
    return TaskDevice(
        address.driver,
        workers=workers,
        executable_loaders=options.executable_loaders,
        allocator=options.allocator,
    )


LOCAL_SYNC = Driver(
    "local-sync", "Local execution using a lightweight inline synchronous queue", _create_sync
)
LOCAL_TASK = Driver("local-task", "Local execution using the IREE multithreading task system", _create_task)
