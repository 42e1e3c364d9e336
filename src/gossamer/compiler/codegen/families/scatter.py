"""Scatters: a copy of the original with updates applied to it, one after the other.

    result = original
    for update in updates:
      position = indices[update]
      if position is in result:
        result[position] = region(updates[update], result[position])

The order matters where indices repeat, and so one workgroup does it all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler.codegen.distribution import WHOLE, Distribution
from gossamer.compiler.codegen.element_rules import indexed_position
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.iteration import Indices
from gossamer.compiler.codegen.region_copy import apply_region
from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import DIALECT, ExtendedOp
from gossamer.compiler.tensor.index_builder import Index


class Scatters:
    """The family of `iree_linalg_ext.scatter`."""

    def matches(self, root: ir.Operation) -> bool:
        """Scatters alone."""
        return root.name == f"{DIALECT}.scatter"

    def plan(self, root: ir.Operation, sizes: Sequence[KnownSize]) -> Distribution:
        """Give all to one workgroup."""
        return WHOLE

    def emit(self, elements: Elements) -> None:
        """Append a copy, then loops over the updates."""
        op = ExtendedOp(elements.kernel.root)
        update_dims = elements.kernel.shapes.dims(op.inputs[0])

        def copy(indices: Indices) -> None:
            elements.store(0, indices, elements.element(op.inits[0], indices))

        _for_each_index(elements, elements.kernel.result_dims(0), copy)
        _for_each_index(elements, update_dims, lambda indices: _update(elements, op, indices))


def _update(elements: Elements, op: ExtendedOp, indices: Indices) -> None:
    """Append one update, left out where it is masked or its position is outside of the result."""
    kernel, build = elements.kernel, elements.build
    updates, _, *mask = op.inputs
    dims = kernel.result_dims(0)
    indexed = op.indexed
    batch, within = indices[: indexed.batch_rank], indices[indexed.batch_rank :]

    def apply() -> None:
        offset = elements.linear(indexed_position(elements, indexed, batch, within), dims)
        new = elements.element(updates, indices)
        (value,) = apply_region(elements, op.body, [new, build.load(kernel.outputs[0], offset)])
        build.store(value, kernel.outputs[0], offset)

    position = indexed_position(elements, indexed, batch, within)
    inside: list[bool | ir.Value] = [elements.element(value, batch) for value in mask]
    for dim in indexed.indexed_dims:
        inside += [build.compare("sge", position[dim], 0), build.compare("slt", position[dim], dims[dim])]
    build.when(build.all_of(inside), apply)


def _for_each_index(elements: Elements, dims: Sequence[Index], body: Callable[[Indices], None]) -> None:
    def nest(indices: Indices) -> None:
        if len(indices) == len(dims):
            body(indices)
        else:
            elements.build.each(0, dims[len(indices)], lambda index: nest((*indices, index)))

    nest(())
