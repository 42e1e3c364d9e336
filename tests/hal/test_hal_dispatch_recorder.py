"""Quick recording encodes what `CommandBuffer.dispatch` does, and leaves to it what is unusual or wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gossamer.abi.command_flags import CommandCategory
from gossamer.hal.command.binding_table import BindingLayout
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.command.dispatch_recorder import dispatch_recorder
from gossamer.hal.command.program_reader import decode_records
from gossamer.hal.executable import Executable, ExecutableFunction
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.heap_allocator import HeapAllocator

EXECUTABLE = Executable(
    [
        ExecutableFunction(f"function{constants}_{bindings}", bindings, constants, 16 * bindings, address=64)
        for constants in range(4)
        for bindings in range(3)
    ]
)


def recorded(
    commands: CommandBuffer, function_id: int, constants: list[int], buffers: list[Buffer]
) -> tuple[CommandBuffer, bool]:
    bindings = [part for index, buffer in enumerate(buffers) for part in (0, buffer, 4 * index, 8)]
    record = dispatch_recorder(len(constants), len(buffers))
    return commands, record(commands, EXECUTABLE, function_id, 3, 2, 1, *constants, *bindings)


@pytest.mark.parametrize("function_id", range(len(EXECUTABLE.functions)))
def test_records_the_same(function_id: int) -> None:
    function = EXECUTABLE.functions[function_id]
    buffers = [HeapAllocator().allocate_buffer(64) for _ in range(function.binding_count)]
    constants = [-1, 7, 1 << 31][: function.constant_count]
    usual = CommandBuffer()
    ranges = [(buffer, 4 * index, 8, 0) for index, buffer in enumerate(buffers)]
    usual.dispatch(EXECUTABLE, function_id, (3, 2, 1), constants, ranges)
    usual.finalize()
    quick, is_recorded = recorded(CommandBuffer(), function_id, constants, buffers)
    assert is_recorded
    quick.finalize()
    assert bytes(quick.program.memory) == bytes(usual.program.memory)
    assert list(decode_records(quick.program)) == list(decode_records(usual.program))
    assert set(quick.resources) == set(usual.resources)


def finalized() -> CommandBuffer:
    commands = CommandBuffer()
    commands.finalize()
    return commands


@pytest.mark.parametrize("make", [finalized, lambda: CommandBuffer(categories=CommandCategory.TRANSFER)])
def test_leaves_refusals(make: Callable[[], CommandBuffer]) -> None:
    CommandBuffer().dispatch(EXECUTABLE, 0, (1, 1, 1))
    assert not recorded(make(), 0, [], [])[1]


@pytest.mark.parametrize(
    ("offset", "length"), [(-1, 4), (0, -1), (0, 65), (64, 1), (65, 0), (0, -5), (1 << 62, 1 << 62)]
)
def test_leaves_other_ranges(offset: int, length: int) -> None:
    buffer = HeapAllocator().allocate_buffer(64)
    CommandBuffer().dispatch(EXECUTABLE, 1, (1, 1, 1), [], [(buffer, 0, 64, 0)])
    commands = CommandBuffer()
    assert not dispatch_recorder(0, 1)(commands, EXECUTABLE, 1, 1, 1, 1, 0, buffer, offset, length)
    assert not commands.records
    assert not commands.resources


def test_records_the_same_on_slots() -> None:
    usual, quick = CommandBuffer(binding_capacity=4), CommandBuffer(binding_capacity=4)
    first = [(None, 0, 64, 0), (None, 8, 8, 3)]
    second = [(None, 32, 0, 1), (None, 24, 16, 2)]
    for commands in (usual, quick):
        commands.dispatch(EXECUTABLE, 2, (1, 1, 1), [], first)
    usual.dispatch(EXECUTABLE, 2, (3, 2, 1), [], second)
    operands = [part for buffer, offset, length, slot in second for part in (slot, buffer, offset, length)]
    assert dispatch_recorder(0, 2)(quick, EXECUTABLE, 2, 3, 2, 1, *operands)
    for commands in (usual, quick):
        commands.finalize()
    assert bytes(quick.program.memory) == bytes(usual.program.memory)
    assert quick.binding_count == usual.binding_count == 4
    layout = BindingLayout([(0, 64), (0, 32), (0, 40), (0, 16)])
    shorter = BindingLayout([(0, 64), (0, 32), (0, 39), (0, 16)])
    for commands in (usual, quick):
        assert commands.layouts[layout]
        assert not commands.layouts[shorter]


@pytest.mark.parametrize(("slot", "offset", "length"), [(-1, 0, 4), (4, 0, 4), (0, -1, 4), (0, 0, -1)])
def test_leaves_unusual_and_wrong_slots(slot: int, offset: int, length: int) -> None:
    commands = CommandBuffer(binding_capacity=4)
    commands.dispatch(EXECUTABLE, 1, (1, 1, 1), [], [(None, 0, 4, 2)])
    assert not dispatch_recorder(0, 1)(commands, EXECUTABLE, 1, 1, 1, 1, slot, None, offset, length)
    assert commands.binding_count == 3


@pytest.mark.parametrize("buffer", [None, "no buffer", Buffer(0, 64)])
def test_leaves_what_is_no_memory(buffer: object) -> None:
    CommandBuffer().dispatch(EXECUTABLE, 1, (1, 1, 1), [], [(HeapAllocator().allocate_buffer(64), 0, 64, 0)])
    assert not dispatch_recorder(0, 1)(CommandBuffer(), EXECUTABLE, 1, 1, 1, 1, 0, buffer, 0, 8)


@pytest.mark.parametrize("function_id", [-1, 1, len(EXECUTABLE.functions)])
def test_leaves_functions_that_take_something_else(function_id: int) -> None:
    assert not dispatch_recorder(0, 0)(CommandBuffer(), EXECUTABLE, function_id, 1, 1, 1)
