"""`hal.command_buffer.*`: recording commands.

Spec: calling conventions as in `iree/modules/hal/exports.inl` of IREE 3.13.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from gossamer.abi.hal_functions import HAL
from gossamer.abi.ref_types import COMMAND_BUFFER, DEVICE, EXECUTABLE
from gossamer.errors import OutOfRangeError, UnimplementedError
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.command.dispatch_recorder import dispatch_recorder
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRange, BufferRef
from gossamer.modules.native import FunctionTable, string_argument, wrong_ref
from gossamer.vm.link.inline_form import Constants, InlineForm
from gossamer.vm.objects.buffer import Buffer as HostBuffer

functions = FunctionTable(HAL)

_MAXIMUM_BINDINGS = 32

_Binding: TypeAlias = tuple[int, int, "Buffer | None", int, int]


def _recorded_dispatch(arguments: Constants) -> InlineForm | None:
    """Form of a dispatch for its numbers of constants and bindings."""
    constants, bindings = arguments[7], arguments[8]
    assert isinstance(constants, Sequence)
    assert isinstance(bindings, Sequence)
    if len(bindings) > _MAXIMUM_BINDINGS:
        return None
    values = [f"{{7[{index}][0]}}" for index in range(len(constants))]
    for index in range(len(bindings)):
        values += [f"{{8[{index}][{place}]}}" for place in (1, 2, 3, 4)]
    operands = ", ".join([*(f"{{{position}}}" for position in range(6)), *values])
    return InlineForm(
        exact={0: CommandBuffer, 1: Executable},
        conditions=("{3} > 0", "{4} > 0", "0 < {5} < 65536", f"{{record_dispatch}}({operands})"),
        names={"record_dispatch": dispatch_recorder(len(constants), len(bindings))},
    )


@functions.export(
    "command_buffer.create",
    inline=InlineForm(
        "{CommandBuffer}({1}, {2}, {4}, {0}.make_runner)",
        instances={0: Device},
        conditions=("{0}.takes_direct_calls",),
        result_class=CommandBuffer,
        names={"CommandBuffer": CommandBuffer},
    ),
)
def command_buffer_create(
    device: object, modes: int, categories: int, affinity: int, binding_capacity: int
) -> CommandBuffer:
    """Make a command buffer and start recording."""
    del affinity
    if not isinstance(device, Device):
        raise wrong_ref(device, DEVICE)
    return device.create_command_buffer(modes, categories, binding_capacity)


@functions.export("command_buffer.finalize")
def command_buffer_finalize(command_buffer: CommandBuffer) -> None:
    """End recording."""
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    command_buffer.finalize()


@functions.export("command_buffer.begin_debug_group")
def command_buffer_begin_debug_group(command_buffer: CommandBuffer, label: HostBuffer) -> None:
    """Open a named group of commands."""
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    command_buffer.begin_debug_group(string_argument(label))


@functions.export("command_buffer.end_debug_group")
def command_buffer_end_debug_group(command_buffer: CommandBuffer) -> None:
    """Close the innermost group of commands."""
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    command_buffer.end_debug_group()


@functions.export(
    "command_buffer.execution_barrier",
    inline=InlineForm(exact={0: CommandBuffer}, conditions=("{0}.is_recording",)),
)
def command_buffer_execution_barrier(
    command_buffer: CommandBuffer, source_stages: int, target_stages: int, flags: int
) -> None:
    """Make what follows wait for what came before."""
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    command_buffer.execution_barrier(source_stages, target_stages, flags)


@functions.export("command_buffer.advise_buffer")
def command_buffer_advise_buffer(
    command_buffer: CommandBuffer,
    buffer: Buffer | None,
    flags: int,
    argument0: int,
    argument1: int,
    slot: int,
) -> None:
    """Hint at how a buffer will be used."""
    del flags, argument0, argument1
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    command_buffer.advise_buffer(BufferRef(buffer, slot=slot))


@functions.export("command_buffer.flush_buffer")
@functions.export("command_buffer.invalidate_buffer")
def command_buffer_flush_or_invalidate(
    command_buffer: CommandBuffer, slot: int, buffer: Buffer | None, offset: int, length: int
) -> None:
    """Make host and device see the same bytes; memory of this machine is always coherent."""
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    command_buffer.advise_buffer(BufferRef(buffer, offset, length, slot))


@functions.export("command_buffer.fill_buffer")
def command_buffer_fill_buffer(
    command_buffer: CommandBuffer,
    buffer: Buffer | None,
    offset: int,
    length: int,
    slot: int,
    pattern: int,
    pattern_length: int,
    flags: int,
) -> None:
    """Repeat a pattern over a range."""
    del flags
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    command_buffer.fill_buffer(BufferRef(buffer, offset, length, slot), pattern, pattern_length)


@functions.export("command_buffer.update_buffer")
def command_buffer_update_buffer(
    command_buffer: CommandBuffer,
    source: HostBuffer,
    source_offset: int,
    buffer: Buffer | None,
    offset: int,
    length: int,
    slot: int,
    flags: int,
) -> None:
    """Copy host bytes, as they are when recorded, to a range."""
    del flags
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    if type(source) is not HostBuffer:
        raise wrong_ref(source, "!vm.buffer")
    data = source.range(source_offset, length)
    command_buffer.update_buffer(data, BufferRef(buffer, offset, length, slot))


@functions.export("command_buffer.copy_buffer")
def command_buffer_copy_buffer(
    command_buffer: CommandBuffer,
    source_slot: int,
    target_slot: int,
    source: Buffer | None,
    source_offset: int,
    target: Buffer | None,
    target_offset: int,
    length: int,
    flags: int,
) -> None:
    """Copy between ranges."""
    del flags
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    command_buffer.copy_buffer(
        BufferRef(source, source_offset, length, source_slot),
        BufferRef(target, target_offset, length, target_slot),
    )


@functions.export("command_buffer.collective")
def command_buffer_collective(command_buffer: CommandBuffer, *arguments: object) -> None:
    """Collectives between devices are not available."""
    del arguments
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    raise UnimplementedError("collectives not implemented")


@functions.export(
    "command_buffer.dispatch",
    inline=InlineForm(None, specialize=_recorded_dispatch),
)
def command_buffer_dispatch(
    command_buffer: CommandBuffer,
    executable: Executable,
    function_id: int,
    x: int,
    y: int,
    z: int,
    flags: int,
    constants: list[int],
    bindings: list[_Binding],
) -> None:
    """Run a kernel over a grid of workgroups known when recorded."""
    del flags
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    if type(executable) is not Executable:
        raise wrong_ref(executable, EXECUTABLE)
    count = (x & 0xFFFFFFFF, y & 0xFFFFFFFF, z & 0xFFFFFFFF)
    command_buffer.dispatch(executable, function_id, count, constants, _buffer_ranges(bindings))


@functions.export("command_buffer.dispatch.indirect")
def command_buffer_dispatch_indirect(
    command_buffer: CommandBuffer,
    executable: Executable,
    function_id: int,
    count_slot: int,
    count_buffer: Buffer | None,
    count_offset: int,
    flags: int,
    constants: list[int],
    bindings: list[_Binding],
) -> None:
    """Run a kernel over a grid of workgroups read from a buffer when the dispatch starts."""
    del flags
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    if type(executable) is not Executable:
        raise wrong_ref(executable, EXECUTABLE)
    command_buffer.dispatch(
        executable,
        function_id,
        (0, 0, 0),
        constants,
        _buffer_ranges(bindings),
        indirect_count=BufferRef(count_buffer, count_offset, 12, count_slot),
    )


def _buffer_ranges(bindings: list[_Binding]) -> list[BufferRange]:
    if len(bindings) > _MAXIMUM_BINDINGS:
        raise OutOfRangeError(f"binding count {len(bindings)} > {_MAXIMUM_BINDINGS}")
    return [(buffer, offset, length, slot) for _, slot, buffer, offset, length in bindings]
