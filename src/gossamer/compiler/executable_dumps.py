"""Files that show executables on their way: `--iree-hal-dump-executable-*-to=`, under IREE's names.

In: kernels before their code, then executables for each target. Out: files, one for each dispatch before
dispatches are put together in an executable, and one for each target afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gossamer.compiler.codegen import KernelSource
from gossamer.compiler.executable import ExecutableBinary, ExecutableTarget
from gossamer.compiler.input.benchmark_functions import export_benchmarks
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileOptions
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError
from gossamer.format.whole_file import write_whole

_SUFFIXES = {"application/x-elf": "so", "application/x-flatbuffers": "vmfb"}
_OTHER_SUFFIX = "bin"
_STDOUT = "-"
"""A folder of this name is the command's output."""


@dataclass(frozen=True, slots=True)
class ExecutableDumps:
    """What the options ask to see of a program's executables.

    Attributes:
        options: of the compilation.
        module: name of the program.
        stem: of the file that it is from.
    """

    options: CompileOptions
    module: str
    stem: str

    def dump_kernels(self, kernels: Mapping[str, KernelSource], targets: Sequence[ExecutableTarget]) -> None:
        """Write each dispatch, what was decided about it, and a program that only measures it."""
        for name, kernel in kernels.items():
            prefix = f"{self.module}_{name}"
            source = f"{kernel.executable.function.parent}\n"
            self._write("sources", f"{prefix}.mlir", source)
            decisions = _decisions(kernel)
            self._write("configurations", f"configured_{prefix}.mlir", f"{decisions}{source}")
            if self._folder("benchmarks"):
                self._dump_benchmark(kernel, prefix, targets)

    def dump_binaries(self, kernels: Sequence[str], binaries: Sequence[ExecutableBinary]) -> None:
        """Write executables, and what they were before."""
        for binary in binaries:
            name = f"{self.module}_{self._name(kernels, binary.target)}{_processor(binary.target, binaries)}"
            self._write("binaries", f"{name}.{_SUFFIXES.get(binary.mime_type, _OTHER_SUFFIX)}", binary.data)
            if self._folder("intermediates"):
                for suffix, data in binary.stages().items():
                    self._write("intermediates", f"{name}.{suffix}", data)

    def _name(self, kernels: Sequence[str], target: ExecutableTarget) -> str:
        format_name = target.format.replace("-", "_")
        if len(kernels) == 1:
            return f"{kernels[0]}_{format_name}"
        # Spec: LLVMCPU links under the name of the file alone, other targets under theirs too.
        linked = (
            f"{self.stem}_linked" if target.backend == "llvm-cpu" else f"{self.stem}_linked_{target.backend}"
        )
        return f"{linked}_{format_name}"

    def _dump_benchmark(self, kernel: KernelSource, prefix: str, targets: Sequence[ExecutableTarget]) -> None:
        function = kernel.executable.function
        program = ir.Module.parse(f"module {{\n{function}\n}}", function.context)
        try:
            export_benchmarks(program)
        except CompileError:
            # Why: as in IREE, what depends on the sizes of a call is not measured without one.
            return
        for target in targets:
            device = f'[#hal.device.target<"local", [{target}]>]'
            program.operation.attributes["hal.device.targets"] = ir.Attribute.parse(device, function.context)
            name = f"{prefix}_{target.format.replace('-', '_')}_benchmark.mlir"
            self._write("benchmarks", name, f"{program}\n")

    def _folder(self, kind: str) -> str:
        folder: str = getattr(self.options, f"dump_executable_{kind}_to")
        return folder or self.options.dump_executable_files_to

    def _write(self, kind: str, name: str, contents: str | bytes) -> None:
        folder = self._folder(kind)
        if not folder:
            return
        data = contents.encode() if isinstance(contents, str) else contents
        if folder == _STDOUT:
            sys.stdout.buffer.write(data)
            return
        path = Path(folder, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
        except OSError as error:
            raise CompileError([Diagnostic(f"cannot write '{path}': {error.strerror}")]) from None


def _processor(target: ExecutableTarget, binaries: Sequence[ExecutableBinary]) -> str:
    """What tells a file from those for other processors of the same format."""
    formats = [binary.target.format for binary in binaries]
    return f"_{target.cpu}" if formats.count(target.format) > 1 else ""


def _decisions(kernel: KernelSource) -> str:
    count = ", ".join(map(str, kernel.interface.workgroup_count))
    lines = [f"kernel {kernel.interface}", f"workgroups({count})"]
    lines += [f"{source} is {size}" for source, size in kernel.sizes.items() if source != size]
    return "".join(f"// {line}\n" for line in lines)
