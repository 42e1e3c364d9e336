"""Lowers device work: recordings made when a module is loaded, and what is submitted in each call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gossamer.abi import hal_functions as hal
from gossamer.abi.command_flags import ANY_QUEUE
from gossamer.abi.module_interface import ModuleFunction
from gossamer.abi.ref_types import BUFFER, COMMAND_BUFFER
from gossamer.compiler.host.lower.context import LoweringContext
from gossamer.compiler.host.program import hal_flags
from gossamer.compiler.host.program.commands import Copy, Dispatch, Fill, Update, Wave, WorkgroupCount
from gossamer.compiler.host.program.program import HostProgram
from gossamer.compiler.host.program.sizes import Dim, Scalar
from gossamer.compiler.host.program.steps import Execute
from gossamer.compiler.host.program.values import Range, Resource
from gossamer.compiler.host.schedule.recording import is_single_transfer
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder

_SMALL_CONSTANT_BITS = 32


def function_id_global(program: HostProgram, dispatch: Dispatch) -> str:
    """Name of the global that holds the device's number for a kernel."""
    return f"__{dispatch.executable}_function_{dispatch.ordinal}"


# Recordings


def lower_recording(program: HostProgram, module: ir.Module, execute: Execute) -> None:
    """Add the function that records commands once, with a slot for each buffer that differs between calls."""
    function = ir.Function(execute.recording, [ir.ref(COMMAND_BUFFER)], [ir.Block()])
    module.functions[execute.recording] = function
    context = LoweringContext(program, module, function)
    slots = {resource: slot for slot, resource in enumerate(execute.slots)}
    commands = _create_command_buffer(context, hal_flags.COMMAND_BUFFER_REUSABLE, len(slots))
    _Recorder(context, commands, slots).record(execute.waves)
    context.builder.ret(commands)


def _create_command_buffer(context: LoweringContext, mode: int, slots: int) -> ir.Value:
    builder = context.builder
    return context.call(
        hal.COMMAND_BUFFER_CREATE,
        context.device(),
        builder.i32(mode),
        builder.i32(hal_flags.COMMAND_CATEGORIES),
        builder.i64(ANY_QUEUE),
        builder.i32(slots),
    )


@dataclass(slots=True)
class _Recorder:
    context: LoweringContext
    commands: ir.Value
    slots: Mapping[Resource, int]

    @property
    def builder(self) -> Builder:
        return self.context.builder

    def record(self, waves: tuple[Wave, ...]) -> None:
        for wave in waves:
            for command in wave:
                match command:
                    case Dispatch():
                        self._dispatch(command)
                    case Fill():
                        self._fill(command)
                    case Copy():
                        self._copy(command)
                    case Update():
                        self._update(command)
            self._barrier()
        self.context.effect(hal.COMMAND_BUFFER_FINALIZE, self.commands)

    def _barrier(self) -> None:
        builder = self.builder
        stages = builder.i32(hal_flags.BARRIER_SOURCE_STAGES), builder.i32(hal_flags.BARRIER_TARGET_STAGES)
        self.context.effect(hal.COMMAND_BUFFER_EXECUTION_BARRIER, self.commands, *stages, builder.i64(0))

    def _place(self, range: Range) -> tuple[ir.Value, ir.Value]:
        """Slot and buffer of a range; the buffer is null where a slot stands for it."""
        if range.resource in self.slots:
            return self.builder.i32(self.slots[range.resource]), self.builder.null(BUFFER)
        return self.builder.i32(0), self.context.value(range.resource)

    def _dispatch(self, command: Dispatch) -> None:
        context, builder = self.context, self.builder
        executable = context.load_global(command.executable)
        function = builder.op("global.load.i64", symbol=function_id_global(context.program, command))
        bindings: list[tuple[ir.Value, ...]] = []
        for range in command.bindings:
            slot, buffer = self._place(range)
            bindings.append(
                (builder.i32(0), slot, buffer, context.size(range.offset), context.size(range.length))
            )
        x, y, z = (_workgroup_count(context, count) for count in command.workgroups)
        words = _constant_words(context, command)
        context.effect(
            hal.COMMAND_BUFFER_DISPATCH,
            self.commands,
            executable,
            function,
            x,
            y,
            z,
            builder.i64(0),
            words,
            bindings,
        )

    def _fill(self, command: Fill) -> None:
        context, builder = self.context, self.builder
        slot, buffer = self._place(command.target)
        context.effect(
            hal.COMMAND_BUFFER_FILL_BUFFER,
            self.commands,
            buffer,
            context.size(command.target.offset),
            context.size(command.target.length),
            slot,
            pattern_bits(context, command.pattern),
            builder.i32(command.pattern_length),
            builder.i64(0),
        )

    def _copy(self, command: Copy) -> None:
        context, builder = self.context, self.builder
        source_slot, source = self._place(command.source)
        target_slot, target = self._place(command.target)
        context.effect(
            hal.COMMAND_BUFFER_COPY_BUFFER,
            self.commands,
            source_slot,
            target_slot,
            source,
            context.size(command.source.offset),
            target,
            context.size(command.target.offset),
            context.size(command.target.length),
            builder.i64(0),
        )

    def _update(self, command: Update) -> None:
        context, builder = self.context, self.builder
        slot, buffer = self._place(command.target)
        context.effect(
            hal.COMMAND_BUFFER_UPDATE_BUFFER,
            self.commands,
            context.value(command.source),
            builder.i64(0),
            buffer,
            context.size(command.target.offset),
            context.size(command.target.length),
            slot,
            builder.i64(0),
        )


# Numbers for commands


def pattern_bits(context: LoweringContext, pattern: int | Scalar) -> ir.Value:
    """A fill pattern, in an i64 register."""
    return (
        context.builder.i64(pattern)
        if isinstance(pattern, int)
        else to_bits64(context, context.value(pattern))
    )


def to_bits64(context: LoweringContext, value: ir.Value) -> ir.Value:
    """The bits of a register, zero-extended to 64."""
    builder = context.builder
    if value.type == ir.F64:
        return builder.op("bitcast.f64.i64", value)
    if value.type == ir.F32:
        value = builder.op("bitcast.f32.i32", value)
    return value if value.type == ir.I64 else builder.op("ext.i32.i64.u", value)


def _workgroup_count(context: LoweringContext, count: WorkgroupCount) -> ir.Value:
    builder = context.builder
    if all(isinstance(dim, int) for dim in count.dims):
        product = 1
        for dim in count.dims:
            assert isinstance(dim, int)
            product *= dim
        return builder.i32(-(-product // count.tile))
    total: ir.Value | None = None
    for dim in count.dims:
        value = to_bits64(context, context.dim(dim))
        total = value if total is None else builder.op("mul.i64", total, value)
    assert total is not None
    if count.tile != 1:
        rounded = builder.op("add.i64", total, builder.i64(count.tile - 1))
        total = builder.op("div.i64.u", rounded, builder.i64(count.tile))
    return builder.op("trunc.i64.i32", total)


def _constant_words(context: LoweringContext, command: Dispatch) -> list[ir.Value]:
    words: list[ir.Value] = []
    for source, constant in zip(command.kernel.constants, command.constants, strict=True):
        words.extend(_words(context, constant, source.word_count))
    return words


def _words(context: LoweringContext, constant: Dim, count: int) -> list[ir.Value]:
    """A scalar's bits as 32-bit words, low word first."""
    builder = context.builder
    if isinstance(constant, int):
        return [builder.i32(constant >> (_SMALL_CONSTANT_BITS * index)) for index in range(count)]
    value = context.value(constant)
    if count == 1 and value.type == ir.F32:
        return [builder.op("bitcast.f32.i32", value)]
    if count == 1 and value.type == ir.I32:
        return [value]
    bits = to_bits64(context, value)
    low = builder.op("trunc.i64.i32", bits)
    if count == 1:
        return [low]
    high = builder.op("trunc.i64.i32", builder.op("shr.i64.u", bits, builder.i32(_SMALL_CONSTANT_BITS)))
    return [low, high]


# Submission


def lower_execute(context: LoweringContext, step: Execute) -> None:
    """Submit device work."""
    if step.recording:
        _replay(context, step)
    elif is_single_transfer(step):
        _transfer(context, step)
    else:
        _record_and_execute(context, step)


def _replay(context: LoweringContext, step: Execute) -> None:
    builder = context.builder
    table: list[tuple[ir.Value, ...]] = [
        (context.value(resource), builder.i64(0), context.size(resource.size)) for resource in step.slots
    ]
    context.effect(
        hal.DEVICE_QUEUE_EXECUTE_INDIRECT,
        *_queue(context, step),
        context.load_global(step.recording),
        builder.i64(0),
        table,
    )


def _queue(context: LoweringContext, step: Execute) -> tuple[ir.Value, ir.Value, ir.Value, ir.Value]:
    """Device, affinity, wait fence, signal fence."""
    return (
        context.device(),
        context.builder.i64(ANY_QUEUE),
        context.wait_fence(step.wait),
        context.signal_fence(step.signal),
    )


def _transfer(context: LoweringContext, step: Execute) -> None:
    builder = context.builder
    queue = _queue(context, step)
    ((command,),) = step.waves
    match command:
        case Fill():
            target = command.target
            context.effect(
                hal.DEVICE_QUEUE_FILL,
                *queue,
                context.value(target.resource),
                context.size(target.offset),
                context.size(target.length),
                pattern_bits(context, command.pattern),
                builder.i32(command.pattern_length),
                builder.i64(0),
            )
        case Copy():
            _queue_transfer(context, hal.DEVICE_QUEUE_COPY, queue, command.source, command.target)
        case Update():
            source = context.value(command.source), builder.i64(0)
            target = command.target
            context.effect(
                hal.DEVICE_QUEUE_UPDATE,
                *queue,
                *source,
                context.value(target.resource),
                context.size(target.offset),
                context.size(target.length),
                builder.i64(0),
            )
        case Dispatch():
            raise TypeError("a dispatch is no transfer")


def _queue_transfer(
    context: LoweringContext,
    function: ModuleFunction,
    queue: tuple[ir.Value, ...],
    source: Range,
    target: Range,
) -> None:
    context.effect(
        function,
        *queue,
        context.value(source.resource),
        context.size(source.offset),
        context.value(target.resource),
        context.size(target.offset),
        context.size(target.length),
        context.builder.i64(0),
    )


def _record_and_execute(context: LoweringContext, step: Execute) -> None:
    # Why: commands run while they are recorded, before what the submission waits for, where that is allowed.
    mode = hal_flags.COMMAND_BUFFER_ONE_SHOT if step.wait else hal_flags.COMMAND_BUFFER_ONE_SHOT_INLINE
    commands = _create_command_buffer(context, mode, 0)
    _Recorder(context, commands, {}).record(step.waves)
    context.effect(hal.DEVICE_QUEUE_EXECUTE, *_queue(context, step), commands, context.builder.i64(0))
