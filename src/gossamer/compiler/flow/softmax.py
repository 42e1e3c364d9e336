"""`linalg.softmax` in terms of `linalg.generic`: row maximum, powers, their sum, quotients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler.flow.dispatches import host_shapes
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.tensor.tensor_op import element_type, shape_of
from gossamer.compiler.walk import find

Body = Callable[[IndexBuilder, list[ir.Value]], ir.Value]


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
    kinds = ["reduction" if loop == axis else "parallel" for loop in range(rank)]
    row_sizes = [size for loop, size in enumerate(sizes) if loop != axis]
    row_shape = [size for loop, size in enumerate(shape_of(source)) if loop != axis]
    dynamic = [size for size in row_sizes if not isinstance(size, int)]
    row_type = _tensor_type(row_shape, type, op.location)

    def row_of(start: float) -> ir.Value:
        scalar = build.constant(ir.FloatAttr.get(type, start, loc=op.location), type)
        return build.op("tensor.splat", [scalar, *dynamic], [row_type]).result

    def arith(name: str) -> Body:
        return lambda build, values: build.op(name, values, [values[0].type]).result

    def power(build: IndexBuilder, values: list[ir.Value]) -> ir.Value:
        return build.op("math.exp", [arith("arith.subf")(build, values[:2])], [type]).result

    largest = _generic(build, [source], row_of(float("-inf")), [whole, row], kinds, arith("arith.maximumf"))
    parallel = ["parallel"] * rank
    powers = _generic(build, [source, largest], init, [whole, row, whole], parallel, power)
    total = _generic(build, [powers], row_of(0.0), [whole, row], kinds, arith("arith.addf"))
    quotient = arith("arith.divf")
    return _generic(
        build, [powers, total], init, [whole, row, whole], parallel, lambda b, v: quotient(b, v[:2])
    )


def _generic(
    build: IndexBuilder,
    inputs: list[ir.Value],
    init: ir.Value,
    maps: list[ir.AffineMap],
    iterators: list[str],
    body: Body,
) -> ir.Value:
    context = build.location.context
    kinds = [ir.Attribute.parse(f"#linalg.iterator_type<{kind}>", context) for kind in iterators]
    attributes: dict[str, ir.Attribute] = {
        "indexing_maps": ir.ArrayAttr.get([ir.AffineMapAttr.get(map) for map in maps], context),
        "iterator_types": ir.ArrayAttr.get(kinds, context),
        "operandSegmentSizes": ir.DenseI32ArrayAttr.get([len(inputs), 1], context),
    }
    op = build.op("linalg.generic", [*inputs, init], [init.type], attributes, regions=1)
    types = [element_type(operand) for operand in op.operands]
    block = ir.Block.create_at_start(op.regions[0], types, [build.location] * len(types))
    inner = IndexBuilder(ir.InsertionPoint(block), build.location)
    inner.op("linalg.yield", [body(inner, list(block.arguments))], [])
    return op.result


def _tensor_type(shape: Sequence[int | None], type: ir.Type, location: ir.Location) -> ir.Type:
    dynamic = ir.ShapedType.get_dynamic_size()
    return ir.RankedTensorType.get([dynamic if size is None else size for size in shape], type, loc=location)
