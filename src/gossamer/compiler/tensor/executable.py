"""A function on tensors that dispatches run."""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.compiler.mlir import ir, source_location
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


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


def sole_executable(module: ir.Module) -> Executable:
    """The executable of a module that is one function on tensors.

    Raises: CompileError where it is something else.
    """
    functions = [view.operation for view in module.body.operations]
    if len(functions) != 1 or functions[0].name != "func.func":
        message = f"an executable is made of one function, and here are {len(functions)} operations"
        hint = "--iree-hal-dump-executable-sources-to writes dispatches as they are taken"
        raise CompileError([Diagnostic(message, source_location(module.operation.location), hint=hint)])
    attributes = module.operation.attributes
    named = attributes if "sym_name" in attributes else functions[0].attributes
    return Executable(ir.StringAttr(named["sym_name"]).value, functions[0], module)
