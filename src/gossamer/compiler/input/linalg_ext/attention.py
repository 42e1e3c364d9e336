"""Attention: the softmax of products of queries and keys, times values.

Computed in f32 at least, with powers of two unless the operation says otherwise: its region is then given
scores times log2(e), as IREE gives it. A mask of truth values leaves out where it is false; one of numbers
is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import e, inf, log2

from gossamer.compiler.input.linalg_ext.structured import (
    Loops,
    extend,
    move_body,
    narrow,
    segments_of,
    sizes_of,
    wide_type,
)
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import Body
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.tensor_op import element_type


def lower_attention(build: IndexBuilder, op: ir.Operation) -> Sequence[ir.Value]:
    """Whole rows of the softmax at once."""
    attention = _Attention(build, op)
    space, element, rows = attention.space, attention.element, attention.rows
    largest = attention.largest(space.filled(rows, element, -inf))
    powers = attention.powers(largest)
    totals = attention.sum(powers, space.filled(rows, element, 0.0))
    weighted = attention.weighted(powers, None)

    def divide(inner: IndexBuilder, values: list[ir.Value]) -> ir.Value:
        quotient = inner.op("arith.divf", values[:2], [element]).result
        return narrow(inner, quotient, values[2].type)

    loops = attention.result
    return [space.generic([(weighted, loops), (totals, rows)], loops, op.operands[-1], divide)]


def lower_online_attention(build: IndexBuilder, op: ir.Operation) -> Sequence[ir.Value]:
    """More columns of rows whose weighted sum, largest score and sum of powers are known so far."""
    attention = _Attention(build, op)
    so_far, highest, total = list(op.operands)[-3:]
    rows, loops = attention.rows, attention.result
    largest = attention.largest(highest)
    powers = attention.powers(largest)
    kept = attention.powers(largest, of=(highest, rows))
    products = [
        attention.space.generic([(tensor, dims), (kept, rows)], dims, tensor, _operation("arith.mulf"))
        for tensor, dims in ((so_far, loops), (total, rows))
    ]
    return [attention.weighted(powers, products[0]), largest, attention.sum(powers, products[1])]


def _uses_powers_of_two(op: ir.Operation) -> bool:
    if "decomposition_config" not in op.attributes:
        return True
    config = ir.DictAttr(op.attributes["decomposition_config"])
    return ir.BoolAttr(config["use_exp2"]).value if "use_exp2" in config else True


class _Attention:
    """The scores of an operation, and what is made of them.

    Attributes:
        space: the loops of the operation.
        element: type that is computed in.
        rows: loops of the queries, and of what there is one of for each of them.
        result: loops of the result.
    """

    def __init__(self, build: IndexBuilder, op: ir.Operation) -> None:
        (query, key, value, scale, *masks), (init, *_) = segments_of(op)[:2]
        attributes = ir.ArrayAttr(op.attributes["indexing_maps"])
        maps = [ir.AffineMapAttr(attr).value for attr in attributes]
        loops_of = [[ir.AffineDimExpr(expr).position for expr in map.results] for map in maps]
        query_loops, key_loops, value_loops = loops_of[:3]
        mask_loops = loops_of[4 : 4 + len(masks)]
        self.result = loops_of[4 + len(masks)]
        kept = (*value_loops, *self.result)
        self.rows = [loop for loop in query_loops if loop not in key_loops or loop in kept]
        columns = [loop for loop in key_loops if loop in value_loops and loop not in self.result]
        self._scored = [*self.rows, *columns]
        self._value = (value, value_loops)
        self._is_base_two = _uses_powers_of_two(op)
        sizes: dict[int, Index] = {}
        tensors = [(query, query_loops), (key, key_loops), self._value]
        for tensor, loops in tensors:
            sizes |= dict(zip(loops, sizes_of(build, tensor), strict=True))
        self.space, self.element = Loops(build, sizes), wide_type(element_type(init))
        products = self.space.contract(tensors[0], tensors[1], self._scored, self.element)
        self._scores = self._changed(op, products, scale, list(zip(masks, mask_loops, strict=True)))

    def _changed(
        self,
        op: ir.Operation,
        products: ir.Value,
        scale: ir.Value,
        masks: Sequence[tuple[ir.Value, Sequence[int]]],
    ) -> ir.Value:
        """Scores: products times a factor, through the operation's region, masked."""

        def score(inner: IndexBuilder, values: list[ir.Value]) -> ir.Value:
            factor = extend(inner, scale, self.element)
            scaled = inner.op("arith.mulf", [values[0], factor], [self.element]).result
            body = op.regions[0].blocks[0]
            given = narrow(inner, self._in_base(inner, scaled), body.arguments[0].type)
            (changed,) = move_body(inner, body, [given])
            return self._masked(inner, extend(inner, changed, self.element), values[1:-1])

        empty = self.space.empty(self._scored, self.element)
        return self.space.generic([(products, self._scored), *masks], self._scored, empty, score)

    def _in_base(self, build: IndexBuilder, score: ir.Value) -> ir.Value:
        if not self._is_base_two:
            return score
        logarithm = build.constant(ir.FloatAttr.get(self.element, log2(e)), self.element)
        return build.op("arith.mulf", [score, logarithm], [self.element]).result

    def _masked(self, build: IndexBuilder, score: ir.Value, masks: Sequence[ir.Value]) -> ir.Value:
        for mask in masks:
            if isinstance(mask.type, ir.IntegerType):
                nothing = build.constant(ir.FloatAttr.get(self.element, -inf), self.element)
                score = build.op("arith.select", [mask, score, nothing], [self.element]).result
            else:
                addend = self._in_base(build, extend(build, mask, self.element))
                score = build.op("arith.addf", [score, addend], [self.element]).result
        return score

    def largest(self, init: ir.Value) -> ir.Value:
        """The largest score of each row."""
        scores = (self._scores, self._scored)
        return self.space.generic([scores], self.rows, init, _operation("arith.maximumf"), self._scored)

    def powers(self, largest: ir.Value, of: tuple[ir.Value, Sequence[int]] | None = None) -> ir.Value:
        """Powers of scores, or of other tensors, less the largest of the row."""
        exponents, loops = of or (self._scores, self._scored)

        def power(build: IndexBuilder, values: list[ir.Value]) -> ir.Value:
            difference = build.op("arith.subf", values[:2], [self.element]).result
            name = "math.exp2" if self._is_base_two else "math.exp"
            return build.op(name, [difference], [self.element]).result

        empty = self.space.empty(loops, self.element)
        return self.space.generic([(exponents, loops), (largest, self.rows)], loops, empty, power)

    def sum(self, powers: ir.Value, init: ir.Value) -> ir.Value:
        """The sum of each row."""
        add = _operation("arith.addf")
        return self.space.generic([(powers, self._scored)], self.rows, init, add, self._scored)

    def weighted(self, powers: ir.Value, init: ir.Value | None) -> ir.Value:
        """Values times powers, summed."""
        return self.space.contract((powers, self._scored), self._value, self.result, self.element, init)


def _operation(name: str) -> Body:
    return lambda build, values: build.op(name, values[:2], [values[0].type]).result
