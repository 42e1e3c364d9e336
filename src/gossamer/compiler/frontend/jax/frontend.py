"""JAX programs as sources.

f, jax.jit(f) + inputs ──► lower, or export where sizes are open ──► MLIR text ──► StableHLO here
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# JAX is an optional extra.

from __future__ import annotations

from gossamer.compiler import mlir
from gossamer.compiler.frontend.frontend import LoadedProgram
from gossamer.compiler.frontend.mlir.argument_names import keep_argument_names
from gossamer.compiler.frontend.reflection import is_entry_point, record_names, record_structure
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.resources import Resources, inline_small
from gossamer.compiler.source import Source
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


class JaxFrontend:
    """Functions that JAX can trace, and what it makes of them."""

    name = "JAX"

    def accepts(self, source: Source, input_type: str) -> bool:
        """What JAX made, and any function that comes with inputs."""
        if source.model is None:
            return False
        if any(base.__module__.partition(".")[0] in ("jax", "jaxlib") for base in type(source.model).__mro__):
            return True
        return callable(source.model) and source.inputs is not None

    def load(self, source: Source, options: CompileOptions) -> LoadedProgram:
        """Take a program as function `main`.

        Raises: CompileError where JAX is missing, or cannot trace the function.
        """
        try:
            # Why here: it loads JAX.
            from gossamer.compiler.frontend.jax.bound_arrays import bind_arrays
            from gossamer.compiler.frontend.jax.lowering import lower
        except ImportError:
            message = "compiling a Python function needs JAX, which is not installed"
            raise CompileError([Diagnostic(message, hint="pip install gossamer[jax]")]) from None
        program = lower(source)
        context = mlir.make_context()
        mlir.add_frameworks(context)
        module = mlir.parse(program.text, context)
        resources = Resources(fills_elided=options.zero_fill_elided)
        bind_arrays(_main(module), program.constants, resources)
        if program.structure.takes_leaves:
            record_names(_main(module), program.structure.names)
        keep_argument_names(module)
        record_structure(_main(module), program.structure)
        inline_small(module, resources)
        return LoadedProgram(module, "stablehlo", resources)


JAX = JaxFrontend()


def _main(module: ir.Module) -> ir.Operation:
    (main,) = (op.operation for op in module.body.operations if is_entry_point(op.operation))
    return main
