"""Executables in VM bytecode: the format `vmvx-bytecode-fb`.

The bytes are a whole module file. Each export is a kernel: called once a workgroup with local memory,
constants, a list of bindings, and where the workgroup is. Kernels are compiled to native code with the
executable library ABI where they can be; the others are called as VM functions, one state a thread.
Spec: `iree/hal/local/loaders/vmvx_module_loader.c` of IREE 3.13.0.
"""

from __future__ import annotations

import ctypes
import struct
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from gossamer.errors import FormatError, InvalidArgumentError, NotFoundError
from gossamer.format.module_def import Bytes
from gossamer.hal.executable import (
    BoundMemory,
    DispatchCall,
    Executable,
    ExecutableFunction,
    WorkgroupCallable,
)
from gossamer.modules.vmvx.module import vmvx_module
from gossamer.vm.bytecode.limits import DEFAULT_LIMITS, Limits, StepMeter
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import BoundExports, Export
from gossamer.vm.loading import load_bytecode_module
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List

if TYPE_CHECKING:
    from gossamer.vm.jit.native import NativeKernels

VMVX_FORMAT = "vmvx-bytecode-fb"
KERNEL_CONVENTION = "0rrriiiiiiiii_v"

_PAGE_BYTES = 4096
_MAXIMUM_COUNT = 64


class VmvxLoader:
    """Makes executables of VM bytecode.

    Args:
        limits: bounds of each dispatch, looked after instruction by instruction: kernels with a bound on
            steps or time are interpreted. Scopes of calls (`gossamer.limits`) bound native kernels too.
    """

    def __init__(self, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits

    def supports_format(self, format: str) -> bool:
        """True for `vmvx-bytecode-fb`."""
        return format == VMVX_FORMAT

    def load(self, format: str, data: Bytes, constants: Sequence[int]) -> Executable:
        """Verify a module and make its exports kernels.

        Raises: FormatError when the bytes are no module; InvalidArgumentError when an export is no kernel.
        """
        if constants:
            raise InvalidArgumentError(
                f"executable has no executable-level constants but {len(constants)} constants were provided"
            )
        module = load_bytecode_module(data, limits=self._limits, is_kept=True)
        states = _WorkerStates(module, _resolve_imports(module))
        for export in module.exports.values():
            _check_convention(export)
        native = None
        if not self._limits.is_metered:
            # Why here: a process that loads no kernels need not load their compiler.
            from gossamer.vm.jit.native import compile_dispatch_functions

            native = compile_dispatch_functions(module.decoded, data)
        functions = [
            _kernel(export, _VmKernel(states, export.name, self._limits), native)
            for export in module.exports.values()
        ]
        return Executable(functions, format=format, keepalive=native)


def _check_convention(export: Export) -> None:
    if export.calling_convention != KERNEL_CONVENTION:
        raise InvalidArgumentError(
            "executable entry point does not match the expected calling convention; "
            f"expected '{KERNEL_CONVENTION}' but got '{export.calling_convention}', "
            "possible ABI version mismatch"
        )


def _kernel(export: Export, kernel: _VmKernel, native: NativeKernels | None) -> ExecutableFunction:
    address = native.address(export.name) if native else None
    local_memory = _attribute(export, "local_memory", (1 << 31) - _PAGE_BYTES)
    return ExecutableFunction(
        export.name,
        _attribute(export, "binding_count", _MAXIMUM_COUNT),
        _attribute(export, "constant_count", _MAXIMUM_COUNT),
        -(-local_memory // _PAGE_BYTES) * _PAGE_BYTES,
        address=address or 0,
        kernel=kernel,
        decode_status=partial(native.status_error, export.name) if native else None,
    )


def _attribute(export: Export, name: str, maximum: int) -> int:
    text = export.attrs.get(name, "0")
    if not text.isdecimal() or int(text) > maximum:
        raise FormatError(
            f"attribute '{name}' of '{export.name}' is '{text}', expected a number up to {maximum}",
            table="FunctionSignatureDef",
        )
    return int(text)


class _WorkerStates(threading.local):
    """State of the module for each thread; kernels of one state never run at the same time."""

    def __init__(self, module: BytecodeModule, imports: Sequence[Export | None]) -> None:
        # Runs again in every thread that comes along.
        self._module = module
        self._imports = imports
        self._exports: BoundExports | None = None

    def bind(self, name: str) -> Callable[..., object]:
        """Callable of an export, in this thread's state."""
        if self._exports is None:
            self._exports = _link_state(self._module, self._imports)
        return self._exports.bind(name)


def _link_state(module: BytecodeModule, imports: Sequence[Export | None]) -> BoundExports:
    library = vmvx_module()
    functions = library.create_state().link()
    return module.create_state().link(
        [
            None if export is None else Function(library.name, export, functions.bind(export.name))
            for export in imports
        ]
    )


def _resolve_imports(module: BytecodeModule) -> list[Export | None]:
    """The function of `vmvx` behind each import; None for an optional one that there is not."""
    library = vmvx_module()
    found: list[Export | None] = []
    for imported in module.imports:
        module_name, _, name = imported.full_name.partition(".")
        export = library.exports.get(name) if module_name == library.name else None
        if export is None:
            if imported.is_required:
                raise NotFoundError(
                    f"executable needs function '{imported.full_name}', which is not available"
                )
        elif imported.signature.calling_convention not in ("", export.calling_convention):
            raise InvalidArgumentError(
                f"executable imports '{imported.full_name}' as '{imported.signature.calling_convention}', "
                f"but it is '{export.calling_convention}'"
            )
        found.append(export)
    return found


class _VmKernel:
    """A kernel called as a VM function; see `hal.executable.PythonKernel`."""

    def __init__(self, states: _WorkerStates, name: str, limits: Limits) -> None:
        self._states = states
        self._name = name
        self._limits = limits

    def __call__(self, call: DispatchCall) -> WorkgroupCallable:
        function = self._states.bind(self._name)
        local_memory = _host_buffer(call.local_memory)
        constants = Buffer.wrap(struct.pack(f"<{len(call.constants)}I", *call.constants))
        bindings = List("!vm.buffer", [_host_buffer(memory) for memory in call.bindings])
        count_x, count_y, count_z = call.workgroup_count
        # Why: each workgroup is a call with limits of its own, but their number is the program's to choose.
        meter = StepMeter(self._limits)

        def run(x: int, y: int, z: int) -> None:
            meter.step()
            function(local_memory, constants, bindings, x, y, z, 1, 1, 1, count_x, count_y, count_z)

        return run


def _host_buffer(memory: BoundMemory) -> Buffer:
    # Safety: used only while the dispatch runs, which is as long as the address is valid.
    if not memory.length:
        return Buffer.wrap(bytearray())
    return Buffer.wrap((ctypes.c_ubyte * memory.length).from_address(memory.address))
