"""Removes what nothing reads: operations without effects, and block arguments with what is passed to them."""

from __future__ import annotations

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.optimize.effects import REMOVABLE


def eliminate_dead(function: ir.Function) -> None:
    """Remove dead operations and block arguments of a function of reachable blocks."""
    live = _mark(function)
    for block in function.blocks:
        block.operations = [
            operation
            for operation in block.operations
            if operation.name not in REMOVABLE or any(result in live for result in operation.results)
        ]
        for successor in block.operations[-1].successors:
            if successor.arguments:
                successor.arguments = [
                    passed
                    for argument, passed in zip(successor.block.arguments, successor.arguments, strict=True)
                    if argument in live
                ]
    fixed = _fixed_blocks(function)
    for block in function.blocks:
        if block not in fixed:
            block.arguments = [argument for argument in block.arguments if argument in live]


def _mark(function: ir.Function) -> set[ir.Value]:
    """Values that an effect, a condition or a result depends on."""
    sources: dict[ir.Value, list[ir.Value]] = {}
    pending: list[ir.Value] = []
    for block in function.blocks:
        for operation in block.operations:
            if operation.name in REMOVABLE:
                for result in operation.results:
                    sources[result] = operation.operands
            else:
                pending.extend(operation.operands)
        for successor in block.operations[-1].successors:
            for argument, passed in zip(successor.block.arguments, successor.arguments, strict=False):
                sources.setdefault(argument, []).append(passed)
    live: set[ir.Value] = set()
    while pending:
        value = pending.pop()
        if value not in live:
            live.add(value)
            pending.extend(sources.get(value, ()))
    return live


def _fixed_blocks(function: ir.Function) -> set[ir.Block]:
    """Blocks whose arguments are a convention: the function's own, and results of a yieldable call."""
    fixed = {function.blocks[0]}
    for block in function.blocks:
        terminator = block.operations[-1]
        if "yieldable" in terminator.name:
            fixed.update(successor.block for successor in terminator.successors)
    return fixed
