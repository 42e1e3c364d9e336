"""The drivers there are, and devices by URI.

In: `local-sync`, `local-task://?workers=4` and such. Out: devices, and the lists tools print.
Mirrors `iree/hal/driver_registry.h`.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from gossamer.drivers.driver import DeviceAddress, DeviceOptions, Driver
from gossamer.drivers.local.registration import LOCAL_SYNC, LOCAL_TASK
from gossamer.drivers.null.device import NULL
from gossamer.errors import AlreadyExistsError, NotFoundError
from gossamer.hal.device import Device

_drivers: dict[str, Driver] = {driver.name: driver for driver in (LOCAL_SYNC, LOCAL_TASK, NULL)}


def register_driver(driver: Driver) -> None:
    """Add a driver: devices of it can be named wherever devices are named by URI.

    Raises: AlreadyExistsError where there is one of that name.
    """
    if driver.name in _drivers:
        raise AlreadyExistsError(f"driver '{driver.name}' is registered already")
    _drivers[driver.name] = driver


def unregister_driver(name: str) -> None:
    """Take a driver away again; its devices live on.

    Raises: NotFoundError when there is no such driver.
    """
    del _drivers[find_driver(name).name]


def registered_drivers() -> list[Driver]:
    """All drivers, by name."""
    return [_drivers[name] for name in sorted(_drivers)]


def find_driver(name: str) -> Driver:
    """Driver of a name.

    Raises: NotFoundError when there is no such driver.
    """
    found = _drivers.get(name)
    if found is None:
        names = ", ".join(driver.name for driver in registered_drivers())
        raise NotFoundError(f"no driver '{name}' registered; available: {names}")
    return found


def device_uris(driver_name: str | None = None) -> list[str]:
    """URIs of the devices there are, of one driver or of all.

    Raises: NotFoundError when there is no such driver.
    """
    drivers = registered_drivers() if driver_name is None else [find_driver(driver_name)]
    return [f"{driver.name}://" for driver in drivers]


def create_device(uri: str = "local-task", options: DeviceOptions | None = None) -> Device:
    """Make a device.

    Args:
        uri: a driver name, optionally with `://`, a path and parameters: `local-task://?workers=4`.
        options: for its driver; None for none.
    Raises: NotFoundError when there is no such driver or device, InvalidArgumentError on a bad parameter.
    """
    name, _, rest = uri.partition("://")
    path, _, query = rest.partition("?")
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    address = DeviceAddress(uri, name, path, parameters)
    return find_driver(name).create_device(address, options or DeviceOptions())
