"""The module `hal`: all that programs do with devices.

Spec: `iree/modules/hal/exports.inl` and `iree/compiler/Dialect/HAL/hal.imports.mlir` of IREE 3.13.0.
"""

from __future__ import annotations

from gossamer.abi.module_interface import ModuleInterface
from gossamer.abi.ref_types import (
    ALLOCATOR,
    BUFFER,
    BUFFER_VIEW,
    CHANNEL,
    COMMAND_BUFFER,
    DEVICE,
    EXECUTABLE,
    FENCE,
    FILE,
)
from gossamer.versions import HAL_MODULE_VERSION

HAL = ModuleInterface("hal", HAL_MODULE_VERSION)

ALLOCATOR_ALLOCATE = HAL.declare("allocator.allocate", "0rIiiI_r", BUFFER)
ALLOCATOR_IMPORT = HAL.declare("allocator.import", "0riIiirII_r", BUFFER)
ALLOCATOR_SELECT = HAL.declare("allocator.select", "0iiICrID_rI", DEVICE)
BUFFER_ALLOCATION_DISCARD = HAL.declare("buffer.allocation.discard", "0r_i")
BUFFER_ALLOCATION_IS_TERMINAL = HAL.declare("buffer.allocation.is_terminal", "0r_i")
BUFFER_ALLOCATION_PRESERVE = HAL.declare("buffer.allocation.preserve", "0r_v")
BUFFER_ASSERT = HAL.declare("buffer.assert", "0rrrIii_v")
BUFFER_LENGTH = HAL.declare("buffer.length", "0r_I")
BUFFER_LOAD = HAL.declare("buffer.load", "0rIi_i")
BUFFER_STORE = HAL.declare("buffer.store", "0irIi_v")
BUFFER_SUBSPAN = HAL.declare("buffer.subspan", "0rII_r", BUFFER)
BUFFER_VIEW_ASSERT = HAL.declare("buffer_view.assert", "0rriiCID_v")
BUFFER_VIEW_BUFFER = HAL.declare("buffer_view.buffer", "0r_r", BUFFER)
BUFFER_VIEW_CREATE = HAL.declare("buffer_view.create", "0rIIiiCID_r", BUFFER_VIEW)
BUFFER_VIEW_DIM = HAL.declare("buffer_view.dim", "0ri_I")
BUFFER_VIEW_ELEMENT_TYPE = HAL.declare("buffer_view.element_type", "0r_i")
BUFFER_VIEW_ENCODING_TYPE = HAL.declare("buffer_view.encoding_type", "0r_i")
BUFFER_VIEW_RANK = HAL.declare("buffer_view.rank", "0r_i")
BUFFER_VIEW_TRACE = HAL.declare("buffer_view.trace", "0rCrD_v")
CHANNEL_CREATE = HAL.declare("channel.create", "0rIIrrii_r", CHANNEL)
CHANNEL_RANK_AND_COUNT = HAL.declare("channel.rank_and_count", "0r_ii")
CHANNEL_SPLIT = HAL.declare("channel.split", "0riiI_r", CHANNEL)
COMMAND_BUFFER_ADVISE_BUFFER = HAL.declare("command_buffer.advise_buffer", "0rrIIIi_v")
COMMAND_BUFFER_BEGIN_DEBUG_GROUP = HAL.declare("command_buffer.begin_debug_group", "0rr_v")
COMMAND_BUFFER_COLLECTIVE = HAL.declare("command_buffer.collective", "0rriiiirrIIIII_v")
COMMAND_BUFFER_COPY_BUFFER = HAL.declare("command_buffer.copy_buffer", "0riirIrIII_v")
COMMAND_BUFFER_CREATE = HAL.declare("command_buffer.create", "0riiIi_r", COMMAND_BUFFER, minimum_version=6)
COMMAND_BUFFER_DISPATCH = HAL.declare("command_buffer.dispatch", "0rrIiiiICiDCiirIID_v", minimum_version=7)
COMMAND_BUFFER_DISPATCH_INDIRECT = HAL.declare("command_buffer.dispatch.indirect", "0rrIirIICiDCiirIID_v")
COMMAND_BUFFER_END_DEBUG_GROUP = HAL.declare("command_buffer.end_debug_group", "0r_v")
COMMAND_BUFFER_EXECUTION_BARRIER = HAL.declare("command_buffer.execution_barrier", "0riiI_v")
COMMAND_BUFFER_FILL_BUFFER = HAL.declare("command_buffer.fill_buffer", "0rrIIiIiI_v")
COMMAND_BUFFER_FINALIZE = HAL.declare("command_buffer.finalize", "0r_v")
COMMAND_BUFFER_FLUSH_BUFFER = HAL.declare("command_buffer.flush_buffer", "0rirII_v")
COMMAND_BUFFER_INVALIDATE_BUFFER = HAL.declare("command_buffer.invalidate_buffer", "0rirII_v")
COMMAND_BUFFER_UPDATE_BUFFER = HAL.declare("command_buffer.update_buffer", "0rrIrIIiI_v")
DEVICE_ALLOCATOR = HAL.declare("device.allocator", "0r_r", ALLOCATOR)
DEVICE_QUERY_I64 = HAL.declare("device.query.i64", "0rrr_iI")
DEVICE_QUEUE_ALLOCA = HAL.declare("device.queue.alloca", "0rIrrIiiII_r", BUFFER)
DEVICE_QUEUE_BARRIER = HAL.declare("device.queue.barrier", "0rIrrI_v")
DEVICE_QUEUE_COPY = HAL.declare("device.queue.copy", "0rIrrrIrIII_v")
DEVICE_QUEUE_DEALLOCA = HAL.declare("device.queue.dealloca", "0rIrrrI_v")
DEVICE_QUEUE_EXECUTE = HAL.declare("device.queue.execute", "0rIrrrI_v")
DEVICE_QUEUE_EXECUTE_INDIRECT = HAL.declare("device.queue.execute.indirect", "0rIrrrICrIID_v")
DEVICE_QUEUE_FILL = HAL.declare("device.queue.fill", "0rIrrrIIIiI_v")
DEVICE_QUEUE_FLUSH = HAL.declare("device.queue.flush", "0rI_v")
DEVICE_QUEUE_READ = HAL.declare("device.queue.read", "0rIrrrIrIII_v")
DEVICE_QUEUE_UPDATE = HAL.declare("device.queue.update", "0rIrrrIrIII_v")
DEVICE_QUEUE_WRITE = HAL.declare("device.queue.write", "0rIrrrIrIII_v")
DEVICES_COUNT = HAL.declare("devices.count", "0v_i")
DEVICES_GET = HAL.declare("devices.get", "0i_r", DEVICE)
FILE_FROM_MEMORY = HAL.declare("ex.file.from_memory", "0rIirIIi_r", FILE)
EXECUTABLE_CREATE = HAL.declare("executable.create", "0rIrrr_r", EXECUTABLE)
EXECUTABLE_LOOKUP_FUNCTION = HAL.declare("executable.lookup.function", "0rr_I", minimum_version=7)
FENCE_AWAIT = HAL.declare("fence.await", "0iICrD_i")
FENCE_CREATE = HAL.declare("fence.create", "0rI_r", FENCE)
FENCE_FAIL = HAL.declare("fence.fail", "0ri_v")
FENCE_JOIN = HAL.declare("fence.join", "0ICrD_r", FENCE)
FENCE_QUERY = HAL.declare("fence.query", "0r_i")
FENCE_SIGNAL = HAL.declare("fence.signal", "0r_v")
