"""`hal.allocator.*` and `hal.buffer.*`: memory for programs.

Spec: calling conventions and checks as in `iree/modules/hal/module.c` of IREE 3.13.0.
"""

from __future__ import annotations

from typing import cast

from gossamer.abi.hal_functions import HAL
from gossamer.abi.memory_flags import (
    ALIGNMENT,
    BufferUsage,
    MemoryAccess,
    buffer_usage_name,
    memory_type_name,
)
from gossamer.abi.ref_types import ALLOCATOR, BUFFER, DEVICE
from gossamer.errors import InvalidArgumentError, OutOfRangeError, PermissionDeniedError
from gossamer.hal.device import Device
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.file_mapping import private_memory
from gossamer.modules.hal.state import HalState
from gossamer.modules.native import FunctionTable, string_argument, wrong_ref
from gossamer.vm.link.inline_form import InlineForm
from gossamer.vm.objects.buffer import Buffer as HostBuffer

functions = FunctionTable(HAL)

_IMMUTABLE = int(BufferUsage.SHARING_IMMUTABLE)
_MAXIMUM_U64 = (1 << 64) - 1
_READ = int(MemoryAccess.READ)
_WRITE = int(MemoryAccess.WRITE)


@functions.export_with_state("allocator.select")
def allocator_select(
    state: HalState, memory_types: int, usage: int, flags: int, candidates: list[tuple[object, int]]
) -> tuple[Device, int]:
    """Choose the device, and queue affinity, to allocate from: the lead device, else the first."""
    del memory_types, usage, flags
    if not candidates:
        raise InvalidArgumentError("at least one device/queue affinity pair must be provided")
    for device, affinity in candidates:
        if not isinstance(device, Device):
            raise wrong_ref(device, DEVICE)
        if device is state.lead:
            return device, affinity
    return cast("tuple[Device, int]", candidates[0])


@functions.export(
    "allocator.allocate",
    inline=InlineForm(
        "{0}.allocate_buffer({4}, {2}, {3})",
        instances={0: Allocator},
        result_class=Buffer,
        result_is_exact=False,
    ),
)
def allocator_allocate(
    allocator: object, affinity: int, memory_types: int, usage: int, byte_length: int
) -> Buffer:
    """Allocate now, outside any queue's order."""
    del affinity
    if not isinstance(allocator, Allocator):
        raise wrong_ref(allocator, ALLOCATOR)
    return allocator.allocate_buffer(byte_length, memory_types, usage)


@functions.export("allocator.import")
def allocator_import(
    allocator: object,
    is_try: int,
    affinity: int,
    memory_types: int,
    usage: int,
    source: HostBuffer,
    offset: int,
    length: int,
) -> Buffer | None:
    """Make a buffer of host memory without a copy; see `private_memory` for constants.

    Memory that kernels cannot use as it is, because it is not aligned, gives null if `is_try` is set: the
    program then copies it.
    """
    del affinity
    if not isinstance(allocator, Allocator):
        raise wrong_ref(allocator, ALLOCATOR)
    if type(source) is not HostBuffer:
        raise wrong_ref(source, "!vm.buffer")
    available = source.length
    if length == -1:
        length = available - offset
    if length < 0 or offset < 0 or offset + length > available:
        raise InvalidArgumentError(
            f"byte range out of bounds (requested {offset}-{offset + length - 1} of available {available})"
        )
    if not source.is_mutable and not usage & _IMMUTABLE:
        raise PermissionDeniedError("source buffer is immutable and can only be imported for constant usage")
    if (source.address + offset) % ALIGNMENT:
        if is_try:
            return None
        raise OutOfRangeError(f"imported memory must be aligned to {ALIGNMENT} bytes")
    memory = source.data[offset : offset + length]
    if usage & _IMMUTABLE:
        # Why: kernels get bare addresses, and nothing keeps them from writing to constants.
        return allocator.import_memory(private_memory(memory), memory_types, usage, read_only=True)
    return allocator.import_memory(memory, memory_types, usage)


@functions.export(
    "buffer.assert",
    inline=InlineForm(
        instances={0: Buffer, 2: Allocator},
        conditions=(
            "{0}.byte_length >= {3}",
            "not {4} & ~{0}.memory_type",
            "not {5} & ~{0}.allowed_usage",
        ),
    ),
)
def buffer_assert(
    buffer: object,
    message: HostBuffer,
    allocator: object,
    minimum_length: int,
    memory_types: int,
    usage: int,
) -> None:
    """Check that a buffer is long enough and usable for what the program does with it."""
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    if not isinstance(allocator, Allocator):
        raise wrong_ref(allocator, ALLOCATOR)
    if (
        buffer.byte_length < minimum_length
        or memory_types & ~buffer.memory_type
        or usage & ~buffer.allowed_usage
    ):
        raise _assertion(buffer, string_argument(message), minimum_length, memory_types, usage)


def _assertion(
    buffer: Buffer, message: str, minimum_length: int, memory_types: int, usage: int
) -> InvalidArgumentError | PermissionDeniedError:
    if buffer.byte_length < minimum_length:
        return InvalidArgumentError(
            f"{message} buffer byte length {buffer.byte_length} less than expected minimum {minimum_length}"
        )
    if memory_types & ~buffer.memory_type:
        return PermissionDeniedError(
            f"{message} buffer memory type is not compatible; "
            f"buffer has {memory_type_name(buffer.memory_type)}, "
            f"operation requires {memory_type_name(memory_types)}"
        )
    return PermissionDeniedError(
        f"{message} requested usage was not specified when the buffer was allocated; "
        f"buffer allows {buffer_usage_name(buffer.allowed_usage)}, "
        f"operation requires {buffer_usage_name(usage)}"
    )


@functions.export("buffer.length", inline=InlineForm("{0}.byte_length", instances={0: Buffer}))
def buffer_length(buffer: object) -> int:
    """Bytes of a buffer."""
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    return buffer.byte_length


@functions.export("buffer.subspan")
def buffer_subspan(buffer: object, offset: int, length: int) -> Buffer:
    """Part of a buffer, sharing its memory."""
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    return subspan(buffer, offset, length)


def subspan(buffer: Buffer, offset: int, length: int) -> Buffer:
    """Part of a buffer; an error says which part was asked for."""
    try:
        return buffer.subspan(offset, length)
    except OutOfRangeError as error:
        raise error.annotate(
            "invalid subspan of an existing buffer "
            f"(source_offset={offset & _MAXIMUM_U64}, length={length & _MAXIMUM_U64})"
        ) from None


@functions.export("buffer.load")
def buffer_load(buffer: object, offset: int, length: int) -> int:
    """Read up to four bytes as an integer, zero-extended."""
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    if not 0 <= length <= 4:
        raise InvalidArgumentError(f"load length byte count {length} exceeds max")
    buffer.require_access(_READ)
    value = int.from_bytes(buffer.map(offset, length), "little")
    return value - (1 << 32) if value >> 31 else value


@functions.export("buffer.store")
def buffer_store(value: int, buffer: object, offset: int, length: int) -> None:
    """Write the low bytes of an integer, up to four."""
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    if not 0 <= length <= 4:
        raise InvalidArgumentError(f"store length byte count {length} exceeds max")
    if offset < 0 or offset + length > buffer.byte_length:
        raise OutOfRangeError(
            f"store out of bounds (target_offset={offset}, length={length} into max {buffer.byte_length})"
        )
    buffer.require_access(_WRITE)
    buffer.map(offset, length)[:] = (value & 0xFFFFFFFF).to_bytes(4, "little")[:length]


@functions.export("buffer.allocation.preserve")
def buffer_allocation_preserve(buffer: object) -> None:
    """Claim the allocation: it must not be deallocated before a discard for each claim."""
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    buffer.allocated_buffer.preserve_count += 1


@functions.export("buffer.allocation.discard")
def buffer_allocation_discard(buffer: object) -> int:
    """Give a claim back; 1 when it was the last, so the allocation may be deallocated."""
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    allocation = buffer.allocated_buffer
    allocation.preserve_count -= 1
    return int(allocation.preserve_count == 0)


@functions.export("buffer.allocation.is_terminal")
def buffer_allocation_is_terminal(buffer: object) -> int:
    """1 when there is one claim left."""
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    return int(buffer.allocated_buffer.preserve_count == 1)
