"""The runtime: pipelines, and IREE's Python names.

In: modules and devices. Out: functions that take and return NumPy arrays. Next: `tools` makes commands of it.
Mirrors `runtime/bindings/python/iree/runtime`: code that says `import iree.runtime as rt` can say
`import gossamer.runtime as rt`.
"""

from gossamer.hal.memory import BufferUsage, MemoryAccess, MemoryType
from gossamer.runtime.binding.device_array import DeviceArray, asdevicearray
from gossamer.runtime.binding.function_invoker import FunctionInvoker
from gossamer.runtime.binding.hal_device import HalAllocator, HalDevice, HalDriver
from gossamer.runtime.binding.hal_objects import (
    HalBuffer,
    HalBufferView,
    HalCommandBuffer,
    HalFence,
    HalSemaphore,
    MappedMemory,
)
from gossamer.runtime.binding.hal_types import BufferCompatibility, HalElementType, Linkage, Shape
from gossamer.runtime.binding.py_module import PyModuleInterface
from gossamer.runtime.binding.refs import VmRef
from gossamer.runtime.binding.system import (
    TARGET_BACKEND_TO_DRIVER,
    BoundModule,
    BoundModules,
    Config,
    SystemContext,
    create_hal_module,
    get_device,
    get_driver,
    get_first_device,
    load_vm_flatbuffer,
    load_vm_flatbuffer_file,
    load_vm_module,
    load_vm_modules,
    normalize_value,
    query_available_drivers,
)
from gossamer.runtime.binding.vm_objects import (
    VmBuffer,
    VmContext,
    VmFunction,
    VmInstance,
    VmModule,
    VmVariantList,
)
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
    "FunctionInvoker",
    "HalAllocator",
    "HalBuffer",
    "HalBufferView",
    "HalCommandBuffer",
    "HalDevice",
    "HalDriver",
    "HalElementType",
    "HalFence",
    "HalSemaphore",
    "Invocation",
    "Linkage",
    "MappedMemory",
    "MemoryAccess",
    "MemoryType",
    "Pipeline",
    "PyModuleInterface",
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
