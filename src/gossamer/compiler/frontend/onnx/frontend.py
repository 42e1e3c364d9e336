"""ONNX models as sources.

    file, ModelProto ──► prepare: one opset, known shapes and constants ──► importer ──► torch dialect

In: a model. Out: a module with the function `main`. The importer is that of the MLIR wheel; weights stay
where the model has them.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gossamer.compiler import mlir
from gossamer.compiler.frontend.examples import split_inputs
from gossamer.compiler.frontend.frontend import LoadedProgram
from gossamer.compiler.frontend.mlir.argument_names import keep_argument_names
from gossamer.compiler.frontend.onnx.read import read_model
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
        folder = (source.path or Path()).parent
        model = source.model or read_model(source.data, folder)
        context = mlir.make_context()
        mlir.add_frameworks(context)
        resources = Resources(fills_elided=options.zero_fill_elided)
        # Why here: they load ONNX, which takes a while.
        from gossamer.compiler.frontend.onnx.importing import import_prepared
        from gossamer.compiler.frontend.onnx.prepare import Preparation, prepare
        from gossamer.compiler.frontend.onnx.weights import make_literals

        shapes = (*options.onnx_input_shapes, *_input_shapes(source))
        how = Preparation(shapes, options.onnx_input_values)
        prepared = prepare(model, how)
        prepared.model.graph.name = _ENTRY_POINT
        module = import_prepared(prepared, context, resources)
        keep_argument_names(module)
        inline_small(module, resources)
        make_literals(module)
        return LoadedProgram(module, "torch", resources)


ONNX = OnnxFrontend()


def _input_shapes(source: Source) -> tuple[str, ...]:
    """Shapes that a caller of Python gives, as the flag spells them."""
    if source.inputs is None:
        return ()
    _, inputs = split_inputs(source.inputs)
    if not inputs:
        hint = 'inputs={"x": "1x3x?xf32"}'
        raise CompileError([Diagnostic("inputs of an ONNX model are given by name", hint=hint)])
    return tuple(f"{name}={_sizes(getattr(example, 'shape', ()))}" for name, example in inputs.items())


def _sizes(shape: Iterable[int | None]) -> str:
    return "x".join("?" if size is None else str(size) for size in shape)
