"""Refs are given up on every path, as soon as they are read last."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.emit.allocate_registers import allocate_registers
from gossamer.compiler.vm.emit.module import emit_module
from gossamer.compiler.vm.emit.ref_lifetimes import RefLifetimes, place_moves_and_discards
from gossamer.format.archive import write_module
from gossamer.isa.opcodes import MOVE_BIT

BUFFER = ir.ref("!vm.buffer")
_MEGABYTE = 1 << 20


def _function(*types: ir.Type, results: list[ir.Type] | None = None) -> tuple[ir.Function, Builder]:
    module = ir.Module("m")
    entry = ir.Block([ir.Value(type) for type in types])
    function = module.functions["f"] = ir.Function("f", results or [], [entry])
    module.exports["f"] = "f"
    return function, Builder(module, entry)


def _lifetimes(function: ir.Function) -> RefLifetimes:
    return place_moves_and_discards(allocate_registers(function))


def test_arguments_nobody_reads_are_discarded_first() -> None:
    function, builder = _function(BUFFER, ir.I32, BUFFER)
    builder.ret()

    lifetimes = _lifetimes(function)

    assert lifetimes.discards_at_start == {function.blocks[0]: [0, 1]}


def test_a_returned_ref_moves_out_its_last_mention_only() -> None:
    function, builder = _function(BUFFER, results=[BUFFER, BUFFER])
    builder.ret(function.arguments[0], function.arguments[0])

    lifetimes = _lifetimes(function)

    assert lifetimes.moved == {function.blocks[0].operations[0]: {1}}
    assert lifetimes.discards_at_start == {}


def test_what_an_operation_only_borrows_is_discarded_after_it() -> None:
    function, builder = _function(BUFFER, results=[ir.I64])
    builder.ret(builder.op("buffer.length", function.arguments[0]))

    lifetimes = _lifetimes(function)

    assert lifetimes.discards_after == {function.blocks[0].operations[0]: [0]}


def test_a_ref_that_dies_on_one_edge_is_discarded_where_that_leads() -> None:
    function, builder = _function(BUFFER, ir.I32, results=[ir.I64])
    buffer, condition = function.arguments
    reads, leaves = ir.Block(), ir.Block()
    function.blocks += [reads, leaves]
    builder.cond_br(condition, reads, [], leaves, [])
    builder.block = reads
    builder.ret(builder.op("buffer.length", buffer))
    builder.block = leaves
    builder.ret(builder.i64(0))

    lifetimes = _lifetimes(function)

    assert lifetimes.discards_at_start == {leaves: [0]}


def test_a_ref_passed_on_stays_in_its_register_or_moves() -> None:
    function, builder = _function(BUFFER, BUFFER, results=[BUFFER, BUFFER])
    first, second = function.arguments
    swapped = ir.Block([ir.Value(BUFFER), ir.Value(BUFFER)])
    function.blocks.append(swapped)
    builder.br(swapped, second, first)
    builder.block = swapped
    builder.ret(*swapped.arguments)

    allocation = allocate_registers(function)
    lifetimes = place_moves_and_discards(allocation)

    assert [allocation.registers[value] for value in swapped.arguments] == [1, 0]
    (remap,) = lifetimes.remaps.values()
    assert remap == ()


def test_refs_in_a_loop_swap_by_moves() -> None:
    function, builder = _function(BUFFER, BUFFER, ir.I32)
    first, second, condition = function.arguments
    loop, done = ir.Block([ir.Value(BUFFER), ir.Value(BUFFER)]), ir.Block()
    function.blocks += [loop, done]
    builder.br(loop, first, second)
    builder.block = loop
    builder.cond_br(condition, loop, loop.arguments[::-1], done, [])
    builder.block = done
    builder.ret()

    lifetimes = _lifetimes(function)

    swap = lifetimes.remaps[loop.operations[-1].successors[0]]
    assert len(swap) == 3
    assert all(source & MOVE_BIT for source, _ in swap)
    assert lifetimes.discards_at_start == {done: [0, 1]} or lifetimes.discards_at_start == {done: [1, 0]}


def test_failing_blocks_discard_nothing() -> None:
    function, builder = _function(BUFFER, ir.I32, results=[BUFFER])
    buffer, condition = function.arguments
    good, bad = ir.Block(), ir.Block()
    function.blocks += [good, bad]
    builder.cond_br(condition, good, [], bad, [])
    builder.block = good
    builder.ret(buffer)
    builder.block = bad
    builder.fail(condition, "")

    assert _lifetimes(function).discards_at_start == {}


# --- Memory of the reference runtime: what leaks there stays allocated ---


def _allocate(builder: Builder) -> ir.Value:
    """A buffer of a megabyte, all of it written."""
    length, alignment = builder.i64(_MEGABYTE), builder.i32(16)
    buffer = builder.op("buffer.alloc", length, alignment, result_ref_type="!vm.buffer")
    builder.effect("buffer.fill.i32", buffer, builder.i64(0), builder.i64(_MEGABYTE // 4), builder.i32(1))
    return buffer


def _straight(builder: Builder, function: ir.Function) -> None:
    condition = function.arguments[0]
    one, other = _allocate(builder), _allocate(builder)
    chosen = builder.op("select.ref", condition, one, other, type="!vm.buffer")
    builder.op("assign.ref", chosen, result_ref_type="!vm.buffer")
    builder.ret(builder.op("buffer.load.i32", chosen, builder.i64(0)))


def _branching(builder: Builder, function: ir.Function) -> None:
    condition = function.arguments[0]
    one, other = _allocate(builder), _allocate(builder)
    joined = ir.Block([ir.Value(BUFFER)])
    left = ir.Block()
    function.blocks += [joined, left]
    builder.cond_br(condition, joined, [one], left, [])
    builder.block = left
    builder.br(joined, other)
    builder.block = joined
    builder.ret(builder.op("buffer.load.i32", joined.arguments[0], builder.i64(0)))


def _looping(builder: Builder, function: ir.Function) -> None:
    loop = ir.Block([ir.Value(ir.I32), ir.Value(BUFFER), ir.Value(BUFFER)])
    done = ir.Block()
    function.blocks += [loop, done]
    builder.br(loop, builder.i32(5), _allocate(builder), _allocate(builder))
    builder.block = loop
    count, first, second = loop.arguments
    left = builder.op("sub.i32", count, builder.i32(1))
    builder.cond_br(left, loop, [left, second, first], done, [])
    builder.block = done
    builder.ret(builder.op("buffer.load.i32", first, builder.i64(0)))


def _calling(builder: Builder, function: ir.Function) -> None:
    module = builder.module
    entry = ir.Block([ir.Value(BUFFER), ir.Value(BUFFER)])
    module.functions["g"] = ir.Function("g", [BUFFER], [entry])
    Builder(module, entry).ret(entry.arguments[1])
    buffer = _allocate(builder)
    (same,) = builder.call("g", buffer, buffer)
    operation = ir.Operation("call.yieldable", [_allocate(builder), same], symbol="g")
    onward = ir.Block([ir.Value(BUFFER)])
    function.blocks.append(onward)
    operation.successors = [ir.Successor(onward)]
    builder.block.operations.append(operation)
    builder.block = onward
    builder.ret(builder.op("buffer.load.i32", onward.arguments[0], builder.i64(0)))


def _failing(builder: Builder, function: ir.Function) -> None:
    _allocate(builder)
    buffer = _allocate(builder)
    good, bad = ir.Block(), ir.Block()
    function.blocks += [good, bad]
    builder.cond_br(builder.op("cmp.lt.i32.s", builder.i32(1), function.arguments[0]), good, [], bad, [])
    builder.block = bad
    builder.fail(builder.i32(9), "out of luck")
    builder.block = good
    builder.ret(builder.op("buffer.load.i32", buffer, builder.i64(0)))


_REFERENCE_RUNNER = """
import resource, sys
from iree import runtime as rt

for path in sys.argv[1:]:
    module = rt.VmModule.copy_buffer(rt.VmInstance(), open(path, "rb").read())
    context = rt.VmContext(rt.VmInstance(), [module])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for index in range(100):
        arguments, returned = rt.VmVariantList(1), rt.VmVariantList(1)
        arguments.push_int(index % 2)
        try:
            context.invoke(module.lookup_function("f"), arguments, returned)
            assert returned.get_variant(0) == 1
        except Exception as error:
            assert "out of luck" in str(error), error
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.reference
@pytest.mark.parametrize("optimize", [True, False])
def test_the_reference_runtime_gets_all_memory_back(optimize: bool, iree_bin: Path, tmp_path: Path) -> None:
    paths: list[Path] = []
    for fill in (_straight, _branching, _looping, _calling, _failing):
        function, builder = _function(ir.I32, results=[ir.I32])
        fill(builder, function)
        paths.append(tmp_path / f"{fill.__name__}.vmfb")
        paths[-1].write_bytes(write_module(emit_module(builder.module, optimize=optimize)))

    command = [str(iree_bin / "python"), "-c", _REFERENCE_RUNNER, *map(str, paths)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    # One leaked buffer a call, or every other call, would be 50 MiB or more.
    grown = [int(line) for line in output.split()]
    assert len(grown) == len(paths)
    assert max(grown) < 40
