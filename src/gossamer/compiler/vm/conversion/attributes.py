"""Attributes of MLIR operations as Python values.

What an operation's definition guarantees is asserted, not reported: MLIR has verified it.
"""

from __future__ import annotations

from gossamer.compiler import mlir


def integer(op: mlir.ir.Operation, name: str) -> int:
    """The value of an integer attribute."""
    attribute = op.attributes[name]
    assert isinstance(attribute, mlir.ir.IntegerAttr)
    return attribute.value


def integers(op: mlir.ir.Operation, name: str) -> list[int]:
    """The elements of an array or dense elements attribute; none where it is missing."""
    attribute = op.attributes.get(name)
    if attribute is None:
        return []
    assert isinstance(
        attribute, mlir.ir.DenseI32ArrayAttr | mlir.ir.DenseI64ArrayAttr | mlir.ir.DenseIntElementsAttr
    )
    return [int(element) for element in attribute]


def text(op: mlir.ir.Operation, name: str) -> str:
    """The value of a string or symbol attribute."""
    attribute = op.attributes[name]
    assert isinstance(attribute, mlir.ir.StringAttr | mlir.ir.FlatSymbolRefAttr)
    return attribute.value


def number(op: mlir.ir.Operation, name: str) -> int | float | None:
    """The value of a scalar attribute, or None where it is none: for example the elements of a tensor."""
    attribute = op.attributes[name]
    if isinstance(attribute, mlir.ir.IntegerAttr | mlir.ir.FloatAttr | mlir.ir.BoolAttr):
        return attribute.value
    return None


def function_type(op: mlir.ir.Operation) -> mlir.ir.FunctionType:
    """The type of a `func.func`."""
    attribute = op.attributes["function_type"]
    assert isinstance(attribute, mlir.ir.TypeAttr)
    type = attribute.value
    assert isinstance(type, mlir.ir.FunctionType)
    return type
