"""Text of host programs, for `--compile-to=stream` and tests. One step a line, in the order it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from gossamer.compiler.host.program.commands import Command, Copy, Dispatch, Fill, Update, WorkgroupCount
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
from gossamer.compiler.host.program.sizes import Shape
from gossamer.compiler.host.program.steps import (
    Alloca,
    Allocate,
    AssertView,
    Await,
    Barrier,
    Bind,
    CallCheck,
    CallFunction,
    CallImport,
    CreateView,
    Dealloca,
    Execute,
    FindImport,
    HoldBytes,
    HostOp,
    Join,
    LoadGlobal,
    LoadNamedParameter,
    LoadParameters,
    PackScalars,
    ReadElement,
    Step,
    StoreGlobal,
    Subspan,
    TraceViews,
    ViewBuffer,
    ViewDim,
    Wait,
)
from gossamer.compiler.host.program.values import Timepoint
from gossamer.compiler.mlir import ir


def format_program(program: HostProgram) -> str:
    """Write a program as text."""
    return "\n".join(_program_lines(program)) + "\n"


def _program_lines(program: HostProgram) -> Iterator[str]:
    yield f"module @{program.name} {{"
    for executable in program.executables:
        yield f"  executable @{executable.name} {{"
        yield from (f"    kernel {kernel}" for kernel in executable.kernels.values())
        yield "  }"
    for signature in program.imports.values():
        yield f"  import {'optional ' if signature.is_optional else ''}{signature.declaration}"
    if program.constants is not None:
        yield f"  constants {program.constants.resource} {len(program.constants.data)} bytes"
    for variable in program.globals.values():
        initial = "" if variable.initial is None else f" = {variable.initial}"
        yield f"  global @{variable.name} : {variable.type}{initial}"
    for function in program.functions:
        yield from (f"  {line}" for line in format_function(function))
    yield "}"


def format_function(function: Function) -> list[str]:
    """Write a function as lines."""
    names = _Names(dict(function.scalar_names))
    kind = "export" if function.export is not None else "func"
    lines = [f"{kind} @{function.name}({names.list(function.blocks[0].arguments)}) {{"]
    for index, block in enumerate(function.blocks):
        if index:
            lines.append(f"^{block.name}({names.list(block.arguments)}):")
        lines.extend(f"  {line}" for line in _block_lines(block, names))
    return [*lines, "}"]


def _block_lines(block: Block, names: _Names) -> Iterator[str]:
    for step in block.steps:
        yield from _step_lines(step, names)
    if block.terminator is not None:
        yield _terminator(block.terminator, names)


class _Names:
    """Names of MLIR scalars: those that steps use, else %0, %1 in the order they appear."""

    def __init__(self, scalars: dict[ir.Value, str]) -> None:
        self._scalars = scalars
        self._count = 0

    def of(self, value: object) -> str:
        if isinstance(value, ir.Value):
            if value not in self._scalars:
                self._scalars[value] = f"%{self._count}"
                self._count += 1
            return self._scalars[value]
        return "null" if value is None else str(value)

    def list(self, values: Iterable[object]) -> str:
        return ", ".join(self.of(value) for value in values)


def _time(wait: Wait = (), signal: Timepoint | None = None) -> str:
    awaits = f" await({', '.join(map(str, wait))})" if wait else ""
    return awaits + (f" => {signal}" if signal else "")


def _shape(shape: Shape, element: str) -> str:
    return "x".join([*map(str, shape), element])


def _step_lines(step: Step, names: _Names) -> Iterator[str]:
    if isinstance(step, Execute):
        yield from _execute_lines(step, names)
    else:
        yield _FORMATS[type(step)](step, names)


def _execute_lines(step: Execute, names: _Names) -> Iterator[str]:
    recording = f" @{step.recording}" if step.recording else ""
    yield f"execute{recording}{_time(step.wait, step.signal)} {{"
    for index, wave in enumerate(step.waves):
        if index:
            yield "  barrier"
        yield from (f"  {_command(command, names)}" for command in wave)
    yield "}"


def _command(command: Command, names: _Names) -> str:
    match command:
        case Dispatch():
            counts = ", ".join(_count(count) for count in command.workgroups)
            constants = f"({', '.join(map(str, command.constants))})" if command.constants else ""
            bindings = ", ".join(
                f"{binding.access} {range}"
                for binding, range in zip(command.kernel.bindings, command.bindings, strict=True)
            )
            return f"dispatch @{command.kernel.export_name}[{counts}]{constants} {bindings}"
        case Fill():
            return f"fill {command.target} with {command.pattern} : {command.pattern_length} bytes"
        case Copy():
            return f"copy {command.source} to {command.target}"
        case Update():
            return f"update {command.target} from {command.source}"


def _count(count: WorkgroupCount) -> str:
    if all(isinstance(dim, int) for dim in count.dims):
        product = 1
        for dim in count.dims:
            product *= int(str(dim))
        return str(-(-product // count.tile))
    dims = " * ".join(map(str, count.dims))
    return dims if count.tile == 1 else f"ceildiv({dims}, {count.tile})"


def _assign(results: Sequence[object], names: _Names) -> str:
    return f"{names.list(results)} = " if results else ""


def _call_import(step: CallImport, names: _Names) -> str:
    call = f"call @{step.callee.name}({names.list(step.arguments)})"
    return f"{_assign(step.results, names)}{call}{_time(step.wait, step.signal)}"


def _bytes(step: Allocate | Alloca) -> str:
    return f"{step.result.size} bytes"


_FORMATS: dict[type, Callable[[Any, _Names], str]] = {
    Alloca: lambda step, names: f"{step.result} = alloca {_bytes(step)}{_time(step.wait, step.signal)}",
    Allocate: lambda step, names: f"{step.result} = allocate {_bytes(step)}",
    AssertView: lambda step, names: f"assert {step.view} is {_shape(step.shape, step.element)}",
    Await: lambda step, names: f"await {names.list(step.wait)}",
    Barrier: lambda step, names: f"signal{_time(step.wait, step.signal)}",
    Bind: lambda step, names: f"{names.of(step.value)} = {names.of(step.source)}",
    CallCheck: lambda step, names: f"{step.name}({names.list(step.arguments)})",
    CallFunction: lambda step, names: (
        f"{_assign(step.results, names)}call @{step.callee}({names.list(step.arguments)})"
    ),
    CallImport: _call_import,
    CreateView: lambda step, names: (
        f"{step.result} = view {step.range} as {_shape(step.shape, step.element)}"
    ),
    Dealloca: lambda step, names: f"dealloca {step.resource}{_time(step.wait, step.signal)}",
    FindImport: lambda step, names: f"{names.of(step.result)} = is found @{step.callee.name}",
    HoldBytes: lambda step, names: f"{names.of(step.result)} = bytes {step.name} {len(step.data)}",
    HostOp: lambda step, names: (
        f"{_assign(list(step.op.results), names)}{step.op.name}({names.list(step.op.operands)})"
    ),
    Join: lambda step, names: f"{step.result} = join {names.list(step.wait)}",
    LoadGlobal: lambda step, names: f"{names.of(step.result)} = load @{step.name}",
    LoadNamedParameter: lambda step, names: (
        f"{step.result} = load parameter {names.of(step.scope)}::{names.of(step.key)}"
        f"[{names.of(step.offset)}] {step.result.size} bytes{_time(signal=step.signal)}"
    ),
    LoadParameters: lambda step, names: (
        f"{names.list(step.results)} = load{' mutable' if step.is_mutable else ''} parameters "
        f"{step.scope!r}::{list(step.keys)}{_time(signal=step.signal)}"
    ),
    PackScalars: lambda step, names: f"{step.result} = pack {names.list(step.elements)} : {step.element}",
    ReadElement: lambda step, names: f"{names.of(step.result)} = read {step.range} : {step.element}",
    StoreGlobal: lambda step, names: f"store @{step.name} = {names.of(step.value)}",
    Subspan: lambda step, names: f"{step.result} = subspan {step.range}",
    TraceViews: lambda step, names: f"trace {step.key!r} {names.list(step.views)}",
    ViewBuffer: lambda step, names: f"{step.result} = buffer of {step.view}, {step.result.size} bytes",
    ViewDim: lambda step, names: f"{step.result} = dim {step.index} of {step.view}",
}


def _terminator(terminator: Terminator, names: _Names) -> str:
    def target(branch: Branch) -> str:
        return f"^{branch.target.name}({names.list(branch.arguments)})"

    match terminator:
        case Return():
            return f"return {names.list(terminator.values)}".rstrip()
        case Branch():
            return f"br {target(terminator)}"
        case ConditionalBranch():
            condition = names.of(terminator.condition)
            return f"cond_br {condition}, {target(terminator.true)}, {target(terminator.false)}"
        case Switch():
            cases = ", ".join(f"{number}: {target(branch)}" for number, branch in terminator.cases)
            return f"switch {names.of(terminator.flag)}, {target(terminator.default)}, [{cases}]"
