"""The runtime: pipelines, and IREE's Python names.

In: modules and devices. Out: functions that take and return NumPy arrays. Next: `tools` makes commands of it.
Mirrors `runtime/bindings/python/iree/runtime`: code that says `import iree.runtime as rt` can say
`import gossamer.runtime as rt`. Names are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.hal.memory import BufferUsage, MemoryAccess, MemoryType
    from gossamer.hal.parameter_provider import ParameterProvider
    from gossamer.runtime.binding import flags
    from gossamer.runtime.binding.benchmark import benchmark_exe, benchmark_module
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
    from gossamer.runtime.binding.io import (
        SplatValue,
        parameter_index_add_numpy_ndarray,
        parameter_index_entry_as_numpy_flat_ndarray,
        parameter_index_entry_as_numpy_ndarray,
        save_archive_file,
    )
    from gossamer.runtime.binding.loop_bridge import HalDeviceLoopBridge
    from gossamer.runtime.binding.parameters import (
        FileHandle,
        ParameterIndex,
        ParameterIndexEntry,
        create_io_parameters_module,
    )
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

SUBMODULES = {
    "_binding": "gossamer.runtime.binding",
    "array_interop": "gossamer.runtime.binding.device_array",
    "benchmark": "gossamer.runtime.binding.benchmark",
    "dtypes": "gossamer.runtime.binding.dtypes",
    "flags": "gossamer.runtime.binding.flags",
    "io": "gossamer.runtime.binding.io",
    "system_api": "gossamer.runtime.binding.system_api",
    "system_setup": "gossamer.runtime.binding.system_setup",
    "typing": "gossamer.runtime.binding.debug_sink",
    "version": "gossamer.runtime.binding.version",
}
"""Submodules of `iree.runtime` -> where they are here; `iree.runtime.function` is beside them."""
_HOMES = {
    "BoundModule": "gossamer.runtime.binding.system_api",
    "BoundModules": "gossamer.runtime.binding.system_api",
    "BufferCompatibility": "gossamer.runtime.binding.hal_types",
    "BufferUsage": "gossamer.hal.memory",
    "Config": "gossamer.runtime.binding.system_api",
    "DeviceArray": "gossamer.runtime.binding.device_array",
    "ExternalTimepointFlags": "gossamer.runtime.binding.hal_types",
    "ExternalTimepointType": "gossamer.runtime.binding.hal_types",
    "FileHandle": "gossamer.runtime.binding.parameters",
    "FunctionInvoker": "gossamer.runtime.binding.function_invoker",
    "HalAllocator": "gossamer.runtime.binding.hal_allocator",
    "HalBuffer": "gossamer.runtime.binding.hal_buffers",
    "HalBufferView": "gossamer.runtime.binding.hal_buffers",
    "HalCommandBuffer": "gossamer.runtime.binding.hal_command_buffer",
    "HalDevice": "gossamer.runtime.binding.hal_device",
    "HalDeviceLoopBridge": "gossamer.runtime.binding.loop_bridge",
    "HalDriver": "gossamer.runtime.binding.hal_driver",
    "HalElementType": "gossamer.runtime.binding.hal_types",
    "HalExternalTimepoint": "gossamer.runtime.binding.hal_timelines",
    "HalFence": "gossamer.runtime.binding.hal_timelines",
    "HalModuleBufferViewTraceCallback": "gossamer.runtime.binding.debug_sink",
    "HalModuleDebugSink": "gossamer.runtime.binding.debug_sink",
    "HalSemaphore": "gossamer.runtime.binding.hal_timelines",
    "Invocation": "gossamer.runtime.invocation",
    "Linkage": "gossamer.runtime.binding.hal_types",
    "MappedMemory": "gossamer.runtime.binding.hal_buffers",
    "MemoryAccess": "gossamer.hal.memory",
    "MemoryType": "gossamer.hal.memory",
    "ParameterIndex": "gossamer.runtime.binding.parameters",
    "ParameterIndexEntry": "gossamer.runtime.binding.parameters",
    "ParameterProvider": "gossamer.hal.parameter_provider",
    "Pipeline": "gossamer.runtime.pipeline",
    "PyModuleInterface": "gossamer.runtime.binding.py_module",
    "SemaphoreCompatibility": "gossamer.runtime.binding.hal_types",
    "Shape": "gossamer.runtime.binding.hal_types",
    "SplatValue": "gossamer.runtime.binding.io",
    "SystemContext": "gossamer.runtime.binding.system_api",
    "TARGET_BACKEND_TO_DRIVER": "gossamer.runtime.binding.system_api",
    "VmBuffer": "gossamer.runtime.binding.vm_values",
    "VmContext": "gossamer.runtime.binding.vm_context",
    "VmFunction": "gossamer.runtime.binding.vm_module",
    "VmInstance": "gossamer.runtime.binding.vm_module",
    "VmModule": "gossamer.runtime.binding.vm_module",
    "VmRef": "gossamer.runtime.binding.refs",
    "VmVariantList": "gossamer.runtime.binding.vm_values",
    "asdevicearray": "gossamer.runtime.binding.device_array",
    "benchmark_exe": "gossamer.runtime.binding.benchmark",
    "benchmark_module": "gossamer.runtime.binding.benchmark",
    "create_hal_module": "gossamer.runtime.binding.system_api",
    "create_io_parameters_module": "gossamer.runtime.binding.parameters",
    "get_device": "gossamer.runtime.binding.system_setup",
    "get_driver": "gossamer.runtime.binding.system_setup",
    "get_first_device": "gossamer.runtime.binding.system_setup",
    "load_module": "gossamer.runtime.loading",
    "load_vm_flatbuffer": "gossamer.runtime.binding.system_api",
    "load_vm_flatbuffer_file": "gossamer.runtime.binding.system_api",
    "load_vm_module": "gossamer.runtime.binding.system_api",
    "load_vm_modules": "gossamer.runtime.binding.system_api",
    "normalize_value": "gossamer.runtime.binding.system_api",
    "parameter_index_add_numpy_ndarray": "gossamer.runtime.binding.io",
    "parameter_index_entry_as_numpy_flat_ndarray": "gossamer.runtime.binding.io",
    "parameter_index_entry_as_numpy_ndarray": "gossamer.runtime.binding.io",
    "query_available_drivers": "gossamer.runtime.binding.system_setup",
    "save_archive_file": "gossamer.runtime.binding.io",
}

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
    "FileHandle",
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
    "ParameterIndex",
    "ParameterIndexEntry",
    "ParameterProvider",
    "Pipeline",
    "PyModuleInterface",
    "SemaphoreCompatibility",
    "Shape",
    "SplatValue",
    "SystemContext",
    "VmBuffer",
    "VmContext",
    "VmFunction",
    "VmInstance",
    "VmModule",
    "VmRef",
    "VmVariantList",
    "asdevicearray",
    "benchmark_exe",
    "benchmark_module",
    "create_hal_module",
    "create_io_parameters_module",
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
    "parameter_index_add_numpy_ndarray",
    "parameter_index_entry_as_numpy_flat_ndarray",
    "parameter_index_entry_as_numpy_ndarray",
    "query_available_drivers",
    "save_archive_file",
]


def __getattr__(name: str) -> object:
    if name in SUBMODULES:
        return import_module(SUBMODULES[name])
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'gossamer.runtime' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(home), name)
    return found


def __dir__() -> list[str]:
    return __all__
