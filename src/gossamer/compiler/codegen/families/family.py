"""What a family of kernels is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gossamer.compiler.codegen.distribution import Distribution
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.mlir import ir


class Family(Protocol):
    """One way to compute dispatches.

    The operations of a dispatch are its root, whose results leave it, and what is fused into it. A family
    knows the root; what the root reads it asks `Elements` for, one element at a time.
    """

    def matches(self, root: ir.Operation) -> bool:
        """Whether it serves the dispatch of a root."""
        ...

    def plan(self, root: ir.Operation, sizes: Sequence[KnownSize]) -> Distribution:
        """Share out the work among workgroups, before there is any code.

        Args:
            root: of a dispatch that the family serves; only read.
            sizes: of the first result's dimensions.
        """
        ...

    def emit(self, elements: Elements) -> None:
        """Append the loops by which a workgroup stores its part of the results.

        Args:
            elements: of a kernel with the distribution that `plan` gave.
        Raises: CompileError where the dispatch does what kernels cannot.
        """
        ...
