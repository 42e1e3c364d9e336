"""Splits IREE's operations that hold a constant into the constant and the operation proper."""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

_UNFOLDABLE = "util.unfoldable_constant"
_CHECKS = ("check.expect_almost_eq_const", "check.expect_eq_const")
_CONSTANTS = ("flow.tensor.constant",)


def split_constants(module: ir.Module) -> None:
    """Convert the operations in place.

    `util.unfoldable_constant` becomes a constant behind a `util.optimization_barrier`,
    `check.expect_eq_const` a `check.expect_eq` with a constant, `flow.tensor.constant` an `arith.constant`.
    """
    for op in find(module.operation, _UNFOLDABLE, *_CHECKS, *_CONSTANTS):
        with ir.InsertionPoint(op), op.location:
            if op.name in _CHECKS:
                _split_check(op)
            else:
                _split_value(op)
        op.erase()


def _split_value(op: ir.Operation) -> None:
    (result,) = op.results
    value = _constant(op.attributes["value"], result.type)
    if op.name == _UNFOLDABLE:
        barrier = ir.Operation.create("util.optimization_barrier", results=[value.type], operands=[value])
        value = barrier.result
    result.replace_all_uses_with(value)


def _split_check(op: ir.Operation) -> None:
    (actual,) = op.operands
    attributes = {name: op.attributes[name] for name in op.attributes if name != "value"}
    expected = _constant(op.attributes["value"], actual.type)
    ir.Operation.create(op.name.removesuffix("_const"), operands=[actual, expected], attributes=attributes)


def _constant(value: ir.Attribute, type: ir.Type) -> ir.Value:
    return ir.Operation.create("arith.constant", results=[type], attributes={"value": value}).result
