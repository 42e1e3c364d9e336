"""The system module `hal_loader`: kernels that programs compiled for inline execution bring and call.

A dispatch runs in the caller, workgroup by workgroup, on memory of `!vm.buffer`s.
Spec: calling conventions and checks as in `iree/modules/hal/loader` of IREE 3.13.0; numbers of constants
and bindings that are not those of the kernel are errors here.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache, partial
from weakref import WeakKeyDictionary

from gossamer.abi.command_flags import CommandCategory
from gossamer.abi.inline_functions import HAL_LOADER
from gossamer.abi.ref_types import EXECUTABLE
from gossamer.errors import ResourceExhaustedError
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.file_mapping import private_memory
from gossamer.limits.scope import current_scope
from gossamer.modules.hal.executable import executable_lookup_function, load_executable
from gossamer.modules.hal.refs import register_hal_ref_types
from gossamer.modules.native import FunctionTable, NativeModule, string_argument, wrong_ref
from gossamer.vm.objects.buffer import Buffer as HostBuffer

_MAXIMUM_BINDINGS = 32
_REMEMBERED_DISPATCHES = 256

functions = FunctionTable(HAL_LOADER)
functions.export("executable.lookup.function")(executable_lookup_function)

register_hal_ref_types()


class HalLoaderModule(NativeModule):
    """The `hal_loader` module."""

    def __init__(self, devices: Sequence[Device]) -> None:
        """Make the module.

        Args:
            devices: executables are loaded by the loaders of the first, under its policy for native code.
        """
        device = devices[0]
        super().__init__(functions, create_state=lambda: LoaderState(device))


class LoaderState:
    """What one context holds: a device, and dispatches recorded so far.

    Attributes:
        device: whose loaders make executables.
        record: `_record_dispatch`, remembering what it made: programs repeat their dispatches.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self._constants: WeakKeyDictionary[HostBuffer, HostBuffer] = WeakKeyDictionary()
        self.record = lru_cache(_REMEMBERED_DISPATCHES)(partial(_record_dispatch, device))

    def private_constant(self, constant: HostBuffer) -> HostBuffer:
        """Memory with the bytes of a constant, which kernels of this context may write to; see
        `hal.file_mapping.private_memory`.
        """
        found = self._constants.get(constant)
        if found is None:
            memory = private_memory(constant.data)
            found = self._constants[constant] = HostBuffer(memory, is_mutable=False)
        return found


def _record_dispatch(
    device: Device,
    executable: Executable,
    function_id: int,
    workgroup_count: tuple[int, int, int],
    constants: tuple[int, ...],
    binding_count: int,
) -> CommandBuffer:
    commands = device.create_command_buffer(0, CommandCategory.DISPATCH, binding_count)
    slots = [BufferRef(None, slot=slot) for slot in range(binding_count)]
    commands.dispatch(executable, function_id, workgroup_count, constants, slots)
    commands.finalize()
    return commands


@functions.export_with_state("executable.query_support")
def executable_query_support(state: LoaderState, format: HostBuffer) -> int:
    """1 where this machine can run executables of a format."""
    return state.device.query_i64("hal.executable.format", string_argument(format))[1]


@functions.export_with_state("executable.load")
def executable_load(
    state: LoaderState, format: HostBuffer, data: HostBuffer, constants: HostBuffer | None
) -> Executable:
    """Make an executable of bytes in some format, with values for its executable-level constants."""
    return load_executable(state.device, format, data, constants)


@functions.export_with_state("executable.dispatch")
def executable_dispatch(
    state: LoaderState,
    executable: Executable,
    function_id: int,
    count_x: int,
    count_y: int,
    count_z: int,
    constants: Sequence[int],
    bindings: Sequence[tuple[HostBuffer, int, int]],
) -> None:
    """Run a kernel over a grid of workgroups, now."""
    if type(executable) is not Executable:
        raise wrong_ref(executable, EXECUTABLE)
    if len(bindings) > _MAXIMUM_BINDINGS:
        raise ResourceExhaustedError("too many bindings")
    table: list[int] = []
    for buffer, offset, length in bindings:
        if type(buffer) is not HostBuffer:
            raise wrong_ref(buffer, "!vm.buffer")
        buffer.range(offset, length)
        if not buffer.is_mutable:
            buffer = state.private_constant(buffer)
        table += (buffer.address + offset, length)
    count = (count_x & 0xFFFFFFFF, count_y & 0xFFFFFFFF, count_z & 0xFFFFFFFF)
    commands = state.record(executable, function_id, count, tuple(constants), len(bindings))
    # Safety: `bindings` and the state hold the memory during the call.
    commands.run(struct.pack(f"<{len(table)}Q", *table), scope=current_scope())
