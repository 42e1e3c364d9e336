"""Lowerings of `util.list`: lists of values of one type, of refs of one type, or of anything."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.conversion.integers import resize, wrap
from gossamer.compiler.vm.conversion.ref_names import VARIANT, list_element, vm_ref_name
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, Scope
from gossamer.compiler.vm.conversion.types import scalar_of
from gossamer.compiler.vm.conversion.util.operands import takes


def _index(scope: Scope, value: mlir.ir.Value) -> ir.Value:
    """An index or a size, which lists count in an i32."""
    number = scope.constant(value)
    return (
        resize(scope.builder, scope.value(value), ir.I32)
        if number is None
        else scope.builder.i32(int(number))
    )


def _allocate(scope: Scope, op: mlir.ir.Operation, capacity: ir.Value) -> ir.Value:
    name = vm_ref_name(str(op.results[0].type))
    return scope.builder.op("list.alloc", capacity, type=list_element(name) or VARIANT, result_ref_type=name)


def _create(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    capacity = _index(scope, op.operands[0]) if len(op.operands) else scope.builder.i32(0)
    return [_allocate(scope, op, capacity)]


def _construct(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    size = scope.builder.i32(len(op.operands))
    made = _allocate(scope, op, size)
    scope.builder.effect("list.resize", made, size)
    for index, value in enumerate(scope.operands(op)):
        _store(scope, made, scope.builder.i32(index), value)
    return [made]


@takes("list", 0)
def _size(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    size = scope.builder.op("list.size", *scope.operands(op))
    return [resize(scope.builder, size, ir.I64)]


@takes("list", 0)
def _resize(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    scope.builder.effect("list.resize", scope.value(op.operands[0]), _index(scope, op.operands[1]))
    return ()


@takes("list", 0)
def _get(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    source, index = scope.value(op.operands[0]), _index(scope, op.operands[1])
    scalar = scalar_of(op.results[0].type)
    if scalar is None:
        name = vm_ref_name(str(op.results[0].type))
        return [scope.builder.op("list.get.ref", source, index, type=name)]
    return [wrap(scope.builder, scalar, scope.builder.op(f"list.get.{scalar.register}", source, index))]


@takes("list", 0)
def _set(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    target, index, value = op.operands
    _store(scope, scope.value(target), _index(scope, index), scope.value(value))
    return ()


def _store(scope: Scope, target: ir.Value, index: ir.Value, value: ir.Value) -> None:
    kind = "ref" if value.type.kind is ir.ValueType.REF else str(value.type)
    scope.builder.effect(f"list.set.{kind}", target, index, value)


LOWERINGS: dict[str, Lowering] = {
    "util.list.construct": _construct,
    "util.list.create": _create,
    "util.list.get": _get,
    "util.list.resize": _resize,
    "util.list.set": _set,
    "util.list.size": _size,
}
