"""What operations along lines share: each line along their dimension is computed by one workgroup."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler.codegen.cost_model import steps_of_line
from gossamer.compiler.codegen.distribution import Distribution, distribute
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.grid import for_each_row, locate
from gossamer.compiler.codegen.iteration import Indices
from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.tensor.index_builder import Index


def share_out_lines(sizes: Sequence[KnownSize], dimension: int) -> Distribution:
    """Share out the lines along `dimension` of a tensor of `sizes`."""
    others = list(sizes)
    length = others.pop(dimension)
    return distribute([*others, 1], steps_of_line(length))


def for_each_line(elements: Elements, body: Callable[[Indices], None]) -> None:
    """Append loops over a workgroup's lines; `body` gets the indices of one, but that along it."""
    for_each_row(elements.kernel, locate(elements.kernel), body)


def along(others: Indices, dimension: int, position: Index) -> Indices:
    """Indices of an element.

    Args:
        others: indices of its line.
        dimension: that the line is along.
        position: in the line.
    """
    return (*others[:dimension], position, *others[dimension:])
