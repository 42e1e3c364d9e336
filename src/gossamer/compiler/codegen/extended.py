"""Kernels of operations that compute all their elements together: scans, scatters and sorts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler.codegen.distribution import WHOLE, Distribution, distribute, for_each_row, locate
from gossamer.compiler.codegen.element_rules import indexed_position
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.iteration import Indices
from gossamer.compiler.codegen.merge_sort import emit_merge_sort
from gossamer.compiler.codegen.region_copy import RegionCopy
from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import ExtendedOp
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.tensor_op import is_tensor

_SIZE_GUESS = 1024


def plan_extended(op: ExtendedOp, sizes: Sequence[KnownSize]) -> Distribution:
    """Decide how an operation's work is shared out, whose first result has `sizes`: in whole lines."""
    if op.kind == "scatter":
        return WHOLE
    others = list(sizes)
    length = others.pop(op.dimension)
    work = length if isinstance(length, int) else _SIZE_GUESS
    return distribute([*others, 1], max(1, work))


def emit_extended(elements: Elements, op: ExtendedOp) -> None:
    """Append the loops of an operation."""
    emit = {"scan": _scan, "scatter": _scatter, "sort": _sort}[op.kind]
    emit(elements, op)


def _lines(elements: Elements, emit: Callable[[Indices], None]) -> None:
    """Append loops over a workgroup's lines; `emit` gets the indices but that along a line."""
    for_each_row(elements.kernel, locate(elements.kernel), emit)


def _along(others: Indices, dimension: int, position: Index) -> Indices:
    return (*others[:dimension], position, *others[dimension:])


def _scan(elements: Elements, op: ExtendedOp) -> None:
    kernel, build = elements.kernel, elements.build
    (source,), (_, start) = op.inputs, op.inits
    size = kernel.result_dims(0)[op.dimension]

    def store(others: Indices, position: Index, value: ir.Value) -> None:
        offset = elements.linear(_along(others, op.dimension, position), kernel.result_dims(0))
        build.store(value, kernel.outputs[0], offset)

    def read(others: Indices, position: Index) -> ir.Value:
        return elements.element(source, _along(others, op.dimension, position))

    def line(others: Indices) -> None:
        running = elements.element(start, others)

        def first(position: ir.Value, carried: list[ir.Value]) -> list[ir.Value]:
            value = read(others, position) if op.is_inclusive else running
            store(others, position, value)
            return [value]

        def following(position: ir.Value, carried: list[ir.Value]) -> list[ir.Value]:
            counted = read(others, position if op.is_inclusive else build.sub(position, 1))
            (value,) = _apply(elements, op, [carried[0], counted])
            store(others, position, value)
            return [value]

        # A loop of at most one iteration, so that nothing is read where there is nothing.
        head = build.for_loop(0, build.minimum(size, 1), [running], first)
        (last,) = build.for_loop(1, size, head, following)
        # Spec: a scan of one element leaves the accumulator as it was.
        total = build.if_else(build.compare("slt", 1, size), last.type, lambda: last, lambda: running)
        build.store(total, kernel.outputs[1], elements.linear(others, kernel.result_dims(1)))

    _lines(elements, line)


def _apply(elements: Elements, op: ExtendedOp, scalars: Sequence[ir.Value]) -> list[ir.Value]:
    """What the operation's region makes of some scalars; the region may work on tensors of rank zero."""
    *operations, terminator = (view.operation for view in op.body.operations)
    copy = RegionCopy(elements, {}, [])
    for argument, scalar in zip(op.body.arguments, scalars, strict=True):
        copy.values[argument] = scalar
        elements.stored[argument] = lambda indices, scalar=scalar: scalar
    with elements.build.forgetting():
        for inner in operations:
            if not any(is_tensor(result) for result in inner.results):
                copy.copy_operation(inner)
        elements.captured = copy.values
        results = [
            elements.element(operand, ()) if is_tensor(operand) else copy.values.get(operand, operand)
            for operand in terminator.operands
        ]
    elements.captured = {}
    return results


def _sort(elements: Elements, op: ExtendedOp) -> None:
    kernel, build = elements.kernel, elements.build
    count = len(op.inits) // 2
    size = kernel.result_dims(0)[op.dimension]

    def line(others: Indices) -> None:
        def offset(position: Index) -> Index:
            return elements.linear(_along(others, op.dimension, position), kernel.result_dims(0))

        def copy(position: ir.Value) -> None:
            for init, memory in zip(op.inits[:count], kernel.outputs, strict=False):
                value = elements.element(init, _along(others, op.dimension, position))
                build.store(value, memory, offset(position))

        def precedes(lhs: Index, rhs: Index) -> ir.Value:
            scalars: list[ir.Value] = []
            for memory in kernel.outputs[:count]:
                scalars += [build.load(memory, offset(lhs)), build.load(memory, offset(rhs))]
            return _apply(elements, op, scalars)[0]

        build.each(0, size, copy)
        emit_merge_sort(build, size, kernel.outputs[:count], kernel.outputs[count:], offset, precedes)

    _lines(elements, line)


def _scatter(elements: Elements, op: ExtendedOp) -> None:
    """Copy the original, then apply one update after the other: the order matters where indices repeat."""
    kernel, build = elements.kernel, elements.build
    updates, _, *mask = op.inputs
    dims = kernel.result_dims(0)
    indexed = op.indexed
    update_dims = kernel.shapes.dims(updates)

    def copy(indices: Indices) -> None:
        value = elements.element(op.inits[0], indices)
        build.store(value, kernel.outputs[0], elements.linear(indices, dims))

    def update(indices: Indices) -> None:
        batch, within = indices[: indexed.batch_rank], indices[indexed.batch_rank :]
        position = indexed_position(elements, indexed, batch, within)
        offset = elements.linear(position, dims)
        new = elements.element(updates, indices)
        (value,) = _apply(elements, op, [new, build.load(kernel.outputs[0], offset)])
        build.store(value, kernel.outputs[0], offset)

    def guarded(indices: Indices) -> None:
        batch, within = indices[: indexed.batch_rank], indices[indexed.batch_rank :]
        position = indexed_position(elements, indexed, batch, within)
        inside: list[bool | ir.Value] = [elements.element(value, batch) for value in mask]
        for dim in indexed.indexed_dims:
            inside += [
                build.compare("sge", position[dim], 0),
                build.compare("slt", position[dim], dims[dim]),
            ]
        build.when(build.all_of(inside), lambda: update(indices))

    _for_each_index(elements, dims, copy)
    _for_each_index(elements, update_dims, guarded)


def _for_each_index(elements: Elements, dims: Sequence[Index], body: Callable[[Indices], None]) -> None:
    def nest(indices: Indices) -> None:
        if len(indices) == len(dims):
            body(indices)
        else:
            elements.build.each(0, dims[len(indices)], lambda index: nest((*indices, index)))

    nest(())
