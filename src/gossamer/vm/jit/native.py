"""Native kernels of a VMVX executable's module."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gossamer.errors import StatusError, status_error
from gossamer.native.native_code import is_native_code_enabled, load_native_code
from gossamer.vm.decoded import DecodedModule
from gossamer.vm.jit.compilable import DISPATCH_CONVENTION, compilable_functions
from gossamer.vm.jit.dispatch import dispatch_symbol, emit_dispatch_entry
from gossamer.vm.jit.externals import external_address
from gossamer.vm.jit.module_emitter import emit_module
from gossamer.vm.jit.status import describe_status


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


def compile_dispatch_functions(module: DecodedModule, export_names: Iterable[str]) -> NativeKernels | None:
    """Compile exports that are kernels.

    Args:
        module: verified.
        export_names: those wanted; others than kernels, and kernels that cannot be native, are left out.
    Returns: those that are native, or None where none is.
    """
    if not is_native_code_enabled():
        return None
    wanted = {
        name: module.exports[name]
        for name in export_names
        if module.functions[module.exports[name]].signature.calling_convention == DISPATCH_CONVENTION
    }
    functions = compilable_functions(module, wanted.values())
    native = {name: ordinal for name, ordinal in wanted.items() if ordinal in functions}
    if not native:
        return None
    entries = sorted(set(native.values()))
    loaded = load_native_code(emit_module(functions.values(), entries, emit_dispatch_entry), external_address)
    addresses = {name: loaded.address(dispatch_symbol(ordinal)) for name, ordinal in native.items()}
    return NativeKernels(module, addresses, loaded)
