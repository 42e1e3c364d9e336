"""Which functions can be native, and in what form the compiler takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.vm.bytecode.decoded import DecodedFunction, DecodedModule
from gossamer.vm.jit.analysis.loops import Loop, find_loops
from gossamer.vm.jit.analysis.ref_roles import RefRole, RefRoles
from gossamer.vm.jit.instructions.rodata import MAX_RODATA_BYTES
from gossamer.vm.jit.instructions.supported import is_supported
from gossamer.vm.typed.call_graph import internal_callees, recursive_functions
from gossamer.vm.typed.expression import Literal
from gossamer.vm.typed.ssa import Operation, SsaFunction, Value, build_ssa
from gossamer.vm.typed.type_function import type_function

DISPATCH_CONVENTION = "0rrriiiiiiiii_v"
"""Local memory, constants, bindings; workgroup id, size and count."""

MAX_INSTRUCTIONS = 20000
"""Longer functions are not compiled: LLVM's time grows faster than they do."""
MAX_CALL_DEPTH = 64
"""Deeper chains of calls are not compiled: nothing checks the native stack."""

_BUFFER_TYPES = ("!vm.buffer", "!vm.opaque")
_TYPED_OPERATIONS = ("list.get.ref", "cast.any.ref", "select.ref")


@dataclass(frozen=True, slots=True)
class CompilableFunction:
    """A function that native code can do."""

    ssa: SsaFunction
    roles: RefRoles

    @property
    def ordinal(self) -> int:
        """Internal ordinal."""
        return self.ssa.typed.function.ordinal


def compilable_functions(module: DecodedModule, roots: Iterable[int]) -> dict[int, CompilableFunction]:
    """Of the functions reachable from `roots`, those that can be native together with all they call."""
    callees = internal_callees(module)
    recursive = recursive_functions(module)
    found: dict[int, CompilableFunction] = {}
    refused: set[int] = set(recursive)

    def visit(ordinal: int, depth: int) -> bool:
        if ordinal in found:
            return True
        if ordinal in refused or depth > MAX_CALL_DEPTH:
            return False
        function = module.functions[ordinal]
        can_call = all(visit(callee, depth + 1) for callee in sorted(callees[ordinal]))
        candidate = _prepare(module, function) if can_call else None
        if candidate is None:
            refused.add(ordinal)
            return False
        found[ordinal] = candidate
        return True

    for root in roots:
        visit(root, 0)
    return found


def has_loop(function: SsaFunction) -> bool:
    """True where a function has a loop of its own."""
    loops = find_loops([[edge.target for edge in block.edges] for block in function.blocks])
    return loops is None or bool(loops)


def _prepare(module: DecodedModule, function: DecodedFunction) -> CompilableFunction | None:
    if len(function.instructions) > MAX_INSTRUCTIONS:
        return None
    if not all(_is_allowed(instruction.opcode.name) for instruction in function.instructions):
        return None
    if "r" in function.convention.results or _calls_imports(function):
        return None
    ssa = build_ssa(type_function(module, function))
    roles = RefRoles(ssa, _argument_roles(function))
    if not roles.is_consistent:
        return None
    loops = find_loops([[edge.target for edge in block.edges] for block in ssa.blocks])
    looping = _blocks_in(loops) if loops is not None else set(range(len(ssa.blocks)))
    for index, block in enumerate(ssa.blocks):
        for operation in block.operations:
            if not _is_operation_allowed(module, operation, roles, index in looping):
                return None
    return CompilableFunction(ssa, roles)


def _is_allowed(name: str) -> bool:
    return name == "block" or name.startswith("const.") or is_supported(name)


def _calls_imports(function: DecodedFunction) -> bool:
    return any(
        instruction.opcode.name.startswith("call") and cast("int", instruction.operands[0]) & IMPORT_BIT
        for instruction in function.instructions
    )


def _argument_roles(function: DecodedFunction) -> tuple[RefRole | None, ...]:
    if function.signature.calling_convention == DISPATCH_CONVENTION:
        return (RefRole.BUFFER, RefRole.BUFFER, RefRole.LIST, *[None] * 9)
    return tuple(RefRole.BUFFER if kind == "r" else None for kind in function.convention.arguments)


def _is_operation_allowed(
    module: DecodedModule, operation: Operation, roles: RefRoles, is_in_loop: bool
) -> bool:
    name = operation.name
    if name in _TYPED_OPERATIONS:
        type_name = module.definition.types[cast("int", operation.immediates[0])]
        if type_name not in _BUFFER_TYPES or operation.is_take:
            return False
    if name == "list.get.ref":
        return isinstance(operation.inputs[0], Value)
    if name in ("buffer.alloc", "buffer.clone"):
        return not is_in_loop
    if name == "const.ref.rodata":
        segment = module.definition.rodata_segments[cast("int", operation.immediates[0])]
        return len(segment.data) <= MAX_RODATA_BYTES
    if name in ("select.ref", "call", "cast.any.ref"):
        return all(_is_buffer_or_value(operand, roles) for operand in operation.inputs)
    return True


def _is_buffer_or_value(operand: Value | Literal, roles: RefRoles) -> bool:
    if operand.kind != "r" or isinstance(operand, Literal):
        return True
    return roles.role(operand) is RefRole.BUFFER


def _blocks_in(loops: list[Loop]) -> set[int]:
    return {block for loop in loops for block in loop.blocks}
