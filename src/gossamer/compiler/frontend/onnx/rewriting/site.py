"""A node that is rewritten, and what makes nodes in its place."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from gossamer.compiler.frontend.onnx.assumptions import DOMAIN, assumption
from gossamer.compiler.frontend.onnx.known import Known
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

Array = NDArray[Any]

_AXES_AS_INPUT = 18
"""Opset from which reductions besides `ReduceSum` take axes as an input."""


class Site:
    """A node, and the nodes that are made in its place, which bear its name.

    Attributes:
        node: the `onnx.NodeProto`.
        known: what is known where it is.
        nodes: made so far, in order.
        constants: tensors that they read.
        declared: types of results of operators of our own.
    """

    def __init__(self, node: Any, known: Known, new_name: Callable[[str], str]) -> None:
        self.node = node
        self.known = known
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.declared: list[Any] = []
        self._new_name = new_name
        self._attributes = {attribute.name: attribute for attribute in node.attribute}

    def attribute(self, name: str, default: Any = None) -> Any:
        """Value of an attribute: a number, bytes, or a list."""
        found = self._attributes.get(name)
        return default if found is None else helper.get_attribute_value(found)

    def text(self, name: str, default: str = "") -> str:
        """Value of an attribute that is text."""
        return self.attribute(name, default.encode()).decode()

    def input(self, index: int) -> str:
        """Name of an operand, empty where there is none."""
        return self.node.input[index] if index < len(self.node.input) else ""

    def wants(self, index: int) -> bool:
        """Whether the node has a result that something may read."""
        return index < len(self.node.output) and bool(self.node.output[index])

    def shape(self, name: str) -> list[int | None] | None:
        """Sizes of a tensor of the graph, as `Known.shape`."""
        return self.known.shape(name)

    def rank(self, name: str) -> int:
        """Number of dimensions of a tensor of the graph. Raises: CompileError where it is not known."""
        shape = self.shape(name)
        if shape is None:
            raise self.fault(f"the number of dimensions of its operand '{name}' is not known")
        return len(shape)

    def dtype(self, name: str) -> int:
        """Type of a tensor's elements, of `onnx.TensorProto.DataType`; 0 where it is not known."""
        type = self.known.types.get(name)
        return type.elem_type if type is not None else 0

    def numpy_dtype(self, name: str) -> np.dtype[Any]:
        """NumPy's type for a tensor's elements. Raises: CompileError where it is not known."""
        if not self.dtype(name):
            raise self.fault(f"the type of its operand '{name}' is not known")
        return helper.tensor_dtype_to_np_dtype(self.dtype(name))

    def value(self, name: str) -> Array | None:
        """Contents of a small constant."""
        tensor = self.known.tensors.get(name)
        return None if tensor is None else numpy_helper.to_array(tensor)

    def constant(self, value: Any, dtype: Any = None) -> str:
        """Name of a new constant; Python's integers are int64."""
        return self.kept(numpy_helper.from_array(np.asarray(value, dtype)))

    def kept(self, tensor: Any) -> str:
        """Name of a new constant, an `onnx.TensorProto`, which gets it."""
        tensor.name = self._new_name("constant")
        self.constants.append(tensor)
        return tensor.name

    def op(self, op_type: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Name of the result of a new node."""
        return self.ops(op_type, *inputs, count=1, domain=domain, **attributes)[0]

    def ops(self, op_type: str, *inputs: str, count: int, domain: str = "", **attributes: Any) -> list[str]:
        """Names of the results of a new node of several."""
        outputs = [self._new_name(op_type) for _ in range(count)]
        node = helper.make_node(
            op_type, list(inputs), outputs, name=self.node.name, domain=domain or None, **attributes
        )
        self.nodes.append(node)
        return outputs

    def assume(self, condition: str) -> None:
        """Have the program fail where a truth value, a scalar or a tensor of one, is false."""
        self.nodes.append(assumption(condition, self.node.name))

    def own(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        """Name of the result of an operator of our own, whose type is to be declared."""
        return self.op(op_type, *inputs, domain=DOMAIN, **attributes)

    def declare(self, name: str, dtype: int, shape: Sequence[int | None]) -> None:
        """Say what type the result of an operator of our own has; None for sizes that are open."""
        self.declared.append(helper.make_tensor_value_info(name, dtype, list(shape)))

    def cast(self, name: str, dtype: int) -> str:
        """A tensor with elements of another type."""
        return self.op("Cast", name, to=dtype)

    def reduced(self, op_type: str, name: str, axes: Sequence[int], *, keepdims: bool = True) -> str:
        """A reduction over axes."""
        if op_type == "ReduceSum" or self.known.opset >= _AXES_AS_INPUT:
            return self.op(op_type, name, self.constant(list(axes), np.int64), keepdims=int(keepdims))
        return self.op(op_type, name, axes=list(axes), keepdims=int(keepdims))

    def sliced(self, name: str, axis: int, start: int, end: int, step: int = 1) -> str:
        """A range of one axis."""
        bounds = [self.constant([each], np.int64) for each in (start, end, axis, step)]
        return self.op("Slice", name, *bounds)

    def dim(self, name: str, axis: int) -> str:
        """A size of a tensor, as a tensor of one int64."""
        return self.op("Shape", name, start=axis, end=axis + 1)

    def squeezed(self, name: str, *axes: int) -> str:
        """A tensor without some dimensions, whose sizes are one."""
        return self.op("Squeeze", name, self.constant(list(axes), np.int64))

    def unsqueezed(self, name: str, *axes: int) -> str:
        """A tensor with more dimensions, whose sizes are one."""
        return self.op("Unsqueeze", name, self.constant(list(axes), np.int64))

    def fault(self, message: str, hint: str = "") -> CompileError:
        """An error about the node."""
        return CompileError([node_fault(self.node, message, hint)])


def node_fault(node: Any, message: str, hint: str = "") -> Diagnostic:
    """What is wrong with a node, which is named."""
    domain = f"{node.domain}." if node.domain not in ("", "ai.onnx") else ""
    name = f"node '{node.name}'" if node.name else f"the node that makes '{next(iter(node.output), '')}'"
    return Diagnostic(f"{domain}{node.op_type}: {message}", context=(name,), hint=hint)
