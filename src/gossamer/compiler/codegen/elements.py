"""Computes one element of any tensor of a dispatch.

To ask for an element of a tensor is to ask its operation, which asks for the elements it needs; what comes
of it is scalar code without intermediate tensors. Fusion is that and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from gossamer.compiler.codegen.kernel_function import KernelFunction
from gossamer.compiler.codegen.region_copy import RegionCopy
from gossamer.compiler.flow.index_builder import Index
from gossamer.compiler.flow.linalg_op import LinalgOp, dim_position
from gossamer.compiler.flow.tensor_op import element_type, is_tensor, read_pad, read_slice, reassociation
from gossamer.compiler.mlir import ir, source_location
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

Indices: TypeAlias = "tuple[Index, ...]"
Rule: TypeAlias = "Callable[[Elements, ir.OpResult, Indices], ir.Value]"


class Elements:
    """Appends scalar code to a kernel.

    Attributes:
        kernel: where the code goes.
        stored: elements to load instead of computing them, for operations whose results are in memory.
    """

    def __init__(self, kernel: KernelFunction) -> None:
        self.kernel = kernel
        self.build = kernel.build
        self.stored: dict[ir.Value, Callable[[Indices], ir.Value]] = {}

    def element(self, tensor: ir.Value, indices: Indices, sizes: Sequence[Index | None] = ()) -> ir.Value:
        """The element of a tensor at some indices.

        Args:
            sizes: sizes of the tensor's dimensions that the caller knows already.
        """
        return self.build.memo(("element", tensor, indices), lambda: self._compute(tensor, indices, sizes))

    def generic(self, linalg: LinalgOp, loops: dict[int, Index]) -> list[ir.Value]:
        """All results of a linalg operation for given parallel loop indices."""
        key = ("generic", linalg.op, tuple(sorted(loops.items())))
        return self.build.memo(key, lambda: self._reduce(linalg, loops))

    def loop_bounds(self, linalg: LinalgOp) -> list[Index]:
        """Trip count of each loop of a linalg operation."""
        return self.build.memo(("bounds", linalg.op), lambda: self._loop_bounds(linalg))

    def body(self, linalg: LinalgOp, loops: dict[int, Index], accumulators: list[ir.Value]) -> list[ir.Value]:
        """Results of one iteration of a linalg operation.

        Args:
            loops: index of each loop.
            accumulators: elements of the results so far; where empty, the initial values.
        """
        bounds = self.loop_bounds(linalg)
        values: dict[ir.Value, ir.Value] = {}
        for position, operand in enumerate(linalg.op.operands):
            argument = linalg.body.arguments[position]
            if accumulators and position >= linalg.input_count:
                values[argument] = accumulators[position - linalg.input_count]
            elif any(True for _ in argument.uses):
                values[argument] = self.operand(linalg, position, operand, loops, bounds)
        return RegionCopy(self, values, [loops[loop] for loop in range(linalg.loop_count)]).copy(linalg.body)

    def operand(
        self, linalg: LinalgOp, position: int, operand: ir.Value, loops: dict[int, Index], bounds: list[Index]
    ) -> ir.Value:
        """The element of an operand that an iteration reads."""
        if not is_tensor(operand):
            return operand
        map = linalg.maps[position]
        indices = tuple(self.evaluate(expr, loops) for expr in map.results)
        found = [dim_position(expr) for expr in map.results]
        return self.element(operand, indices, [None if loop is None else bounds[loop] for loop in found])

    def evaluate(self, expr: ir.AffineExpr, loops: dict[int, Index]) -> Index:
        """The value of an affine expression of loop indices."""
        if isinstance(expr, ir.AffineDimExpr):
            return loops[expr.position]
        if isinstance(expr, ir.AffineConstantExpr):
            return expr.value
        assert isinstance(expr, ir.AffineBinaryExpr)
        lhs, rhs = self.evaluate(expr.lhs, loops), self.evaluate(expr.rhs, loops)
        if isinstance(expr, ir.AffineAddExpr):
            return self.build.add(lhs, rhs)
        if isinstance(expr, ir.AffineMulExpr):
            return self.build.mul(lhs, rhs)
        if isinstance(expr, ir.AffineModExpr):
            return self.build.rem(lhs, rhs)
        if isinstance(expr, ir.AffineFloorDivExpr):
            return self.build.floor_div(lhs, rhs)
        return self.build.ceil_div(lhs, rhs)

    def linear(self, indices: Indices, dims: Sequence[Index]) -> Index:
        """Position of an element in a dense row-major tensor."""
        build = self.build
        position: Index = 0
        stride: Index = 1
        for index, dim in zip(reversed(indices), reversed(dims), strict=True):
            position = build.add(build.mul(index, stride), position)
            stride = build.mul(stride, dim)
        return position

    def _compute(self, tensor: ir.Value, indices: Indices, sizes: Sequence[Index | None]) -> ir.Value:
        if tensor in self.stored:
            return self.stored[tensor](indices)
        if tensor in self.kernel.inputs:
            return self.build.load(self.kernel.inputs[tensor], self._offset(tensor, indices, sizes))
        assert isinstance(tensor, ir.OpResult)
        rule = _RULES.get(tensor.owner.name)
        if rule is None:
            raise unsupported(tensor.owner.operation, f"'{tensor.owner.name}' has no lowering to a kernel")
        return rule(self, tensor, indices)

    def _offset(self, tensor: ir.Value, indices: Indices, sizes: Sequence[Index | None]) -> Index:
        known = list(sizes) or [None] * len(indices)
        if any(size is None for size in known[1:]):
            dims = self.kernel.shapes.dims(tensor)
            known = [dims[dim] if size is None else size for dim, size in enumerate(known)]
        return self.linear(indices, [1 if size is None else size for size in known])

    def _reduce(self, linalg: LinalgOp, loops: dict[int, Index]) -> list[ir.Value]:
        bounds = self.loop_bounds(linalg)
        reductions = linalg.reduction_loops
        if not reductions:
            return self.body(linalg, loops, [])
        first = linalg.input_count
        initial = [
            self.operand(linalg, first + result, init, loops, bounds)
            for result, init in enumerate(linalg.inits)
        ]

        def nest(depth: int, indices: dict[int, Index], carried: list[ir.Value]) -> list[ir.Value]:
            if depth == len(reductions):
                return self.body(linalg, indices, carried)
            loop = reductions[depth]
            return self.build.for_loop(
                0, bounds[loop], carried, lambda index, now: nest(depth + 1, {**indices, loop: index}, now)
            )

        return nest(0, loops, initial)

    def _loop_bounds(self, linalg: LinalgOp) -> list[Index]:
        bounds: list[Index | None] = list(linalg.loop_sizes)
        operands = list(enumerate(linalg.op.operands))
        # Initial values come first: they tell the sizes of results, which the host passes anyway.
        for position, operand in operands[linalg.input_count :] + operands[: linalg.input_count]:
            loops = [dim_position(expr) for expr in linalg.maps[position].results]
            if not any(loop is not None and bounds[loop] is None for loop in loops):
                continue
            for loop, dim in zip(loops, self.kernel.shapes.dims(operand), strict=True):
                if loop is not None and bounds[loop] is None:
                    bounds[loop] = dim
        decided = [bound for bound in bounds if bound is not None]
        if len(decided) < len(bounds):
            raise unsupported(linalg.op, "no operand of 'linalg.generic' tells how far a loop goes")
        return decided


def unsupported(op: ir.Operation, message: str) -> CompileError:
    """The error for an operation that kernels cannot contain."""
    return CompileError([Diagnostic(message, source_location(op.location))])


def loops_at(linalg: LinalgOp, result: int, indices: Indices) -> dict[int, Index]:
    """Parallel loop indices of the iterations that make an element of a result.

    Raises: CompileError where the result's map does not tell.
    """
    loops: dict[int, Index] = {}
    for expr, index in zip(linalg.init_maps[result].results, indices, strict=True):
        loop = dim_position(expr)
        if loop is not None:
            loops[loop] = index
    if sorted(loops) != linalg.parallel_loops:
        raise unsupported(linalg.op, "a result of 'linalg.generic' is no permutation of its parallel loops")
    return loops


def _generic(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    linalg = LinalgOp(result.owner.operation)
    number = result.result_number
    return elements.generic(linalg, loops_at(linalg, number, indices))[number]


def _empty(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    return elements.build.zero(element_type(result))


def _splat(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    return result.owner.operands[0]


def _cast(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    return elements.element(result.owner.operands[0], indices)


def _constant(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    value = result.owner.attributes["value"]
    if not isinstance(value, ir.DenseElementsAttr) or not value.is_splat:
        raise unsupported(result.owner.operation, "a constant inside a kernel is no splat")
    return elements.build.constant(value.get_splat_value(), element_type(result))


def _extract_slice(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    slice = read_slice(result.owner.operation)
    build = elements.build
    source: list[Index] = list(slice.offsets)
    for index, dim in zip(indices, slice.kept, strict=True):
        source[dim] = build.add(slice.offsets[dim], build.mul(index, slice.strides[dim]))
    return elements.element(slice.tensor, tuple(source))


def _insert_slice(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    slice = read_slice(result.owner.operation)
    update = slice.update
    assert update is not None
    build = elements.build
    inside: list[bool | ir.Value] = []
    position: list[Index] = []
    for index, offset, size, stride in zip(indices, slice.offsets, slice.sizes, slice.strides, strict=True):
        distance = build.sub(index, offset)
        step = build.div(distance, stride)
        inside.append(build.compare("sge", index, offset))
        inside.append(build.compare("slt", step, size))
        if stride != 1:
            inside.append(build.compare("eq", build.mul(step, stride), distance))
        position.append(step)
    return build.if_else(
        build.all_of(inside),
        element_type(result),
        lambda: elements.element(update, tuple(position[dim] for dim in slice.kept)),
        lambda: elements.element(slice.tensor, indices),
    )


def _pad(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    op = result.owner.operation
    pad = read_pad(op)
    build = elements.build
    inside: list[bool | ir.Value] = []
    position: list[Index] = []
    sizes = elements.kernel.shapes.dims(pad.source)
    for index, low, high, size in zip(indices, pad.low, pad.high, sizes, strict=True):
        if low != 0:
            inside.append(build.compare("sge", index, low))
        position.append(build.sub(index, low))
        if high != 0:
            inside.append(build.compare("slt", position[-1], size))
    return build.if_else(
        build.all_of(inside),
        element_type(result),
        lambda: elements.element(pad.source, tuple(position)),
        lambda: _yielded(elements, op, indices),
    )


def _concat(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    op = result.owner.operation
    axis = ir.IntegerAttr(op.attributes["dim"]).value
    build = elements.build
    type = element_type(result)

    def choose(operands: list[ir.Value], index: Index) -> ir.Value:
        here = (*indices[:axis], index, *indices[axis + 1 :])
        if len(operands) == 1:
            return elements.element(operands[0], here)
        size = elements.kernel.shapes.dims(operands[0])[axis]
        return build.if_else(
            build.compare("slt", index, size),
            type,
            lambda: elements.element(operands[0], here),
            lambda: choose(operands[1:], build.sub(index, size)),
        )

    return choose(list(op.operands), indices[axis])


def _generate(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    return _yielded(elements, result.owner.operation, indices)


def _yielded(elements: Elements, op: ir.Operation, indices: Indices) -> ir.Value:
    """What the region of an operation yields for the element at `indices`."""
    block = op.regions[0].blocks[0]
    values = zip(block.arguments, elements.build.values(indices), strict=True)
    return RegionCopy(elements, dict[ir.Value, ir.Value](values), []).copy(block)[0]


def _insert(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    scalar, tensor, *position = result.owner.operands
    build = elements.build
    here = [build.compare("eq", index, at) for index, at in zip(indices, position, strict=True)]
    return build.if_else(
        build.all_of(here), scalar.type, lambda: scalar, lambda: elements.element(tensor, indices)
    )


def _from_elements(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    scalars = list(result.owner.operands)
    position = elements.linear(indices, elements.kernel.shapes.dims(result))
    chosen = scalars[-1]
    for number, scalar in reversed(list(enumerate(scalars[:-1]))):
        matches = elements.build.compare("eq", position, number)
        chosen = elements.build.if_else(matches, scalar.type, lambda s=scalar: s, lambda c=chosen: c)
    return chosen


def _expand_shape(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    op = result.owner.operation
    dims = elements.kernel.shapes.dims(result)
    source = tuple(
        elements.linear(tuple(indices[dim] for dim in group), [dims[dim] for dim in group])
        for group in reassociation(op)
    )
    return elements.element(op.operands[0], source)


def _collapse_shape(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    op = result.owner.operation
    dims = elements.kernel.shapes.dims(op.operands[0])
    source: list[Index] = [0] * len(dims)
    for index, group in zip(indices, reassociation(op), strict=True):
        rest = index
        for dim in reversed(group[1:]):
            source[dim] = elements.build.rem(rest, dims[dim])
            rest = elements.build.div(rest, dims[dim])
        source[group[0]] = rest
    return elements.element(op.operands[0], tuple(source))


_RULES: dict[str, Rule] = {
    "arith.constant": _constant,
    "linalg.generic": _generic,
    "tensor.cast": _cast,
    "tensor.collapse_shape": _collapse_shape,
    "tensor.concat": _concat,
    "tensor.empty": _empty,
    "tensor.expand_shape": _expand_shape,
    "tensor.extract_slice": _extract_slice,
    "tensor.from_elements": _from_elements,
    "tensor.generate": _generate,
    "tensor.insert": _insert,
    "tensor.insert_slice": _insert_slice,
    "tensor.pad": _pad,
    "tensor.splat": _splat,
}
