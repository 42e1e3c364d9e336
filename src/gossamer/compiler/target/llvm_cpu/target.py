"""The target `llvm-cpu`: kernels in native code."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gossamer.compiler.executable import ExecutableBinary, ExecutableTarget
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.target.llvm_cpu.machine_options import machines_of
from gossamer.compiler.target.llvm_cpu.machines import ARCHITECTURES, Machine
from gossamer.compiler.target.target import ExecutableSource
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError, InternalError
from gossamer.processor.cpu_features import queried_features

_MIME_TYPE = "application/x-elf"


class LlvmCpuTarget:
    """Compiles all kernels into one shared object for each processor that the options name."""

    name = "llvm-cpu"

    def executable_targets(self, options: CompileOptions) -> list[ExecutableTarget]:
        """The processors, most capable first."""
        from gossamer.compiler.target.llvm_cpu.workers import shared_workers

        machines = machines_of(options)
        workers = shared_workers(options.llvm_options)
        if objection := workers.objection():
            raise CompileError([Diagnostic(f"LLVM does not take its flags: {objection}")])
        workers.prepare()
        return [_executable_target(machine, options, is_only=len(machines) == 1) for machine in machines]

    def compile(self, source: ExecutableSource, options: CompileOptions) -> list[ExecutableBinary]:
        """Compile an executable for each processor.

        Raises: CompileError where a dispatch does what kernels cannot; InternalError where LLVM fails.
        """
        # Why here: other targets do without.
        from gossamer.compiler.target.llvm_cpu.executable import LibrarySource, start_library

        library = LibrarySource(source)
        machines = machines_of(options)
        pending = [start_library(library, machine) for machine in machines]
        targets = self.executable_targets(options)
        return [
            ExecutableBinary(
                target, _finish(machine, wait), _MIME_TYPE, library.text, partial(library.stages, machine)
            )
            for target, machine, wait in zip(targets, machines, pending, strict=True)
        ]


def _finish(machine: Machine, wait: Callable[[], bytes]) -> bytes:
    try:
        return wait()
    except InternalError as error:
        if not machine.may_be_unknown:
            raise
        # LLVM ends where it does not know a processor; it offers no list of those it knows.
        message = f"LLVM compiles no {machine.architecture} code for processor '{machine.cpu}': {error}"
        raise CompileError(
            [Diagnostic(message, hint="use host, generic, or a processor that LLVM knows by this name")]
        ) from None


def _executable_target(machine: Machine, options: CompileOptions, *, is_only: bool) -> ExecutableTarget:
    loader = "embedded-elf" if options.llvmcpu_link_embedded else "system-elf"
    required = machine.required_features
    # Why not always: devices that know nothing of a feature would refuse what they can run.
    conditions = () if is_only else tuple(sorted(queried_features(machine.architecture) & set(required)))
    return ExecutableTarget(
        LlvmCpuTarget.name,
        f"{loader}-{ARCHITECTURES[machine.architecture].format_name}",
        machine.cpu,
        ",".join(f"+{feature}" for feature in required),
        conditions,
    )
