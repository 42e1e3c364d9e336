"""Folds branches: constant conditions, negations, blocks that only branch on, chains of blocks."""

from __future__ import annotations

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.cfg import predecessors, reverse_postorder
from gossamer.compiler.vm.liveness import uses
from gossamer.compiler.vm.optimize.substitution import Substitution


def simplify_branches(function: ir.Function) -> None:
    """Simplify a function's control flow; its blocks end up reachable and in reverse postorder."""
    blocks = reverse_postorder(function)
    definitions = {
        result: operation
        for block in blocks
        for operation in block.operations
        for result in operation.results
    }
    for block in blocks:
        _fold_terminator(block.operations[-1], definitions)
    function.blocks = reverse_postorder(function)
    _forward_branches(function)
    function.blocks = reverse_postorder(function)
    _merge_chains(function)


def _fold_terminator(operation: ir.Operation, definitions: dict[ir.Value, ir.Operation]) -> None:
    if operation.name == "br_table":
        _fold_table(operation, _constant(operation.operands[0], definitions))
    while operation.name == "cond_br":
        definition = definitions.get(operation.operands[0])
        constant = _constant(operation.operands[0], definitions)
        if constant is not None:
            _branch_to(operation, operation.successors[0 if constant else 1])
        elif _is_same(*operation.successors):
            _branch_to(operation, operation.successors[0])
        elif definition is not None and definition.name == "cmp.nz.i32":
            operation.operands = list(definition.operands)
        elif definition is not None and _is_negation(definition, definitions):
            operation.operands = definition.operands[:1]
            operation.successors.reverse()
        else:
            break


def _fold_table(operation: ir.Operation, index: int | None) -> None:
    default, *cases = operation.successors
    if index is not None:
        _branch_to(operation, cases[index] if 0 <= index < len(cases) else default)
    elif all(_is_same(default, case) for case in cases):
        _branch_to(operation, default)


def _is_negation(definition: ir.Operation, definitions: dict[ir.Value, ir.Operation]) -> bool:
    if definition.name != "xor.i32" or _constant(definition.operands[1], definitions) != 1:
        return False
    negated = definitions.get(definition.operands[0])
    return negated is not None and negated.name.startswith("cmp.")


def _constant(value: ir.Value, definitions: dict[ir.Value, ir.Operation]) -> int | None:
    definition = definitions.get(value)
    if definition is None:
        return None
    if definition.name == "const.i32.zero":
        return 0
    immediate = definition.immediate
    return immediate if definition.name == "const.i32" and isinstance(immediate, int) else None


def _is_same(one: ir.Successor, other: ir.Successor) -> bool:
    return one.block is other.block and one.arguments == other.arguments


def _branch_to(operation: ir.Operation, successor: ir.Successor) -> None:
    operation.name = "br"
    operation.operands = []
    operation.successors = [successor]


def _forward_branches(function: ir.Function) -> None:
    """Branch past blocks that only branch on."""
    use_counts: dict[ir.Value, int] = {}
    for block in function.blocks:
        for operation in block.operations:
            for value in uses(operation):
                use_counts[value] = use_counts.get(value, 0) + 1
    for block in function.blocks:
        terminator = block.operations[-1]
        if "yieldable" in terminator.name:
            continue
        for successor in terminator.successors:
            seen = {successor.block}
            while _only_branches(successor.block, use_counts):
                (onward,) = successor.block.operations[0].successors
                if onward.block in seen:
                    break
                seen.add(onward.block)
                passed = dict(zip(successor.block.arguments, successor.arguments, strict=True))
                successor.arguments = [passed.get(value, value) for value in onward.arguments]
                successor.block = onward.block


def _only_branches(block: ir.Block, use_counts: dict[ir.Value, int]) -> bool:
    if len(block.operations) != 1 or block.operations[0].name != "br":
        return False
    passed = block.operations[0].successors[0].arguments
    # Its arguments may be used in blocks it dominates: then it has to stay.
    return all(use_counts.get(argument, 0) == passed.count(argument) for argument in block.arguments)


def _merge_chains(function: ir.Function) -> None:
    """Append a block to its only predecessor where that branches nowhere else."""
    before = predecessors(function.blocks)
    substitution = Substitution()
    merged: set[ir.Block] = set()
    for block in function.blocks:
        if block in merged:
            continue
        while block.operations[-1].name == "br":
            (successor,) = block.operations[-1].successors
            following = successor.block
            if len(before[following]) != 1 or following is block or following is function.blocks[0]:
                break
            block.operations.pop()
            for argument, passed in zip(following.arguments, successor.arguments, strict=True):
                substitution.replace(argument, passed)
            block.operations.extend(following.operations)
            merged.add(following)
    function.blocks = [block for block in function.blocks if block not in merged]
    substitution.apply(function.blocks)
