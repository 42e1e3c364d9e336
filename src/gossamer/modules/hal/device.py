"""`hal.device.*`, `hal.devices.*`, `hal.channel.*` and `hal.ex.file.*`: devices; see `hal_queue` for queues.

Spec: calling conventions and checks as in `iree/modules/hal/module.c` of IREE 3.13.0.
"""

from __future__ import annotations

from gossamer.abi.hal_functions import HAL
from gossamer.abi.memory_flags import MemoryAccess
from gossamer.abi.ref_types import DEVICE, FENCE
from gossamer.errors import PermissionDeniedError
from gossamer.hal.device import Device
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.file import File
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.hal.state import HalState
from gossamer.modules.native import FunctionTable, string_argument, wrong_ref
from gossamer.vm.link.inline_form import InlineForm
from gossamer.vm.objects.buffer import Buffer as HostBuffer

functions = FunctionTable(HAL)

_READ = int(MemoryAccess.READ)


@functions.export_with_state("devices.count")
def devices_count(state: HalState) -> int:
    """Number of devices the program may use."""
    return len(state.devices)


@functions.export_with_state("devices.get")
def devices_get(state: HalState, index: int) -> Device | None:
    """A device, or null past the last."""
    devices = state.devices
    return devices[index] if 0 <= index < len(devices) else None


@functions.export(
    "device.allocator",
    inline=InlineForm("{0}.allocator", instances={0: Device}, result_class=Allocator, result_is_exact=False),
)
def device_allocator(device: object) -> Allocator:
    """Where the device's buffers come from."""
    if not isinstance(device, Device):
        raise wrong_ref(device, DEVICE)
    return device.allocator


@functions.export("device.query.i64")
def device_query_i64(device: object, category: HostBuffer, key: HostBuffer) -> tuple[int, int]:
    """Ask a device about itself: 1 and the value, or 0 and 0 for what it does not know."""
    if not isinstance(device, Device):
        raise wrong_ref(device, DEVICE)
    known, value = device.query_i64(string_argument(category), string_argument(key))
    return int(known), value


@functions.export("ex.file.from_memory")
def ex_file_from_memory(
    device: object, affinity: int, access: int, buffer: HostBuffer, offset: int, length: int, flags: int
) -> File:
    """Make a file of host memory; it can only be read."""
    del affinity, flags
    if not isinstance(device, Device):
        raise wrong_ref(device, DEVICE)
    if access & ~_READ:
        raise PermissionDeniedError("only read-only memory can be accessed via a file handle (today)")
    if type(buffer) is not HostBuffer:
        raise wrong_ref(buffer, "!vm.buffer")
    return File(buffer.range(offset, length))


@functions.export("channel.create")
def channel_create(device: object, *arguments: object) -> object:
    """Collectives between devices are not available."""
    del arguments
    if not isinstance(device, Device):
        raise wrong_ref(device, DEVICE)
    return device.create_channel()


@functions.export("channel.split")
def channel_split(channel: object, color: int, key: int, flags: int) -> object:
    """No channel can exist, so any ref is the wrong one."""
    del color, key, flags
    raise wrong_ref(channel, "!hal.channel")


@functions.export("channel.rank_and_count")
def channel_rank_and_count(channel: object) -> tuple[int, int]:
    """No channel can exist, so any ref is the wrong one."""
    raise wrong_ref(channel, "!hal.channel")


def check_queue(device: object, wait: object, signal: object) -> None:
    """Raise InvalidArgumentError unless these are what every queue operation starts with."""
    if not isinstance(device, Device):
        raise wrong_ref(device, DEVICE)
    if wait is not None and type(wait) is not Fence:
        raise wrong_ref(wait, FENCE)
    if signal is not None and type(signal) is not Fence:
        raise wrong_ref(signal, FENCE)
