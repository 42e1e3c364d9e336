"""`hal.device.queue.*`: work in the order of fences.

Translated callers that make a fence for one operation, and wait for it themselves, call `_submit_*` instead:
the fence is only made where the operation is not done at once.
Spec: calling conventions and checks as in `iree/modules/hal/module.c` of IREE 3.13.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from gossamer.abi.hal_functions import HAL
from gossamer.abi.ref_types import BUFFER, COMMAND_BUFFER, DEVICE, FILE
from gossamer.errors import UnimplementedError
from gossamer.hal.command.binding_table import BindingLayout
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.file import File
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.hal.device import check_queue
from gossamer.modules.native import FunctionTable, wrong_ref
from gossamer.vm.link.inline_form import Constants, EventRole, InlineForm
from gossamer.vm.objects.buffer import Buffer as HostBuffer

functions = FunctionTable(HAL)

_DIRECT = "{0}.takes_direct_calls"
"""Condition of forms that leave methods of the device out; see `hal.direct_device`."""

_AWAITS = InlineForm(None, instances={0: Device}, events=EventRole(awaited=(2,)))


def _submit_alloca(
    device: Device,
    affinity: int,
    wait: Fence | None,
    pool: int,
    memory_types: int,
    usage: int,
    byte_length: int,
    flags: int,
) -> tuple[Buffer, Fence | None]:
    del flags
    check_queue(device, wait, None)
    _check_pool(pool)
    return device.submit_alloca(affinity, wait, byte_length, memory_types, usage)


_SUBMIT_ALLOCA = InlineForm(
    "({0}.allocator.allocate_buffer({6}, {4}, {5}), None)",
    instances={0: Device},
    nulls=(2,),
    conditions=("{3} == 0", _DIRECT),
)


@functions.export(
    "device.queue.alloca",
    inline=InlineForm(
        "{0}.allocator.allocate_buffer({7}, {5}, {6})",
        instances={0: Device},
        nulls=(2, 3),
        conditions=("{4} == 0", _DIRECT),
        result_class=Buffer,
        result_is_exact=False,
        events=EventRole(announced=3, operate=_submit_alloca, inline=_SUBMIT_ALLOCA, awaited=(2,)),
    ),
)
def device_queue_alloca(
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    pool: int,
    memory_types: int,
    usage: int,
    byte_length: int,
    flags: int,
) -> Buffer:
    """Allocate in queue order."""
    del flags
    check_queue(device, wait, signal)
    _check_pool(pool)
    return device.queue_alloca(affinity, wait, signal, byte_length, memory_types, usage)


def _check_pool(pool: int) -> None:
    if pool:
        raise UnimplementedError("VM queue allocation pools are not supported")


def _submit_dealloca(
    device: Device, affinity: int, wait: Fence | None, buffer: object, flags: int
) -> Fence | None:
    del flags
    check_queue(device, wait, None)
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    return device.submit_dealloca(affinity, wait, buffer)


@functions.export(
    "device.queue.dealloca",
    inline=InlineForm(
        None, instances={0: Device}, events=EventRole(announced=3, operate=_submit_dealloca, awaited=(2,))
    ),
)
def device_queue_dealloca(
    device: Device, affinity: int, wait: Fence | None, signal: Fence | None, buffer: object, flags: int
) -> None:
    """Deallocate in queue order."""
    del flags
    check_queue(device, wait, signal)
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    device.queue_dealloca(affinity, wait, signal, buffer)


@functions.export("device.queue.fill", inline=_AWAITS)
def device_queue_fill(
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    buffer: object,
    offset: int,
    length: int,
    pattern: int,
    pattern_length: int,
    flags: int,
) -> None:
    """Fill a range with a pattern."""
    del flags
    check_queue(device, wait, signal)
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    target = BufferRef(buffer, offset, length)
    device.queue_fill(affinity, wait, signal, target, pattern, pattern_length)


@functions.export("device.queue.update", inline=_AWAITS)
def device_queue_update(
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    source: HostBuffer,
    source_offset: int,
    target: object,
    target_offset: int,
    length: int,
    flags: int,
) -> None:
    """Copy host bytes, as they are now, to a range."""
    del flags
    check_queue(device, wait, signal)
    if type(source) is not HostBuffer:
        raise wrong_ref(source, "!vm.buffer")
    if not isinstance(target, Buffer):
        raise wrong_ref(target, BUFFER)
    data = source.range(source_offset, length)
    device.queue_update(affinity, wait, signal, data, BufferRef(target, target_offset, length))


@functions.export("device.queue.copy", inline=_AWAITS)
def device_queue_copy(
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    source: object,
    source_offset: int,
    target: object,
    target_offset: int,
    length: int,
    flags: int,
) -> None:
    """Copy between ranges."""
    del flags
    check_queue(device, wait, signal)
    if not isinstance(source, Buffer):
        raise wrong_ref(source, BUFFER)
    if not isinstance(target, Buffer):
        raise wrong_ref(target, BUFFER)
    device.queue_copy(
        affinity,
        wait,
        signal,
        BufferRef(source, source_offset, length),
        BufferRef(target, target_offset, length),
    )


@functions.export("device.queue.read", inline=_AWAITS)
def device_queue_read(
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    source: File,
    source_offset: int,
    target: object,
    target_offset: int,
    length: int,
    flags: int,
) -> None:
    """Copy from a file to a range."""
    del flags
    check_queue(device, wait, signal)
    if type(source) is not File:
        raise wrong_ref(source, FILE)
    if not isinstance(target, Buffer):
        raise wrong_ref(target, BUFFER)
    device.queue_read(affinity, wait, signal, source, source_offset, BufferRef(target, target_offset, length))


@functions.export("device.queue.write", inline=_AWAITS)
def device_queue_write(
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    source: object,
    source_offset: int,
    target: File,
    target_offset: int,
    length: int,
    flags: int,
) -> None:
    """Copy from a range to a file."""
    del flags
    check_queue(device, wait, signal)
    if not isinstance(source, Buffer):
        raise wrong_ref(source, BUFFER)
    if type(target) is not File:
        raise wrong_ref(target, FILE)
    device.queue_write(
        affinity, wait, signal, BufferRef(source, source_offset, length), target, target_offset
    )


def _submit_barrier(device: Device, affinity: int, wait: Fence | None, flags: int) -> Fence | None:
    del flags
    check_queue(device, wait, None)
    return device.submit_barrier(affinity, wait)


@functions.export(
    "device.queue.barrier",
    inline=InlineForm(
        None, instances={0: Device}, events=EventRole(announced=3, operate=_submit_barrier, awaited=(2,))
    ),
)
def device_queue_barrier(
    device: Device, affinity: int, wait: Fence | None, signal: Fence | None, flags: int
) -> None:
    """Signal one fence when another is reached."""
    del flags
    check_queue(device, wait, signal)
    device.queue_barrier(affinity, wait, signal)


def _submit_execute(
    device: Device, affinity: int, wait: Fence | None, command_buffer: CommandBuffer, flags: int
) -> Fence | None:
    return _submit_execute_indirect(device, affinity, wait, command_buffer, flags, [])


@functions.export(
    "device.queue.execute",
    inline=InlineForm(
        None, instances={0: Device}, events=EventRole(announced=3, operate=_submit_execute, awaited=(2,))
    ),
)
def device_queue_execute(
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    command_buffer: CommandBuffer,
    flags: int,
) -> None:
    """Execute a command buffer whose buffers are all direct."""
    del flags
    check_queue(device, wait, signal)
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    device.queue_execute(affinity, wait, signal, command_buffer)


def _submit_execute_indirect(
    device: Device,
    affinity: int,
    wait: Fence | None,
    command_buffer: CommandBuffer,
    flags: int,
    bindings: list[tuple[Buffer | None, int, int]],
) -> Fence | None:
    del flags
    check_queue(device, wait, None)
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    return device.submit_execute(affinity, wait, command_buffer, bindings)


def _submit_with_layout(arguments: Constants) -> InlineForm | None:
    """Form of `_submit_execute_indirect` for bindings whose offsets and lengths are constants."""
    bindings = cast("Sequence[tuple[int | None, ...]]", arguments[5])
    ranges = [(offset, length) for _, offset, length in bindings if offset is not None and length is not None]
    if len(ranges) != len(bindings):
        return None
    layout = BindingLayout(ranges)
    buffers = [f"{{5[{index}][0]}}" for index in range(len(ranges))]
    conditions = [_DIRECT, "{3}.layouts[{layout}]"]
    values: list[str] = []
    for buffer, (offset, length) in zip(buffers, ranges, strict=True):
        conditions += [f"{buffer}.byte_length >= {offset + length}", f"{buffer}.address"]
        values += [f"{buffer}.address + {offset}" if offset else f"{buffer}.address", str(length)]
    return InlineForm(
        f"{{0}}.submit_table({{3}}, {{layout}}.pack({', '.join(values)}), [{', '.join(buffers)}])",
        exact={3: CommandBuffer},
        instances={0: Device, **{(5, index, 0): Buffer for index in range(len(ranges))}},
        nulls=(2,),
        conditions=tuple(conditions),
        names={"layout": layout},
    )


@functions.export(
    "device.queue.execute.indirect",
    inline=InlineForm(
        None,
        instances={0: Device},
        events=EventRole(
            announced=3,
            operate=_submit_execute_indirect,
            inline=InlineForm(None, specialize=_submit_with_layout),
            awaited=(2,),
        ),
    ),
)
def device_queue_execute_indirect(
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    command_buffer: CommandBuffer,
    flags: int,
    bindings: list[tuple[Buffer | None, int, int]],
) -> None:
    """Execute a command buffer with a binding table."""
    del flags
    check_queue(device, wait, signal)
    if type(command_buffer) is not CommandBuffer:
        raise wrong_ref(command_buffer, COMMAND_BUFFER)
    device.queue_execute(affinity, wait, signal, command_buffer, bindings)


@functions.export("device.queue.flush")
def device_queue_flush(device: object, affinity: int) -> None:
    """Start what was submitted."""
    if not isinstance(device, Device):
        raise wrong_ref(device, DEVICE)
    device.queue_flush(affinity)
