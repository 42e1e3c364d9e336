"""A target and its loader, as small as they can be: the compiled kernel is a note of what to compute."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Sequence

import numpy as np

from gossamer.compiler.executable import ExecutableBinary, ExecutableTarget
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.target.target import ExecutableSource
from gossamer.format.module_def import Bytes
from gossamer.hal.executable import (
    BoundMemory,
    DispatchCall,
    Executable,
    ExecutableFunction,
    WorkgroupCallable,
)

FORMAT = "noted-json"


class NotedTarget:
    """Notes names, numbers of bindings and of constants; takes every kernel for `|x|` of floats."""

    name = "noted"

    def executable_targets(self, options: CompileOptions) -> list[ExecutableTarget]:
        return [ExecutableTarget(self.name, FORMAT)]

    def compile(self, source: ExecutableSource, options: CompileOptions) -> list[ExecutableBinary]:
        interfaces = [kernel.interface for kernel in source.kernels.values()]
        note = [(each.export_name, len(each.bindings), each.constant_word_count) for each in interfaces]
        text = json.dumps(note)
        (target,) = self.executable_targets(options)
        return [ExecutableBinary(target, text.encode(), "application/json", lambda: text)]


class NotedLoader:
    """Loads such notes. `ran` has the names of the kernels run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def supports_format(self, format: str) -> bool:
        return format == FORMAT

    def load(self, format: str, data: Bytes, constants: Sequence[int]) -> Executable:
        note: list[tuple[str, int, int]] = json.loads(bytes(data))
        functions = [self._function(*entry) for entry in note]
        return Executable(functions, format=format)

    def _function(self, name: str, binding_count: int, constant_count: int) -> ExecutableFunction:
        def kernel(call: DispatchCall) -> WorkgroupCallable:
            source, target = map(_floats, call.bindings)

            def run(x: int, y: int, z: int) -> None:
                self.ran.append(name)
                np.abs(source, out=target)

            return run

        return ExecutableFunction(name, binding_count, constant_count, kernel=kernel)


def _floats(memory: BoundMemory) -> np.ndarray:
    cells = (ctypes.c_float * (memory.length // 4)).from_address(memory.address)
    return np.ctypeslib.as_array(cells)
