"""The optimisations of VM functions, in order. MLIR has done the large ones before."""

from __future__ import annotations

from collections.abc import Callable

from gossamer.compiler.pass_observer import run_pass
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.optimize.eliminate_common import eliminate_common
from gossamer.compiler.vm.optimize.eliminate_dead import eliminate_dead
from gossamer.compiler.vm.optimize.simplify_branches import simplify_branches
from gossamer.compiler.vm.optimize.simplify_operations import simplify_operations
from gossamer.compiler.vm.text import format_module

_PASSES: dict[str, Callable[[ir.Function], None]] = {
    "vm-simplify-branches": simplify_branches,
    "vm-simplify-operations": simplify_operations,
    "vm-eliminate-common": eliminate_common,
    "vm-eliminate-dead": eliminate_dead,
}
"""By the names that `--mlir-print-ir-after=` takes."""


def optimize_module(module: ir.Module) -> None:
    """Optimise all functions of a module in place."""
    for name, transform in _PASSES.items():
        run_pass(
            name, lambda transform=transform: _transform(module, transform), lambda: format_module(module)
        )


def _transform(module: ir.Module, transform: Callable[[ir.Function], None]) -> None:
    for function in module.functions.values():
        transform(function)
