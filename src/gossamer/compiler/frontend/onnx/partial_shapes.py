"""Follows sizes through nodes that pick some of them, where others are open.

Shape(x) of a tensor [n, 3, h]  is  [?, 3, ?]   and   Gather of its second element  is  3
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from gossamer.compiler.frontend.onnx.known import Known

Sizes = NDArray[np.object_]
"""Integers, or None for those that are open; of at most one dimension."""


def partial_sizes(node: Any, known: Known) -> Sizes | None:
    """What is known of a node's result, where it is made of sizes; None otherwise."""
    given = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    if node.op_type == "Shape":
        shape = known.shape(node.input[0])
        return None if shape is None else _objects(shape)[given.get("start", 0) : given.get("end")]
    if not any(name in known.sizes for name in node.input):
        return None
    if node.op_type == "Concat":
        parts = [_sizes(name, known) for name in node.input]
        found = [part for part in parts if part is not None and part.ndim == 1]
        return np.concatenate(found) if len(found) == len(parts) else None
    first = known.sizes.get(node.input[0])
    if first is None:
        return None
    rest = [_constant(name, known) for name in node.input[1:]]
    if any(value is None for value in rest):
        return None
    return _picked(node.op_type, first, rest, given)


def _picked(op_type: str, sizes: Sizes, rest: list[Any], given: dict[str, Any]) -> Sizes | None:
    if op_type == "Identity" or (op_type == "Cast" and given["to"] == TensorProto.INT64):
        return sizes
    if op_type == "Gather" and sizes.ndim == 1 and rest[0].ndim <= 1:
        in_range = np.all((rest[0] >= -len(sizes)) & (rest[0] < len(sizes)))
        return np.asarray(sizes[rest[0]], object) if in_range else None
    if op_type == "Slice" and sizes.ndim == 1:
        start, end = (int(value.reshape(-1)[0]) for value in rest[:2])
        step = int(rest[3].reshape(-1)[0]) if len(rest) > 3 else 1
        return sizes[start:end:step] if step > 0 else None
    if op_type in ("Squeeze", "Unsqueeze"):
        is_removed = op_type == "Squeeze"
        if is_removed and sizes.size == 1:
            return sizes.reshape(())
        return sizes.reshape(1) if not is_removed and sizes.ndim == 0 else None
    return None


def _sizes(name: str, known: Known) -> Sizes | None:
    found = known.sizes.get(name)
    if found is not None:
        return found
    value = _constant(name, known)
    return None if value is None or value.ndim > 1 or value.dtype != np.int64 else _objects(value.tolist())


def _constant(name: str, known: Known) -> Any:
    tensor = known.tensors.get(name)
    return None if tensor is None else numpy_helper.to_array(tensor)


def _objects(values: Any) -> Sizes:
    return np.array(values, object)
