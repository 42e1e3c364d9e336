"""The optimisations of VM functions, in order. MLIR has done the large ones before."""

from __future__ import annotations

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.optimize.eliminate_common import eliminate_common
from gossamer.compiler.vm.optimize.eliminate_dead import eliminate_dead
from gossamer.compiler.vm.optimize.simplify_branches import simplify_branches
from gossamer.compiler.vm.optimize.simplify_operations import simplify_operations


def optimize_module(module: ir.Module) -> None:
    """Optimise all functions of a module in place."""
    for function in module.functions.values():
        optimize_function(function)


def optimize_function(function: ir.Function) -> None:
    """Optimise a function in place."""
    simplify_branches(function)
    simplify_operations(function)
    eliminate_common(function)
    eliminate_dead(function)
