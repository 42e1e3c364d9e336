"""What is known of values in an ONNX graph: contents of small tensors, static shapes, types."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from onnx import helper

from gossamer.compiler.frontend.onnx.detached import is_detached, is_large


@dataclass
class Known:
    """What is known where a node is.

    Attributes:
        opset: of the model, which says what its operators mean.
        tensors: small constants, `onnx.TensorProto` by name.
        types: of tensors, `onnx.TypeProto.Tensor` by name.
        sizes: what is known of tensors that are made of sizes, as `partial_shapes` finds it.
        others: values that are no tensors, but sequences of them, or optional.
    """

    opset: int
    tensors: dict[str, Any] = field(default_factory=dict[str, Any])
    types: dict[str, Any] = field(default_factory=dict[str, Any])
    sizes: dict[str, Any] = field(default_factory=dict[str, Any])
    others: set[str] = field(default_factory=set[str])

    def within(self, graph: Any) -> Known:
        """What is known in a graph, besides what is known around it."""
        weights = {
            weight.name: weight
            for weight in graph.initializer
            if not is_large(weight) and not is_detached(weight)
        }
        values = list(_typed(graph))
        types = {value.name: value.type.tensor_type for value in values}
        others = {
            value.name for value in values if value.type.WhichOneof("value") not in (None, "tensor_type")
        }
        # Why: a name that a graph uses anew is no longer what is around it.
        outer = {name: tensor for name, tensor in self.tensors.items() if name not in types}
        return Known(self.opset, outer | weights, self.types | types, dict(self.sizes), self.others | others)

    def shape(self, name: str) -> list[int | None] | None:
        """Sizes of a tensor, None for those that are open; None where not even their number is known."""
        type = self.types.get(name)
        if type is None or not type.HasField("shape"):
            return None
        return [size.dim_value if size.HasField("dim_value") else None for size in type.shape.dim]

    def static_shape(self, name: str) -> list[int] | None:
        """Sizes of a tensor, where all are known."""
        shape = self.shape(name)
        sizes = [size for size in shape or () if size is not None]
        return sizes if shape is not None and len(sizes) == len(shape) else None


def _typed(graph: Any) -> Iterator[Any]:
    yield from (*graph.input, *graph.value_info, *graph.output)
    for weight in graph.initializer:
        yield helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims)
