"""ONNX models as sources.

    file, ModelProto ──► prepare: one opset, known shapes and constants ──► importer ──► torch dialect

In: a model. Out: a module with the function `main`. The importer is that of the MLIR wheel; weights stay
where the model has them.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

from pathlib import Path
from typing import Any

from gossamer.compiler import mlir
from gossamer.compiler.frontend.frontend import LoadedProgram
from gossamer.compiler.frontend.mlir.argument_names import keep_argument_names
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.resources import Resources, inline_small
from gossamer.compiler.source import Source
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_ENTRY_POINT = "main"


class OnnxFrontend:
    """Models of ONNX, files and `onnx.ModelProto`."""

    name = "ONNX"

    def accepts(self, source: Source, input_type: str) -> bool:
        """By the suffix, or the class of the object."""
        if source.model is None:
            return source.name.endswith(".onnx")
        return any(base.__name__ == "ModelProto" for base in type(source.model).__mro__)

    def load(self, source: Source, options: CompileOptions) -> LoadedProgram:
        """Import a model as function `main`; arguments keep their names.

        Raises: CompileError where ONNX is missing, or the model has something without MLIR form.
        """
        model = _read_model(source)
        context = mlir.make_context()
        mlir.add_frameworks(context)
        resources = Resources(fills_elided=options.zero_fill_elided)
        module = _import_model(model, context, resources, options)
        return LoadedProgram(module, "torch", resources)


ONNX = OnnxFrontend()


def _read_model(source: Source) -> Any:
    try:
        import onnx
    except ImportError:
        message = "compiling an ONNX model needs the library onnx, which is not installed"
        raise CompileError([Diagnostic(message, hint="pip install gossamer[onnx]")]) from None
    if source.model is not None:
        return source.model
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(source.data)
        onnx.load_external_data_for_model(model, str((source.path or Path()).parent))
    except DecodeError as error:
        raise CompileError([Diagnostic(f"not an ONNX model: {error}")]) from None
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise CompileError([Diagnostic(f"weights of the model cannot be read: {error}")]) from None
    if not model.HasField("graph") or not model.opset_import:
        raise CompileError([Diagnostic("not an ONNX model: it has no graph, or no opset")])
    return model


def _import_model(
    model: Any, context: ir.Context, resources: Resources, options: CompileOptions
) -> ir.Module:
    # Why here: they load ONNX, which takes a while.
    from torch_mlir.extras.onnx_importer import ModelInfo, NodeImporter, OnnxImportError

    from gossamer.compiler.frontend.onnx.prepare import prepare
    from gossamer.compiler.frontend.onnx.weights import WeightCache, make_literals

    prepared = prepare(model, options)
    prepared.graph.name = _ENTRY_POINT
    try:
        info = ModelInfo(prepared)
        module = info.create_module(context)
        cache = WeightCache(context, resources)
        NodeImporter.define_function(info.main_graph, module.operation, cache).import_all()
    except OnnxImportError as error:
        raise CompileError([Diagnostic(f"ONNX model cannot be imported: {error}")]) from None
    keep_argument_names(module)
    inline_small(module, resources)
    make_literals(module)
    return module
