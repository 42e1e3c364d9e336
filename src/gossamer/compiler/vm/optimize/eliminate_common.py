"""Computes once what is computed twice, and the constants of loops before them."""

from __future__ import annotations

import struct
from typing import TypeAlias

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.cfg import dominator_tree, looping_blocks
from gossamer.compiler.vm.optimize.effects import CONSTANTS, PURE
from gossamer.compiler.vm.optimize.substitution import Substitution

# Constants of a function up to this many live in registers throughout; more would crowd its frame.
_MAX_HOISTED = 4096

_Key: TypeAlias = tuple[object, ...]


def eliminate_common(function: ir.Function) -> None:
    """Remove pure operations equal to one that dominates them, and make the constants of loops in the entry.

    Args:
        function: with reachable blocks only, in reverse postorder.
    """
    _Eliminator(function).run()


class _Eliminator:
    """Walks the dominator tree with a table of what dominates the place."""

    def __init__(self, function: ir.Function) -> None:
        self._function = function
        self._substitution = Substitution()
        self._known: dict[_Key, ir.Value] = {}

    def run(self) -> None:
        hoisted = self._hoist_constants()
        children = dominator_tree(self._function.blocks)
        # An entry is a block to enter, or what to forget on leaving one.
        pending: list[ir.Block | list[_Key]] = [self._function.blocks[0]]
        while pending:
            item = pending.pop()
            if isinstance(item, list):
                for key in item:
                    del self._known[key]
            else:
                pending.append(self._visit(item))
                pending.extend(children[item])
        self._function.blocks[0].operations[:0] = hoisted

    def _visit(self, block: ir.Block) -> list[_Key]:
        added: list[_Key] = []
        kept: list[ir.Operation] = []
        for operation in block.operations:
            self._substitution.apply_to(operation)
            if operation.name in PURE:
                key = _key(operation)
                if key in self._known:
                    self._substitution.replace(operation.results[0], self._known[key])
                    continue
                self._known[key] = operation.results[0]
                added.append(key)
            kept.append(operation)
        block.operations = kept
        return added

    def _hoist_constants(self) -> list[ir.Operation]:
        """Take constants that loops use to the entry: they need not be made again each time round."""
        found: dict[_Key, ir.Operation] = {}
        looping = looping_blocks(self._function.blocks)
        for operation in (operation for block in looping for operation in block.operations):
            if operation.name in CONSTANTS:
                found.setdefault(_key(operation), operation)
        if len(found) > _MAX_HOISTED:
            return []
        for block in self._function.blocks:
            kept: list[ir.Operation] = []
            for operation in block.operations:
                if operation.name in CONSTANTS and _key(operation) in found:
                    first = found[_key(operation)]
                    if first is not operation:
                        self._substitution.replace(operation.results[0], first.results[0])
                else:
                    kept.append(operation)
            block.operations = kept
        return list(found.values())


def _key(operation: ir.Operation) -> _Key:
    immediate = operation.immediate
    # Why: 0.0 equals -0.0 and a NaN does not equal itself, but their bits tell.
    bits = struct.pack("<d", immediate) if isinstance(immediate, float) else immediate
    return (operation.name, bits, operation.symbol, operation.type, *operation.operands)
