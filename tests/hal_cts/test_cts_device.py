"""Queries, executables and lifetime of devices."""

from __future__ import annotations

import pytest
from backends import BACKENDS

from gossamer.drivers.driver import DeviceOptions
from gossamer.drivers.registry import create_device, registered_drivers
from gossamer.errors import NotFoundError, UnimplementedError
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.timeline.fence import Fence
from hal_kernels import native_executable


def test_every_driver_is_tested() -> None:
    assert {driver.name for driver in registered_drivers()} <= {backend.name for backend in BACKENDS}


class StubLoader:
    def supports_format(self, format: str) -> bool:
        return format == "stub"

    def load(self, format: str, data: bytes | memoryview, constants: object) -> Executable:
        return native_executable()


def test_devices_are_found_by_pattern(device: Device) -> None:
    begin, end = device.identifier[:3], device.identifier[3:]
    for pattern in ("local*", "*", device.identifier, f"{begin}*", begin + "?" * len(end)):
        assert device.query_i64("hal.device.id", pattern) == (True, 1)
    for pattern in ("gpu*", begin, "local.*", f"[{begin[0]}]{begin[1:]}*"):
        assert device.query_i64("hal.device.id", pattern) == (True, 0)


@pytest.mark.parametrize("driver", [driver.name for driver in registered_drivers()])
def test_formats_are_those_of_the_loaders(driver: str) -> None:
    device = create_device(driver, DeviceOptions([StubLoader()]))
    assert device.query_i64("hal.executable.format", "stub") == (True, 1)
    assert device.query_i64("hal.executable.format", "other") == (True, 0)

    assert device.create_executable("stub", b"").format == "test-native"
    with pytest.raises(NotFoundError, match="given executable format 'other'"):
        device.create_executable("other", b"")
    device.close()


def test_other_queries(device: Device) -> None:
    assert device.query_i64("hal.device", "concurrency") == (True, 1)
    known, value = device.query_i64("hal.dispatch", "concurrency")
    assert known
    assert value >= 1
    assert device.query_i64("hal.dispatch", "other") == (False, 0)
    assert device.query_i64("hal.cpu", "no-such-feature") == (False, 0)
    assert device.query_i64("nothing", "at all") == (False, 0)


def test_collectives_are_not_available(device: Device) -> None:
    with pytest.raises(UnimplementedError):
        device.create_channel()


def test_close_finishes_what_was_submitted_and_may_be_repeated(device: Device) -> None:
    done = Fence.create()
    device.queue_host_call(-1, None, done, lambda: None)
    device.close()

    assert done.is_reached
    device.close()
