"""Finds events that only one operation announces and only its own block waits for.

Such an event is made together with the operation, and only if that is not done at once
(see `vm.link.inline_form.EventRole`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gossamer.vm.link.inline_form import EventRole
from gossamer.vm.typed.typed_function import Edge, TypedBlock, TypedFunction, TypedInstruction

RoleOf: TypeAlias = Callable[[TypedInstruction], tuple[EventRole, Sequence[int]]]
"""Role of the function that an instruction calls, and the argument position of each of its inputs."""


@dataclass(frozen=True, slots=True)
class PrivateEvents:
    """Instructions of a block by offset.

    Attributes:
        created: calls that make private events.
        announced: by call of an operation, the local of the event that it announces.
    """

    created: frozenset[int]
    announced: dict[int, str]


def find_private_events(function: TypedFunction, block: TypedBlock, role_of: RoleOf) -> PrivateEvents:
    """Find the private events of a block."""
    created: set[int] = set()
    announced: dict[int, str] = {}
    for index, instruction in enumerate(block.instructions[:-1]):
        role, _ = role_of(instruction)
        if role.is_created:
            following = block.instructions[index + 1 :]
            place = _operation(instruction.results[0], following, role_of)
            if place is not None and following[place].offset not in announced:
                operation, after = following[place], following[place + 1 :]
                if _is_only_awaited(function, instruction.results[0], operation, after, role_of):
                    created.add(instruction.offset)
                    announced[operation.offset] = instruction.results[0]
    return PrivateEvents(frozenset(created), announced)


def _operation(event: str, following: Sequence[TypedInstruction], role_of: RoleOf) -> int | None:
    """Index of the first instruction that reads an event, if that is an operation that announces it."""
    for place, instruction in enumerate(following[:-1]):
        if event in instruction.inputs:
            role, positions = role_of(instruction)
            found = [positions[index] for index, value in enumerate(instruction.inputs) if value == event]
            is_announced = role.operate is not None and found == [role.announced]
            return place if is_announced and event not in instruction.results else None
        if event in instruction.results or event in instruction.released:
            return None
    return None


def _is_only_awaited(
    function: TypedFunction,
    event: str,
    operation: TypedInstruction | None,
    following: Sequence[TypedInstruction],
    role_of: RoleOf,
) -> bool:
    """True where what follows an event's operation, or the join it comes from, only waits for it."""
    if operation is not None and event in operation.released:
        return True
    for index, instruction in enumerate(following):
        if event in instruction.inputs:
            role, positions = role_of(instruction)
            for place, value in enumerate(instruction.inputs):
                if value == event and positions[place] not in role.awaited:
                    return False
            if role.is_join:
                joined, after = instruction.results[0], following[index + 1 :]
                if not after or not _is_only_awaited(function, joined, None, after, role_of):
                    return False
        if event in instruction.released or event in instruction.results:
            return True
    return not any(_outlives(function, event, edge) for edge in following[-1].edges)


def _outlives(function: TypedFunction, event: str, edge: Edge) -> bool:
    written = {target for target, _ in edge.moves}
    is_copied = any(source == event for _, source in edge.moves)
    return is_copied or (event in function.blocks[edge.target].parameters and event not in written)
