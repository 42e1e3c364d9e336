"""Decides which device work is recorded once and replayed in each call."""

from __future__ import annotations

from dataclasses import replace

from gossamer.compiler.host.program.commands import Command, Copy, Dispatch, Fill, Update
from gossamer.compiler.host.program.program import HostProgram
from gossamer.compiler.host.program.steps import Execute
from gossamer.compiler.host.program.values import Resource
from gossamer.compiler.host.schedule.module_state import CONSTANTS
from gossamer.compiler.host.schedule.submission.region import reads, writes


def record(program: HostProgram, function: str, execute: Execute) -> Execute:
    """Have commands that differ between calls in their buffers at most recorded when the module is loaded."""
    commands = [command for wave in execute.waves for command in wave]
    if is_single_transfer(execute) or not all(map(_is_static, commands)):
        return execute
    resources: dict[Resource, None] = {}
    for command in commands:
        for range in (*reads(command), *writes(command)):
            if range.resource.name != CONSTANTS:
                resources.setdefault(range.resource)
    prefix = f"__{function}_commands"
    number = sum(name.startswith(prefix) for name in program.recordings)
    recorded = replace(execute, recording=f"{prefix}_{number}", slots=tuple(resources))
    program.recordings[recorded.recording] = recorded
    return recorded


def is_single_transfer(execute: Execute) -> bool:
    """Whether all work is one fill, copy or update, which needs no command buffer."""
    match execute.waves:
        case ((Fill() | Copy() | Update(),),):
            return True
        case _:
            return False


def _is_static(command: Command) -> bool:
    ranges = (*reads(command), *writes(command))
    if not all(range.offset.is_static and range.length.is_static for range in ranges):
        return False
    match command:
        case Dispatch():
            counts = (dim for count in command.workgroups for dim in count.dims)
            return all(isinstance(dim, int) for dim in (*command.constants, *counts))
        case Fill():
            return isinstance(command.pattern, int)
        case Copy():
            return True
        case Update():
            return False
