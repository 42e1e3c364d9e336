"""What every device must do alike: the devices, and kernels in each form an executable may have.

Tests that need more than memory and order say so by a tag of `backends`: `@pytest.mark.needs("executes")`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from backends import BACKENDS

from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from hal_kernels import native_executable, python_executable


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(tag, ...): what a device must be able to do for the test")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One variant for each device that can do what the test needs."""
    if "device" not in metafunc.fixturenames:
        return
    needed = {tag for mark in metafunc.definition.iter_markers("needs") for tag in mark.args}
    able = [backend for backend in BACKENDS if needed <= backend.tags]
    metafunc.parametrize("device", able, ids=[backend.name for backend in able], indirect=True)


@pytest.fixture
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    device = request.param.create()
    yield device
    device.close()


@pytest.fixture(params=["native", "python"])
def executable(request: pytest.FixtureRequest) -> Executable:
    return native_executable() if request.param == "native" else python_executable()
