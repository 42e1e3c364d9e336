"""Native kernels of a VMVX executable's module."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gossamer.errors import StatusError, status_error
from gossamer.format.module_def import Bytes
from gossamer.machine_code.compiled_code import (
    NativeCode,
    find_native_code,
    is_native_code_enabled,
    load_native_code,
)
from gossamer.vm.bytecode.decoded import DecodedModule
from gossamer.vm.jit.analysis.compilable import DISPATCH_CONVENTION, compilable_functions
from gossamer.vm.jit.emit.dispatch import dispatch_symbol, emit_dispatch_entry
from gossamer.vm.jit.emit.module_emitter import emit_module
from gossamer.vm.jit.externals import external_address
from gossamer.vm.jit.instructions.status import describe_status


@dataclass(frozen=True, slots=True)
class NativeKernels:
    """Kernels in memory.

    Attributes:
        keepalive: what the addresses depend on; hold it as long as any of them may be called.
    """

    module: DecodedModule
    addresses: dict[str, int]
    keepalive: object

    def address(self, name: str) -> int | None:
        """Address of an export's entry in the dispatch ABI; None where it is not native."""
        return self.addresses.get(name)

    def status_error(self, name: str, status: int) -> StatusError:
        """The failure that a status word, returned by an export's entry, stands for."""
        ordinal = self.module.exports[name]
        code, message, frame = describe_status(self.module, ordinal, status)
        return status_error(code, message).add_frame(frame)


def compile_dispatch_functions(module: DecodedModule, source: Bytes = b"") -> NativeKernels | None:
    """Compile exports that are kernels, or find them compiled.

    Args:
        module: verified.
        source: the whole file that the module was read from, by which compiled code is found without
            translating anything; empty for a module of no file.
    Returns: those that are native, or None where none is.
    """
    if not is_native_code_enabled():
        return None
    origin = f"kernels {hashlib.sha256(source).hexdigest()}" if source else ""
    code = find_native_code(origin, external_address) if origin else None
    code = code or _compile(module, origin)
    if code is None:
        return None
    found = {name: code.find(dispatch_symbol(ordinal)) for name, ordinal in module.exports.items()}
    return NativeKernels(module, {name: address for name, address in found.items() if address}, code)


def _compile(module: DecodedModule, origin: str) -> NativeCode | None:
    kernels = {
        ordinal
        for ordinal in module.exports.values()
        if module.functions[ordinal].signature.calling_convention == DISPATCH_CONVENTION
    }
    functions = compilable_functions(module, sorted(kernels))
    entries = sorted(kernels & functions.keys())
    if not entries:
        return None
    text = emit_module(functions.values(), entries, emit_dispatch_entry)
    return load_native_code(text, external_address, origin=origin)
