"""The functions of the HAL module that host programs call: names, calling conventions, minimum versions.

Spec: `iree/modules/hal/exports.inl` and `iree/compiler/Dialect/HAL/hal.imports.mlir` of IREE 3.13.0.
The numbers are those of the enumerations in `iree/hal`.
"""

from __future__ import annotations

from gossamer.compiler.vm import ir

BUFFER = "!hal.buffer"
BUFFER_VIEW = "!hal.buffer_view"
COMMAND_BUFFER = "!hal.command_buffer"
DEVICE = "!hal.device"
ALLOCATOR = "!hal.allocator"
EXECUTABLE = "!hal.executable"
FENCE = "!hal.fence"
FILE = "!hal.file"

ANY_QUEUE = -1
"""Queue affinity: whichever queue the device likes."""

DENSE_ROW_MAJOR = 1
"""Encoding type of every buffer view."""

MEMORY_TYPE_DEVICE_VISIBLE = 0x10
MEMORY_TYPE_DEVICE_LOCAL = 0x30
BUFFER_USAGE_DEFAULT = 0xC03
"""Transfer source and target, storage read and write."""
BUFFER_USAGE_CONSTANT = BUFFER_USAGE_DEFAULT | 0x80000
"""As the default, of contents that nobody changes."""

COMMAND_BUFFER_REUSABLE = 0
COMMAND_BUFFER_ONE_SHOT = 1
COMMAND_BUFFER_ONE_SHOT_INLINE = 0x11
"""One shot, and the device may run commands while they are recorded."""
COMMAND_CATEGORIES = 3
"""Transfers and dispatches."""

BARRIER_SOURCE_STAGES = 28
"""Dispatch, transfer, retire."""
BARRIER_TARGET_STAGES = 13
"""Issue, dispatch, transfer."""

WAIT_FOREVER = -1
MEMORY_ACCESS_READ = 1


def _hal(name: str, convention: str, *result_ref_types: str, minimum_version: int = 0) -> ir.Import:
    return ir.Import(f"hal.{name}", convention, minimum_version, result_ref_types=result_ref_types)


ALLOCATOR_ALLOCATE = _hal("allocator.allocate", "0rIiiI_r", BUFFER)
ALLOCATOR_IMPORT = _hal("allocator.import", "0riIiirII_r", BUFFER)
BUFFER_ASSERT = _hal("buffer.assert", "0rrrIii_v")
BUFFER_LOAD = _hal("buffer.load", "0rIi_i", "")
BUFFER_SUBSPAN = _hal("buffer.subspan", "0rII_r", BUFFER)
BUFFER_VIEW_ASSERT = _hal("buffer_view.assert", "0rriiCID_v")
BUFFER_VIEW_BUFFER = _hal("buffer_view.buffer", "0r_r", BUFFER)
BUFFER_VIEW_CREATE = _hal("buffer_view.create", "0rIIiiCID_r", BUFFER_VIEW)
BUFFER_VIEW_DIM = _hal("buffer_view.dim", "0ri_I", "")
BUFFER_VIEW_RANK = _hal("buffer_view.rank", "0r_i", "")
COMMAND_BUFFER_COPY_BUFFER = _hal("command_buffer.copy_buffer", "0riirIrIII_v")
COMMAND_BUFFER_CREATE = _hal("command_buffer.create", "0riiIi_r", COMMAND_BUFFER, minimum_version=6)
COMMAND_BUFFER_DISPATCH = _hal("command_buffer.dispatch", "0rrIiiiICiDCiirIID_v", minimum_version=7)
COMMAND_BUFFER_EXECUTION_BARRIER = _hal("command_buffer.execution_barrier", "0riiI_v")
COMMAND_BUFFER_FILL_BUFFER = _hal("command_buffer.fill_buffer", "0rrIIiIiI_v")
COMMAND_BUFFER_FINALIZE = _hal("command_buffer.finalize", "0r_v")
COMMAND_BUFFER_UPDATE_BUFFER = _hal("command_buffer.update_buffer", "0rrIrIIiI_v")
DEVICE_ALLOCATOR = _hal("device.allocator", "0r_r", ALLOCATOR)
DEVICE_QUERY_I64 = _hal("device.query.i64", "0rrr_iI", "", "")
DEVICE_QUEUE_ALLOCA = _hal("device.queue.alloca", "0rIrrIiiII_r", BUFFER)
DEVICE_QUEUE_BARRIER = _hal("device.queue.barrier", "0rIrrI_v")
DEVICE_QUEUE_COPY = _hal("device.queue.copy", "0rIrrrIrIII_v")
DEVICE_QUEUE_DEALLOCA = _hal("device.queue.dealloca", "0rIrrrI_v")
DEVICE_QUEUE_EXECUTE = _hal("device.queue.execute", "0rIrrrI_v")
DEVICE_QUEUE_EXECUTE_INDIRECT = _hal("device.queue.execute.indirect", "0rIrrrICrIID_v")
DEVICE_QUEUE_FILL = _hal("device.queue.fill", "0rIrrrIIIiI_v")
DEVICE_QUEUE_READ = _hal("device.queue.read", "0rIrrrIrIII_v")
DEVICE_QUEUE_UPDATE = _hal("device.queue.update", "0rIrrrIrIII_v")
DEVICES_COUNT = _hal("devices.count", "0v_i", "")
DEVICES_GET = _hal("devices.get", "0i_r", DEVICE)
EXECUTABLE_CREATE = _hal("executable.create", "0rIrrr_r", EXECUTABLE)
EXECUTABLE_LOOKUP_FUNCTION = _hal("executable.lookup.function", "0rr_I", "", minimum_version=7)
FENCE_AWAIT = _hal("fence.await", "0iICrD_i", "")
FENCE_CREATE = _hal("fence.create", "0rI_r", FENCE)
FENCE_JOIN = _hal("fence.join", "0ICrD_r", FENCE)
FENCE_SIGNAL = _hal("fence.signal", "0r_v")
FILE_FROM_MEMORY = _hal("ex.file.from_memory", "0rIirIIi_r", FILE)
