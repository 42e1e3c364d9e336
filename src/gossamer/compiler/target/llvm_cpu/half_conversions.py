"""Conversions between f16 or bf16 and wider floats, out of reach of MLIR's folding.

Why: to MLIR a value that was rounded to a half and widened again is the value before. Conversions of f16
become operations of LLVM's dialect, which nothing folds; bf16, for which few processors have instructions, is
converted by integer arithmetic.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

_EXTEND, _TRUNCATE = "arith.extf", "arith.truncf"
_LLVM_NAMES = {_EXTEND: "llvm.fpext", _TRUNCATE: "llvm.fptrunc"}
_UNORDERED = 14


def lower_half_conversions(module: ir.Module) -> None:
    """Replace the conversions of a module."""
    for op in find(module.operation, _EXTEND, _TRUNCATE):
        half, wide = op.operands[0].type, op.result.type
        if op.name == _TRUNCATE:
            half, wide = wide, half
        builder = _Builder(op)
        if isinstance(half, ir.F16Type) or (isinstance(half, ir.BF16Type) and isinstance(wide, ir.F64Type)):
            converted = builder.op(_LLVM_NAMES[op.name], op.result.type, op.operands[0])
        elif isinstance(half, ir.BF16Type) and op.name == _EXTEND:
            converted = builder.extend_bf16(op.operands[0])
        elif isinstance(half, ir.BF16Type):
            converted = builder.truncate_to_bf16(op.operands[0])
        else:
            continue
        op.result.replace_all_uses_with(converted)
        op.erase()


class _Builder:
    """Appends operations in front of one."""

    def __init__(self, op: ir.Operation) -> None:
        self._at = ir.InsertionPoint(op)
        self._location = op.location
        self._i1, self._i16, self._i32 = (
            ir.IntegerType.get_signless(width, op.context) for width in (1, 16, 32)
        )

    def op(self, name: str, type_: ir.Type, *operands: ir.Value, **attributes: ir.Attribute) -> ir.Value:
        """Append an operation."""
        return ir.Operation.create(
            name, [type_], list(operands), attributes, loc=self._location, ip=self._at
        ).result

    def extend_bf16(self, value: ir.Value) -> ir.Value:
        """The f32 whose upper half a bf16 is."""
        bits = self.op("arith.extui", self._i32, self.op("arith.bitcast", self._i16, value))
        return self.op("arith.bitcast", self._f32(), self._integer("shli", bits, 16))

    def truncate_to_bf16(self, value: ir.Value) -> ir.Value:
        """An f32 rounded to nearest even; NaNs made quiet."""
        bits = self.op("arith.bitcast", self._i32, value)
        last = self._integer("andi", self._integer("shrui", bits, 16), 1)
        rounded = self._integer("addi", self._integer("addi", bits, 0x7FFF), last)
        quiet = self._integer("ori", bits, 0x400000)
        predicate = ir.IntegerAttr.get(ir.IntegerType.get_signless(64, self._location.context), _UNORDERED)
        is_nan = self.op("arith.cmpf", self._i1, value, value, predicate=predicate)
        chosen = self.op("arith.select", self._i32, is_nan, quiet, rounded)
        upper = self.op("arith.trunci", self._i16, self._integer("shrui", chosen, 16))
        return self.op("arith.bitcast", ir.BF16Type.get(self._location.context), upper)

    def _f32(self) -> ir.Type:
        return ir.F32Type.get(self._location.context)

    def _integer(self, name: str, lhs: ir.Value, rhs: ir.Value | int) -> ir.Value:
        other = self._constant(rhs) if isinstance(rhs, int) else rhs
        return self.op(f"arith.{name}", self._i32, lhs, other)

    def _constant(self, value: int) -> ir.Value:
        return self.op("arith.constant", self._i32, value=ir.IntegerAttr.get(self._i32, value))
