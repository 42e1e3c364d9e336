"""Brings a parsed program into the form that later phases read."""

from __future__ import annotations

from gossamer.compiler.frontend import LoadedProgram
from gossamer.compiler.input.complex_literals import remove_complex_literals
from gossamer.compiler.input.constants import split_constants
from gossamer.compiler.input.conversions import convert_input
from gossamer.compiler.input.dispatch_regions import inline_dispatch_regions
from gossamer.compiler.input.encodings import find_unsigned, write_encodings
from gossamer.compiler.input.fallbacks import choose_fallbacks
from gossamer.compiler.input.globals import convert_globals
from gossamer.compiler.input.hints import remove_assertions, remove_hints
from gossamer.compiler.input.linalg_ext import lower_linalg_ext
from gossamer.compiler.input.supported import check_supported
from gossamer.compiler.input.type_conversion import convert_types
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileOptions
from gossamer.diagnostics import Diagnostic


def normalize(program: LoadedProgram, options: CompileOptions) -> list[Diagnostic]:
    """Convert a program's module in place.

    Returns: warnings.
    Raises: CompileError listing the operations that are not supported.
    """
    module = program.module
    with module.context, ir.Location.unknown():
        remove_complex_literals(module, program.resources)
        split_constants(module)
        inline_dispatch_regions(module)
        unsigned = find_unsigned(module)
        convert_input(module, program.input_type)
        remove_hints(module)
        if options.drops_assertions:
            remove_assertions(module)
        convert_globals(module)
        choose_fallbacks(module)
        lower_linalg_ext(module)
        check_supported(module)
        remove_complex_literals(module, program.resources)
        changes = convert_types(module, options.type_conversions, program.resources)
        write_encodings(module, unsigned)
        return changes
