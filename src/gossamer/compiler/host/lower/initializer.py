"""The state of a module and the `__init` function that sets it up.

`__init` looks for a device that answers to a name and takes the executables' formats, creates the
executables, looks their functions up, uploads constants, makes the recordings, then runs the program's
initialisers.
"""

from __future__ import annotations

from gossamer.abi import hal_functions as hal
from gossamer.abi.command_flags import ANY_QUEUE, WAIT_FOREVER
from gossamer.abi.ref_types import BUFFER, COMMAND_BUFFER, DEVICE, EXECUTABLE, FENCE
from gossamer.compiler.host.lower.commands import function_id_global
from gossamer.compiler.host.lower.context import DEVICE_GLOBAL, LoweringContext, type_of_name
from gossamer.compiler.host.lower.device import DeviceTarget, find_device
from gossamer.compiler.host.lower.executables import (
    Variants,
    create_executable,
    look_up_function,
    named_variants,
)
from gossamer.compiler.host.lower.steps import AWAIT_FAILED
from gossamer.compiler.host.program import hal_flags
from gossamer.compiler.host.program.commands import Dispatch
from gossamer.compiler.host.program.program import ConstantPool, HostProgram
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder

INIT = "__init"
_DATA_ALIGNMENT = 64


def declare_state(program: HostProgram, module: ir.Module, variants: Variants) -> None:
    """Declare the globals and rodata of a module."""

    def declare(name: str, type: ir.Type) -> None:
        module.globals[name] = ir.Global(name, type)

    declare(DEVICE_GLOBAL, ir.ref(DEVICE))
    for executable in program.executables:
        declare(executable.name, ir.ref(EXECUTABLE))
        for name, binary in named_variants(executable, variants).items():
            module.rodata[name] = ir.Rodata(name, binary.data, _DATA_ALIGNMENT, binary.mime_type)
    for dispatch in _kernels_used(program):
        declare(function_id_global(program, dispatch), ir.I64)
    for recording in program.recordings:
        declare(recording, ir.ref(COMMAND_BUFFER))
    if program.constants is not None:
        name = program.constants.resource.name
        declare(name, ir.ref(BUFFER))
        module.rodata[f"{name}_data"] = ir.Rodata(f"{name}_data", program.constants.data, _DATA_ALIGNMENT)
    for variable in program.globals.values():
        type = type_of_name(variable.type)
        module.globals[variable.name] = ir.Global(
            variable.name, type, variable.declared_type, variable.is_mutable, variable.dims
        )


def _kernels_used(program: HostProgram) -> dict[Dispatch, None]:
    """One dispatch for each kernel that the program runs."""
    found: dict[str, Dispatch] = {}
    for dispatch in program.dispatches():
        found.setdefault(function_id_global(program, dispatch), dispatch)
    return dict.fromkeys(found.values())


def lower_initializer(
    program: HostProgram,
    module: ir.Module,
    target: DeviceTarget | None,
    variants: Variants,
    waiting: frozenset[str],
) -> None:
    """Add `__init`, where the module has anything to set up.

    Args:
        program: whose state it sets up.
        module: has the globals and rodata declared.
        target: the device to look for, or None for the first.
        variants: every executable of the program in at least one.
        waiting: names of the functions in which the host may wait.
    """
    function = ir.Function(INIT, [], [ir.Block()])
    context = LoweringContext(program, module, function, waiting)
    if program.constants is not None or _uses_device(module):
        find_device(context, target)
    else:
        del module.globals[DEVICE_GLOBAL]
    for executable in program.executables:
        create_executable(context, executable, variants)
    for dispatch in _kernels_used(program):
        look_up_function(context, dispatch)
    if program.constants is not None:
        _upload_constants(context, program.constants)
    for recording in program.recordings:
        (commands,) = context.builder.call(recording)
        context.builder.effect("global.store.ref", commands, symbol=recording, type=COMMAND_BUFFER)
    for variable in program.globals.values():
        if variable.initial:
            _store_number(context.builder, module.globals[variable.name], variable.initial)
    for name in program.initializers:
        context.call_function(name)
    context.builder.ret()
    if len(function.blocks) > 1 or len(function.blocks[0].operations) > 1:
        module.functions[INIT] = function
        module.exports[INIT] = INIT


def _uses_device(module: ir.Module) -> bool:
    return any(
        operation.symbol == DEVICE_GLOBAL
        for function in module.functions.values()
        for block in function.blocks
        for operation in block.operations
    ) or any(variable.type == ir.ref(EXECUTABLE) for variable in module.globals.values())


def _store_number(builder: Builder, variable: ir.Global, number: int | float) -> None:
    match variable.type.kind:
        case ir.ValueType.I32:
            value = builder.i32(int(number))
        case ir.ValueType.I64:
            value = builder.i64(int(number))
        case ir.ValueType.F32 | ir.ValueType.F64:
            value = builder.op(f"const.{variable.type}", immediate=float(number))
        case ir.ValueType.REF:
            raise TypeError(f"global {variable.name} is a ref")
    builder.effect(f"global.store.{variable.type}", value, symbol=variable.name)


def _upload_constants(context: LoweringContext, constants: ConstantPool) -> None:
    """Let the device use the module's own bytes, or copy them to memory of the device."""
    builder = context.builder
    name = constants.resource.name
    size = builder.i64(len(constants.data))
    data = builder.op("const.ref.rodata", symbol=f"{name}_data", result_ref_type="!vm.buffer")
    place = (
        builder.i64(ANY_QUEUE),
        builder.i32(hal_flags.MEMORY_TYPE_DEVICE_LOCAL),
        builder.i32(hal_flags.BUFFER_USAGE_CONSTANT),
    )
    mapped = context.call(
        hal.ALLOCATOR_IMPORT, context.allocator(), builder.i32(1), *place, data, builder.i64(0), size
    )
    copying = context.new_block()
    ready = ir.Block([ir.Value(ir.ref(BUFFER))])
    builder.cond_br(builder.op("cmp.nz.ref", mapped), ready, [mapped], copying, [])
    builder.block = copying
    buffer = context.call(hal.ALLOCATOR_ALLOCATE, context.allocator(), *place, size)
    _read_file(context, data, buffer, size)
    builder.br(ready, buffer)
    context.function.blocks.append(ready)
    builder.block = ready
    builder.effect("global.store.ref", ready.arguments[0], symbol=name, type=BUFFER)


def _read_file(context: LoweringContext, data: ir.Value, buffer: ir.Value, size: ir.Value) -> None:
    builder = context.builder
    zero = builder.i64(0)
    access = builder.i32(hal_flags.MEMORY_ACCESS_READ)
    any_queue = builder.i64(ANY_QUEUE)
    file = context.call(
        hal.FILE_FROM_MEMORY, context.device(), any_queue, access, data, zero, size, builder.i32(0)
    )
    done = context.call(hal.FENCE_CREATE, context.device(), zero)
    fences = builder.null(FENCE), done
    context.effect(
        hal.DEVICE_QUEUE_READ, context.device(), any_queue, *fences, file, zero, buffer, zero, size, zero
    )
    (status,) = builder.call_import_yieldable(
        ir.import_of(hal.FENCE_AWAIT), builder.i32(WAIT_FOREVER), builder.i64(0), [done]
    )
    context.function.blocks.append(builder.block)
    failed, reached = context.new_block(), context.new_block()
    builder.cond_br(status, failed, [], reached, [])
    builder.block = failed
    builder.fail(status, AWAIT_FAILED)
    builder.block = reached
