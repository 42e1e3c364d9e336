"""The target `vmvx`: kernels in VM bytecode."""

from __future__ import annotations

from gossamer.compiler.executable import ExecutableBinary, ExecutableTarget
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.target.target import ExecutableSource
from gossamer.compiler.target.vmvx.executables import compile_executable
from gossamer.compiler.vm.emit.module import emit_module
from gossamer.compiler.vm.text import format_module
from gossamer.format.archive import write_module

_FORMAT = "vmvx-bytecode-fb"
_MIME_TYPE = "application/x-flatbuffers"


class VmvxTarget:
    """Compiles all kernels into one VM module, in this process: starting workers would take longer."""

    name = "vmvx"

    def executable_targets(self, options: CompileOptions) -> tuple[ExecutableTarget]:
        """The same whatever the options."""
        return (ExecutableTarget(self.name, _FORMAT),)

    def compile(self, source: ExecutableSource, options: CompileOptions) -> tuple[ExecutableBinary]:
        """Compile an executable.

        Raises: CompileError where a dispatch does what kernels cannot.
        """
        module = compile_executable(source)
        data = write_module(emit_module(module, debug=False))
        (target,) = self.executable_targets(options)
        return (ExecutableBinary(target, data, _MIME_TYPE, lambda: format_module(module)),)
