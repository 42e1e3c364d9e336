"""The stream phase: schedule the host side, then lower it to the VM."""

from __future__ import annotations

from collections.abc import Mapping

from gossamer.compiler.codegen.kernel import KernelModule
from gossamer.compiler.flow.program import FlowProgram
from gossamer.compiler.host.lower.initializer import DeviceTarget
from gossamer.compiler.host.lower.module import lower_program
from gossamer.compiler.host.program.program import ExecutableBinary, HostProgram
from gossamer.compiler.host.schedule.module import schedule_program
from gossamer.compiler.mlir import ir as mlir_ir
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.signatures import Signature
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.emit.module import emit_module
from gossamer.format.archive import write_module

DEFAULT_MODULE_NAME = "module"


def schedule(
    flow: FlowProgram,
    signatures: Mapping[str, Signature],
    kernels: KernelModule | None,
    options: CompileOptions,
) -> HostProgram:
    """Schedule the host side of a program whose kernels are compiled.

    Raises: CompileError at what the host cannot do.
    """
    with flow.module.context:
        return schedule_program(
            flow.module,
            module_name(flow.module),
            signatures,
            [_binary(kernels)] if kernels else [],
            strip_assertions=bool(options.strip_assertions),
        )


def lower(program: HostProgram) -> ir.Module:
    """Make the VM module of a host program."""
    formats = tuple(dict.fromkeys(binary.format for binary in program.executables))
    return lower_program(program, DeviceTarget(formats=formats or DeviceTarget().formats))


def module_name(module: mlir_ir.Module) -> str:
    """Name of a module at run time: its symbol, or "module"."""
    attributes = module.operation.attributes
    if "sym_name" not in attributes:
        return DEFAULT_MODULE_NAME
    return mlir_ir.StringAttr(attributes["sym_name"]).value


def _binary(kernels: KernelModule) -> ExecutableBinary:
    name = kernels.vm_module.name
    data = write_module(emit_module(kernels.vm_module, debug=False))
    return ExecutableBinary(name, kernels.format, data, kernels.kernels)
