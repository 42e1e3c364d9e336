"""The compiler's phases in order: the only file that knows it.

In: a `Source` and `CompileOptions`. Out: the bytes of a module, or the program after the phase that
`--compile-to=` names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

from gossamer.abi.declaration import ExecutionModel
from gossamer.compiler import flow, frontend, input, mlir
from gossamer.compiler.codegen import KernelSource, plan
from gossamer.compiler.compiled_module import CompiledModule, CompileReport
from gossamer.compiler.executable import ExecutableBinary, ExecutableTarget
from gossamer.compiler.executable_dumps import ExecutableDumps
from gossamer.compiler.host import (
    DeviceTarget,
    HostExecutable,
    HostProgram,
    count_program,
    format_program,
    format_statistics,
    lower_program,
    parameter_lengths,
    schedule,
)
from gossamer.compiler.host.pipeline import DEFAULT_MODULE_NAME, module_name
from gossamer.compiler.input.benchmark_functions import export_benchmarks
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileMode, CompileOptions, Phase
from gossamer.compiler.parameter_archives import ScopedPath, export_parameters, import_parameters
from gossamer.compiler.pass_printing import printing
from gossamer.compiler.progress import report_step
from gossamer.compiler.resources import write_out
from gossamer.compiler.signatures import Signature, read_signatures
from gossamer.compiler.source import Source
from gossamer.compiler.target.device_targets import DEFAULT_DEVICE, check_options, check_target, find_targets
from gossamer.compiler.target.stated_devices import adopt_devices
from gossamer.compiler.target.target import ExecutableSource, Target
from gossamer.compiler.tensor.executable import Executable, sole_executable
from gossamer.compiler.vm import ir as vm_ir
from gossamer.compiler.vm.optimize.pipeline import optimize_module
from gossamer.compiler.vm.text import format_module
from gossamer.compiler.vm_program import compile_vm_program, is_vm_program, written
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError
from gossamer.format.parameters.index import ParameterIndex
from gossamer.format.whole_file import write_whole

_EXECUTABLE = "module_linked"
"""Name of the executable that holds all kernels of a module."""


@dataclass(slots=True)
class Compilation:
    """A program on its way through the phases; each phase fills in its own fields.

    Attributes:
        targets: what kernels are compiled for, most wanted first.
        loaded: what the frontend made of the source.
        signatures: of exports and imports, by symbol name.
        flow: host functions, and the executables they dispatch.
        kernels: what was decided about each dispatch's kernel, by the name of the dispatch.
        host: the host side, step by step.
        variants: the executable with all kernels, compiled for each target.
        vm_module: the host side as VM functions.
        parameters: weights that the program loads.
        seconds: that each phase took.
        output: the finished bytes.
    """

    source: Source
    options: CompileOptions
    targets: Sequence[Target]
    loaded: frontend.LoadedProgram
    signatures: Mapping[str, Signature] = field(default_factory=dict[str, Signature])
    flow: flow.FlowProgram | None = None
    kernels: Mapping[str, KernelSource] = field(default_factory=dict[str, KernelSource])
    host: HostProgram | None = None
    variants: list[ExecutableBinary] = field(default_factory=list[ExecutableBinary])
    vm_module: vm_ir.Module | None = None
    parameters: ParameterIndex | None = None
    seconds: dict[str, float] = field(default_factory=dict[str, float])
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
        if is_vm_program(source, options):
            return compile_vm_program(source, options)
        parts = _load(source, options)
        if len(parts) > 1:
            names = ", ".join(f"@{name}" for name in parts)
            hint = "-o folder/ writes a file for each"
            raise CompileError([Diagnostic(f"a file holds one module, and here are {names}", hint=hint)])
        (compilation,) = parts.values()
        return _compile(compilation, Path(source.name).stem)


def compile_modules(source: Source, options: CompileOptions) -> dict[str, bytes]:
    """Compile each module of a source by itself.

    Returns: as `compile_source`, by module name.
    Raises: CompileError with diagnostics that point into `source`.
    """
    with source.explains(), printing(options):
        if is_vm_program(source, options):
            return {Path(source.name).stem: compile_vm_program(source, options)}
        return {
            name or DEFAULT_MODULE_NAME: _compile(compilation, name or Path(source.name).stem)
            for name, compilation in _load(source, options).items()
        }


def _load(source: Source, options: CompileOptions) -> dict[str, Compilation]:
    check_options(options)
    for target in find_targets(options):
        target.executable_targets(options)
    parts = frontend.split_modules(frontend.load(source, options))
    if options.module_name:
        parts = _renamed(parts, options.module_name)
    return {name: _begin(source, options, loaded) for name, loaded in parts.items()}


def _renamed(parts: Mapping[str, frontend.LoadedProgram], name: str) -> dict[str, frontend.LoadedProgram]:
    if len(parts) != 1:
        raise CompileError([Diagnostic(f"one name, '{name}', was given for {len(parts)} modules")])
    (loaded,) = parts.values()
    with loaded.module.context:
        loaded.module.operation.attributes["sym_name"] = ir.StringAttr.get(name)
    return {name: loaded}


def _begin(source: Source, options: CompileOptions, loaded: frontend.LoadedProgram) -> Compilation:
    with loaded.module.context:
        adopted = adopt_devices(loaded.module, options, source)
    check_options(adopted)
    return Compilation(source, adopted, find_targets(adopted), loaded)


def _compile(compilation: Compilation, name: str) -> bytes:
    """Run the phases; `name` begins the names of dumps."""
    with compilation.module.context:
        if compilation.options.compile_mode is CompileMode.HAL_EXECUTABLE:
            return _compile_executable(compilation)
        return _run_steps(compilation, name)


def _compile_executable(compilation: Compilation) -> bytes:
    """Make an executable of a program that is one dispatch: the file of it alone."""
    _input(compilation)
    executable = sole_executable(compilation.module)
    compilation.kernels = {executable.name: _plan(executable, compilation.options)}
    _executable_targets(compilation)
    if len(compilation.variants) != 1:
        message = f"an executable is for one target, and here are {len(compilation.variants)}"
        hint = (
            "say which with --iree-hal-target-device=local --iree-hal-local-target-device-backends=llvm-cpu"
        )
        raise CompileError([Diagnostic(message, hint=hint)])
    return compilation.variants[0].data


def _run_steps(compilation: Compilation, name: str) -> bytes:
    options = compilation.options
    order = list(Phase)
    for step in _STEPS:
        if step.only_reads or order.index(step.phase) > order.index(options.compile_from):
            _run_step(compilation, step)
        if options.dump_phases_to and step.phase not in (Phase.START, Phase.END):
            folder = Path(options.dump_phases_to)
            folder.mkdir(parents=True, exist_ok=True)
            # The names are IREE's, which numbers its phases so; some of them are part of others here.
            path = folder / f"{name}.{order.index(step.phase)}.{step.phase.value}.mlir"
            write_whole(path, step.show(compilation))
        if step.phase is options.last_phase:
            return step.show(compilation)
    return compilation.output


def _report(compilation: Compilation) -> CompileReport:
    assert compilation.host is not None
    counts = count_program(compilation.host)
    return CompileReport(
        kernels=len(compilation.kernels),
        dispatches=counts.dispatch_count,
        kernel_bytes=sum(len(variant.data) for variant in compilation.variants),
        constant_bytes=counts.constant_size,
        seconds=compilation.seconds,
    )


def _run_step(compilation: Compilation, step: _Step) -> None:
    start = perf_counter()
    report_step(step.phase.value)
    try:
        step.run(compilation)
    except CompileError as error:
        context = f"phase {step.phase.value}"
        raise CompileError([_in_context(diagnostic, context) for diagnostic in error.diagnostics]) from None
    seconds = compilation.seconds[step.phase.value] = perf_counter() - start
    if compilation.options.timing:
        print(f"{seconds:8.4f} s  phase {step.phase.value}", file=sys.stderr)


def _in_context(diagnostic: Diagnostic, context: str) -> Diagnostic:
    if any(line.startswith("phase ") for line in diagnostic.context):
        return diagnostic
    return replace(diagnostic, context=(context, *diagnostic.context))


def _dumps(compilation: Compilation) -> ExecutableDumps:
    stem = Path(compilation.source.name).stem if compilation.source.path else DEFAULT_MODULE_NAME
    return ExecutableDumps(compilation.options, module_name(compilation.module), stem)


def _input(compilation: Compilation) -> None:
    for warning in input.normalize(compilation.loaded, compilation.options):
        compilation.source.warn(str(compilation.source.explain(warning)))
    options = compilation.options
    if options.parameter_import:
        import_parameters(
            compilation.module,
            compilation.loaded.resources,
            options.parameter_import,
            options.parameter_import_keys,
            options.parameter_import_maximum_size,
        )
    if options.export_benchmarks:
        export_benchmarks(compilation.module)


def _abi(compilation: Compilation) -> None:
    is_async = compilation.options.exports_fences
    model = ExecutionModel.COARSE_FENCES if is_async else ExecutionModel.SYNC
    compilation.signatures = read_signatures(compilation.module, model)


def _preprocessing(compilation: Compilation) -> None:
    if compilation.options.preprocessing_passes:
        mlir.run_user_passes(
            compilation.module, compilation.options.preprocessing_passes, phase=Phase.PREPROCESSING.value
        )


def _export_parameters(compilation: Compilation) -> None:
    options = compilation.options
    archive = ScopedPath.parse(options.parameter_export)
    compilation.parameters = export_parameters(
        compilation.module,
        compilation.loaded.resources,
        archive.scope,
        options.parameter_export_minimum_size,
    )
    if archive.path:
        _write_archive(compilation.parameters, archive.path)


def _write_archive(parameters: ParameterIndex, path: str) -> None:
    # Why here: few programs have parameters.
    from gossamer.format.parameters.write_irpa import write_irpa

    try:
        write_irpa(parameters, path)
    except OSError as error:
        raise CompileError([Diagnostic(f"cannot write '{path}': {error.strerror}")]) from None


def _flow(compilation: Compilation) -> None:
    options = compilation.options
    if options.parameter_export:
        _export_parameters(compilation)
    traced = flow.EVERY_DISPATCH if options.trace_all_dispatches else options.trace_dispatches
    compilation.flow = flow.run(compilation.module, traced)
    check_target(compilation.module, options, has_kernels=bool(compilation.flow.executables))
    compilation.kernels = {
        name: _plan(executable, options) for name, executable in compilation.flow.executables.items()
    }
    if options.dump_dispatch_graph:
        flow.write_dispatch_graph(compilation.module, options.dump_dispatch_graph_file)


def _plan(executable: Executable, options: CompileOptions) -> KernelSource:
    return plan(
        executable,
        keeps_order=not options.reassociates_reductions,
        rounds_steps=not options.skips_roundings,
    )


def _stream(compilation: Compilation) -> None:
    assert compilation.flow is not None
    interfaces = {name: kernel.interface for name, kernel in compilation.kernels.items()}
    executables = [HostExecutable(_EXECUTABLE, interfaces)] if interfaces else []
    compilation.host = schedule(
        compilation.flow,
        compilation.signatures,
        executables,
        compilation.options,
        compilation.loaded.resources,
    )
    _dump_statistics(compilation.host, compilation.options)
    if compilation.options.parameter_splat:
        _write_zeros(parameter_lengths(compilation.host), compilation.options.parameter_splat)


def _dump_statistics(program: HostProgram, options: CompileOptions) -> None:
    if options.dump_statistics_format is None:
        return
    text = format_statistics(program, options.dump_statistics_format)
    streams = {"": sys.stderr, "-": sys.stdout}
    if options.dump_statistics_file in streams:
        streams[options.dump_statistics_file].write(text)
        return
    try:
        write_whole(options.dump_statistics_file, text.encode())
    except OSError as error:
        message = f"cannot write '{options.dump_statistics_file}': {error.strerror}"
        raise CompileError([Diagnostic(message)]) from None


def _write_zeros(lengths: Mapping[str, int], path: str) -> None:
    index = ParameterIndex()
    for key, length in lengths.items():
        index.add_splat(key, b"\0", length)
    _write_archive(index, path)


def _executable_targets(compilation: Compilation) -> None:
    if not compilation.kernels:
        return
    dumps = _dumps(compilation)
    dumps.dump_kernels(compilation.kernels, _wanted_targets(compilation))
    source = ExecutableSource(_EXECUTABLE, compilation.kernels)
    compilation.variants = [
        binary for target in compilation.targets for binary in target.compile(source, compilation.options)
    ]
    dumps.dump_binaries(list(compilation.kernels), compilation.variants)


def _wanted_targets(compilation: Compilation) -> tuple[ExecutableTarget, ...]:
    return tuple(
        wanted for target in compilation.targets for wanted in target.executable_targets(compilation.options)
    )


def _hal(compilation: Compilation) -> None:
    assert compilation.host is not None
    has_device = bool(compilation.options.target_device)
    ordinal = compilation.options.device_ordinal
    device = DeviceTarget(DEFAULT_DEVICE, _wanted_targets(compilation), ordinal) if has_device else None
    compilation.vm_module = lower_program(compilation.host, device, {_EXECUTABLE: compilation.variants})


def _vm(compilation: Compilation) -> None:
    assert compilation.vm_module is not None
    optimize_module(compilation.vm_module)


def _end(compilation: Compilation) -> None:
    assert compilation.vm_module is not None
    output = written(compilation.vm_module, compilation.options)
    is_module = not compilation.options.writes_text
    compilation.output = (
        CompiledModule(output, _report(compilation), compilation.parameters) if is_module else output
    )


def _show_module(compilation: Compilation) -> bytes:
    write_out(compilation.module, compilation.loaded.resources)
    options = compilation.options
    text = mlir.print_module(compilation.module, is_bytecode=options.emit_mlir_bytecode)
    if options.asm_debug_info and not options.emit_mlir_bytecode:
        # Why: MLIR's parser has a name of its own for text in memory.
        return text.replace(b'loc("-":', f"loc({json.dumps(compilation.source.name)}:".encode())
    return text


def _show_kernels(compilation: Compilation) -> bytes:
    return "\n".join(variant.listing() for variant in compilation.variants).encode()


def _show_host(compilation: Compilation) -> bytes:
    assert compilation.host is not None
    return format_program(compilation.host).encode()


def _show_vm_module(compilation: Compilation) -> bytes:
    assert compilation.vm_module is not None
    return format_module(compilation.vm_module).encode()


def _show_output(compilation: Compilation) -> bytes:
    return compilation.output


@dataclass(frozen=True, slots=True)
class _Step:
    """One phase: what it does, and how the program looks after it.

    Attributes:
        only_reads: it leaves the program as it is, so that what resumes after it has to do it again.
    """

    phase: Phase
    run: Callable[[Compilation], None]
    show: Callable[[Compilation], bytes] = _show_module
    only_reads: bool = False


_STEPS = (
    _Step(Phase.START, lambda compilation: None),
    _Step(Phase.INPUT, _input),
    _Step(Phase.ABI, _abi, only_reads=True),
    _Step(Phase.PREPROCESSING, _preprocessing),
    _Step(Phase.FLOW, _flow),
    _Step(Phase.STREAM, _stream, _show_host),
    _Step(Phase.EXECUTABLE_TARGETS, _executable_targets, _show_kernels),
    _Step(Phase.HAL, _hal, _show_vm_module),
    _Step(Phase.VM, _vm, _show_vm_module),
    _Step(Phase.END, _end, _show_output),
)

PHASES = tuple(step.phase for step in _STEPS)
"""The phases that exist here; `options.Phase` lists IREE's."""
