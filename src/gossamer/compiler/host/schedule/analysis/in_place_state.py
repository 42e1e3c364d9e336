"""Finds updates of globals that may write the global's buffer itself.

    %old = load @g    %new = update %old ...    store %new, @g

needs no second buffer where nothing else looks at the old contents: nobody else uses %old, and nothing
between the update and the store loads @g or calls anything. Buffers of such globals are never shared; the
scheduler copies wherever they could be. Modules with async exports do without: work of an earlier call may
still be reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gossamer.compiler.mlir import ir
from gossamer.compiler.signatures import Signature


def find_in_place_updates(
    functions: Sequence[ir.Operation], signatures: Mapping[str, Signature]
) -> frozenset[ir.Value]:
    """Results of the `flow.tensor.update`s that may be done in place."""
    if any(signature.is_async and not signature.is_import for signature in signatures.values()):
        return frozenset()
    found: set[ir.Value] = set()
    for function in functions:
        for block in function.regions[0].blocks:
            operations = [operation.operation for operation in block.operations]
            for position, op in enumerate(operations):
                if op.name == "flow.tensor.update" and _is_in_place(op, operations, position):
                    found.add(op.results[0])
    return frozenset(found)


def global_of(op: ir.Operation) -> str:
    """The global that a load or store names."""
    return ir.FlatSymbolRefAttr(op.attributes["global"]).value


def _is_in_place(op: ir.Operation, operations: Sequence[ir.Operation], position: int) -> bool:
    target = op.operands[0]
    owner = target.owner
    if isinstance(owner, ir.Block) or owner.operation.name != "ml_program.global_load":
        return False
    load = owner.operation
    if load not in operations[:position] or sum(1 for _ in target.uses) != 1:
        return False
    name = global_of(load)
    accesses = [
        index
        for index, each in enumerate(operations)
        if each.name == "func.call" or (each.name in _ACCESSES and global_of(each) == name)
    ]
    # Nothing touches the global between the load and the store of what the update makes.
    place = accesses.index(operations.index(load))
    following = accesses[place + 1 :]
    if not following or following[0] < position:
        return False
    store = operations[following[0]]
    is_first = all(operations[index].name == "func.call" for index in accesses[:place])
    return is_first and store.name == "ml_program.global_store" and store.operands[0] == op.results[0]


_ACCESSES = frozenset({"ml_program.global_load", "ml_program.global_store"})
