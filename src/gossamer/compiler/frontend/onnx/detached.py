"""Keeps large tensors out of a model while it is made ready.

Each step of ONNX's own, such as inference of types, takes the whole model through bytes and back. With its
tensors' contents replaced by references a model is small, and there is no limit to what it holds.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

import math
from typing import Any

from onnx import AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, helper

LARGEST_BYTES = 1 << 16
"""Larger tensors are detached."""
_WITH_TENSORS = (AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto)
_LOCATION = "location"


def copy_detached(model: Any) -> tuple[Any, dict[str, Any]]:
    """Copy a model but for the contents of its large tensors, those of its branches included.

    Returns: the copy, which has references in their places, and the model's own tensors by reference.
    """
    copy = ModelProto()
    tensors: dict[str, Any] = {}
    _copy(model, copy, tensors)
    return copy, tensors


def is_detached(tensor: Any) -> bool:
    """Whether a tensor's contents are elsewhere."""
    return tensor.data_location == TensorProto.EXTERNAL


def is_large(tensor: Any) -> bool:
    """Whether a tensor has more bytes than are worth a copy."""
    # Why not `ByteSize`: it writes the whole tensor to count.
    if tensor.data_type == TensorProto.STRING:
        return False
    size = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    return math.prod(tensor.dims) * size > LARGEST_BYTES


def contents_of(tensor: Any, tensors: dict[str, Any]) -> Any:
    """The tensor that has the contents: itself, or the one that it refers to."""
    if not is_detached(tensor):
        return tensor
    return tensors[next(entry.value for entry in tensor.external_data if entry.key == _LOCATION)]


def _copy(source: Any, target: Any, tensors: dict[str, Any]) -> None:
    """Copy a message field by field where it holds large tensors, and as a whole elsewhere."""
    if isinstance(source, TensorProto):
        _refer(source, target, tensors)
    elif not isinstance(source, _WITH_TENSORS):
        target.CopyFrom(source)
    else:
        for field, value in source.ListFields():
            if field.message_type is None:
                _copy_scalars(target, field.name, value)
            elif hasattr(value, "ListFields"):
                _copy(value, getattr(target, field.name), tensors)
            else:
                for each in value:
                    _copy(each, getattr(target, field.name).add(), tensors)


def _copy_scalars(target: Any, name: str, value: Any) -> None:
    if isinstance(value, (str, bytes, int, float)):
        setattr(target, name, value)
    else:
        getattr(target, name).extend(value)


def _refer(source: Any, target: Any, tensors: dict[str, Any]) -> None:
    if not is_large(source):
        target.CopyFrom(source)
        return
    reference = str(len(tensors))
    tensors[reference] = source
    target.name, target.data_type = source.name, source.data_type
    target.dims.extend(source.dims)
    target.data_location = TensorProto.EXTERNAL
    entry = target.external_data.add()
    entry.key, entry.value = _LOCATION, reference


def inner_graphs(attribute: Any) -> list[Any]:
    """Branches or bodies that an attribute holds."""
    return [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]
