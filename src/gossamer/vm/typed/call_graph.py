"""Which internal functions call which, and what follows from that."""

from __future__ import annotations

from typing import cast

from gossamer.isa.instruction import Cases, Instruction
from gossamer.isa.opcodes import IMPORT_BIT, OPCODES, OperandKind
from gossamer.vm.bytecode.decoded import DecodedModule

# Why: a member of an enumeration is looked up by a Python function each time.
_BLOCK, _CASES = OperandKind.BLOCK, OperandKind.CASES
_CALLS = frozenset(opcode for opcode in OPCODES if opcode.name.startswith("call"))
_JUMPS = {
    opcode: [
        (position, operand.kind is _CASES)
        for position, operand in enumerate(opcode.operands)
        if operand.kind in (_BLOCK, _CASES)
    ]
    for opcode in OPCODES
    if any(operand.kind in (_BLOCK, _CASES) for operand in opcode.operands)
}
"""Where operations have blocks among their operands, and whether that is a list of cases."""


def internal_callees(module: DecodedModule) -> dict[int, set[int]]:
    """Ordinals of the internal functions that each function calls."""
    callees: dict[int, set[int]] = {}
    for function in module.functions:
        called = callees[function.ordinal] = set[int]()
        for instruction in function.instructions:
            if instruction.opcode in _CALLS:
                ordinal = cast("int", instruction.operands[0])
                if not ordinal & IMPORT_BIT:
                    called.add(ordinal)
    return callees


def recursive_functions(module: DecodedModule) -> frozenset[int]:
    """Ordinals of the functions that may call themselves, directly or through others."""
    callees = internal_callees(module)
    # Why: what is left when functions without remaining callees are taken away has a cycle below it.
    remaining = dict(callees)
    shrank = True
    while shrank:
        leaves = [ordinal for ordinal, called in remaining.items() if not called & remaining.keys()]
        for ordinal in leaves:
            del remaining[ordinal]
        shrank = bool(leaves)
    return frozenset(ordinal for ordinal in remaining if ordinal in _reachable(ordinal, remaining))


def _reachable(ordinal: int, callees: dict[int, set[int]]) -> set[int]:
    found: set[int] = set()
    pending = [ordinal]
    while pending:
        for callee in callees.get(pending.pop(), set()) - found:
            found.add(callee)
            pending.append(callee)
    return found


def waiting_functions(module: DecodedModule) -> frozenset[int]:
    """Ordinals of the functions that yield, or call what may yield."""
    callees = internal_callees(module)
    waiting = {
        function.ordinal
        for function in module.functions
        if any(_may_wait(instruction.opcode.name) for instruction in function.instructions)
    }
    return _with_callers(waiting, callees)


def looping_functions(module: DecodedModule) -> frozenset[int]:
    """Ordinals of the functions that have a jump backwards, or call one that has."""
    looping = {
        function.ordinal
        for function in module.functions
        if any(
            instruction.opcode in _JUMPS and _backward_targets(instruction)
            for instruction in function.instructions
        )
    }
    return _with_callers(looping, internal_callees(module))


def is_soon_done(module: DecodedModule, ordinal: int) -> bool:
    """True where running a function once takes less time than translating it, as far as can be told.

    That is so where every loop, in it and in what it calls, calls an import in each turn: initialisers look
    through the devices there are. What is called from two places, or calls itself, counts as a loop.
    """
    seen = {ordinal}
    pending = [ordinal]
    while pending:
        function = module.functions[pending.pop()]
        last_import = -1
        for instruction in function.instructions:
            opcode = instruction.opcode
            if opcode in _CALLS:
                callee = cast("int", instruction.operands[0])
                if callee & IMPORT_BIT:
                    last_import = instruction.offset
                elif callee in seen:
                    return False
                else:
                    seen.add(callee)
                    pending.append(callee)
            if opcode in _JUMPS and any(target > last_import for target in _backward_targets(instruction)):
                return False
    return True


def _backward_targets(instruction: Instruction) -> list[int]:
    targets: list[int] = []
    for position, has_cases in _JUMPS[instruction.opcode]:
        value = instruction.operands[position]
        if has_cases:
            targets += [target for target, _ in cast("Cases", value)]
        else:
            targets.append(cast("int", value))
    return [target for target in targets if target <= instruction.offset]


def _with_callers(found: set[int], callees: dict[int, set[int]]) -> frozenset[int]:
    grew = True
    while grew:
        callers = {ordinal for ordinal, called in callees.items() if called & found} - found
        found |= callers
        grew = bool(callers)
    return frozenset(found)


def _may_wait(name: str) -> bool:
    return name == "yield" or name.endswith(".yieldable")
