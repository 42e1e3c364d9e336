"""Gossamer: programs made of several ML modules, compiled, linked and run.

    pipeline = gossamer.Pipeline(["module_a.vmfb", "module_b.vmfb", "pipeline.vmfb"], device="local-sync")
    result = pipeline.run(np.full(4096, -2.0, np.float32))

Names are loaded on first use: the compiler does not pay for the runtime, nor the other way round.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gossamer.versions import PACKAGE_VERSION

if TYPE_CHECKING:
    from gossamer.compiler.api import compile, compile_file, compile_text
    from gossamer.errors import CompileError, StatusError
    from gossamer.format.parameters.index import ParameterIndex
    from gossamer.hal.memory.dlpack import from_dlpack
    from gossamer.hal.timeline.fence import Fence
    from gossamer.hal.timeline.semaphore import Semaphore
    from gossamer.limits.call_limits import CallLimits
    from gossamer.limits.errors import LimitError
    from gossamer.limits.scope import CallScope, call_limits, check_limits
    from gossamer.modules.python.coroutines import coroutines_on
    from gossamer.modules.python.module import export, imports, module, python_module
    from gossamer.modules.python.types import Output
    from gossamer.runtime.c_modules import get_include, load_native_module
    from gossamer.runtime.devices import get_device, new_device
    from gossamer.runtime.function import PipelineFunction
    from gossamer.runtime.invocation import Invocation
    from gossamer.runtime.loading import load_module
    from gossamer.runtime.pipeline import Pipeline

__version__ = PACKAGE_VERSION

_HOMES = {
    "CallLimits": "gossamer.limits.call_limits",
    "CallScope": "gossamer.limits.scope",
    "CompileError": "gossamer.errors",
    "Fence": "gossamer.hal.timeline.fence",
    "Invocation": "gossamer.runtime.invocation",
    "LimitError": "gossamer.limits.errors",
    "Output": "gossamer.modules.python.types",
    "ParameterIndex": "gossamer.format.parameters.index",
    "Pipeline": "gossamer.runtime.pipeline",
    "PipelineFunction": "gossamer.runtime.function",
    "Semaphore": "gossamer.hal.timeline.semaphore",
    "StatusError": "gossamer.errors",
    "call_limits": "gossamer.limits.scope",
    "check_limits": "gossamer.limits.scope",
    "compile": "gossamer.compiler.api",
    "compile_file": "gossamer.compiler.api",
    "compile_text": "gossamer.compiler.api",
    "coroutines_on": "gossamer.modules.python.coroutines",
    "export": "gossamer.modules.python.module",
    "from_dlpack": "gossamer.hal.memory.dlpack",
    "get_device": "gossamer.runtime.devices",
    "get_include": "gossamer.runtime.c_modules",
    "imports": "gossamer.modules.python.module",
    "load_module": "gossamer.runtime.loading",
    "load_native_module": "gossamer.runtime.c_modules",
    "module": "gossamer.modules.python.module",
    "new_device": "gossamer.runtime.devices",
    "python_module": "gossamer.modules.python.module",
}

__all__ = [
    "CallLimits",
    "CallScope",
    "CompileError",
    "Fence",
    "Invocation",
    "LimitError",
    "Output",
    "ParameterIndex",
    "Pipeline",
    "PipelineFunction",
    "Semaphore",
    "StatusError",
    "call_limits",
    "check_limits",
    "compile",
    "compile_file",
    "compile_text",
    "coroutines_on",
    "export",
    "from_dlpack",
    "get_device",
    "get_include",
    "imports",
    "load_module",
    "load_native_module",
    "module",
    "new_device",
    "python_module",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'gossamer' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
