"""Lowerings of `util` operations on refs as such, and on sizes."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.conversion.integers import logical_not, register_constant
from gossamer.compiler.vm.conversion.ref_names import vm_ref_name
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, Scope, unsupported
from gossamer.compiler.vm.conversion.types import scalar_of


def _null(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    scalar = scalar_of(op.results[0].type)
    if scalar is None:
        return [scope.builder.null(vm_ref_name(str(op.results[0].type)))]
    if scalar.is_native_float:
        return [scope.builder.op(f"const.{scalar.register}.zero")]
    return [register_constant(scope.builder, scalar, 0)]


def _cast(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    (value,) = scope.operands(op)
    name = vm_ref_name(str(op.results[0].type))
    if value.type.kind is not ir.ValueType.REF or not name.startswith("!"):
        raise unsupported(op, "'util.cast' has a VM lowering for refs only", "use the casts of arith")
    return [scope.builder.op("cast.any.ref", value, type=name)]


def _equal(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    return [_compared(scope, op)]


def _unequal(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    return [logical_not(scope.builder, _compared(scope, op))]


def _compared(scope: Scope, op: mlir.ir.Operation) -> ir.Value:
    lhs, rhs = scope.operands(op)
    kind = "ref" if lhs.type.kind is ir.ValueType.REF else str(lhs.type)
    if kind.startswith("f"):
        raise unsupported(op, f"'{op.name}' has a VM lowering for refs and integers", "use arith.cmpf")
    return scope.builder.op(f"cmp.eq.{kind}", lhs, rhs)


def _align(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    builder, (value, alignment) = scope.builder, scope.operands(op)
    kind = value.type
    one = register_constant(builder, scope.result(op), 1)
    mask = builder.op(f"sub.{kind}", alignment, one)
    end = builder.op(f"add.{kind}", value, mask)
    return [builder.op(f"and.{kind}", end, builder.op(f"not.{kind}", mask))]


def _sizeof(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    attribute = op.attributes["sizedType"]
    scalar = scalar_of(attribute.value) if isinstance(attribute, mlir.ir.TypeAttr) else None
    if scalar is None:
        raise unsupported(op, f"{attribute} has no size", "use it with integers and floats")
    byte_count = -(-scalar.width // 8)
    # Spec: bytes round up to a power of two (`getRoundedElementByteWidth` of IREE 3.13.0).
    return [scope.builder.i64(1 << (byte_count - 1).bit_length())]


LOWERINGS: dict[str, Lowering] = {
    "util.align": _align,
    "util.cast": _cast,
    "util.cmp.eq": _equal,
    "util.cmp.ne": _unequal,
    "util.null": _null,
    "util.sizeof": _sizeof,
}
