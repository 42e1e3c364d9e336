from __future__ import annotations

import pytest

from gossamer.drivers.local.task_device import TaskDevice
from gossamer.drivers.registry import create_device, device_uris
from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.processor.cpu_features import cpu_feature


@pytest.mark.parametrize("uri", ["local-sync", "local-sync://", "local-task", "local-task://default", "null"])
def test_devices_are_made_by_uri(uri: str) -> None:
    device = create_device(uri)

    assert device.identifier == uri.partition("://")[0]
    device.close()


def test_workers_are_a_parameter() -> None:
    device = create_device("local-task://?workers=3")

    assert isinstance(device, TaskDevice)
    assert device.worker_count == 3


@pytest.mark.parametrize("uri", ["cuda", "", "local-sync://gpu"])
def test_unknown_devices_are_refused(uri: str) -> None:
    with pytest.raises(NotFoundError):
        create_device(uri)


@pytest.mark.parametrize("uri", ["local-task://?workers=x", "local-task://?speed=9"])
def test_bad_parameters_are_refused(uri: str) -> None:
    with pytest.raises(InvalidArgumentError):
        create_device(uri)


def test_devices_are_listed() -> None:
    assert device_uris() == ["local-sync://", "local-task://", "null://"]
    assert device_uris("local-task") == ["local-task://"]


def test_cpu_features_are_bits_or_unknown() -> None:
    assert cpu_feature("no-such-feature") is None
    assert {cpu_feature(name) for name in ("sse3", "dotprod")} <= {None, 0, 1}
