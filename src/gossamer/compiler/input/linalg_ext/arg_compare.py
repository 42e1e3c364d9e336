"""The element that a region prefers to all others, and where it is: `arg_compare`."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.input.linalg_ext.structured import loop_index, move_body, segments_of
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import append_generics
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.tensor.tensor_op import element_type


def lower_arg_compare(build: IndexBuilder, op: ir.Operation) -> Sequence[ir.Value]:
    """A reduction of pairs: of elements that are equal, the first stays."""
    inputs, inits, *rest = segments_of(op)
    dimension = ir.IntegerAttr(op.attributes["dimension"]).value
    rank = ir.RankedTensorType(inputs[0].type).rank
    identity = ir.AffineMap.get_identity(rank)
    kept = [ir.AffineDimExpr.get(dim) for dim in range(rank) if dim != dimension]
    maps = [*[identity] * len(inputs), *[ir.AffineMap.get(rank, 0, kept)] * 2]
    index_element = element_type(inits[1])

    def body(inner: IndexBuilder, values: list[ir.Value]) -> list[ir.Value]:
        *candidates, best, best_index = values
        if len(candidates) == 1:
            index = loop_index(inner, dimension)
            for base in (base for group in rest for base in group):
                index = inner.op("arith.addi", [index, base], [inner.index_type]).result
            candidates.append(inner.op("arith.index_cast", [index], [index_element]).result)
        (is_better,) = move_body(inner, op.regions[0].blocks[0], [candidates[0], best])
        return [
            inner.op("arith.select", [is_better, new, old], [old.type]).result
            for new, old in zip(candidates, (best, best_index), strict=True)
        ]

    return append_generics(build, inputs, inits, maps, body, [dimension])
