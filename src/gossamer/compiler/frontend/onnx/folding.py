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

from gossamer.compiler.frontend.onnx.detached import LARGEST_BYTES, inner_graphs
from gossamer.compiler.frontend.onnx.known import Known
from gossamer.compiler.frontend.onnx.partial_shapes import partial_sizes

# fmt: off
_FOLDED = frozenset({
    "Abs", "Add", "And", "Cast", "Ceil", "Concat", "Constant", "ConstantOfShape", "Div", "Equal", "Expand",
    "Floor", "Gather", "Greater", "GreaterOrEqual", "Identity", "Less", "LessOrEqual", "Max", "Min", "Mod",
    "Mul", "Neg", "Not", "Or", "Range", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum", "Reshape",
    "Shape", "Size", "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Tile", "Transpose", "Unsqueeze", "Where",
    "Xor",
})
# fmt: on


def fold_known(graph: Any, opset: int) -> bool:
    """Replace nodes whose results are known by constants, and every `If` on a known condition by its branch.

    Args:
        graph: with the types of its values, as far as they are known; changed in place, and its branches too.
        opset: of the model, which says what its operators mean.
    Returns: whether anything was replaced.
    """
    return _fold(graph, Known(opset))


def _fold(graph: Any, around: Known) -> bool:
    known = around.within(graph)
    nodes: list[Any] = []
    changed = False
    for node in graph.node:
        if node.op_type == "If" and node.input[0] in known.tensors:
            nodes.extend(_taken(node, graph, known.tensors))
            changed = True
            continue
        results = _compute(node, known)
        if results is None:
            nodes.append(node)
            for inner in (each for attribute in node.attribute for each in inner_graphs(attribute)):
                changed |= _bring_in(inner, known.tensors)
                changed |= _fold(inner, known)
            continue
        for name, value in zip(filter(None, node.output), results, strict=True):
            known.tensors[name] = numpy_helper.from_array(value, name)
            graph.initializer.append(known.tensors[name])
        changed = True
    del graph.node[:]
    graph.node.extend(nodes)
    return changed


def _bring_in(graph: Any, tensors: Mapping[str, Any]) -> bool:
    """Give a branch copies of the known tensors that it reads: inference of types looks at no others."""
    copies: dict[str, str] = {}
    for node in graph.node:
        for position, name in enumerate(node.input):
            if name in tensors:
                if name not in copies:
                    copies[name] = f"{name}/{graph.output[0].name}"
                    copy = graph.initializer.add()
                    copy.CopyFrom(tensors[name])
                    copy.name = copies[name]
                node.input[position] = copies[name]
    return bool(copies)


def _compute(node: Any, around: Known) -> list[Any] | None:
    """Results of a node, or None where they are not known, or the node is not computed here."""
    if node.domain not in ("", "ai.onnx") or node.op_type not in _FOLDED:
        return None
    known = around.tensors
    if node.op_type == "Size":
        shape = around.static_shape(node.input[0])
        return None if shape is None else [np.array(np.prod(shape, dtype=np.int64))]
    sizes = partial_sizes(node, around)
    if sizes is not None:
        around.sizes[node.output[0]] = sizes
        if None not in sizes.reshape(-1).tolist():
            return [sizes.astype(np.int64)]
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
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", around.opset)])
    try:
        with np.errstate(all="raise"):
            results: list[Any] = ReferenceEvaluator(model).run(None, dict(zip(names, values, strict=True)))
    except Exception:  # whatever the evaluator's operators raise: such a node stays in the program
        return None
    arrays = [np.asarray(result) for result in results]
    return arrays if sum(array.nbytes for array in arrays) <= LARGEST_BYTES else None


def _is_large(node: Any, values: list[Any]) -> bool:
    """Whether a node makes much of little, so that it must not be tried."""
    if node.op_type in ("ConstantOfShape", "Expand", "Tile"):
        sizes = values[-1].astype(np.float64)
        return bool(np.prod(np.maximum(sizes, 1)) * max(values[0].size, 1) > LARGEST_BYTES)
    if node.op_type == "Range":
        start, limit, step = (float(value.reshape(-1)[0]) for value in values)
        return not step or abs((limit - start) / step) > LARGEST_BYTES
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
