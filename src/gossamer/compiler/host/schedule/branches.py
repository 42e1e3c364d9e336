"""Schedules branches between the blocks of a function.

Everything that was going on is passed along as one timepoint, after the values of the block's own arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from gossamer.compiler.host.program.program import Block, Branch, ConditionalBranch, Switch
from gossamer.compiler.host.program.steps import Passed
from gossamer.compiler.host.program.values import Timepoint
from gossamer.compiler.host.schedule.analysis.aliasing import is_tensor, successors
from gossamer.compiler.host.schedule.calls import expect_tensor, pass_tensor
from gossamer.compiler.host.schedule.scheduler import FunctionScheduler
from gossamer.compiler.mlir import ir

Blocks: TypeAlias = dict[ir.Block, tuple[Block, Timepoint | None]]
"""The blocks of a function after the first, each with the timepoint it is passed."""


def declare_blocks(scheduler: FunctionScheduler) -> Blocks:
    """Make the blocks after the first, so that branches can name them."""
    declared: Blocks = {}
    for index, mlir_block in enumerate(scheduler.op.regions[0].blocks):
        if index == 0:
            continue
        block = Block(f"bb{index}")
        for argument in mlir_block.arguments:
            block.arguments.extend(expect_tensor(scheduler, argument) if is_tensor(argument) else [argument])
        arrival = Timepoint(f"arrival_{index}") if scheduler.is_timed else None
        if arrival is not None:
            block.arguments.append(arrival)
        declared[mlir_block] = (block, arrival)
    return declared


def schedule_branch(scheduler: FunctionScheduler, op: ir.Operation, blocks: Blocks) -> None:
    """A terminator of `cf`."""
    scheduler.flush()
    passed: list[Sequence[Passed]] = []
    for _, operands in successors(op):
        values: list[Passed] = []
        for value in operands:
            values.extend(pass_tensor(scheduler, value) if is_tensor(value) else [value])
        passed.append(values)
    arrival = (
        [scheduler.join(scheduler.timeline.everything() | scheduler.effects)] if scheduler.is_timed else []
    )
    branches = [
        Branch(blocks[target][0], (*values, *arrival))
        for (target, _), values in zip(successors(op), passed, strict=True)
    ]
    if op.name == "cf.br":
        scheduler.block.terminator = branches[0]
    elif op.name == "cf.cond_br":
        scheduler.block.terminator = ConditionalBranch(op.operands[0], branches[0], branches[1])
    elif op.name == "cf.switch":
        numbers = ir.DenseIntElementsAttr(op.attributes["case_values"]) if len(branches) > 1 else None
        cases = tuple((numbers[index], branch) for index, branch in enumerate(branches[1:]) if numbers)
        scheduler.block.terminator = Switch(op.operands[0], branches[0], cases)
    else:
        raise scheduler.error(f"'{op.name}' cannot end a block of a host function")
