"""Imports a model that was made ready as a module of the torch dialect."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

import warnings

from torch_mlir.extras.onnx_importer import ModelInfo, NodeImporter, OnnxImportError

from gossamer.compiler.frontend.onnx.prepare import Prepared
from gossamer.compiler.frontend.onnx.weights import WeightCache
from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


def import_prepared(prepared: Prepared, context: ir.Context, resources: Resources) -> ir.Module:
    """Make a module of one function, which is named as the graph.

    Args:
        prepared: what `prepare` made of a model.
        context: with the dialects of frameworks.
        resources: gets the contents of the model's tensors, which the module names.
    Returns: operators as `torch.operator "onnx.*"`, each with the name of its node as location.
    Raises: CompileError where a node has something without MLIR form.
    """
    try:
        info = ModelInfo(prepared.model)
        module = info.create_module(context)
        cache = WeightCache(context, resources, prepared.tensors)
        with warnings.catch_warnings():
            # Why: it warns of results that are left out, too, as they have no type.
            warnings.simplefilter("ignore")
            NodeImporter.define_function(info.main_graph, module.operation, cache).import_all()
    except OnnxImportError as error:
        raise CompileError([Diagnostic(f"ONNX model cannot be imported: {error}")]) from None
    return module
