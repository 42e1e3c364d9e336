"""The system module `hal_inline`: what programs compiled for inline execution do with memory.

Such programs run everything in the caller: no queues, no fences. Each tensor is a `!hal.buffer` for callers
and the `!vm.buffer` over the same memory, its storage, for the program's own loops.
Spec: calling conventions, checks and messages as in `iree/modules/hal/inline` of IREE 3.13.0. A buffer that
is read-only gives storage that is, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.inline_functions import HAL_INLINE
from gossamer.abi.memory_flags import BufferUsage, MemoryAccess, MemoryType
from gossamer.abi.ref_types import BUFFER
from gossamer.errors import UnimplementedError
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer import Buffer
from gossamer.modules.hal import buffer_view as hal_buffer_view
from gossamer.modules.hal.buffer import buffer_length, buffer_subspan
from gossamer.modules.hal.refs import register_hal_ref_types
from gossamer.modules.hal.state import HalState, TraceSink, trace_to_standard_error
from gossamer.modules.native import FunctionTable, NativeModule, string_argument, wrong_ref
from gossamer.processor.cpu_features import cpu_feature
from gossamer.vm.objects.buffer import Buffer as HostBuffer

_MEMORY_TYPE = int(MemoryType.OPTIMAL | MemoryType.HOST_LOCAL)
_USAGE = int(BufferUsage.TRANSFER | BufferUsage.DISPATCH_STORAGE | BufferUsage.MAPPING)
_WRITE = int(MemoryAccess.WRITE)

functions = FunctionTable(HAL_INLINE, hal_buffer_view.functions)
functions.export("buffer.length")(buffer_length)
functions.export("buffer.subspan")(buffer_subspan)

register_hal_ref_types()


class HalInlineModule(NativeModule):
    """The `hal_inline` module."""

    def __init__(self, devices: Sequence[Device], *, trace: TraceSink = trace_to_standard_error) -> None:
        """Make the module.

        Args:
            devices: memory comes from the first.
            trace: shows the tensors that programs trace.
        """
        state = HalState(tuple(devices), trace)
        super().__init__(functions, create_state=lambda: state)


@functions.export_with_state("buffer.allocate")
def buffer_allocate(state: HalState, minimum_alignment: int, byte_length: int) -> tuple[Buffer, HostBuffer]:
    """Allocate a buffer, contents undefined; memory is 64-byte aligned whatever is asked for."""
    del minimum_alignment
    buffer = state.devices[0].allocator.allocate_buffer(byte_length, _MEMORY_TYPE, _USAGE)
    return buffer, _storage(buffer)


@functions.export_with_state("buffer.allocate.initialized")
def buffer_allocate_initialized(
    state: HalState, minimum_alignment: int, source: HostBuffer, offset: int, byte_length: int
) -> tuple[Buffer, HostBuffer]:
    """Allocate a buffer with a copy of host bytes."""
    if type(source) is not HostBuffer:
        raise wrong_ref(source, "!vm.buffer")
    data = source.range(offset, byte_length)
    buffer, storage = buffer_allocate(state, minimum_alignment, byte_length)
    storage.data[:] = data
    return buffer, storage


@functions.export("buffer.wrap")
def buffer_wrap(source: HostBuffer, offset: int, byte_length: int) -> Buffer:
    """Make a buffer of host memory: no compiler emits it, and IREE 3.13.0 refuses it with these words."""
    del offset, byte_length
    if type(source) is not HostBuffer:
        raise wrong_ref(source, "!vm.buffer")
    raise UnimplementedError("vm->hal buffer wrapping not yet implemented")


@functions.export("buffer.storage")
def buffer_storage(buffer: object) -> HostBuffer:
    """The memory of a buffer for the program's own loads and stores."""
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    return _storage(buffer)


def _storage(buffer: Buffer) -> HostBuffer:
    # Safety: the view keeps the HAL buffer, and so its memory, alive.
    return HostBuffer(buffer.map(), is_mutable=bool(buffer.allowed_access & _WRITE))


@functions.export("device.query.i64")
def device_query_i64(category: HostBuffer, key: HostBuffer) -> tuple[int, int]:
    """Ask about this machine's processor: 1 and the value, or 0 and 0 for what is not known."""
    name = string_argument(category)
    value = cpu_feature(string_argument(key)) if name == "hal.cpu" else None
    return (0, 0) if value is None else (1, value)
