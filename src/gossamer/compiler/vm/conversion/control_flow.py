"""Lowerings of `cf`, calls, returns and `ub.poison`."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.conversion import attributes
from gossamer.compiler.vm.conversion.floats import float_constant
from gossamer.compiler.vm.conversion.integers import constant, sign_extend
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, Scope, unsupported
from gossamer.compiler.vm.conversion.types import I1, Scalar, scalar_of
from gossamer.errors import StatusCode

# A table of cases may have this many times as many entries as there are cases.
_TABLE_SPARSENESS = 4
_MAX_TABLE = 0xFFFF


def _branch_values(scope: Scope, op: mlir.ir.Operation, operands: Sequence[mlir.ir.Value]) -> list[ir.Value]:
    values: list[ir.Value] = []
    for operand in operands:
        lowered = scope.values[operand]
        if isinstance(lowered, ir.Value):
            values.append(lowered)
        elif lowered.offset is None:
            values.append(lowered.buffer)
        else:
            raise unsupported(
                op, "a part of a memref cannot be passed on", "pass the whole memref and an offset"
            )
    return values


def _br(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    scope.builder.br(scope.blocks[op.successors[0]], *_branch_values(scope, op, list(op.operands)))
    return ()


def _cond_br(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    operands = list(op.operands)
    _, true_count, _ = attributes.integers(op, "operandSegmentSizes")
    true_block, false_block = (scope.blocks[block] for block in op.successors)
    true_values = _branch_values(scope, op, operands[1 : 1 + true_count])
    false_values = _branch_values(scope, op, operands[1 + true_count :])
    condition = scope.value(operands[0])
    scope.builder.cond_br(condition, true_block, true_values, false_block, false_values)
    return ()


def _switch(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    operands = list(op.operands)
    _, default_count, _ = attributes.integers(op, "operandSegmentSizes")
    counts = [default_count, *attributes.integers(op, "case_operand_segments")]
    successors: list[ir.Successor] = []
    start = 1
    for block, count in zip(op.successors, counts, strict=True):
        values = _branch_values(scope, op, operands[start : start + count])
        successors.append(ir.Successor(scope.blocks[block], values))
        start += count
    numbers = attributes.integers(op, "case_values")
    _emit_switch(scope, scope.operand(op), scope.value(operands[0]), numbers, successors)
    return ()


def _emit_switch(
    scope: Scope, scalar: Scalar, flag: ir.Value, numbers: list[int], successors: list[ir.Successor]
) -> None:
    default, *cases = successors
    mask = (1 << scalar.width) - 1
    numbered = {number & mask: case for number, case in zip(numbers, cases, strict=True)}
    low, high = min(numbered, default=0), max(numbered, default=0)
    size = min(_TABLE_SPARSENESS * len(numbered), _MAX_TABLE)
    if numbered and scalar.register == ir.I32 and high - low < size:
        index = scope.builder.op("sub.i32", flag, scope.builder.i32(low)) if low else flag
        table = [numbered.get(number, default) for number in range(low, high + 1)]
        scope.builder.br_table(index, default, table)
        return
    for number, case in numbered.items():
        is_case = scope.builder.op(f"cmp.eq.{scalar.suffix}", flag, constant(scope.builder, scalar, number))
        otherwise = scope.new_block()
        scope.builder.cond_br(is_case, case.block, case.arguments, otherwise, [])
        scope.builder.block = otherwise
    scope.builder.br(default.block, *default.arguments)


def _assert(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    (condition,) = scope.operands(op)
    holds, fails = scope.new_block(), scope.new_block()
    scope.builder.cond_br(condition, holds, [], fails, [])
    scope.builder.block = fails
    scope.builder.fail(scope.builder.i32(StatusCode.FAILED_PRECONDITION), attributes.text(op, "msg"))
    scope.builder.block = holds
    return ()


def _return(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    values = _branch_values(scope, op, list(op.operands))
    if scope.is_public:
        values = [
            _as_callers_expect(scope, scalar_of(operand.type), value)
            for operand, value in zip(op.operands, values, strict=True)
        ]
    scope.builder.ret(*values)
    return ()


def _as_callers_expect(scope: Scope, scalar: Scalar | None, value: ir.Value) -> ir.Value:
    if scalar is None or scalar.is_float or scalar == I1:
        return value
    return sign_extend(scope.builder, scalar, value)


def _call(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    symbol = attributes.text(op, "callee")
    callee = scope.vm_name(symbol)
    if callee not in scope.builder.module.functions:
        raise unsupported(op, f"'{symbol}' is called but is no function of this module")
    return scope.builder.call(callee, *_branch_values(scope, op, list(op.operands)))


def _unreachable(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    scope.builder.fail(scope.builder.i32(StatusCode.INTERNAL), "reached code that cannot be reached")
    return ()


def _poison(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    scalar = scope.result(op)
    if scalar.is_float:
        return [float_constant(scope.builder, scalar, 0.0)]
    return [constant(scope.builder, scalar, 0)]


LOWERINGS: dict[str, Lowering] = {
    "cf.br": _br,
    "cf.cond_br": _cond_br,
    "cf.switch": _switch,
    "cf.assert": _assert,
    "func.return": _return,
    "func.call": _call,
    "ub.poison": _poison,
    "ub.unreachable": _unreachable,
}
