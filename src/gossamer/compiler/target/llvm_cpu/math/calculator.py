"""Infix arithmetic that appends operations of MLIR: what expansions of functions are written in.

Arithmetic is in f64 and i64. Nothing converts a float to an integer, whose value for NaN is undefined:
numbers are rounded to integers by adding one so large that no fraction is left, and read from its bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.mlir import ir

ROUNDER = 1.5 * 2.0**52
"""A number added to this is rounded to an integer, which is then in the low bits of the sum."""
ROUNDER_BITS = 0x4338 << 48

_PREDICATES = {"==": 1, ">": 2, ">=": 3, "<": 4, "<=": 5, "!=": 13, "is_nan": 14}
"""Numbers of `arith.cmpf`: all but the last two are false where an operand is NaN."""


class Calculator:
    """Appends operations in front of one.

    Attributes:
        is_wide: results are wanted with the precision of f64, not of f32.
    """

    def __init__(self, op: ir.Operation, *, is_wide: bool) -> None:
        self.is_wide = is_wide
        self._at = ir.InsertionPoint(op)
        self._location = op.location
        self._f64 = ir.F64Type.get(op.context)
        self._i64 = ir.IntegerType.get_signless(64, op.context)
        self._i1 = ir.IntegerType.get_signless(1, op.context)
        self._contract = ir.Attribute.parse("#arith.fastmath<contract>", op.context)

    def terms(self, wide: int, narrow: int) -> int:
        """How many terms of a series the precision takes."""
        return wide if self.is_wide else narrow

    def real(self, value: ir.Value | float) -> Real:
        """A value of f64, or a number."""
        if isinstance(value, ir.Value):
            return Real(self, value)
        attribute = ir.FloatAttr.get(self._f64, value, loc=self._location)
        return Real(self, self._append("arith.constant", [], self._f64, {"value": attribute}))

    def integer(self, value: ir.Value | int) -> Bits:
        """A value of i64, or a number."""
        if isinstance(value, ir.Value):
            return Bits(self, value)
        wrapped = (value + (1 << 63) & (1 << 64) - 1) - (1 << 63)
        attribute = ir.IntegerAttr.get(self._i64, wrapped)
        return Bits(self, self._append("arith.constant", [], self._i64, {"value": attribute}))

    def float_op(self, name: str, *operands: Real | float, contract: bool = False) -> Real:
        """An operation on f64."""
        values = [each.value if isinstance(each, Real) else self.real(each).value for each in operands]
        attributes = {"fastmath": self._contract} if contract else {}
        return Real(self, self._append(name, values, self._f64, attributes))

    def integer_op(self, name: str, *operands: Bits | int) -> Bits:
        """An operation on i64."""
        values = [each.value if isinstance(each, Bits) else self.integer(each).value for each in operands]
        return Bits(self, self._append(name, values, self._i64, {}))

    def compare(self, predicate: str, lhs: Real, rhs: Real | float) -> Truth:
        """Compare numbers."""
        number = ir.IntegerAttr.get(self._i64, _PREDICATES[predicate])
        operands = [lhs.value, rhs.value if isinstance(rhs, Real) else self.real(rhs).value]
        return Truth(self, self._append("arith.cmpf", operands, self._i1, {"predicate": number}))

    def compare_bits(self, lhs: Bits, rhs: int) -> Truth:
        """Whether two integers are equal."""
        number = ir.IntegerAttr.get(self._i64, 0)
        operands = [lhs.value, self.integer(rhs).value]
        return Truth(self, self._append("arith.cmpi", operands, self._i1, {"predicate": number}))

    def logic(self, name: str, lhs: Truth, rhs: Truth) -> Truth:
        """An operation on truth values."""
        return Truth(self, self._append(name, [lhs.value, rhs.value], self._i1, {}))

    def cast(self, value: ir.Value, name: str, type_: ir.Type) -> ir.Value:
        """A conversion."""
        return self._append(name, [value], type_, {})

    def bits(self, number: Real) -> Bits:
        """The bits of a number."""
        return Bits(self, self.cast(number.value, "arith.bitcast", self._i64))

    def number(self, bits: Bits) -> Real:
        """The number of some bits."""
        return Real(self, self.cast(bits.value, "arith.bitcast", self._f64))

    def widen(self, value: ir.Value) -> Real:
        """An operand of f32 or f64."""
        return Real(self, value if value.type == self._f64 else self.cast(value, "arith.extf", self._f64))

    def narrow(self, number: Real, type_: ir.Type) -> ir.Value:
        """A result of f32 or f64."""
        return number.value if type_ == self._f64 else self.cast(number.value, "arith.truncf", type_)

    def sign_extend(self, value: ir.Value) -> Bits:
        """An operand of a signed integer of at most 64 bits."""
        return Bits(self, value if value.type == self._i64 else self.cast(value, "arith.extsi", self._i64))

    def narrow_bits(self, number: Bits, type_: ir.Type) -> ir.Value:
        """A result of an integer type: the low bits."""
        return number.value if type_ == self._i64 else self.cast(number.value, "arith.trunci", type_)

    def select(self, condition: Truth, if_true: Real | float, if_false: Real | float) -> Real:
        """One of two numbers."""
        operands = [
            each.value if isinstance(each, Real) else self.real(each).value for each in (if_true, if_false)
        ]
        return Real(self, self._append("arith.select", [condition.value, *operands], self._f64, {}))

    def select_bits(self, condition: Truth, if_true: Bits, if_false: Bits) -> Bits:
        """One of two integers."""
        operands = [condition.value, if_true.value, if_false.value]
        return Bits(self, self._append("arith.select", operands, self._i64, {}))

    def polynomial(self, x: Real, coefficients: Sequence[float]) -> Real:
        """The value of a polynomial, constant coefficient first."""
        *rest, total = [self.real(coefficient) for coefficient in coefficients]
        for coefficient in reversed(rest):
            total = self.multiply_add(total, x, coefficient)
        return total

    def multiply_add(self, lhs: Real, rhs: Real | float, addend: Real) -> Real:
        """A product and a sum, rounded once where the processor does that."""
        product = self.float_op("arith.mulf", lhs, rhs, contract=True)
        return self.float_op("arith.addf", product, addend, contract=True)

    def fused(self, lhs: ir.Value, rhs: ir.Value, addend: ir.Value) -> ir.Value:
        """A product and a sum in the operands' type, as `multiply_add`."""
        attributes: dict[str, ir.Attribute] = {"fastmath": self._contract}
        product = self._append("arith.mulf", [lhs, rhs], lhs.type, attributes)
        return self._append("arith.addf", [product, addend], lhs.type, attributes)

    def _append(
        self, name: str, operands: Sequence[ir.Value], result: ir.Type, attributes: dict[str, ir.Attribute]
    ) -> ir.Value:
        op = ir.Operation.create(name, [result], list(operands), attributes, loc=self._location, ip=self._at)
        return op.result


class _Term:
    def __init__(self, calculator: Calculator, value: ir.Value) -> None:
        self.calculator = calculator
        self.value = value


class Real(_Term):
    """A number of f64."""

    def __add__(self, other: Real | float) -> Real:
        return self.calculator.float_op("arith.addf", self, other)

    def __radd__(self, other: float) -> Real:
        return self + other

    def __sub__(self, other: Real | float) -> Real:
        return self.calculator.float_op("arith.subf", self, other)

    def __rsub__(self, other: float) -> Real:
        return self.calculator.float_op("arith.subf", other, self)

    def __mul__(self, other: Real | float) -> Real:
        return self.calculator.float_op("arith.mulf", self, other)

    def __rmul__(self, other: float) -> Real:
        return self * other

    def __truediv__(self, other: Real | float) -> Real:
        return self.calculator.float_op("arith.divf", self, other)

    def __rtruediv__(self, other: float) -> Real:
        return self.calculator.float_op("arith.divf", other, self)

    def __neg__(self) -> Real:
        return self.calculator.float_op("arith.negf", self)

    def __abs__(self) -> Real:
        return self.calculator.float_op("math.absf", self)

    def __lt__(self, other: Real | float) -> Truth:
        return self.calculator.compare("<", self, other)

    def __le__(self, other: Real | float) -> Truth:
        return self.calculator.compare("<=", self, other)

    def __gt__(self, other: Real | float) -> Truth:
        return self.calculator.compare(">", self, other)

    def __ge__(self, other: Real | float) -> Truth:
        return self.calculator.compare(">=", self, other)

    def equals(self, other: Real | float) -> Truth:
        """Whether both are the same number."""
        return self.calculator.compare("==", self, other)

    def is_nan(self) -> Truth:
        """Whether it is no number."""
        return self.calculator.compare("is_nan", self, self)

    def sqrt(self) -> Real:
        """The square root."""
        return self.calculator.float_op("math.sqrt", self)

    def with_sign_of(self, other: Real) -> Real:
        """The number with another's sign."""
        return self.calculator.float_op("math.copysign", self, other)

    def clamp(self, low: float, high: float) -> Real:
        """The number, but at least `low` and at most `high`; NaN stays."""
        calculator = self.calculator
        raised = calculator.select(self < low, low, self)
        return calculator.select(raised > high, high, raised)


class Bits(_Term):
    """An integer of 64 bits."""

    def __add__(self, other: Bits | int) -> Bits:
        return self.calculator.integer_op("arith.addi", self, other)

    def __sub__(self, other: Bits | int) -> Bits:
        return self.calculator.integer_op("arith.subi", self, other)

    def __and__(self, other: Bits | int) -> Bits:
        return self.calculator.integer_op("arith.andi", self, other)

    def __or__(self, other: Bits | int) -> Bits:
        return self.calculator.integer_op("arith.ori", self, other)

    def __xor__(self, other: Bits | int) -> Bits:
        return self.calculator.integer_op("arith.xori", self, other)

    def __mul__(self, other: Bits | int) -> Bits:
        return self.calculator.integer_op("arith.muli", self, other)

    def __lshift__(self, count: Bits | int) -> Bits:
        return self.calculator.integer_op("arith.shli", self, count)

    def __rshift__(self, count: Bits | int) -> Bits:
        """The bits moved down, zeros in front of them."""
        return self.calculator.integer_op("arith.shrui", self, count)

    def to_number(self) -> Real:
        """The number that it is, which has at most 51 bits."""
        return self.calculator.number(self + ROUNDER_BITS) - ROUNDER

    def equals(self, other: int) -> Truth:
        """Whether it is a number."""
        return self.calculator.compare_bits(self, other)


class Truth(_Term):
    """True or false."""

    def __and__(self, other: Truth) -> Truth:
        return self.calculator.logic("arith.andi", self, other)

    def __or__(self, other: Truth) -> Truth:
        return self.calculator.logic("arith.ori", self, other)
