"""Exported PyTorch programs as sources."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# PyTorch is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

import io
from typing import Any

from gossamer.compiler import mlir
from gossamer.compiler.frontend.frontend import LoadedProgram
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.resources import Resources, inline_small
from gossamer.compiler.source import Source
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_ENTRY_POINT = "main"


class TorchFrontend:
    """Programs of `torch.export`."""

    name = "torch.export"

    def accepts(self, source: Source, input_type: str) -> bool:
        """By the suffix, or the class of the object."""
        if source.model is None:
            return source.name.endswith(".pt2")
        return any(base.__module__ == "torch.export.exported_program" for base in type(source.model).__mro__)

    def load(self, source: Source, options: CompileOptions) -> LoadedProgram:
        """Import a program as function `main`. Buffers that it changes become globals of the module.

        Raises: CompileError where PyTorch is missing, or the program has an operation without MLIR form.
        """
        exported = _read_program(source.data) if source.model is None else source.model
        context = mlir.make_context()
        mlir.add_frameworks(context)
        resources = Resources(fills_elided=options.zero_fill_elided)
        try:
            module = _import_program(exported, context, resources)
        except (NotImplementedError, TypeError, ValueError) as error:
            raise CompileError([Diagnostic(f"PyTorch program cannot be imported: {error}")]) from None
        inline_small(module, resources)
        return LoadedProgram(module, "torch", resources)


TORCH = TorchFrontend()


def _read_program(data: bytes) -> Any:
    try:
        import torch
    except ImportError:
        message = "compiling a .pt2 file needs PyTorch, which is not installed"
        raise CompileError([Diagnostic(message, hint="pip install gossamer[torch]")]) from None
    try:
        return torch.export.load(io.BytesIO(data))
    except Exception as error:  # whatever the readers of the archive's parts raise
        message = f"not a program that torch.export.save wrote: {error}"
        raise CompileError([Diagnostic(message)]) from None


def _import_program(exported: Any, context: ir.Context, resources: Resources) -> ir.Module:
    # Why here: they load PyTorch, which takes seconds.
    from torch_mlir.extras.fx_decomp_util import get_decomposition_table
    from torch_mlir.extras.fx_importer import FxImporter

    from gossamer.compiler.frontend.torch.hooks import WeightHooks

    program = exported.run_decompositions(get_decomposition_table())
    with context:
        importer = FxImporter(context=context, hooks=WeightHooks(resources))
        importer.import_program(program, func_name=_ENTRY_POINT)
        return importer.module
