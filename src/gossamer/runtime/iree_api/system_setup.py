"""Drivers and devices of the process under the names of IREE's `system_setup`."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from threading import RLock

from gossamer.runtime.iree_api.hal.device import HalDevice
from gossamer.runtime.iree_api.hal.driver import HalDriver, get_cached_hal_driver

DEFAULT_DRIVER_NAMES = "local-task,cuda,vulkan"

_lock = RLock()
_devices: dict[str, HalDevice] = {}


def query_available_drivers() -> Collection[str]:
    """Names of the drivers there are."""
    return HalDriver.query()


def get_driver(device_uri: str) -> HalDriver:
    """Driver of a URI or of a name, the same one every time. Raises: ValueError when there is none."""
    return get_cached_hal_driver(device_uri)


def get_device(device_uri: str, cache: bool = True) -> HalDevice:
    """Device of a URI, the same one every time unless `cache` is False.

    Raises: ValueError when there is none.
    """
    with _lock:
        device = _devices.get(device_uri) if cache else None
        if device is None:
            device = get_driver(device_uri).create_device_by_uri(device_uri)
            if cache:
                _devices[device_uri] = device
        return device


def get_first_device(device_uris: Sequence[str] | None = None, cache: bool = True) -> HalDevice:
    """First of some devices that there is; those of `IREE_DEFAULT_DEVICE` by default.

    Raises: ValueError when there is none; RuntimeError when the last one there is could not be made.
    """
    if device_uris is None:
        names = os.environ.get("IREE_DEFAULT_DEVICE") or DEFAULT_DRIVER_NAMES
        device_uris = [name.strip() for name in names.split(",")]
    failure: Exception | None = None
    for uri in device_uris:
        try:
            return get_device(uri, cache=cache)
        except ValueError:
            continue
        except Exception as error:
            failure = error
    if failure is not None:
        raise RuntimeError("Could not create device. Exception for last tried follows.") from failure
    raise ValueError(f"No device found from list {device_uris}")
