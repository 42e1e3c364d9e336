"""PyTorch programs as sources: exported ones, modules with examples of their inputs, and `.pt2` files."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# PyTorch is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, cast

from gossamer.compiler import mlir
from gossamer.compiler.frontend.frontend import LoadedProgram
from gossamer.compiler.frontend.reflection import record_names, record_structure
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.resources import Resources, inline_small
from gossamer.compiler.source import Source
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_ENTRY_POINT = "main"
_EXPORTED = ("torch.export.exported_program", "ExportedProgram")
_MODULE = ("torch.nn.modules.module", "Module")
_GRAPH = ("torch.fx.graph_module", "GraphModule")


class TorchFrontend:
    """Programs of `torch.export`, one or several by name; `torch.nn.Module`s, which it exports itself; graphs
    of `torch.fx` without state, whose operations and types PyTorch has put in already."""

    name = "PyTorch"

    def accepts(self, source: Source, input_type: str) -> bool:
        """By the suffix, or the class of the object."""
        if source.model is None:
            return source.name.endswith(".pt2")
        if isinstance(source.model, Mapping):
            programs = list(cast("Mapping[object, object]", source.model).values())
            return bool(programs) and all(_is_a(program, _EXPORTED) for program in programs)
        return _is_a(source.model, _EXPORTED) or _is_a(source.model, _MODULE)

    def load(self, source: Source, options: CompileOptions) -> LoadedProgram:
        """Import a program as function `main`, or several as functions of their names.

        Buffers that they change become globals of the module; what several share is in it once.

        Raises: CompileError where PyTorch is missing, or a program has something without MLIR form.
        """
        context = mlir.make_context()
        mlir.add_frameworks(context)
        resources = Resources(fills_elided=options.zero_fill_elided)
        try:
            if _is_a(source.model, _GRAPH) and source.inputs is None:
                module = _import_graph(source.model, context, resources)
            else:
                module = _import_programs(_read_programs(source), context, resources)
        except (NotImplementedError, TypeError, ValueError) as error:
            raise CompileError([Diagnostic(f"PyTorch program cannot be imported: {error}")]) from None
        inline_small(module, resources)
        return LoadedProgram(module, "torch", resources)


TORCH = TorchFrontend()


def _is_a(value: object, name: tuple[str, str]) -> bool:
    """Whether an object is of a class, which is not loaded for that."""
    return any((base.__module__, base.__qualname__) == name for base in type(value).__mro__)


def _read_programs(source: Source) -> Mapping[str, Any]:
    """Programs by the name of the function that each becomes."""
    if source.model is None:
        return {_ENTRY_POINT: _read_file(source.data)}
    if isinstance(source.model, Mapping):
        return cast("Mapping[str, Any]", source.model)
    if _is_a(source.model, _EXPORTED):
        return {_ENTRY_POINT: source.model}
    if source.inputs is None:
        message = "a torch.nn.Module is compiled by example, and no inputs are given"
        hint = 'gossamer.compile(model, inputs=[example]), or inputs=["?x64xf32"] to leave a size open'
        raise CompileError([Diagnostic(message, hint=hint)])
    # Why here: it loads PyTorch, which takes seconds.
    from gossamer.compiler.frontend.torch.export_module import export_module

    return {_ENTRY_POINT: export_module(source.model, source)}


def _read_file(data: bytes) -> Any:
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


def _import_programs(programs: Mapping[str, Any], context: ir.Context, resources: Resources) -> ir.Module:
    # Why here: they load PyTorch.
    from gossamer.compiler.frontend.torch.decompositions import decompositions
    from gossamer.compiler.frontend.torch.hooks import WeightHooks
    from gossamer.compiler.frontend.torch.importer import make_importer
    from gossamer.compiler.frontend.torch.signature import input_names, read_structure, without_constants

    with context:
        lowered = {name: exported.run_decompositions(decompositions()) for name, exported in programs.items()}
        importer = make_importer(context, WeightHooks(resources, list(lowered.values())))
        for name, program in lowered.items():
            structure = read_structure(program)
            without_constants(program)
            function = cast("ir.Operation", importer.import_program(program, func_name=name).operation)
            record_names(function, input_names(program))
            record_structure(function, structure)
        return importer.module


def _import_graph(graph: Any, context: ir.Context, resources: Resources) -> ir.Module:
    # Why here: they load PyTorch.
    from gossamer.compiler.frontend.torch.hooks import WeightHooks
    from gossamer.compiler.frontend.torch.importer import make_importer

    with context:
        importer = make_importer(context, WeightHooks(resources, []))
        importer.import_graph_module(graph, func_name=_ENTRY_POINT)
        return importer.module
