"""Keeps large tensors out of a model while it is made ready.

Each step of ONNX's own, such as inference of types, takes the whole model through bytes and back. With its
tensors' contents replaced by references a model is small, and there is no limit to what it holds.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onnx import TensorProto

LARGEST_BYTES = 1 << 16
"""Larger tensors are detached."""
_LOCATION = "location"
_CONTENTS = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data")


def detach_tensors(graph: Any) -> dict[str, Any]:
    """Replace the contents of a graph's large tensors, those of its branches included, by references.

    Returns: the tensors, by reference, for `attach_tensors`.
    """
    detached: dict[str, Any] = {}
    for tensor in _tensors(graph):
        if tensor.ByteSize() <= LARGEST_BYTES:
            continue
        kept = TensorProto()
        kept.CopyFrom(tensor)
        reference = str(len(detached))
        detached[reference] = kept
        for field in _CONTENTS:
            tensor.ClearField(field)
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = _LOCATION, reference
    return detached


def is_detached(tensor: Any) -> bool:
    """Whether a tensor's contents are elsewhere."""
    return tensor.data_location == TensorProto.EXTERNAL


def attach_tensors(graph: Any, detached: dict[str, Any]) -> None:
    """Give a graph's tensors their contents back."""
    for tensor in _tensors(graph):
        if is_detached(tensor):
            reference = next(entry.value for entry in tensor.external_data if entry.key == _LOCATION)
            name = tensor.name
            tensor.CopyFrom(detached[reference])
            tensor.name = name


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            for inner in inner_graphs(attribute):
                yield from _tensors(inner)


def inner_graphs(attribute: Any) -> list[Any]:
    """Branches or bodies that an attribute holds."""
    return [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]
