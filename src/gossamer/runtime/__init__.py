"""The runtime: pipelines, and IREE's Python names.

In: modules and devices. Out: functions that take and return NumPy arrays. Next: `tools` makes commands of it.
Mirrors `runtime/bindings/python/iree/runtime`: code that says `import iree.runtime as rt` can say
`import gossamer.runtime as rt`.
"""

from gossamer.hal.memory import BufferUsage, MemoryAccess, MemoryType
from gossamer.runtime.binding import flags
from gossamer.runtime.binding.debug_sink import HalModuleBufferViewTraceCallback, HalModuleDebugSink
from gossamer.runtime.binding.device_array import DeviceArray, asdevicearray
from gossamer.runtime.binding.function_invoker import FunctionInvoker
from gossamer.runtime.binding.hal_allocator import HalAllocator
from gossamer.runtime.binding.hal_buffers import HalBuffer, HalBufferView, MappedMemory
from gossamer.runtime.binding.hal_command_buffer import HalCommandBuffer
from gossamer.runtime.binding.hal_device import HalDevice
from gossamer.runtime.binding.hal_driver import HalDriver
from gossamer.runtime.binding.hal_timelines import HalExternalTimepoint, HalFence, HalSemaphore
from gossamer.runtime.binding.hal_types import (
    BufferCompatibility,
    ExternalTimepointFlags,
    ExternalTimepointType,
    HalElementType,
    Linkage,
    SemaphoreCompatibility,
    Shape,
)
from gossamer.runtime.binding.loop_bridge import HalDeviceLoopBridge
from gossamer.runtime.binding.py_module import PyModuleInterface
from gossamer.runtime.binding.refs import VmRef
from gossamer.runtime.binding.system_api import (
    TARGET_BACKEND_TO_DRIVER,
    BoundModule,
    BoundModules,
    Config,
    SystemContext,
    create_hal_module,
    load_vm_flatbuffer,
    load_vm_flatbuffer_file,
    load_vm_module,
    load_vm_modules,
    normalize_value,
)
from gossamer.runtime.binding.system_setup import (
    get_device,
    get_driver,
    get_first_device,
    query_available_drivers,
)
from gossamer.runtime.binding.vm_context import VmContext
from gossamer.runtime.binding.vm_module import VmFunction, VmInstance, VmModule
from gossamer.runtime.binding.vm_values import VmBuffer, VmVariantList
from gossamer.runtime.invocation import Invocation
from gossamer.runtime.loading import load_module
from gossamer.runtime.pipeline import Pipeline

__all__ = [
    "TARGET_BACKEND_TO_DRIVER",
    "BoundModule",
    "BoundModules",
    "BufferCompatibility",
    "BufferUsage",
    "Config",
    "DeviceArray",
    "ExternalTimepointFlags",
    "ExternalTimepointType",
    "FunctionInvoker",
    "HalAllocator",
    "HalBuffer",
    "HalBufferView",
    "HalCommandBuffer",
    "HalDevice",
    "HalDeviceLoopBridge",
    "HalDriver",
    "HalElementType",
    "HalExternalTimepoint",
    "HalFence",
    "HalModuleBufferViewTraceCallback",
    "HalModuleDebugSink",
    "HalSemaphore",
    "Invocation",
    "Linkage",
    "MappedMemory",
    "MemoryAccess",
    "MemoryType",
    "Pipeline",
    "PyModuleInterface",
    "SemaphoreCompatibility",
    "Shape",
    "SystemContext",
    "VmBuffer",
    "VmContext",
    "VmFunction",
    "VmInstance",
    "VmModule",
    "VmRef",
    "VmVariantList",
    "asdevicearray",
    "create_hal_module",
    "flags",
    "get_device",
    "get_driver",
    "get_first_device",
    "load_module",
    "load_vm_flatbuffer",
    "load_vm_flatbuffer_file",
    "load_vm_module",
    "load_vm_modules",
    "normalize_value",
    "query_available_drivers",
]
