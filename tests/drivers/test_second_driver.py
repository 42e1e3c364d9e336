"""A driver from outside: registered, named by URI, and run on; nothing of the package knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch

import numpy as np
import pytest
from sample_programs import OUTPUT, run_sample

import gossamer
from gossamer.abi.command_flags import CommandCategory
from gossamer.abi.memory_flags import BufferUsage, MemoryType
from gossamer.drivers.driver import DeviceAddress, DeviceOptions, Driver
from gossamer.drivers.local.runner.runner import runner_for
from gossamer.drivers.registry import register_driver, registered_drivers, unregister_driver
from gossamer.errors import AlreadyExistsError, NotFoundError
from gossamer.format.module_def import Bytes
from gossamer.hal.command.binding_table import Binding
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.hal.timeline.fence import Fence


class PatientDevice(Device):
    """Waits for each operation's fence where it is submitted; it has what the sample needs."""

    def __init__(self, options: DeviceOptions) -> None:
        self.identifier = "local-patient"
        self.allocator = HeapAllocator()
        self.loaders = options.executable_loaders
        self.executions = 0

    def close(self) -> None: ...

    def query_i64(self, category: str, key: str) -> tuple[bool, int]:
        if category == "hal.device.id":
            return True, int(fnmatch(self.identifier, key))
        if category == "hal.executable.format":
            return True, int(any(loader.supports_format(key) for loader in self.loaders))
        return False, 0

    def create_executable(self, format: str, data: Bytes, constants: Sequence[int] = ()) -> Executable:
        loader = next(loader for loader in self.loaders if loader.supports_format(format))
        return loader.load(format, data, constants)

    def create_command_buffer(
        self, mode: int = 0, categories: int = CommandCategory.ANY, binding_capacity: int = 0
    ) -> CommandBuffer:
        return CommandBuffer(mode, categories, binding_capacity, runner_for)

    def queue_alloca(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        byte_length: int,
        memory_type: int = MemoryType.DEVICE_LOCAL,
        usage: int = BufferUsage.DEFAULT,
    ) -> Buffer:
        self.queue_barrier(affinity, wait, signal)
        return self.allocator.allocate_buffer(byte_length, memory_type, usage)

    def queue_dealloca(self, affinity: int, wait: Fence | None, signal: Fence | None, buffer: Buffer) -> None:
        self._do(wait, signal, buffer.allocated_buffer.deallocate)

    def queue_barrier(self, affinity: int, wait: Fence | None, signal: Fence | None) -> None:
        self._do(wait, signal, lambda: None)

    def queue_execute(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        command_buffer: CommandBuffer,
        bindings: Sequence[Binding] = (),
    ) -> None:
        table = command_buffer.prepare(bindings)
        self.executions += 1
        self._do(wait, signal, lambda: command_buffer.run(table, bindings))

    def _do(self, wait: Fence | None, signal: Fence | None, operation: Callable[[], None]) -> None:
        if wait is not None:
            wait.wait(20)
        operation()
        if signal is not None:
            signal.signal()


def create_patient(address: DeviceAddress, options: DeviceOptions) -> Device:
    if address.path not in ("", "chair"):
        raise NotFoundError(f"driver 'patient' has no device '{address.path}'")
    return PatientDevice(options)


PATIENT = Driver("patient", "Waits where it is called", create_patient)


@pytest.fixture
def patient() -> Iterator[None]:
    register_driver(PATIENT)
    yield
    unregister_driver("patient")


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_pipeline_runs_on_it(asynchronous: bool) -> None:
    device = gossamer.new_device("patient://chair")

    for result in run_sample(device, asynchronous=asynchronous):
        np.testing.assert_array_equal(result, OUTPUT)
    assert isinstance(device, PatientDevice)
    assert device.executions == 4


@pytest.mark.usefixtures("patient")
def test_it_is_named_as_others_are() -> None:
    assert PATIENT in registered_drivers()
    np.testing.assert_array_equal(run_sample("patient")[0], OUTPUT)
    with pytest.raises(NotFoundError, match="driver 'patient' has no device 'bed'"):
        gossamer.new_device("patient://bed")
    with pytest.raises(AlreadyExistsError, match="driver 'patient' is registered already"):
        register_driver(PATIENT)


def test_it_is_gone_afterwards() -> None:
    with pytest.raises(NotFoundError, match="no driver 'patient' registered; available: local-sync"):
        gossamer.new_device("patient")
    with pytest.raises(NotFoundError):
        unregister_driver("patient")
