"""Drivers under the name of IREE's binding."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from gossamer.drivers.registry import device_uris, find_driver, registered_drivers
from gossamer.errors import InvalidArgumentError
from gossamer.runtime.devices import new_device
from gossamer.runtime.iree_api import flags
from gossamer.runtime.iree_api.hal.device import HalDevice

_ALLOCATOR_SPECIFICATIONS = ("caching", "debug")
_lock = threading.Lock()
_drivers: dict[str, HalDriver] = {}


class HalDriver:
    """A kind of device."""

    def __init__(self, name: str) -> None:
        self.name = name

    @staticmethod
    def query() -> list[str]:
        """Names of the drivers there are."""
        return [driver.name for driver in registered_drivers()]

    def query_available_devices(self) -> list[dict[str, Any]]:
        """Devices of the driver: `device_id`, `path` and `name` of each."""
        return [
            {"device_id": index, "path": uri.partition("://")[2], "name": "default"}
            for index, uri in enumerate(device_uris(self.name))
        ]

    def dump_device_info(self, device_id: int) -> str:
        """Nothing is known of local devices but their number."""
        del device_id
        return ""

    def create_default_device(self, allocators: Sequence[str] | None = None) -> HalDevice:
        """Make the first device; see `create_device`."""
        _check_allocators(allocators)
        return HalDevice(new_device(self.name, workers=flags.worker_options()))

    def create_device(
        self,
        device_id: int | dict[str, Any],
        params: dict[str, Any] | None = None,
        allocators: Sequence[str] | None = None,
    ) -> HalDevice:
        """Make a device of `query_available_devices`, by its id or its entry.

        Args:
            device_id: the id or the entry.
            params: there are none for local devices.
            allocators: `caching` and `debug` are accepted: memory is kept for reuse anyway.
        Raises: ValueError when there is none of that id, or on parameters nobody knows.
        """
        _check_allocators(allocators)
        if params:
            raise InvalidArgumentError(f"device parameters are not known: {', '.join(params)}")
        number = device_id["device_id"] if isinstance(device_id, dict) else device_id
        devices = self.query_available_devices()
        if not 0 <= number < len(devices):
            raise InvalidArgumentError(f"Device id {number} not found. Available devices: {devices}")
        return HalDevice(new_device(self.name, workers=flags.worker_options()))

    def create_device_by_uri(self, device_uri: str, allocators: Sequence[str] | None = None) -> HalDevice:
        """Make a device of a URI. Raises: ValueError when there is none."""
        _check_allocators(allocators)
        return HalDevice(new_device(device_uri, workers=flags.worker_options()))

    def __repr__(self) -> str:
        return f"<HalDriver {self.name}>"


def _check_allocators(allocators: Sequence[str] | None) -> None:
    for specification in allocators or ():
        name = specification.partition(":")[0]
        if name not in _ALLOCATOR_SPECIFICATIONS:
            known = ", ".join(_ALLOCATOR_SPECIFICATIONS)
            raise InvalidArgumentError(f"unrecognized allocator '{name}'; known are {known}")


def create_hal_driver(device_uri: str) -> HalDriver:
    """Driver of a URI or of a name. Raises: ValueError when there is none."""
    return HalDriver(find_driver(device_uri.partition("://")[0]).name)


def get_cached_hal_driver(device_uri: str) -> HalDriver:
    """As `create_hal_driver`, the same one every time."""
    name = device_uri.partition("://")[0]
    with _lock:
        driver = _drivers.get(name)
        if driver is None:
            driver = _drivers[name] = create_hal_driver(name)
        return driver


def clear_hal_driver_cache() -> None:
    """Forget the drivers made so far."""
    with _lock:
        _drivers.clear()
