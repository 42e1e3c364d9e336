"""What becomes of the tensors that an ONNX model holds: they stay where the model has them."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# pyright: reportUntypedBaseClass=false
# ONNX is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

from typing import Any

from onnx import numpy_helper
from torch_mlir.extras.onnx_importer import ContextCache

from gossamer.compiler.frontend.onnx.detached import contents_of
from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources, is_resource
from gossamer.compiler.walk import walk

_VALUE = "torch.onnx.value"


class WeightCache(ContextCache):
    """Has the importer name the bytes of tensors instead of copying them."""

    __slots__ = ("_resources", "_tensors")

    def __init__(self, context: ir.Context, resources: Resources, tensors: dict[str, Any]) -> None:
        super().__init__(context)
        self._resources = resources
        self._tensors = tensors

    def tensor_proto_to_attr(self, tp: Any) -> ir.Attribute:
        """An attribute for a tensor; its bytes stay in the model until they are written."""
        type = self.tensor_proto_to_builtin_type(tp)
        tensor = contents_of(tp, self._tensors)
        with self._c:
            return self._resources.create_lazy(tp.name or "constant", type, lambda: _bytes_of(tensor))


def _bytes_of(tensor: Any) -> bytes:
    if tensor.HasField("raw_data"):
        return tensor.raw_data
    return numpy_helper.to_array(tensor).tobytes()


def make_literals(module: ir.Module) -> None:
    """Make every `onnx.Constant` of named bytes a literal of torch.

    ONNX's lowering would look for the bytes in MLIR. Small tensors, such as axes, are to be literals before:
    it looks into their contents where they are operands of its own.
    """
    for op in list(walk(module.operation)):
        if op.name == "torch.operator" and _VALUE in op.attributes and is_resource(op.attributes[_VALUE]):
            with op.location, ir.InsertionPoint(op):
                literal = ir.Operation.create(
                    "torch.vtensor.literal",
                    results=[op.results[0].type],
                    attributes={"value": op.attributes[_VALUE]},
                )
            op.results[0].replace_all_uses_with(literal.results[0])
            op.erase()
