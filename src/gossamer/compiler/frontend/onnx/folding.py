"""Computes what is known of an ONNX graph before it is imported.

Exporters write shapes as programs: `Shape`, `Gather`, `Concat`, `Reshape`. With known sizes all that is
constant, and the condition of many an `If` is, too. ONNX's reference evaluator computes nodes: operators
on shapes and small tensors only; what works on weights stays in the program.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

# fmt: off
_FOLDED = frozenset({
    "Abs", "Add", "And", "Cast", "Ceil", "Concat", "Constant", "ConstantOfShape", "Div", "Equal", "Expand",
    "Floor", "Gather", "Greater", "GreaterOrEqual", "Identity", "Less", "LessOrEqual", "Max", "Min", "Mod",
    "Mul", "Neg", "Not", "Or", "Range", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum", "Reshape",
    "Shape", "Size", "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Tile", "Transpose", "Unsqueeze", "Where",
    "Xor",
})
# fmt: on
_LARGEST_BYTES = 1 << 16
"""Larger constants are left for the compiler to compute, or the program."""


def fold_known(graph: Any, opset: int) -> bool:
    """Replace nodes whose results are known by constants, and every `If` on a known condition by its branch.

    Args:
        graph: with the types of its values, as far as they are known; changed in place.
        opset: of the model, which says what its operators mean.
    Returns: whether anything was replaced.
    """
    known = {weight.name: weight for weight in graph.initializer if weight.ByteSize() <= _LARGEST_BYTES}
    shapes = _static_shapes(graph)
    nodes: list[Any] = []
    changed = False
    for node in graph.node:
        if node.op_type == "If" and node.input[0] in known:
            nodes.extend(_taken(node, graph, known))
            changed = True
            continue
        results = _compute(node, known, shapes, opset)
        if results is None:
            nodes.append(node)
            continue
        for name, value in zip(filter(None, node.output), results, strict=True):
            known[name] = numpy_helper.from_array(value, name)
            graph.initializer.append(known[name])
        changed = True
    del graph.node[:]
    graph.node.extend(nodes)
    return changed


def _static_shapes(graph: Any) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        type = value.type.tensor_type
        if type.HasField("shape") and all(size.HasField("dim_value") for size in type.shape.dim):
            found[value.name] = [size.dim_value for size in type.shape.dim]
    return found


def _compute(
    node: Any, known: Mapping[str, Any], shapes: Mapping[str, list[int]], opset: int
) -> list[Any] | None:
    """Results of a node, or None where they are not known, or the node is not computed here."""
    if node.domain not in ("", "ai.onnx") or node.op_type not in _FOLDED:
        return None
    if node.op_type in ("Shape", "Size") and node.input[0] in shapes:
        shape = np.array(shapes[node.input[0]], np.int64)
        bounds = {attribute.name: attribute.i for attribute in node.attribute}
        if node.op_type == "Size":
            return [np.array(shape.prod(), np.int64)]
        return [shape[bounds.get("start", 0) : bounds.get("end", len(shape))]]
    if not all(name == "" or name in known for name in node.input):
        return None
    names = [name for name in node.input if name]
    values = [numpy_helper.to_array(known[name]) for name in names]
    if _is_large(node, values):
        return None
    graph = helper.make_graph(
        [node],
        "known",
        [helper.make_tensor_value_info(name, known[name].data_type, None) for name in dict.fromkeys(names)],
        [
            helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None)
            for name in node.output
            if name
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    try:
        with np.errstate(all="raise"):
            results: list[Any] = ReferenceEvaluator(model).run(None, dict(zip(names, values, strict=True)))
    except Exception:  # whatever the evaluator's operators raise: such a node stays in the program
        return None
    arrays = [np.asarray(result) for result in results]
    return arrays if sum(array.nbytes for array in arrays) <= _LARGEST_BYTES else None


def _is_large(node: Any, values: list[Any]) -> bool:
    """Whether a node makes much of little, so that it must not be tried."""
    if node.op_type in ("ConstantOfShape", "Expand", "Tile"):
        sizes = values[-1].astype(np.float64)
        return bool(np.prod(np.maximum(sizes, 1)) * max(values[0].size, 1) > _LARGEST_BYTES)
    if node.op_type == "Range":
        start, limit, step = (float(value) for value in values)
        return not step or abs((limit - start) / step) > _LARGEST_BYTES
    return False


def _taken(node: Any, graph: Any, known: Mapping[str, Any]) -> list[Any]:
    """The nodes of the branch that an `If` takes, its results under the names of the node's."""
    condition = bool(numpy_helper.to_array(known[node.input[0]]).reshape(-1)[0])
    wanted = "then_branch" if condition else "else_branch"
    branch = next(attribute.g for attribute in node.attribute if attribute.name == wanted)
    graph.initializer.extend(branch.initializer)
    names = zip(branch.output, node.output, strict=True)
    return [
        *branch.node,
        *(helper.make_node("Identity", [inner.name], [outer]) for inner, outer in names if outer),
    ]
