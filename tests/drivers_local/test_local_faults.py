"""Kernels that trap fail their dispatch, kernels that never end are left; process and device go on."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from trapping_kernels import trapping_executable

from gossamer.drivers.local.ir.guard_ir import STOP_SIGNAL, has_guard
from gossamer.drivers.local.runner import faults
from gossamer.drivers.local.runner.faults import guard_signals
from gossamer.drivers.local.sync_device import SyncDevice
from gossamer.drivers.local.task_device import TaskDevice
from gossamer.drivers.local.workers.worker_options import WorkerOptions
from gossamer.errors import InternalStatusError, InvalidArgumentError, StatusError
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.errors import CallCancelledError, CallTimeoutError
from gossamer.limits.scope import call_limits
from gossamer.machine_code.fault_messages import GUARD_VARIABLE
from gossamer.processor.host import host_triple

pytestmark = pytest.mark.skipif(not has_guard(host_triple()), reason="kernels are left on x86-64 Linux only")

TRAPS = [
    ("div", InvalidArgumentError, "divided an integer by zero"),
    ("lowest", InvalidArgumentError, "SIGFPE"),
    ("null", InternalStatusError, "memory that is not there"),
    ("illegal", InternalStatusError, "instruction"),
]


@pytest.fixture(params=["sync", "task"])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    guard_signals()
    if request.param == "sync":
        device = SyncDevice("local-sync")
    else:
        device = TaskDevice("local-task", workers=WorkerOptions(3))
    yield device
    device.close()


def run(device: Device, name: str, trapping: int, count: int = 64) -> np.ndarray:
    """Dispatch over `count` workgroups, of which one traps; what they wrote."""
    target = device.allocator.allocate_buffer(4 * count)
    target.to_numpy()[:] = 0
    commands = device.create_command_buffer()
    commands.dispatch(trapping_executable(name), 0, (count, 1, 1), [trapping], [BufferRef(target)])
    commands.finalize()
    fence = Fence.create()
    device.queue_execute(-1, None, fence, commands)
    fence.wait(60)
    return target.to_numpy().view(np.int32)


@pytest.mark.parametrize(("name", "kind", "reason"), TRAPS)
def test_a_trap_fails_the_dispatch(device: Device, name: str, kind: type[StatusError], reason: str) -> None:
    for trapping in (0, 5, 63):
        with pytest.raises(kind, match=reason) as caught:
            run(device, name, trapping)
        assert f"'{name}' of executable 'traps'" in str(caught.value)
    assert run(device, name, 64).tolist() == [1] * 64


def test_traps_in_many_threads_at_once(device: Device) -> None:
    outcomes: list[str] = []

    def work(number: int) -> None:
        for index in range(50):
            trapping = index % 70
            try:
                run(device, TRAPS[number % 4][0], trapping)
                outcomes.append("ok" if trapping >= 64 else "missed")
            except StatusError as error:
                outcomes.append(
                    "trapped" if trapping < 64 and TRAPS[number % 4][2] in str(error) else "wrong"
                )

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["trapped"] * 200


def test_kernels_that_never_end_are_left(device: Device) -> None:
    with pytest.raises(CallTimeoutError, match=r"0\.05 s"), call_limits(timeout=0.05):
        run(device, "spin", 3)
    assert run(device, "spin", 64).tolist() == [1] * 64


def test_kernels_that_never_end_are_left_when_their_call_is_cancelled(device: Device) -> None:
    scope = call_limits()
    threading.Timer(0.05, scope.cancel).start()
    with pytest.raises(CallCancelledError), scope:
        run(device, "spin", 3)
    assert run(device, "spin", 64).tolist() == [1] * 64


def test_a_stopped_call_leaves_other_calls_alone(device: Device) -> None:
    others: list[int] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            others.append(int(run(device, "div", 1000).sum()))

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(5):
        with pytest.raises(CallTimeoutError), call_limits(timeout=0.02):
            run(device, "spin", 3)
    stop.set()
    thread.join()
    assert set(others) == {64}


def test_buffers_of_a_failed_dispatch_are_released(device: Device) -> None:
    gc.disable()
    try:
        with contextlib.suppress(StatusError):
            run(device, "div", 0)
        assert device.allocator.statistics.live_bytes == 0
    finally:
        gc.enable()


OUTSIDE = """
import ctypes, faulthandler, sys
from signal import *
{first}
from gossamer.drivers.local.runner.faults import guard_signals
from gossamer.machine_code.fault_messages import GUARD_VARIABLE
guard_signals()
{then}
sys.exit(7)
"""


@pytest.mark.parametrize(
    ("first", "then", "ending", "printed"),
    [
        ("", "ctypes.string_at(0)", -signal.SIGSEGV, ""),
        ("faulthandler.enable()", "ctypes.string_at(0)", -signal.SIGSEGV, "Segmentation fault"),
        ("", "raise_signal(SIGFPE)", -signal.SIGFPE, ""),
        ("", "raise_signal(SIGURG)", 7, ""),
        ("signal(SIGFPE, lambda *_: sys.exit(9))", "raise_signal(SIGFPE)", 9, ""),
        ("signal(SIGFPE, SIG_IGN)", "raise_signal(SIGFPE)", 7, ""),
    ],
)
def test_what_traps_outside_of_kernels_ends_as_it_did(
    first: str, then: str, ending: int, printed: str
) -> None:
    code = OUTSIDE.format(first=first, then=then)
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert process.returncode == ending
    assert printed in process.stderr


@pytest.mark.parametrize("number", [*faults.TRAPS, STOP_SIGNAL])
def test_handlers_do_not_interrupt_each_other(number: int) -> None:
    """A thread that is put back from inside another handler would keep that one's signal blocked."""
    guard_signals()
    installed = faults.Action()
    ctypes.CDLL(None).sigaction(number, None, ctypes.byref(installed))

    blocked = int.from_bytes(bytes(installed.mask), "little")
    assert all(blocked >> other - 1 & 1 for other in (*faults.TRAPS, STOP_SIGNAL))


TURNED_OFF = """
from test_local_faults import SyncDevice, guard_signals, run
guard_signals()
device = SyncDevice("local-sync")
assert run(device, "div", 64).tolist() == [1] * 64
print("runs", flush=True)
run(device, "div", 0)
"""


def test_the_guard_can_be_turned_off() -> None:
    path = os.pathsep.join(map(str, (Path(__file__).parent, Path(__file__).parents[1])))
    environment = {**os.environ, "PYTHONPATH": path, GUARD_VARIABLE: "0"}
    process = subprocess.run(
        [sys.executable, "-c", TURNED_OFF], capture_output=True, text=True, check=False, env=environment
    )
    assert process.stdout == "runs\n"
    assert process.returncode == -signal.SIGFPE
