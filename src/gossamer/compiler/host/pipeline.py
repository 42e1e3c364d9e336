"""The phases of the host side: schedule it, then lower it to the VM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gossamer.compiler.flow.program import FlowProgram
from gossamer.compiler.host.program.program import HostExecutable, HostProgram
from gossamer.compiler.host.schedule.module import schedule_program
from gossamer.compiler.mlir import ir as mlir_ir
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.resources import Resources
from gossamer.compiler.signatures import Signature

DEFAULT_MODULE_NAME = "module"


def schedule(
    flow: FlowProgram,
    signatures: Mapping[str, Signature],
    executables: Sequence[HostExecutable],
    options: CompileOptions,
    resources: Resources,
) -> HostProgram:
    """Schedule the host side of a program.

    Args:
        flow: the program after the flow phase.
        signatures: of exports and imports, by symbol.
        executables: every kernel that a dispatch names is in one of them.
        options: of the compilation.
        resources: bytes of constants that the program names.
    Raises: CompileError at what the host cannot do.
    """
    with flow.module.context:
        return schedule_program(
            flow.module,
            module_name(flow.module),
            signatures,
            executables,
            strip_assertions=bool(options.strip_assertions),
            resources=resources,
        )


def module_name(module: mlir_ir.Module) -> str:
    """Name of a module at run time: its symbol, or "module"."""
    attributes = module.operation.attributes
    if "sym_name" not in attributes:
        return DEFAULT_MODULE_NAME
    return mlir_ir.StringAttr(attributes["sym_name"]).value
