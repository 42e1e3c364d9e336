"""The order that Torch sorts by, and finds extremes in: NaN is above all numbers, equals stay in order.

                    the library's lowering       here
    sort            oge a, b                     (a > b) or (a is NaN and b is not)
    argmax          ogt element, largest         (element > largest) or (element is NaN and largest is not)
    argmin          olt element, smallest        likewise: the first NaN is the smallest, too

What holds of an element and itself is no order: sorts by it are neither stable nor right beside NaN.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

_OEQ, _OGT, _OGE, _OLT, _OLE, _UNO = 1, 2, 3, 4, 5, 14
_STRICT_FLOATS = {_OGT: _OGT, _OGE: _OGT, _OLT: _OLT, _OLE: _OLT}
_STRICT_INTEGERS = {3: 2, 5: 4, 7: 6, 9: 8}
"""`sle`, `sge`, `ule`, `uge` without equal ones."""
_EXTREMES = {_OGT: "arith.maximumf", _OLT: "arith.minimumf"}


def order_totally(module: ir.Module) -> None:
    """Rewrite comparisons of sorts and of searches for extremes in place; after Torch's own passes."""
    for sort in find(module.operation, "tm_tensor.sort"):
        for compare in find(sort, "arith.cmpf", "arith.cmpi"):
            _order_sort(compare)
    for generic in find(module.operation, "linalg.generic"):
        if len(generic.results) == 2:
            for compare in find(generic, "arith.cmpf"):
                _order_search(compare)


def _order_sort(compare: ir.Operation) -> None:
    predicate = ir.IntegerAttr(compare.attributes["predicate"]).value
    if compare.name == "arith.cmpi":
        _set_predicate(compare, _STRICT_INTEGERS.get(predicate, predicate))
        return
    strict = _STRICT_FLOATS.get(predicate)
    if strict is not None:
        first, second = compare.operands
        _set_predicate(compare, strict)
        # NaN comes last in ascending order, first in the other.
        _or_nan(compare, *((first, second) if strict == _OGT else (second, first)))


def _order_search(compare: ir.Operation) -> None:
    """The comparison beside a maximum of the same two, which is NaN where one is."""
    extreme = _EXTREMES.get(ir.IntegerAttr(compare.attributes["predicate"]).value)
    element, accumulator = compare.operands
    beside = (use.owner for use in accumulator.uses)
    if extreme and any(op.name == extreme and list(op.operands) == [element, accumulator] for op in beside):
        _or_nan(compare, element, accumulator)


def _or_nan(compare: ir.Operation, first: ir.Value, second: ir.Value) -> None:
    """Have a comparison also hold where the first is NaN, and the second is not."""
    users = [(use.owner, use.operand_number) for use in compare.result.uses]
    with ir.InsertionPoint(users[0][0]), compare.location:
        is_nan = _compare(_UNO, first, first)
        is_number = _compare(_OEQ, second, second)
        differs = _binary("arith.andi", is_nan, is_number)
        either = _binary("arith.ori", compare.result, differs)
    for user, number in users:
        user.operands[number] = either


def _compare(predicate: int, left: ir.Value, right: ir.Value) -> ir.Value:
    boolean = ir.IntegerType.get_signless(1)
    attributes: dict[str, ir.Attribute] = {"predicate": _predicate(predicate)}
    return ir.Operation.create("arith.cmpf", [boolean], [left, right], attributes).result


def _binary(name: str, left: ir.Value, right: ir.Value) -> ir.Value:
    return ir.Operation.create(name, [left.type], [left, right]).result


def _set_predicate(compare: ir.Operation, predicate: int) -> None:
    compare.attributes["predicate"] = _predicate(predicate)


def _predicate(number: int) -> ir.IntegerAttr:
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(64), number)
