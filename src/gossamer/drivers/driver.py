"""Drivers: a kind of device, and how to make one.

In: the rest of a device URI, options. Out: devices. Mirrors `iree/hal/driver.h`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.hal.device import Device
from gossamer.hal.executable import ExecutableLoader
from gossamer.hal.memory.allocator import Allocator

if TYPE_CHECKING:
    from gossamer.drivers.local.workers.worker_options import WorkerOptions


@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """Which device of a driver: the parts of `driver://path?key=value`.

    Attributes:
        uri: all of it, for errors.
        driver: name of the driver.
        path: "" for the driver's first device.
        parameters: the last value of each key.
    """

    uri: str
    driver: str
    path: str
    parameters: Mapping[str, str]

    def require_default(self, *parameters: str) -> None:
        """Check an address for a driver that has one device.

        Args:
            parameters: keys that the driver knows.
        Raises: NotFoundError for another device, InvalidArgumentError for other keys.
        """
        if self.path not in ("", "default", "0"):
            raise NotFoundError(f"driver '{self.driver}' has no device '{self.path}'")
        unknown = [key for key in self.parameters if key not in parameters]
        if unknown:
            raise InvalidArgumentError(f"device '{self.uri}' has unknown parameters: {', '.join(unknown)}")


@dataclass(frozen=True, slots=True)
class DeviceOptions:
    """What whoever asks for a device hands to its driver, which takes what it can use.

    Attributes:
        executable_loaders: for the formats that programs bring.
        allocator: where buffers come from; None for the driver's own.
        workers: how threads of `local-task` are set up; None for its defaults.
    """

    executable_loaders: Sequence[ExecutableLoader] = ()
    allocator: Allocator | None = None
    workers: WorkerOptions | None = None


DeviceFactory: TypeAlias = Callable[[DeviceAddress, DeviceOptions], Device]
"""Makes a device. Raises NotFoundError where there is none there, InvalidArgumentError on a bad parameter."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A kind of device.

    Attributes:
        name: first part of a device URI.
        full_name: for people.
        create_device: makes one.
    """

    name: str
    full_name: str
    create_device: DeviceFactory
