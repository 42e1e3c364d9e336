"""Queries, executables and lifetime of devices."""

from __future__ import annotations

import pytest

from gossamer.errors import NotFoundError, UnimplementedError
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.timeline.fence import Fence
from hal_kernels import native_executable


class StubLoader:
    def supports_format(self, format: str) -> bool:
        return format == "stub"

    def load(self, format: str, data: bytes | memoryview, constants: object) -> Executable:
        return native_executable()


def test_devices_are_found_by_pattern(device: Device) -> None:
    for pattern in ("local*", "*", device.identifier, "local-????"):
        assert device.query_i64("hal.device.id", pattern) == (True, 1)
    for pattern in ("gpu*", "local", "local.*", "[l]ocal*"):
        assert device.query_i64("hal.device.id", pattern) == (True, 0)


def test_formats_are_those_of_the_loaders(device: Device) -> None:
    assert device.query_i64("hal.executable.format", "stub") == (True, 0)
    device.executable_loaders.append(StubLoader())
    assert device.query_i64("hal.executable.format", "stub") == (True, 1)

    assert device.create_executable("stub", b"").format == "test-native"
    with pytest.raises(NotFoundError, match="given executable format 'other'"):
        device.create_executable("other", b"")


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
