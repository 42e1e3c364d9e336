"""Reads ONNX models from files, and says what is wrong with those that are none."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from pathlib import Path
from typing import Any

from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


def read_model(data: bytes, folder: Path) -> Any:
    """The `onnx.ModelProto` that a file holds, with its weights.

    Args:
        data: of the file.
        folder: of files that it names for weights.
    Raises: CompileError where ONNX is missing, or the file is no model, or lacks its weights.
    """
    try:
        import onnx
    except ImportError:
        message = "compiling an ONNX model needs the library onnx, which is not installed"
        raise CompileError([Diagnostic(message, hint="pip install gossamer[onnx]")]) from None
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
        onnx.load_external_data_for_model(model, str(folder))
    except DecodeError as error:
        raise CompileError([Diagnostic(f"not an ONNX model: {error}")]) from None
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise CompileError([Diagnostic(f"weights of the model cannot be read: {error}")]) from None
    if not model.HasField("graph") or not model.opset_import:
        raise CompileError([Diagnostic("not an ONNX model: it has no graph, or no opset")])
    return model
