"""`linalg.softmax` in terms of `linalg.generic`: row maximum, powers, their sum, quotients."""

from __future__ import annotations

from gossamer.compiler.flow.dispatches import host_shapes
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import Body, append_generic, tensor_type
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.tensor.tensor_op import element_type, shape_of
from gossamer.compiler.walk import find


def expand_softmax(module: ir.Module) -> None:
    """Convert the operations of a module in place."""
    for op in find(module.operation, "linalg.softmax"):
        op.result.replace_all_uses_with(_expand(op))
        op.erase()


def _expand(op: ir.Operation) -> ir.Value:
    source, init = op.operands
    axis = ir.IntegerAttr(op.attributes["dimension"]).value
    shapes = host_shapes(op)
    build = shapes.builder
    type = element_type(source)
    sizes = shapes.dims(source)
    rank = len(sizes)
    whole = ir.AffineMap.get_identity(rank, op.context)
    row = whole.get_submap([loop for loop in range(rank) if loop != axis])
    row_sizes = [size for loop, size in enumerate(sizes) if loop != axis]
    row_shape = [size for loop, size in enumerate(shape_of(source)) if loop != axis]
    dynamic = [size for size in row_sizes if not isinstance(size, int)]
    row_type = tensor_type(row_shape, type)

    def row_of(start: float) -> ir.Value:
        scalar = build.constant(ir.FloatAttr.get(type, start, loc=op.location), type)
        return build.op("tensor.splat", [scalar, *dynamic], [row_type]).result

    def arith(name: str) -> Body:
        return lambda build, values: build.op(name, values, [values[0].type]).result

    def power(build: IndexBuilder, values: list[ir.Value]) -> ir.Value:
        return build.op("math.exp", [arith("arith.subf")(build, values[:2])], [type]).result

    largest = append_generic(
        build, [source], row_of(float("-inf")), [whole, row], arith("arith.maximumf"), [axis]
    )
    powers = append_generic(build, [source, largest], init, [whole, row, whole], power)
    total = append_generic(build, [powers], row_of(0.0), [whole, row], arith("arith.addf"), [axis])
    quotient = arith("arith.divf")
    return append_generic(build, [powers, total], init, [whole, row, whole], lambda b, v: quotient(b, v[:2]))
