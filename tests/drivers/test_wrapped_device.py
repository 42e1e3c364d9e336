"""A device around a device sees every operation of a program, and changes nothing of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from sample_programs import OUTPUT, run_sample

import gossamer
from gossamer.drivers.local.sync_device import SyncDevice
from gossamer.drivers.trace.wrapped_device import WrappedDevice
from gossamer.hal.command.binding_table import Binding
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.vmvx.executable import VmvxLoader


class RecordingDevice(WrappedDevice):
    """Notes the operations of the sample."""

    def __init__(self, inner: Device) -> None:
        super().__init__(inner)
        self.operations: list[str] = []

    def queue_alloca(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        byte_length: int,
        memory_type: int = 0,
        usage: int = 0,
    ) -> Buffer:
        self.operations.append(f"alloca {byte_length}")
        return super().queue_alloca(affinity, wait, signal, byte_length, memory_type, usage)

    def queue_dealloca(self, affinity: int, wait: Fence | None, signal: Fence | None, buffer: Buffer) -> None:
        self.operations.append("dealloca")
        super().queue_dealloca(affinity, wait, signal, buffer)

    def queue_barrier(self, affinity: int, wait: Fence | None, signal: Fence | None) -> None:
        self.operations.append("barrier")
        super().queue_barrier(affinity, wait, signal)

    def queue_execute(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        command_buffer: CommandBuffer,
        bindings: Sequence[Binding] = (),
    ) -> None:
        kernels = [function.name for function in command_buffer.program.functions if function is not None]
        self.operations.append(f"execute {len(kernels)} on {len(bindings)}")
        super().queue_execute(affinity, wait, signal, command_buffer, bindings)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_every_queue_operation_is_seen(asynchronous: bool) -> None:
    device = RecordingDevice(gossamer.new_device("local-sync"))

    for result in run_sample(device, asynchronous=asynchronous):
        np.testing.assert_array_equal(result, OUTPUT)
    # Functions that wait allocate what they return outside of any queue's order.
    storage = ["alloca 16384"] if asynchronous else []
    assert device.operations == [*storage, "execute 1 on 2", *storage, "execute 1 on 3"] * 2


class SubclassedDevice(SyncDevice):
    """A local device that counts what is executed."""

    def __init__(self) -> None:
        super().__init__("local-sync", executable_loaders=[VmvxLoader()])
        self.executions = 0

    def queue_execute(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        command_buffer: CommandBuffer,
        bindings: Sequence[Binding] = (),
    ) -> None:
        self.executions += 1
        super().queue_execute(affinity, wait, signal, command_buffer, bindings)

    def submit_execute(
        self,
        affinity: int,
        wait: Fence | None,
        command_buffer: CommandBuffer,
        bindings: Sequence[Binding] = (),
    ) -> Fence | None:
        self.executions += 1
        return super().submit_execute(affinity, wait, command_buffer, bindings)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_subclass_of_a_driver_class_sees_every_call(asynchronous: bool) -> None:
    device = SubclassedDevice()

    for result in run_sample(device, asynchronous=asynchronous):
        np.testing.assert_array_equal(result, OUTPUT)
    assert device.executions == 4


def test_the_classes_that_promise_it_take_direct_calls() -> None:
    for uri in ("local-sync", "local-task"):
        device = gossamer.new_device(uri)
        assert device.takes_direct_calls
        assert not WrappedDevice(device).takes_direct_calls
        device.close()
