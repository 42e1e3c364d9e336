"""What programs can be compiled for."""

from __future__ import annotations

from gossamer.compiler.options import CompileOptions, ExecutionModel
from gossamer.diagnostics import Diagnostic, SourceLocation
from gossamer.errors import CompileError

TARGET_BACKENDS = ("vmvx",)
TARGET_DEVICES = ("local",)

_IREE_BACKENDS = ("cuda", "llvm-cpu", "metal-spirv", "rocm", "vmvx", "vmvx-inline", "vulkan-spirv")


def check_target(options: CompileOptions, location: SourceLocation) -> None:
    """Check that the options name a device, backends and an execution model that exist here.

    Args:
        location: of the module, to blame.
    Raises: CompileError.
    """
    _check_execution_model(options, location)
    if not options.target_device:
        raise _error(
            location,
            "no HAL devices defined in the module",
            hint="say which with --iree-hal-target-device=local --iree-hal-local-target-device-backends=vmvx",
        )
    if options.target_device not in TARGET_DEVICES:
        raise _error(
            location,
            f"unregistered device alias \"{options.target_device}\" (available = [ 'local' ])",
            hint="use --iree-hal-target-device=local",
        )
    if not options.target_backends:
        raise _error(
            location,
            f'device alias "{options.target_device}" does not provide any executable targets',
            hint="add --iree-hal-local-target-device-backends=vmvx",
        )
    for backend in options.target_backends:
        if backend not in TARGET_BACKENDS:
            raise _error(location, _unknown_backend(backend), hint="use vmvx, which runs on every machine")


def _check_execution_model(options: CompileOptions, location: SourceLocation) -> None:
    model = options.execution_model
    if model in (ExecutionModel.INLINE_STATIC, ExecutionModel.INLINE_DYNAMIC, ExecutionModel.HOST_ONLY):
        raise _error(
            location,
            f"execution model '{model.value}' is not available in Gossamer",
            hint="use async-internal or async-external",
        )


def _unknown_backend(backend: str) -> str:
    registered = f"registered backends: [{', '.join(TARGET_BACKENDS)}]"
    if backend in _IREE_BACKENDS:
        return f"target backend '{backend}' is one of IREE's that Gossamer does not have; {registered}"
    return f"target backend '{backend}' not registered; {registered}"


def _error(location: SourceLocation, message: str, *, hint: str) -> CompileError:
    return CompileError([Diagnostic(message, location, hint=hint)])
