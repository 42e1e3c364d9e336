"""The runtime: pipelines, and IREE's Python names.

In: modules and devices. Out: functions that take and return NumPy arrays. Next: `tools` makes commands of it.
Mirrors `runtime/bindings/python/iree/runtime`: code that says `import iree.runtime as rt` can say
`import gossamer.runtime as rt`. Names are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.abi.memory_flags import BufferUsage, MemoryAccess, MemoryType
    from gossamer.modules.io_parameters.provider import ParameterProvider
    from gossamer.runtime.invocation import Invocation
    from gossamer.runtime.iree_api import flags
    from gossamer.runtime.iree_api.benchmark import benchmark_exe, benchmark_module
    from gossamer.runtime.iree_api.function_invoker import FunctionInvoker
    from gossamer.runtime.iree_api.hal.allocator import HalAllocator
    from gossamer.runtime.iree_api.hal.buffers import HalBuffer, HalBufferView, MappedMemory
    from gossamer.runtime.iree_api.hal.command_buffer import HalCommandBuffer
    from gossamer.runtime.iree_api.hal.debug_sink import HalModuleBufferViewTraceCallback, HalModuleDebugSink
    from gossamer.runtime.iree_api.hal.device import HalDevice
    from gossamer.runtime.iree_api.hal.device_array import DeviceArray, asdevicearray
    from gossamer.runtime.iree_api.hal.driver import HalDriver
    from gossamer.runtime.iree_api.hal.loop_bridge import HalDeviceLoopBridge
    from gossamer.runtime.iree_api.hal.timelines import HalExternalTimepoint, HalFence, HalSemaphore
    from gossamer.runtime.iree_api.io import (
        SplatValue,
        parameter_index_add_numpy_ndarray,
        parameter_index_entry_as_numpy_flat_ndarray,
        parameter_index_entry_as_numpy_ndarray,
        save_archive_file,
    )
    from gossamer.runtime.iree_api.parameters import (
        FileHandle,
        ParameterIndex,
        ParameterIndexEntry,
        create_io_parameters_module,
    )
    from gossamer.runtime.iree_api.refs import VmRef
    from gossamer.runtime.iree_api.system_api import (
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
    from gossamer.runtime.iree_api.system_setup import (
        get_device,
        get_driver,
        get_first_device,
        query_available_drivers,
    )
    from gossamer.runtime.iree_api.types import (
        BufferCompatibility,
        ExternalTimepointFlags,
        ExternalTimepointType,
        HalElementType,
        Linkage,
        SemaphoreCompatibility,
        Shape,
    )
    from gossamer.runtime.iree_api.vm.context import VmContext
    from gossamer.runtime.iree_api.vm.module import VmFunction, VmInstance, VmModule
    from gossamer.runtime.iree_api.vm.py_module import PyModuleInterface
    from gossamer.runtime.iree_api.vm.values import VmBuffer, VmVariantList
    from gossamer.runtime.loading import load_module
    from gossamer.runtime.pipeline import Pipeline

SUBMODULES = {
    "_binding": "gossamer.runtime.iree_api",
    "array_interop": "gossamer.runtime.iree_api.hal.device_array",
    "benchmark": "gossamer.runtime.iree_api.benchmark",
    "dtypes": "gossamer.runtime.iree_api.dtypes",
    "flags": "gossamer.runtime.iree_api.flags",
    "io": "gossamer.runtime.iree_api.io",
    "system_api": "gossamer.runtime.iree_api.system_api",
    "system_setup": "gossamer.runtime.iree_api.system_setup",
    "typing": "gossamer.runtime.iree_api.hal.debug_sink",
    "version": "gossamer.runtime.iree_api.version",
}
"""Submodules of `iree.runtime` -> where they are here; `iree.runtime.function` is beside them."""
_HOMES = {
    "BoundModule": "gossamer.runtime.iree_api.system_api",
    "BoundModules": "gossamer.runtime.iree_api.system_api",
    "BufferCompatibility": "gossamer.runtime.iree_api.types",
    "BufferUsage": "gossamer.abi.memory_flags",
    "Config": "gossamer.runtime.iree_api.system_api",
    "DeviceArray": "gossamer.runtime.iree_api.hal.device_array",
    "ExternalTimepointFlags": "gossamer.runtime.iree_api.types",
    "ExternalTimepointType": "gossamer.runtime.iree_api.types",
    "FileHandle": "gossamer.runtime.iree_api.parameters",
    "FunctionInvoker": "gossamer.runtime.iree_api.function_invoker",
    "HalAllocator": "gossamer.runtime.iree_api.hal.allocator",
    "HalBuffer": "gossamer.runtime.iree_api.hal.buffers",
    "HalBufferView": "gossamer.runtime.iree_api.hal.buffers",
    "HalCommandBuffer": "gossamer.runtime.iree_api.hal.command_buffer",
    "HalDevice": "gossamer.runtime.iree_api.hal.device",
    "HalDeviceLoopBridge": "gossamer.runtime.iree_api.hal.loop_bridge",
    "HalDriver": "gossamer.runtime.iree_api.hal.driver",
    "HalElementType": "gossamer.runtime.iree_api.types",
    "HalExternalTimepoint": "gossamer.runtime.iree_api.hal.timelines",
    "HalFence": "gossamer.runtime.iree_api.hal.timelines",
    "HalModuleBufferViewTraceCallback": "gossamer.runtime.iree_api.hal.debug_sink",
    "HalModuleDebugSink": "gossamer.runtime.iree_api.hal.debug_sink",
    "HalSemaphore": "gossamer.runtime.iree_api.hal.timelines",
    "Invocation": "gossamer.runtime.invocation",
    "Linkage": "gossamer.runtime.iree_api.types",
    "MappedMemory": "gossamer.runtime.iree_api.hal.buffers",
    "MemoryAccess": "gossamer.abi.memory_flags",
    "MemoryType": "gossamer.abi.memory_flags",
    "ParameterIndex": "gossamer.runtime.iree_api.parameters",
    "ParameterIndexEntry": "gossamer.runtime.iree_api.parameters",
    "ParameterProvider": "gossamer.modules.io_parameters.provider",
    "Pipeline": "gossamer.runtime.pipeline",
    "PyModuleInterface": "gossamer.runtime.iree_api.vm.py_module",
    "SemaphoreCompatibility": "gossamer.runtime.iree_api.types",
    "Shape": "gossamer.runtime.iree_api.types",
    "SplatValue": "gossamer.runtime.iree_api.io",
    "SystemContext": "gossamer.runtime.iree_api.system_api",
    "TARGET_BACKEND_TO_DRIVER": "gossamer.runtime.iree_api.system_api",
    "VmBuffer": "gossamer.runtime.iree_api.vm.values",
    "VmContext": "gossamer.runtime.iree_api.vm.context",
    "VmFunction": "gossamer.runtime.iree_api.vm.module",
    "VmInstance": "gossamer.runtime.iree_api.vm.module",
    "VmModule": "gossamer.runtime.iree_api.vm.module",
    "VmRef": "gossamer.runtime.iree_api.refs",
    "VmVariantList": "gossamer.runtime.iree_api.vm.values",
    "asdevicearray": "gossamer.runtime.iree_api.hal.device_array",
    "benchmark_exe": "gossamer.runtime.iree_api.benchmark",
    "benchmark_module": "gossamer.runtime.iree_api.benchmark",
    "create_hal_module": "gossamer.runtime.iree_api.system_api",
    "create_io_parameters_module": "gossamer.runtime.iree_api.parameters",
    "get_device": "gossamer.runtime.iree_api.system_setup",
    "get_driver": "gossamer.runtime.iree_api.system_setup",
    "get_first_device": "gossamer.runtime.iree_api.system_setup",
    "load_module": "gossamer.runtime.loading",
    "load_vm_flatbuffer": "gossamer.runtime.iree_api.system_api",
    "load_vm_flatbuffer_file": "gossamer.runtime.iree_api.system_api",
    "load_vm_module": "gossamer.runtime.iree_api.system_api",
    "load_vm_modules": "gossamer.runtime.iree_api.system_api",
    "normalize_value": "gossamer.runtime.iree_api.system_api",
    "parameter_index_add_numpy_ndarray": "gossamer.runtime.iree_api.io",
    "parameter_index_entry_as_numpy_flat_ndarray": "gossamer.runtime.iree_api.io",
    "parameter_index_entry_as_numpy_ndarray": "gossamer.runtime.iree_api.io",
    "query_available_drivers": "gossamer.runtime.iree_api.system_setup",
    "save_archive_file": "gossamer.runtime.iree_api.io",
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
