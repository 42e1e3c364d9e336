"""`hal.executable.*`: kernels that programs bring.

Spec: calling conventions and checks as in `iree/modules/hal/module.c` of IREE 3.13.0.
"""

from __future__ import annotations

import struct

from gossamer.abi.hal_functions import HAL
from gossamer.abi.ref_types import DEVICE, EXECUTABLE
from gossamer.errors import InvalidArgumentError
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.modules.native import FunctionTable, string_argument, wrong_ref
from gossamer.vm.objects.buffer import Buffer as HostBuffer

functions = FunctionTable(HAL)


@functions.export("executable.create")
def executable_create(
    device: object, affinity: int, format: HostBuffer, data: HostBuffer, constants: HostBuffer | None
) -> Executable:
    """Make an executable of bytes in some format, with values for its executable-level constants."""
    del affinity
    if not isinstance(device, Device):
        raise wrong_ref(device, DEVICE)
    return load_executable(device, format, data, constants)


def load_executable(
    device: Device, format: HostBuffer, data: HostBuffer, constants: HostBuffer | None
) -> Executable:
    """Make an executable of a program's `!vm.buffer`s; `constants` holds u32 values, or is null for none."""
    if type(data) is not HostBuffer:
        raise wrong_ref(data, "!vm.buffer")
    return device.create_executable(string_argument(format), data.data, _constants(constants))


def _constants(constants: HostBuffer | None) -> tuple[int, ...]:
    if constants is None:
        return ()
    if type(constants) is not HostBuffer:
        raise wrong_ref(constants, "!vm.buffer")
    if constants.length % 4:
        raise InvalidArgumentError(
            f"constant buffer data must contain 4-byte elements but data length is {constants.length}"
        )
    return struct.unpack(f"<{constants.length // 4}I", constants.data)


@functions.export("executable.lookup.function")
def executable_lookup_function(executable: Executable, name: HostBuffer) -> int:
    """Id by which dispatches name a function."""
    if type(executable) is not Executable:
        raise wrong_ref(executable, EXECUTABLE)
    return executable.lookup_function(string_argument(name))
