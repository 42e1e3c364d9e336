"""What flow hands on: the host module, and the executables its dispatches run."""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.executable import Executable


@dataclass(frozen=True, slots=True)
class FlowProgram:
    """A program whose tensor arithmetic is all in executables.

    Attributes:
        module: host functions, and one nested module for each executable.
        executables: by name.
    """

    module: ir.Module
    executables: dict[str, Executable]
