"""Programs that are VM functions already, as text of the vm dialect; and how VM modules are written.

In: a `Source`, or what the phases made. Out: the bytes of a module, or the text that the options ask for.
"""

from __future__ import annotations

import re

from gossamer.compiler.options import CompileMode, CompileOptions, ModuleFormat, Phase
from gossamer.compiler.source import Source
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.emit.annotations import register_notes
from gossamer.compiler.vm.emit.module import emit_module
from gossamer.compiler.vm.optimize.pipeline import optimize_module
from gossamer.compiler.vm.read_text import read_module
from gossamer.compiler.vm.text import format_module
from gossamer.format.archive import write_module
from gossamer.format.json_text import json_text
from gossamer.format.write_bytecode_module import write_bytecode_module

_VM_MODULE = re.compile(rb"(?:\s|//[^\n]*\n)*(?:module\b[^{]*\{\s*)*vm\.module\b")


def is_vm_program(source: Source, options: CompileOptions) -> bool:
    """Whether a source is a module of VM functions, or is to be taken for one."""
    return options.compile_mode is CompileMode.VM or _VM_MODULE.match(source.data) is not None


def compile_vm_program(source: Source, options: CompileOptions) -> bytes:
    """Compile text of the vm dialect. Raises: CompileError at what is not understood."""
    module = read_module(source.data.decode(errors="replace"), source.name)
    optimize_module(module)
    return format_module(module).encode() if options.compile_to is not Phase.END else written(module, options)


def written(module: ir.Module, options: CompileOptions) -> bytes:
    """A module as the options want it written; its functions are optimised."""
    definition = emit_module(module, optimize=False, debug=not options.strip_source_map)
    if options.writes_functions:
        is_annotated = options.module_format is ModuleFormat.ANNOTATED_MLIR_TEXT
        return format_module(module, register_notes if is_annotated else None).encode()
    if options.writes_tables:
        # Why without offsets: text has no place beside its tables, so that they hold all data.
        tables = json_text(write_bytecode_module(definition, {}), pretty=True)
        return tables.encode("utf-8", "surrogateescape")
    return write_module(definition, flat=not options.polyglot_zip)
