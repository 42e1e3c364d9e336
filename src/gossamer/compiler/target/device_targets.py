"""What programs can be compiled for."""

from __future__ import annotations

from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.options import (
    CompileOptions,
    ExecutionModel,
    OutputFormat,
    Phase,
)
from gossamer.compiler.target.registry import find_target, target_names
from gossamer.compiler.target.target import Target
from gossamer.diagnostics import Diagnostic, SourceLocation
from gossamer.errors import CompileError

DEFAULT_DEVICE = "local"
TARGET_DEVICES = (DEFAULT_DEVICE,)

_EXECUTION_MODELS = (
    ExecutionModel.ASYNC_INTERNAL,
    ExecutionModel.ASYNC_EXTERNAL,
    ExecutionModel.HOST_ONLY,
)
_IREE_BACKENDS = ("cuda", "llvm-cpu", "metal-spirv", "rocm", "vmvx", "vmvx-inline", "vulkan-spirv")


def check_options(options: CompileOptions) -> None:
    """Check that what the options name exists here.

    Raises: CompileError.
    """
    _check_phases(options)
    model = options.execution_model
    if model not in _EXECUTION_MODELS:
        raise _error(
            f"execution model '{model.value}' does not exist in Gossamer",
            hint="use async-internal or async-external; host-only is for programs without kernels",
        )
    if options.output_format is OutputFormat.VM_C:
        raise _error("C source modules are not written by Gossamer", hint="use --output-format=vm-bytecode")
    if options.target_device not in ("", *TARGET_DEVICES):
        raise _error(
            f"unregistered device alias \"{options.target_device}\" (available = [ 'local' ])",
            hint="use --iree-hal-target-device=local",
        )


def find_targets(options: CompileOptions) -> list[Target]:
    """The targets that the options name, each once, in their order.

    Raises: CompileError for one that is not registered.
    """
    targets: list[Target] = []
    for name in dict.fromkeys(options.target_backends):
        target = find_target(name)
        if target is None:
            raise _error(_unknown_backend(name), hint="use llvm-cpu, or vmvx: its code runs on every machine")
        targets.append(target)
    return targets


def check_target(module: ir.Module, options: CompileOptions, *, has_kernels: bool) -> None:
    """Check that a device that is named has a backend, and a program with kernels both.

    Raises: CompileError at the module.
    """
    location = source_location(module.operation.location)
    if options.target_device and not options.target_backends:
        raise _error(
            f'device alias "{options.target_device}" does not provide any executable targets',
            location,
            hint="add --iree-hal-local-target-device-backends=vmvx",
        )
    if has_kernels and options.execution_model is ExecutionModel.HOST_ONLY:
        raise _error(
            "a program with kernels needs a device, and execution model 'host-only' has none",
            location,
            hint="leave out --iree-execution-model=host-only",
        )
    if has_kernels and not options.target_device:
        raise _error(
            "no HAL devices defined in the module",
            location,
            hint="say which with --iree-hal-target-device=local --iree-hal-local-target-device-backends=vmvx",
        )


_PLACES_OF_PHASES = {
    Phase.GLOBAL_OPTIMIZATION: Phase.FLOW,
    Phase.DISPATCH_CREATION: Phase.FLOW,
    Phase.EXECUTABLE_SOURCES: Phase.FLOW,
    Phase.EXECUTABLE_CONFIGURATIONS: Phase.EXECUTABLE_TARGETS,
}
"""Phases of IREE's that are part of another one here."""

_RESUMABLE = (Phase.START, Phase.INPUT, Phase.ABI, Phase.PREPROCESSING)


def _check_phases(options: CompileOptions) -> None:
    place = _PLACES_OF_PHASES.get(options.last_phase)
    if place is not None:
        raise _error(
            f"Gossamer has no phase '{options.compile_to.value}' of its own",
            hint=f"what it does is part of '{place.value}': use --compile-to={place.value}",
        )
    if options.compile_from not in _RESUMABLE:
        names = ", ".join(phase.value for phase in _RESUMABLE)
        raise _error(
            f"compilation cannot resume from phase '{options.compile_from.value}'",
            hint=f"use one of {names}: later phases do not work on MLIR alone",
        )


def _unknown_backend(backend: str) -> str:
    registered = f"registered backends: [{', '.join(target_names())}]"
    if backend in _IREE_BACKENDS:
        return f"target backend '{backend}' does not exist in Gossamer; {registered}"
    return f"target backend '{backend}' not registered; {registered}"


def _error(message: str, location: SourceLocation | None = None, *, hint: str) -> CompileError:
    return CompileError([Diagnostic(message, location, hint=hint)])
