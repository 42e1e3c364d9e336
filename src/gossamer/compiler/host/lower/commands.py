"""Lowers device work: recordings made when a module is loaded, and what is submitted in each call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gossamer.compiler.host.lower.context import LoweringContext
from gossamer.compiler.host.program import hal_imports as hal
from gossamer.compiler.host.program.commands import Copy, Dispatch, Fill, Update, Wave, WorkgroupCount
from gossamer.compiler.host.program.program import Execute, HostProgram
from gossamer.compiler.host.program.sizes import Dim, Scalar
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
    function = ir.Function(execute.recording, [ir.ref(hal.COMMAND_BUFFER)], [ir.Block()])
    module.functions[execute.recording] = function
    context = LoweringContext(program, module, function)
    slots = {resource: slot for slot, resource in enumerate(execute.slots)}
    commands = _create_command_buffer(context, hal.COMMAND_BUFFER_REUSABLE, len(slots))
    _Recorder(context, commands, slots).record(execute.waves)
    context.builder.ret(commands)


def _create_command_buffer(context: LoweringContext, mode: int, slots: int) -> ir.Value:
    b = context.builder
    return context.call(
        hal.COMMAND_BUFFER_CREATE,
        context.device(),
        b.i32(mode),
        b.i32(hal.COMMAND_CATEGORIES),
        b.i64(hal.ANY_QUEUE),
        b.i32(slots),
    )


@dataclass(slots=True)
class _Recorder:
    context: LoweringContext
    commands: ir.Value
    slots: Mapping[Resource, int]

    @property
    def b(self) -> Builder:
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
        b = self.b
        stages = b.i32(hal.BARRIER_SOURCE_STAGES), b.i32(hal.BARRIER_TARGET_STAGES)
        self.context.effect(hal.COMMAND_BUFFER_EXECUTION_BARRIER, self.commands, *stages, b.i64(0))

    def _place(self, range: Range) -> tuple[ir.Value, ir.Value]:
        """Slot and buffer of a range; the buffer is null where a slot stands for it."""
        if range.resource in self.slots:
            return self.b.i32(self.slots[range.resource]), self.b.null(hal.BUFFER)
        return self.b.i32(0), self.context.value(range.resource)

    def _dispatch(self, command: Dispatch) -> None:
        c, b = self.context, self.b
        executable = c.load_global(command.executable)
        function = b.op("global.load.i64", symbol=function_id_global(c.program, command))
        bindings: list[tuple[ir.Value, ...]] = []
        for range in command.bindings:
            slot, buffer = self._place(range)
            bindings.append((b.i32(0), slot, buffer, c.size(range.offset), c.size(range.length)))
        x, y, z = (_workgroup_count(c, count) for count in command.workgroups)
        words = _constant_words(c, command)
        c.effect(
            hal.COMMAND_BUFFER_DISPATCH,
            self.commands,
            executable,
            function,
            x,
            y,
            z,
            b.i64(0),
            words,
            bindings,
        )

    def _fill(self, command: Fill) -> None:
        c, b = self.context, self.b
        slot, buffer = self._place(command.target)
        c.effect(
            hal.COMMAND_BUFFER_FILL_BUFFER,
            self.commands,
            buffer,
            c.size(command.target.offset),
            c.size(command.target.length),
            slot,
            pattern_bits(c, command.pattern),
            b.i32(command.pattern_length),
            b.i64(0),
        )

    def _copy(self, command: Copy) -> None:
        c, b = self.context, self.b
        source_slot, source = self._place(command.source)
        target_slot, target = self._place(command.target)
        c.effect(
            hal.COMMAND_BUFFER_COPY_BUFFER,
            self.commands,
            source_slot,
            target_slot,
            source,
            c.size(command.source.offset),
            target,
            c.size(command.target.offset),
            c.size(command.target.length),
            b.i64(0),
        )

    def _update(self, command: Update) -> None:
        c, b = self.context, self.b
        slot, buffer = self._place(command.target)
        c.effect(
            hal.COMMAND_BUFFER_UPDATE_BUFFER,
            self.commands,
            c.value(command.source),
            b.i64(0),
            buffer,
            c.size(command.target.offset),
            c.size(command.target.length),
            slot,
            b.i64(0),
        )


# Numbers for commands


def pattern_bits(c: LoweringContext, pattern: int | Scalar) -> ir.Value:
    """A fill pattern, in an i64 register."""
    return c.builder.i64(pattern) if isinstance(pattern, int) else to_bits64(c, c.value(pattern))


def to_bits64(c: LoweringContext, value: ir.Value) -> ir.Value:
    """The bits of a register, zero-extended to 64."""
    b = c.builder
    if value.type == ir.F64:
        return b.op("bitcast.f64.i64", value)
    if value.type == ir.F32:
        value = b.op("bitcast.f32.i32", value)
    return value if value.type == ir.I64 else b.op("ext.i32.i64.u", value)


def _workgroup_count(c: LoweringContext, count: WorkgroupCount) -> ir.Value:
    b = c.builder
    if all(isinstance(dim, int) for dim in count.dims):
        product = 1
        for dim in count.dims:
            assert isinstance(dim, int)
            product *= dim
        return b.i32(-(-product // count.tile))
    total: ir.Value | None = None
    for dim in count.dims:
        value = to_bits64(c, c.dim(dim))
        total = value if total is None else b.op("mul.i64", total, value)
    assert total is not None
    if count.tile != 1:
        rounded = b.op("add.i64", total, b.i64(count.tile - 1))
        total = b.op("div.i64.u", rounded, b.i64(count.tile))
    return b.op("trunc.i64.i32", total)


def _constant_words(c: LoweringContext, command: Dispatch) -> list[ir.Value]:
    words: list[ir.Value] = []
    for source, constant in zip(command.kernel.constants, command.constants, strict=True):
        words.extend(_words(c, constant, source.word_count))
    return words


def _words(c: LoweringContext, constant: Dim, count: int) -> list[ir.Value]:
    """A scalar's bits as 32-bit words, low word first."""
    b = c.builder
    if isinstance(constant, int):
        return [b.i32(constant >> (_SMALL_CONSTANT_BITS * index)) for index in range(count)]
    value = c.value(constant)
    if count == 1 and value.type == ir.F32:
        return [b.op("bitcast.f32.i32", value)]
    if count == 1 and value.type == ir.I32:
        return [value]
    bits = to_bits64(c, value)
    low = b.op("trunc.i64.i32", bits)
    if count == 1:
        return [low]
    high = b.op("trunc.i64.i32", b.op("shr.i64.u", bits, b.i32(_SMALL_CONSTANT_BITS)))
    return [low, high]


# Submission


def lower_execute(c: LoweringContext, step: Execute) -> None:
    """Submit device work."""
    if step.recording:
        _replay(c, step)
    elif is_single_transfer(step):
        _transfer(c, step)
    else:
        _record_and_execute(c, step)


def _replay(c: LoweringContext, step: Execute) -> None:
    b = c.builder
    table: list[tuple[ir.Value, ...]] = [
        (c.value(resource), b.i64(0), c.size(resource.size)) for resource in step.slots
    ]
    c.effect(
        hal.DEVICE_QUEUE_EXECUTE_INDIRECT,
        *_queue(c, step),
        c.load_global(step.recording),
        b.i64(0),
        table,
    )


def _queue(c: LoweringContext, step: Execute) -> tuple[ir.Value, ir.Value, ir.Value, ir.Value]:
    """Device, affinity, wait fence, signal fence."""
    return c.device(), c.builder.i64(hal.ANY_QUEUE), c.wait_fence(step.wait), c.signal_fence(step.signal)


def _transfer(c: LoweringContext, step: Execute) -> None:
    b = c.builder
    queue = _queue(c, step)
    ((command,),) = step.waves
    match command:
        case Fill():
            target = command.target
            c.effect(
                hal.DEVICE_QUEUE_FILL,
                *queue,
                c.value(target.resource),
                c.size(target.offset),
                c.size(target.length),
                pattern_bits(c, command.pattern),
                b.i32(command.pattern_length),
                b.i64(0),
            )
        case Copy():
            _queue_transfer(c, hal.DEVICE_QUEUE_COPY, queue, command.source, command.target)
        case Update():
            source = c.value(command.source), b.i64(0)
            target = command.target
            c.effect(
                hal.DEVICE_QUEUE_UPDATE,
                *queue,
                *source,
                c.value(target.resource),
                c.size(target.offset),
                c.size(target.length),
                b.i64(0),
            )
        case Dispatch():
            raise TypeError("a dispatch is no transfer")


def _queue_transfer(
    c: LoweringContext, imported: ir.Import, queue: tuple[ir.Value, ...], source: Range, target: Range
) -> None:
    c.effect(
        imported,
        *queue,
        c.value(source.resource),
        c.size(source.offset),
        c.value(target.resource),
        c.size(target.offset),
        c.size(target.length),
        c.builder.i64(0),
    )


def _record_and_execute(c: LoweringContext, step: Execute) -> None:
    # Why: commands run while they are recorded, before what the submission waits for, where that is allowed.
    mode = hal.COMMAND_BUFFER_ONE_SHOT if step.wait else hal.COMMAND_BUFFER_ONE_SHOT_INLINE
    commands = _create_command_buffer(c, mode, 0)
    _Recorder(c, commands, {}).record(step.waves)
    c.effect(hal.DEVICE_QUEUE_EXECUTE, *_queue(c, step), commands, c.builder.i64(0))
