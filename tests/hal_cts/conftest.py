"""What every device must do alike: the devices, and kernels in each form an executable may have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gossamer.drivers.registry import create_device
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from hal_kernels import native_executable, python_executable

WAIT_SECONDS = 20
"""Longer than anything here takes; a test that waits so long has found a deadlock."""


@pytest.fixture(params=["local-sync", "local-task", "local-task://?workers=1"])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    device = create_device(request.param)
    yield device
    device.close()


@pytest.fixture(params=["native", "python"])
def executable(request: pytest.FixtureRequest) -> Executable:
    return native_executable() if request.param == "native" else python_executable()
