"""A function on tensors that dispatches run."""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.compiler.mlir import ir


@dataclass(frozen=True, slots=True)
class Executable:
    """A function that dispatches run.

    Attributes:
        name: symbol that `flow.dispatch` operations name in `executable`, for example "abs_dispatch_0".
        function: `func.func` on tensors, named as the entry point is. Its arguments are the dispatch's
            operands, then one index for each dynamic dimension of each result; it returns the results.
        module: the program the function is in; an operation does not keep its module alive.
    """

    name: str
    function: ir.Operation
    module: ir.Module

    @property
    def export_name(self) -> str:
        """Entry point name, for example "abs_dispatch_0_elementwise_4096_f32"."""
        return ir.StringAttr(self.function.attributes["sym_name"]).value
