"""The machines that the options of a compilation name."""

from __future__ import annotations

from functools import cache
from typing import cast

from gossamer.compiler.options import CompileOptions
from gossamer.compiler.target.llvm_cpu.machines import ARCHITECTURES, KNOWN_PROCESSORS, Machine
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError
from gossamer.processor.host import host_architecture

_GENERIC, _HOST = "generic", "host"
_ALIASES = {"amd64": "x86_64", "x86-64": "x86_64", "arm64": "aarch64"}


def machines_of(options: CompileOptions) -> list[Machine]:
    """The machines to compile kernels for, most capable first.

    Raises: CompileError where the options contradict each other or name what does not exist.
    """
    architecture = _architecture(options.llvmcpu_target_triple)
    names = list(dict.fromkeys(options.llvmcpu_target_cpus)) or [_GENERIC]
    machines = [_machine(architecture, name, options) for name in names]
    for name in names if len(names) > 1 else ():
        if name not in (_HOST, _GENERIC, *KNOWN_PROCESSORS):
            known = ", ".join((_HOST, _GENERIC, *KNOWN_PROCESSORS))
            raise _error(
                f"processor '{name}' cannot be one of several: what it has is not known here", f"use {known}"
            )
    return sorted(machines, key=lambda machine: len(machine.required_features), reverse=True)


def _architecture(triple: str) -> str:
    name = triple.partition("-")[0] if triple else host_architecture()
    name = _ALIASES.get(name, name)
    if name not in ARCHITECTURES:
        raise _error(
            f"there are no native kernels for the architecture '{name}'",
            f"use one of {', '.join(ARCHITECTURES)}, or the backend vmvx, whose kernels run everywhere",
        )
    return name


def _machine(architecture: str, cpu: str, options: CompileOptions) -> Machine:
    known = ARCHITECTURES[architecture]
    added = features = options.llvmcpu_target_features
    if _HOST in (cpu, features):
        if architecture != host_architecture():
            raise _error(
                f"this machine's processor is no {architecture}", "name the processor that kernels are for"
            )
        host_cpu, host_features = host_processor()
        added = host_features if features == _HOST else ",".join(filter(None, (host_features, features)))
        cpu = host_cpu if cpu == _HOST else cpu
    if cpu in ("", _GENERIC):
        cpu = known.generic_cpu
    return Machine(architecture, cpu, ",".join(filter(None, (known.features, added))), options.llvm_options)


@cache
def host_processor() -> tuple[str, str]:
    """Name and features of this machine's processor, as LLVM spells them."""
    # Why here: only those who ask for this machine need the workers' answer.
    from gossamer.compiler.target.llvm_cpu.workers import shared_workers

    return cast("tuple[str, str]", shared_workers().submit("host_cpu").result())


def _error(message: str, hint: str) -> CompileError:
    return CompileError([Diagnostic(message, hint=hint)])
