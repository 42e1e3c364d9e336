"""The compiler's phases in order: the only file that knows it.

In: a `Source` and `CompileOptions`. Out: the bytes of a module, or the program after the phase that
`--compile-to=` names.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

from gossamer.compiler import flow, frontend, input, mlir
from gossamer.compiler.codegen import KernelModule
from gossamer.compiler.host import HostProgram, format_program, lower, parameter_lengths, schedule
from gossamer.compiler.host.pipeline import DEFAULT_MODULE_NAME
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileOptions, OutputFormat, Phase
from gossamer.compiler.pass_printing import printing
from gossamer.compiler.signatures import ExecutionModel, Signature, read_signatures
from gossamer.compiler.source import CompileWarning, Source
from gossamer.compiler.target.device_targets import check_options, check_target
from gossamer.compiler.target.vmvx import executables as vmvx
from gossamer.compiler.vm import ir as vm_ir
from gossamer.compiler.vm.emit.module import emit_module
from gossamer.compiler.vm.optimize.pipeline import optimize_module
from gossamer.compiler.vm.text import format_module
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError
from gossamer.format.archive import write_module


@dataclass(slots=True)
class Program:
    """A program on its way through the phases; each phase fills in its own fields.

    Attributes:
        loaded: what the frontend made of the source.
        signatures: of exports and imports, by symbol name.
        flow: host functions, and the executables they dispatch.
        kernels: the executables compiled.
        schedule: the host side, step by step.
        host: the VM module.
        output: the finished bytes.
    """

    source: Source
    options: CompileOptions
    loaded: frontend.LoadedProgram
    signatures: Mapping[str, Signature] = field(default_factory=dict[str, Signature])
    flow: flow.FlowProgram | None = None
    kernels: KernelModule | None = None
    schedule: HostProgram | None = None
    host: vm_ir.Module | None = None
    output: bytes = b""

    @property
    def module(self) -> ir.Module:
        """MLIR, up to `flow`."""
        return self.loaded.module


def compile_source(source: Source, options: CompileOptions) -> bytes:
    """Compile a program.

    Returns: a module's file, or what the options ask to see instead.
    Raises: CompileError with diagnostics that point into `source`, also where it holds several modules.
    """
    with source.explains(), printing(options):
        parts = _load(source, options)
        if len(parts) > 1:
            names = ", ".join(f"@{name}" for name in parts)
            hint = "-o folder/ writes a file for each"
            raise CompileError([Diagnostic(f"a file holds one module, and here are {names}", hint=hint)])
        (loaded,) = parts.values()
        return _compile(Program(source, options, loaded), Path(source.name).stem)


def compile_modules(source: Source, options: CompileOptions) -> dict[str, bytes]:
    """Compile each module of a source by itself.

    Returns: as `compile_source`, by module name.
    Raises: CompileError with diagnostics that point into `source`.
    """
    with source.explains(), printing(options):
        return {
            name or DEFAULT_MODULE_NAME: _compile(
                Program(source, options, part), name or Path(source.name).stem
            )
            for name, part in _load(source, options).items()
        }


def _load(source: Source, options: CompileOptions) -> dict[str, frontend.LoadedProgram]:
    check_options(options)
    return frontend.split_modules(frontend.load(source, options))


def _compile(program: Program, name: str) -> bytes:
    """Run the phases; `name` begins the names of dumps."""
    with program.module.context:
        return _run_steps(program, name)


def _run_steps(program: Program, name: str) -> bytes:
    options = program.options
    order = list(Phase)
    for number, step in enumerate(_STEPS):
        if order.index(step.phase) > order.index(options.compile_from):
            _run_step(program, step)
        if options.dump_phases_to:
            folder = Path(options.dump_phases_to)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{name}.{number + 1}.{step.phase.value}.{step.suffix}"
            path.write_bytes(step.show(program))
        if step.phase is options.compile_to:
            return step.show(program)
    return program.output


def _run_step(program: Program, step: _Step) -> None:
    start = perf_counter()
    try:
        step.run(program)
    except CompileError as error:
        context = f"phase {step.phase.value}"
        raise CompileError([_in_context(diagnostic, context) for diagnostic in error.diagnostics]) from None
    if program.options.timing:
        print(f"{perf_counter() - start:8.4f} s  phase {step.phase.value}", file=sys.stderr)


def _in_context(diagnostic: Diagnostic, context: str) -> Diagnostic:
    if any(line.startswith("phase ") for line in diagnostic.context):
        return diagnostic
    return replace(diagnostic, context=(context, *diagnostic.context))


def _input(program: Program) -> None:
    for warning in input.normalize(program.loaded, program.options):
        warnings.warn(CompileWarning(str(program.source.explain(warning))), stacklevel=2)


def _abi(program: Program) -> None:
    is_async = program.options.exports_fences
    model = ExecutionModel.COARSE_FENCES if is_async else ExecutionModel.SYNC
    program.signatures = read_signatures(program.module, model)


def _preprocessing(program: Program) -> None:
    if program.options.preprocessing_passes:
        mlir.run_user_passes(
            program.module, program.options.preprocessing_passes, phase=Phase.PREPROCESSING.value
        )


def _flow(program: Program) -> None:
    check_target(program.module, program.options)
    program.flow = flow.run(program.module)


def _stream(program: Program) -> None:
    """Compile the kernels, which say what they are passed, and schedule the host side around them."""
    assert program.flow is not None
    if program.flow.executables:
        program.kernels = vmvx.compile_executables(program.flow.executables)
    program.schedule = schedule(program.flow, program.signatures, program.kernels, program.options)
    if program.options.parameter_splat:
        _write_zeros(parameter_lengths(program.schedule), program.options.parameter_splat)


def _write_zeros(lengths: Mapping[str, int], path: str) -> None:
    # Why here: few programs have parameters.
    from gossamer.format.parameters.index import ParameterIndex
    from gossamer.format.parameters.write_irpa import write_irpa

    index = ParameterIndex()
    for key, length in lengths.items():
        index.add_splat(key, b"\0", length)
    write_irpa(index, path)


def _hal(program: Program) -> None:
    assert program.schedule is not None
    program.host = lower(program.schedule)


def _vm(program: Program) -> None:
    assert program.host is not None
    optimize_module(program.host)


def _end(program: Program) -> None:
    assert program.host is not None
    definition = emit_module(program.host, optimize=False, debug=not program.options.strip_source_map)
    if program.options.output_format is OutputFormat.VM_ASM:
        program.output = format_module(program.host).encode()
    else:
        program.output = write_module(definition, flat=not program.options.polyglot_zip)


def _show_module(program: Program) -> bytes:
    return mlir.print_module(program.module, is_bytecode=program.options.emit_mlir_bytecode)


def _show_kernels(program: Program) -> bytes:
    return format_module(program.kernels.vm_module).encode() if program.kernels else b""


def _show_schedule(program: Program) -> bytes:
    assert program.schedule is not None
    return format_program(program.schedule).encode()


def _show_host(program: Program) -> bytes:
    assert program.host is not None
    return format_module(program.host).encode()


def _show_output(program: Program) -> bytes:
    return program.output


@dataclass(frozen=True, slots=True)
class _Step:
    """One phase: what it does, and how the program looks after it."""

    phase: Phase
    run: Callable[[Program], None]
    show: Callable[[Program], bytes] = _show_module
    suffix: str = "mlir"


_STEPS = (
    _Step(Phase.START, lambda program: None),
    _Step(Phase.INPUT, _input),
    _Step(Phase.ABI, _abi),
    _Step(Phase.PREPROCESSING, _preprocessing),
    _Step(Phase.FLOW, _flow),
    _Step(Phase.STREAM, _stream, _show_schedule, "txt"),
    _Step(Phase.EXECUTABLE_TARGETS, lambda program: None, _show_kernels, "vm.txt"),
    _Step(Phase.HAL, _hal, _show_host, "vm.txt"),
    _Step(Phase.VM, _vm, _show_host, "vm.txt"),
    _Step(Phase.END, _end, _show_output, "vmfb"),
)

PHASES = tuple(step.phase for step in _STEPS)
"""The phases that exist here; `options.Phase` lists IREE's."""
