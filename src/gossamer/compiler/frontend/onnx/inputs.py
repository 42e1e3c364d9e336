"""Fixes shapes and values of a model's inputs, as flags say.

Exporters leave sizes open that decide which branch a model takes, and so the rank of what follows.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_UNKNOWN = "?"


def fix_inputs(graph: Any, shapes: Sequence[str], values: Sequence[str]) -> None:
    """Change a graph in place.

    Args:
        graph: of the model.
        shapes: of inputs, as `NAME=1x3x?`; other dimensions of the same symbol change with them.
        values: of inputs, as `NAME=16000`, which become constants of as many equal elements as they have.
    Raises: CompileError where a flag names no input, or does not fit the one that it names.
    """
    for flag in shapes:
        _fix_shape(graph, flag)
    for flag in values:
        _fix_value(graph, flag)


def _fix_shape(graph: Any, flag: str) -> None:
    chosen, text = _input(graph, flag)
    tensor = chosen.type.tensor_type
    sizes = text.split("x") if text else []
    if not all(size == _UNKNOWN or size.isdecimal() for size in sizes):
        raise _fault(f"'{flag}' is no shape of an input", "NAME=1x3x?, with ? for a size that stays open")
    if not tensor.HasField("shape"):
        for _ in sizes:
            tensor.shape.dim.add()
    if len(sizes) != len(tensor.shape.dim):
        found = f"input '{chosen.name}' has {len(tensor.shape.dim)} dimensions, not {len(sizes)}"
        raise _fault(found, "give each of them a size, or ?")
    for dimension, size in zip(tensor.shape.dim, sizes, strict=True):
        if size == _UNKNOWN or (dimension.HasField("dim_value") and dimension.dim_value == int(size)):
            continue
        if dimension.HasField("dim_value"):
            known = f"input '{chosen.name}' has size {dimension.dim_value} where '{flag}' says {size}"
            raise _fault(known, "sizes that the model states stay")
        _set(graph, dimension, int(size))


def _set(graph: Any, dimension: Any, size: int) -> None:
    symbol = dimension.dim_param
    dimension.dim_value = size
    for each in graph.input if symbol else ():
        for other in each.type.tensor_type.shape.dim:
            if other.dim_param == symbol:
                other.dim_value = size


def _fix_value(graph: Any, flag: str) -> None:
    chosen, text = _input(graph, flag)
    tensor = chosen.type.tensor_type
    if not all(dimension.HasField("dim_value") for dimension in tensor.shape.dim):
        raise _fault(f"input '{chosen.name}' has no fixed shape", "give its shape, too")
    dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    try:
        value = np.array(text).astype(dtype)
    except ValueError:
        raise _fault(f"'{text}' is no value of input '{chosen.name}'", f"it takes {dtype}") from None
    shape = [dimension.dim_value for dimension in tensor.shape.dim]
    graph.initializer.append(numpy_helper.from_array(np.full(shape, value), chosen.name))
    graph.input.remove(chosen)


def _input(graph: Any, flag: str) -> tuple[Any, str]:
    name, _, text = flag.rpartition("=")
    for each in graph.input:
        if each.name == name:
            return each, text
    names = ", ".join(f"'{each.name}'" for each in graph.input)
    raise _fault(f"the model has no input '{name}'", f"its inputs are {names}")


def _fault(message: str, hint: str) -> CompileError:
    return CompileError([Diagnostic(message, hint=hint)])
