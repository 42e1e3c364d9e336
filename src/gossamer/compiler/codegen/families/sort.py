"""Sorts: each line is copied to the result's memory and sorted there, all its tensors alike."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.codegen.distribution import Distribution
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.families.lines import along, for_each_line, share_out_lines
from gossamer.compiler.codegen.families.merge_sort import MergeSort
from gossamer.compiler.codegen.iteration import Indices
from gossamer.compiler.codegen.region_copy import apply_region
from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import DIALECT, ExtendedOp
from gossamer.compiler.tensor.index_builder import Index


class Sorts:
    """The family of `iree_linalg_ext.sort`, whose second half of results is memory to merge in."""

    def matches(self, root: ir.Operation) -> bool:
        """Sorts alone."""
        return root.name == f"{DIALECT}.sort"

    def plan(self, root: ir.Operation, sizes: Sequence[KnownSize]) -> Distribution:
        """Share out whole lines."""
        return share_out_lines(sizes, ExtendedOp(root).dimension)

    def emit(self, elements: Elements) -> None:
        """Append loops over lines, and what sorts each."""
        op = ExtendedOp(elements.kernel.root)
        for_each_line(elements, lambda others: _sort(elements, op, others))


def _sort(elements: Elements, op: ExtendedOp, others: Indices) -> None:
    kernel, build = elements.kernel, elements.build
    count = len(op.inits) // 2
    lines, scratch = kernel.outputs[:count], kernel.outputs[count:]
    size = kernel.result_dims(0)[op.dimension]

    def offset(position: Index) -> Index:
        return elements.linear(along(others, op.dimension, position), kernel.result_dims(0))

    def copy(position: ir.Value) -> None:
        for init, memory in zip(op.inits, lines, strict=False):
            value = elements.element(init, along(others, op.dimension, position))
            build.store(value, memory, offset(position))

    def precedes(lhs: Index, rhs: Index) -> ir.Value:
        scalars: list[ir.Value] = []
        for memory in lines:
            scalars += [build.load(memory, offset(lhs)), build.load(memory, offset(rhs))]
        return apply_region(elements, op.body, scalars)[0]

    build.each(0, size, copy)
    MergeSort(build, size, lines, scratch, offset, precedes).emit()
