"""What the lowerings are made of: loops over some dimensions, regions moved into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import Body, append_empty, append_generic
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.tensor_op import shape_of


def sizes_of(build: IndexBuilder, tensor: ir.Value) -> list[Index]:
    """Sizes of a tensor, those that its type does not state as values."""
    return [
        build.op("tensor.dim", [tensor, build.value(dim)], [build.index_type]).result
        if size is None
        else size
        for dim, size in enumerate(shape_of(tensor))
    ]


def segments_of(op: ir.Operation) -> list[list[ir.Value]]:
    """The groups of an operation's operands: inputs, initial values, and what else there is."""
    if "operandSegmentSizes" not in op.attributes:
        count = len(op.operands) - len(op.results)
        return [list(op.operands)[:count], list(op.operands)[count:]]
    counts = list(ir.DenseI32ArrayAttr(op.attributes["operandSegmentSizes"]))
    groups: list[list[ir.Value]] = []
    start = 0
    for count in counts:
        groups.append(list(op.operands)[start : start + count])
        start += count
    return groups


def move_body(build: IndexBuilder, body: ir.Block, arguments: Sequence[ir.Value]) -> list[ir.Value]:
    """Move an operation's region to the insertion point, which is a block's end.

    Returns: what the region yields.
    """
    for argument, value in zip(body.arguments, arguments, strict=True):
        argument.replace_all_uses_with(value)
    *operations, terminator = body.operations
    yielded = list(terminator.operation.operands)
    terminator.operation.erase()
    for each in operations:
        build.at.block.append(each.operation)
    return yielded


def loop_index(build: IndexBuilder, loop: int) -> ir.Value:
    """The index of a loop, inside of its body."""
    dim = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), loop)
    return build.op("linalg.index", [], [build.index_type], {"dim": dim}).result


@dataclass(frozen=True, slots=True)
class Loops:
    """A space of loops, of which operations use some.

    Attributes:
        build: appends what is asked for.
        sizes: of the loops, by their numbers.
    """

    build: IndexBuilder
    sizes: Mapping[int, Index]

    def generic(
        self,
        inputs: Sequence[tuple[ir.Value, Sequence[int]]],
        result: Sequence[int],
        init: ir.Value,
        body: Body,
        order: Sequence[int] = (),
    ) -> ir.Value:
        """Append a `linalg.generic`.

        Args:
            inputs: tensors, each with the loops that its dimensions are indexed by.
            result: the loops that the result's dimensions are indexed by; the others are reduced.
            init: initial values of the result.
            body: of an iteration.
            order: the result's loops, then those reduced, where not all are the result's.
        """
        loops = list(order) or list(result)
        place = {loop: position for position, loop in enumerate(loops)}
        maps = [
            ir.AffineMap.get(len(loops), 0, [ir.AffineDimExpr.get(place[loop]) for loop in dims])
            for dims in (*(dims for _, dims in inputs), result)
        ]
        reduced = [place[loop] for loop in loops if loop not in result]
        return append_generic(self.build, [tensor for tensor, _ in inputs], init, maps, body, reduced)

    def filled(self, loops: Sequence[int], element: ir.Type, value: float) -> ir.Value:
        """Append a tensor of one number."""
        empty = append_empty(self.build, [self.sizes[loop] for loop in loops], element)
        number = self.build.constant(ir.FloatAttr.get(element, value), element)
        return self.generic([], loops, empty, lambda _inner, _values: number)

    def empty(self, loops: Sequence[int], element: ir.Type) -> ir.Value:
        """Append a tensor whose elements are written later."""
        return append_empty(self.build, [self.sizes[loop] for loop in loops], element)

    def contract(
        self,
        left: tuple[ir.Value, Sequence[int]],
        right: tuple[ir.Value, Sequence[int]],
        result: Sequence[int],
        element: ir.Type,
        init: ir.Value | None = None,
    ) -> ir.Value:
        """Append the sum of products.

        Args:
            left: a tensor, and the loops that its dimensions are indexed by.
            right: another.
            result: loops of the result; over the others products are summed.
            element: type of the result.
            init: what is added to, by default zero.
        """
        reduced = [loop for loop in dict.fromkeys([*left[1], *right[1]]) if loop not in result]

        def body(inner: IndexBuilder, values: list[ir.Value]) -> ir.Value:
            wide = [extend(inner, value, element) for value in values[:2]]
            product = inner.op("arith.mulf", wide, [element]).result
            return inner.op("arith.addf", [values[2], product], [element]).result

        total = init or self.filled(result, element, 0.0)
        return self.generic([left, right], result, total, body, [*result, *reduced])


def extend(build: IndexBuilder, value: ir.Value, type: ir.Type) -> ir.Value:
    """A float in a type that is as wide or wider."""
    return value if value.type == type else build.op("arith.extf", [value], [type]).result


def narrow(build: IndexBuilder, value: ir.Value, type: ir.Type) -> ir.Value:
    """A float in a type that is as narrow or narrower."""
    return value if value.type == type else build.op("arith.truncf", [value], [type]).result


def wide_type(element: ir.Type) -> ir.Type:
    """The type in which sums of an element type are computed."""
    return element if isinstance(element, ir.F64Type) else ir.F32Type.get()
