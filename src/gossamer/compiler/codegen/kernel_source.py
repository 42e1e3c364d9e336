"""What targets compile: the function of a dispatch and all that was decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gossamer.compiler.codegen.distribution import Distribution
from gossamer.compiler.kernel_interface import ConstantSource, KernelInterface, KnownSize
from gossamer.compiler.tensor.executable import Executable


@dataclass(frozen=True, slots=True)
class KernelSource:
    """A kernel before its code.

    Attributes:
        executable: the dispatch's function.
        interface: what the host passes.
        distribution: which part of the results a workgroup computes.
        sizes: every dimension of operands and results that their types do not state, as a number or as one
            of the interface's constants.
        keeps_order: sums and products of floats are made in the order of their elements.
        rounds_steps: sums of floats of 16 and 8 bits are rounded after each step, not only at the end.
    """

    executable: Executable
    interface: KernelInterface
    distribution: Distribution
    sizes: Mapping[ConstantSource, KnownSize]
    keeps_order: bool = False
    rounds_steps: bool = False
