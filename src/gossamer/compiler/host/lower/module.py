"""Lowers host programs to VM modules.

In: a `HostProgram`. Out: a VM module whose functions call the HAL.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.declaration import TRANSIENTS_SIZE_ATTR
from gossamer.compiler.host.lower.calls import incoming_scalar, outgoing_scalar
from gossamer.compiler.host.lower.commands import lower_recording
from gossamer.compiler.host.lower.context import LoweringContext, type_of_name
from gossamer.compiler.host.lower.device import DeviceTarget
from gossamer.compiler.host.lower.executables import Variants
from gossamer.compiler.host.lower.initializer import declare_state, lower_initializer
from gossamer.compiler.host.lower.steps import lower_step
from gossamer.compiler.host.program.program import (
    Block,
    Branch,
    ConditionalBranch,
    Function,
    HostProgram,
    Return,
    Switch,
    Terminator,
)
from gossamer.compiler.host.program.steps import Passed
from gossamer.compiler.mlir import ir as mlir_ir
from gossamer.compiler.signatures import Signature
from gossamer.compiler.vm import ir


def lower_program(program: HostProgram, target: DeviceTarget | None, variants: Variants) -> ir.Module:
    """Make the VM module of a program.

    Args:
        program: scheduled.
        target: the device that `__init` looks for, or None for the first.
        variants: what the program's executables were compiled to.
    """
    module = ir.Module(program.name)
    declare_state(program, module, variants)
    for function in program.functions:
        _declare_function(module, function)
    waiting = program.waiting_functions()
    for function in program.functions:
        context = LoweringContext(program, module, module.functions[function.name], waiting)
        _lower_function(context, function)
    for execute in program.recordings.values():
        lower_recording(program, module, execute)
    lower_initializer(program, module, target, variants, waiting)
    return module


def _declare_function(module: ir.Module, function: Function) -> None:
    results = [type_of_name(name) for name in function.result_types]
    vm_function = ir.Function(function.name, results, [ir.Block()])
    module.functions[function.name] = vm_function
    if function.export is not None:
        module.exports[function.export.name] = function.name
        vm_function.attrs.update(function.export.attrs)
        if function.lent_bytes is not None:
            vm_function.attrs[TRANSIENTS_SIZE_ATTR] = str(function.lent_bytes)


def _lower_function(context: LoweringContext, function: Function) -> None:
    blocks = {function.blocks[0]: context.function.blocks[0]}
    for block in function.blocks[1:]:
        blocks[block] = context.new_block()
    for block, vm_block in blocks.items():
        for argument in block.arguments:
            value = ir.Value(context.type_of(argument))
            vm_block.arguments.append(value)
            context.define(argument, value)
    for block, vm_block in blocks.items():
        context.start_block(vm_block)
        if function.export is not None and block is function.blocks[0]:
            _clean_arguments(context, block)
        for step in block.steps:
            lower_step(context, step)
        assert block.terminator is not None
        _lower_terminator(context, block.terminator, blocks, function.export)


def _clean_arguments(context: LoweringContext, block: Block) -> None:
    for argument in block.arguments:
        if isinstance(argument, mlir_ir.Value):
            context.define(argument, incoming_scalar(context, argument, context.value(argument)))


def _lower_terminator(
    context: LoweringContext, terminator: Terminator, blocks: dict[Block, ir.Block], export: Signature | None
) -> None:
    builder = context.builder

    def arguments(branch: Branch) -> list[ir.Value]:
        return [context.passed(argument) for argument in branch.arguments]

    match terminator:
        case Return():
            builder.ret(*_returned(context, terminator.values, export))
        case Branch():
            builder.br(blocks[terminator.target], *arguments(terminator))
        case ConditionalBranch():
            condition = context.value(terminator.condition)
            true, false = terminator.true, terminator.false
            builder.cond_br(
                condition, blocks[true.target], arguments(true), blocks[false.target], arguments(false)
            )
        case Switch():
            _lower_switch(context, terminator, blocks)


def _returned(context: LoweringContext, values: Sequence[Passed], export: Signature | None) -> list[ir.Value]:
    if export is None:
        return [context.passed(value) for value in values]
    return [
        outgoing_scalar(context, value, result.type)
        if isinstance(value, mlir_ir.Value)
        else context.passed(value)
        for value, result in zip(values, export.results, strict=True)
    ]


def _lower_switch(context: LoweringContext, switch: Switch, blocks: dict[Block, ir.Block]) -> None:
    """A chain of comparisons."""
    builder = context.builder
    flag = context.value(switch.flag)
    for number, branch in switch.cases:
        is_wide = flag.type == ir.I64
        constant = builder.i64(number) if is_wide else builder.i32(number)
        is_case = builder.op("cmp.eq.i64" if is_wide else "cmp.eq.i32", flag, constant)
        otherwise = context.new_block()
        values = [context.passed(argument) for argument in branch.arguments]
        builder.cond_br(is_case, blocks[branch.target], values, otherwise, [])
        builder.block = otherwise
    values = [context.passed(argument) for argument in switch.default.arguments]
    builder.br(blocks[switch.default.target], *values)
