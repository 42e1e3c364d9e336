"""Winograd's transforms of tiles of images and of filters: products with a constant matrix from both sides.

A tile of so many outputs as `output_tile_size` says, and a filter of `kernel_size`, are polynomials; their
product is known from its values at as many points as it has coefficients, the last of which is infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import TypeVar

from gossamer.compiler.input.linalg_ext.structured import Loops, extend, narrow, wide_type
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import append_generic
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.tensor.tensor_op import element_type, shape_of

_Matrix = list[list[Fraction]]
_Place = TypeVar("_Place")
_POINTS = [Fraction(0), *(Fraction(sign * n, d) for n, d in ((1, 1), (2, 1), (1, 2)) for sign in (1, -1))]
_TILE = len(_POINTS) + 1


def transform_filter(build: IndexBuilder, op: ir.Operation) -> Sequence[ir.Value] | None:
    """From (H, W, C, F) or (F, C, H, W) to (tile, tile, C, F)."""
    kernel, init = op.operands
    sizes = _static_sizes(op)
    if sizes is None:
        return None
    height, width, channel, count, row, column = (ir.AffineDimExpr.get(loop) for loop in range(6))
    rows, columns = _dimensions(op, "kernel_dimensions")
    rest = [channel, count] if rows == 0 else [count, channel]
    places = _with_rest({rows: row, columns: column}, rest)
    matrix = [[_scale(i) * value for value in values] for i, values in enumerate(_powers(_kernel_size(op)))]
    space = [*sizes[1], *[_kernel_size(op)] * 2]
    result = _transform(build, (kernel, places), matrix, [height, width, channel, count], space)
    return [_narrowed(build, result, init)]


def transform_input(build: IndexBuilder, op: ir.Operation) -> Sequence[ir.Value] | None:
    """From (N, H, W, C) or (N, C, H, W) to (tile, tile, N, tiles down, tiles across, C)."""
    image, init = op.operands
    sizes = _static_sizes(op)
    if sizes is None:
        return None
    height, width, batch, down, across, channel, row, column = (ir.AffineDimExpr.get(dim) for dim in range(8))
    rows, columns = _dimensions(op, "image_dimensions")
    step = _TILE - _kernel_size(op) + 1
    known: dict[int, ir.AffineExpr] = {rows: down * step + row, columns: across * step + column}
    places = _with_rest(known, [batch, channel])
    needed = list(sizes[0])
    needed[rows], needed[columns] = (step * (tiles - 1) + _TILE for tiles in sizes[1][3:5])
    matrix = [_cofactors(point) for point in range(_TILE)]
    result_dims = [height, width, batch, down, across, channel]
    space = [*sizes[1], _TILE, _TILE]
    result = _transform(build, (_padded(build, image, needed), places), matrix, result_dims, space)
    return [_narrowed(build, result, init)]


def transform_output(build: IndexBuilder, op: ir.Operation) -> Sequence[ir.Value] | None:
    """Back from (tile, tile, N, tiles down, tiles across, C) to (N, H, W, C) or (N, C, H, W)."""
    tiles, init = op.operands
    sizes = _static_sizes(op)
    if sizes is None:
        return None
    row, column, batch, down, across, channel, height, width = (ir.AffineDimExpr.get(dim) for dim in range(8))
    step = _TILE - _kernel_size(op) + 1
    rows, columns = _dimensions(op, "image_dimensions")
    places = _with_rest({rows: [down, row], columns: [across, column]}, [[batch], [channel]])
    powers = _powers(step)
    matrix = [[powers[point][power] for point in range(_TILE)] for power in range(step)]
    space = [step, step, *sizes[0][2:], _TILE, _TILE]
    source = (tiles, [height, width, batch, down, across, channel])
    result_dims = [dim for group in places for dim in group]
    result = _transform(build, source, matrix, result_dims, space)
    return [_narrowed(build, _collapsed(build, result, [len(group) for group in places], init), init)]


def _transform(
    build: IndexBuilder,
    source: tuple[ir.Value, Sequence[ir.AffineExpr]],
    matrix: _Matrix,
    result: Sequence[ir.AffineExpr],
    sizes: Sequence[int],
) -> ir.Value:
    """Sums over the last two loops of what is at the source's indices, times the matrix twice.

    The matrix is indexed by the first loop and the last but one, then by the second and the last.
    """
    tensor, places = source
    element = wide_type(element_type(tensor))
    loops = range(len(sizes))
    dims = [ir.AffineDimExpr.get(loop) for loop in loops]
    type = ir.RankedTensorType.get([len(matrix), len(matrix[0])], element)
    numbers = [[float(value) for value in row] for row in matrix]
    factors = build.constant(ir.Attribute.parse(f"dense<{numbers}> : {type}"), type)
    maps = [
        ir.AffineMap.get(len(sizes), 0, exprs)
        for exprs in ([dims[0], dims[-2]], [dims[1], dims[-1]], places, result)
    ]
    kept = [ir.AffineDimExpr(expr).position for expr in result]
    zeros = Loops(build, dict(enumerate(sizes))).filled(kept, element, 0.0)

    def body(inner: IndexBuilder, values: list[ir.Value]) -> ir.Value:
        left, right, value, total = values
        factor = inner.op("arith.mulf", [left, right], [element]).result
        product = inner.op("arith.mulf", [factor, extend(inner, value, element)], [element]).result
        return inner.op("arith.addf", [total, product], [element]).result

    return append_generic(build, [factors, factors, tensor], zeros, maps, body, list(loops)[-2:])


def _powers(count: int) -> _Matrix:
    """Of each point the first powers; of infinity the coefficient of the last."""
    infinity = [Fraction(power == count - 1) for power in range(count)]
    return [*([point**power for power in range(count)] for point in _POINTS), infinity]


def _scale(point: int) -> Fraction:
    """What Lagrange's polynomial of a point is divided by, whose sign at zero counts to the input's side."""
    if point == len(_POINTS):
        return Fraction(1)
    divisor = prod(
        (_POINTS[point] - other for other in _POINTS if other != _POINTS[point]), start=Fraction(1)
    )
    return 1 / abs(divisor) if point == 0 else 1 / divisor


def _cofactors(point: int) -> list[Fraction]:
    """Coefficients of the polynomial that is zero at all other points."""
    coefficients = [Fraction(-1 if point == 0 else 1)]
    for place, root in enumerate(_POINTS):
        if place != point:
            shifted = [Fraction(0), *coefficients]
            scaled = [*(root * each for each in coefficients), Fraction(0)]
            coefficients = [left - right for left, right in zip(shifted, scaled, strict=True)]
    return [*coefficients, *[Fraction(0)] * (_TILE - len(coefficients))]


def _static_sizes(op: ir.Operation) -> tuple[list[int], list[int]] | None:
    """Shapes of the operand and of the result; None where one is not known, or tiles are of another size."""
    known = [[size for size in shape_of(value) if size is not None] for value in op.operands]
    is_known = all(
        len(sizes) == len(shape_of(value)) for sizes, value in zip(known, op.operands, strict=True)
    )
    tile = ir.IntegerAttr(op.attributes["output_tile_size"]).value + _kernel_size(op) - 1
    return (known[0], known[1]) if is_known and tile == _TILE else None


def _kernel_size(op: ir.Operation) -> int:
    return ir.IntegerAttr(op.attributes["kernel_size"]).value


def _dimensions(op: ir.Operation, name: str) -> list[int]:
    attr = op.attributes[name]
    if isinstance(attr, ir.DenseI64ArrayAttr):
        return list(attr)
    return [ir.IntegerAttr(entry).value for entry in ir.ArrayAttr(attr)]


def _with_rest(known: dict[int, _Place], rest: Sequence[_Place]) -> list[_Place]:
    """What is at four dimensions, of which two are given, and the others in their order."""
    remaining = iter(rest)
    return [known[dim] if dim in known else next(remaining) for dim in range(4)]


def _padded(build: IndexBuilder, tensor: ir.Value, sizes: Sequence[int]) -> ir.Value:
    """Zeros behind the end of each dimension that is too short."""
    high = [size - (known or 0) for size, known in zip(sizes, shape_of(tensor), strict=True)]
    if not any(high):
        return tensor
    element = element_type(tensor)
    attributes: dict[str, ir.Attribute] = {
        "static_low": ir.DenseI64ArrayAttr.get([0] * len(high)),
        "static_high": ir.DenseI64ArrayAttr.get(high),
        "operandSegmentSizes": ir.DenseI32ArrayAttr.get([1, 0, 0]),
    }
    type = ir.RankedTensorType.get(list(sizes), element)
    pad = build.op("tensor.pad", [tensor], [type], attributes, regions=1)
    block = ir.Block.create_at_start(
        pad.regions[0], [build.index_type] * len(high), [build.location] * len(high)
    )
    inner = IndexBuilder(ir.InsertionPoint(block), build.location)
    inner.op("tensor.yield", [inner.constant(ir.FloatAttr.get(element, 0.0), element)], [])
    return pad.result


def _collapsed(build: IndexBuilder, tensor: ir.Value, groups: Sequence[int], init: ir.Value) -> ir.Value:
    starts = [sum(groups[:place]) for place in range(len(groups))]
    text = ", ".join(
        f"[{', '.join(str(start + dim) for dim in range(count))}]"
        for start, count in zip(starts, groups, strict=True)
    )
    attributes = {"reassociation": ir.Attribute.parse(f"[{text}]")}
    sizes = [size or 0 for size in shape_of(init)]
    type = ir.RankedTensorType.get(sizes, element_type(tensor))
    return build.op("tensor.collapse_shape", [tensor], [type], attributes).result


def _narrowed(build: IndexBuilder, tensor: ir.Value, init: ir.Value) -> ir.Value:
    element = element_type(init)
    if element_type(tensor) == element:
        return tensor
    map = ir.AffineMap.get_identity(len(shape_of(init)))
    return append_generic(
        build, [tensor], init, [map, map], lambda inner, values: narrow(inner, values[0], element)
    )
