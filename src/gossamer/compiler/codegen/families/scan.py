"""Scans: each element of a line is what an operation made of all elements up to it, or before it.

running = start
for position in line:
  running = region(running, source[position])     # exclusive: first stored, then computed
  result[position] = running
total = running
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.codegen.distribution import Distribution
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.families.lines import along, for_each_line, share_out_lines
from gossamer.compiler.codegen.iteration import Indices
from gossamer.compiler.codegen.region_copy import apply_region
from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import DIALECT, ExtendedOp
from gossamer.compiler.tensor.index_builder import Index


class Scans:
    """The family of `iree_linalg_ext.scan`."""

    def matches(self, root: ir.Operation) -> bool:
        """Scans alone."""
        return root.name == f"{DIALECT}.scan"

    def plan(self, root: ir.Operation, sizes: Sequence[KnownSize]) -> Distribution:
        """Share out whole lines."""
        return share_out_lines(sizes, ExtendedOp(root).dimension)

    def emit(self, elements: Elements) -> None:
        """Append loops over lines, and along each."""
        op = ExtendedOp(elements.kernel.root)
        for_each_line(elements, lambda others: _scan(elements, op, others))


def _scan(elements: Elements, op: ExtendedOp, others: Indices) -> None:
    kernel, build = elements.kernel, elements.build
    (source,), (_, start) = op.inputs, op.inits
    size = kernel.result_dims(0)[op.dimension]
    running = elements.element(start, others)

    def read(position: Index) -> ir.Value:
        return elements.element(source, along(others, op.dimension, position))

    def first(position: ir.Value, carried: list[ir.Value]) -> list[ir.Value]:
        value = read(position) if op.is_inclusive else running
        elements.store(0, along(others, op.dimension, position), value)
        return [value]

    def following(position: ir.Value, carried: list[ir.Value]) -> list[ir.Value]:
        counted = read(position if op.is_inclusive else build.sub(position, 1))
        (value,) = apply_region(elements, op.body, [carried[0], counted])
        elements.store(0, along(others, op.dimension, position), value)
        return [value]

    # A loop of at most one iteration, so that nothing is read where there is nothing.
    head = build.for_loop(0, build.minimum(size, 1), [running], first)
    (last,) = build.for_loop(1, size, head, following)
    # Spec: a scan of one element leaves the accumulator as it was.
    total = build.if_else(build.compare("slt", 1, size), last.type, lambda: last, lambda: running)
    elements.store(1, others, total)
