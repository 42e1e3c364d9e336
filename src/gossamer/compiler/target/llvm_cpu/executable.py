"""Compiles kernels to a library of native code: `embedded-elf-*` and `system-elf-*` of the HAL's formats."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import cast

from gossamer.compiler.codegen import KernelSource, emit_kernel
from gossamer.compiler.progress import report_each
from gossamer.compiler.target.llvm_cpu.builtins import builtin_functions
from gossamer.compiler.target.llvm_cpu.dispatch_entry import dispatch_entry
from gossamer.compiler.target.llvm_cpu.library_tables import QUERY_SYMBOL, Entry, library_tables
from gossamer.compiler.target.llvm_cpu.link import link_shared_object
from gossamer.compiler.target.llvm_cpu.lowering import lower_to_llvm_ir
from gossamer.compiler.target.llvm_cpu.machines import Machine
from gossamer.compiler.target.llvm_cpu.objects import start_compiling
from gossamer.compiler.target.llvm_cpu.workers import shared_workers
from gossamer.compiler.target.target import ExecutableSource

_PLACEHOLDER = "dispatch_of_no_name"
_SYMBOL_DIGITS = 24


class LibrarySource:
    """An executable in LLVM IR: what is the same for all processors of an architecture.

    Attributes:
        kernels: a module for each kernel, by the symbol it defines.
        tables: a module that refers to them.
    """

    def __init__(self, source: ExecutableSource) -> None:
        """Lower an executable's kernels.

        Raises: CompileError at an operation that has no lowering.
        """
        self.kernels: dict[str, str] = {}
        entries = [self._lower(kernel) for kernel in report_each("kernel", source.kernels.values())]
        self.tables = library_tables(source.name, entries)

    def _lower(self, source: KernelSource) -> Entry:
        kernel = emit_kernel(source)
        interface = source.interface
        with kernel.module.context:
            arguments = kernel.argument_sources()
            body = lower_to_llvm_ir(kernel.module)
        entry = dispatch_entry(_PLACEHOLDER, arguments, interface.bindings, interface.constants)
        text = f"{body}\n{entry}"
        # Why by content: kernels that are the same are compiled once, and found again on disk.
        symbol = f"dispatch_{hashlib.sha256(text.encode()).hexdigest()[:_SYMBOL_DIGITS]}"
        self.kernels[symbol] = text.replace(_PLACEHOLDER, symbol)
        return Entry(symbol, interface.export_name, len(interface.bindings), interface.constant_word_count)

    def text(self) -> str:
        """All of it, for people."""
        return "\n".join((self.tables, *self.kernels.values()))

    def stages(self, machine: Machine) -> dict[str, bytes]:
        """What it is on its way to a library for a processor, by suffix of file.

        Raises: InternalError where LLVM cannot compile it.
        """
        kernels = (self.tables, *self.kernels.values())
        answer = shared_workers(machine.llvm_options).submit(
            "compilation_stages", kernels, (builtin_functions(),), machine
        )
        return cast("dict[str, bytes]", answer.result())


def start_library(source: LibrarySource, machine: Machine) -> Callable[[], bytes]:
    """Have a library compiled for a processor.

    Returns: what waits for the shared object; it raises InternalError where LLVM cannot compile it.
    """
    texts = (source.tables, *source.kernels.values(), builtin_functions())
    pending = [start_compiling(text, machine) for text in texts]
    return lambda: link_shared_object([wait() for wait in pending], QUERY_SYMBOL)
