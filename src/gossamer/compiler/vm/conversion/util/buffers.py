"""Lowerings of `util.buffer`: byte buffers of the host. Offsets and lengths are bytes, the VM's elements."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.conversion import attributes, memref
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, MemRef, Scope, unsupported
from gossamer.compiler.vm.conversion.types import Scalar
from gossamer.compiler.vm.conversion.util.operands import takes

_BUFFER = "!vm.buffer"


def _alignment(scope: Scope, op: mlir.ir.Operation) -> ir.Value:
    return scope.builder.i32(attributes.integer(op, "alignment") if "alignment" in op.attributes else 0)


def _alloc(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    (size,) = scope.operands(op)
    return [scope.builder.op("buffer.alloc", size, _alignment(scope, op), result_ref_type=_BUFFER)]


@takes("buffer", 0)
def _dealloc(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    """Only a hint: the last ref frees a buffer."""
    return ()


@takes("buffer", 0)
def _slice(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    source, _, offset, length = scope.operands(op)
    alignment = _alignment(scope, op)
    return [scope.builder.op("buffer.clone", source, offset, length, alignment, result_ref_type=_BUFFER)]


@takes("buffer", 0)
def _size(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    return [scope.builder.op("buffer.length", *scope.operands(op))]


@takes("buffer", 0, 3)
def _copy(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    source, _, source_offset, target, _, target_offset, length = scope.operands(op)
    scope.builder.effect("buffer.copy", source, source_offset, target, target_offset, length)
    return ()


@takes("buffer", 0, 3)
def _compare(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    lhs, _, lhs_offset, rhs, _, rhs_offset, length = scope.operands(op)
    return [scope.builder.op("buffer.compare", lhs, lhs_offset, rhs, rhs_offset, length)]


@takes("buffer", 1)
def _fill(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    pattern, target, _, _, _ = scope.operands(op)
    scalar = _element(scope, op, op.operands[0])
    offset, length = (_elements(scope, op.operands[index], scalar) for index in (3, 4))
    name = scalar.name if scalar.is_native_float else f"i{scalar.byte_width * 8}"
    scope.builder.effect(f"buffer.fill.{name}", target, offset, length, pattern)
    return ()


@takes("buffer", 0)
def _load(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    scalar = _element(scope, op, op.results[0])
    offset = _elements(scope, op.operands[2], scalar)
    return [memref.load(scope, scalar, MemRef(scope.value(op.operands[0])), offset)]


@takes("buffer", 1)
def _store(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    value, target = (scope.value(operand) for operand in list(op.operands)[:2])
    scalar = _element(scope, op, op.operands[0])
    memref.store(scope, scalar, MemRef(target), _elements(scope, op.operands[3], scalar), value)
    return ()


@takes("buffer", 0)
def _hash(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    source, _, offset, length = scope.operands(op)
    return [scope.builder.op("buffer.hash", source, offset, length)]


def _element(scope: Scope, op: mlir.ir.Operation, value: mlir.ir.Value) -> Scalar:
    scalar = scope.scalar(value, op)
    if scalar.width not in (1, 8, 16, 32, 64):
        raise unsupported(op, f"buffers hold no {scalar.name}", "extend it to i8, i16, i32 or i64")
    return scalar


def _elements(scope: Scope, byte_count: mlir.ir.Value, scalar: Scalar) -> ir.Value:
    """A number of bytes as one of elements."""
    number = scope.constant(byte_count)
    if number is not None:
        return scope.builder.i64(int(number) // scalar.byte_width)
    value = scope.value(byte_count)
    if scalar.byte_width == 1:
        return value
    return scope.builder.op("div.i64.s", value, scope.builder.i64(scalar.byte_width))


LOWERINGS: dict[str, Lowering] = {
    "util.buffer.alloc": _alloc,
    "util.buffer.compare": _compare,
    "util.buffer.copy": _copy,
    "util.buffer.dealloc": _dealloc,
    "util.buffer.fill": _fill,
    "util.buffer.hash": _hash,
    "util.buffer.load": _load,
    "util.buffer.size": _size,
    "util.buffer.slice": _slice,
    "util.buffer.store": _store,
}
