"""What compiling a model gives: the bytes of a module, and what became of the model on the way.

module = gossamer.compile(model, inputs=["?x64xf32"], target="llvm-cpu")
module.save("model.vmfb"); gossamer.Pipeline([module])
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from gossamer.abi.declaration import DECLARATION_ATTR, Declaration, parse_declaration
from gossamer.format.archive import read_module
from gossamer.format.module_def import ModuleDef
from gossamer.format.parameters.index import ParameterIndex
from gossamer.format.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class CompileReport:
    """What a compile did.

    Attributes:
        kernels: number of kernels; a dispatch runs one, and several may run the same.
        dispatches: number of places in the host program that run a kernel.
        kernel_bytes: size of the kernels of all targets.
        constant_bytes: size of the constants that the module brings.
        seconds: time of each phase, as it was when the module was compiled, not when it was found on disk.
    """

    kernels: int = 0
    dispatches: int = 0
    kernel_bytes: int = 0
    constant_bytes: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict[str, float])

    def __str__(self) -> str:
        slowest = sorted(self.seconds.items(), key=lambda item: -item[1])
        times = ", ".join(f"{phase} {seconds:.3f} s" for phase, seconds in slowest if seconds >= 0.001)
        return (
            f"{self.dispatches} dispatches of {self.kernels} kernels ({self.kernel_bytes:,} bytes), "
            f"{self.constant_bytes:,} bytes of constants; {sum(self.seconds.values()):.3f} s: {times}"
        )


class CompiledModule(bytes):
    """The bytes of a module, which go wherever bytes of modules go.

    Attributes:
        report: what the compile did.
        parameters: weights that the module loads, where it was compiled so: `Pipeline([module],
            parameters={"model": module.parameters})`.
    """

    report: CompileReport
    parameters: ParameterIndex | None

    def __new__(
        cls, data: bytes, report: CompileReport, parameters: ParameterIndex | None = None
    ) -> CompiledModule:
        """Take the bytes of a module over."""
        module = super().__new__(cls, data)
        module.report = report
        module.parameters = parameters
        return module

    @property
    def name(self) -> str:
        """What the module is called, and its functions begin with."""
        return self._tables.name

    @cached_property
    def exports(self) -> Mapping[str, Declaration]:
        """What each public function takes and gives, by its name."""
        tables = self._tables
        found: dict[str, Declaration] = {}
        for export in tables.exported_functions:
            attrs = dict(tables.function_signatures[export.internal_ordinal].attrs)
            declaration = parse_declaration(attrs.get(DECLARATION_ATTR, ""))
            if declaration is not None:
                found[export.local_name] = declaration
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the module to a file, whole or not at all; its parameters beside it, as `.irpa`.

        Raises: OSError.
        """
        if self.parameters is not None:
            # Why here: few modules have parameters.
            from gossamer.format.parameters.write_irpa import write_irpa

            write_irpa(self.parameters, Path(path).with_suffix(".irpa"))
        write_whole(path, self)

    def __repr__(self) -> str:
        functions = ", ".join(map(str, self.exports.values()))
        return f"<CompiledModule {self.name}: {functions or 'no functions'}; {len(self):,} bytes>"

    def __reduce__(self) -> tuple[type[CompiledModule], tuple[bytes, CompileReport, object]]:
        return CompiledModule, (bytes(self), self.report, self.parameters)

    @cached_property
    def _tables(self) -> ModuleDef:
        return read_module(self)


def pack(output: bytes, warnings: list[str]) -> bytes:
    """What is kept of a compile: its output, its warnings and its report."""
    report = asdict(output.report) if isinstance(output, CompiledModule) else None
    return json.dumps({"warnings": warnings, "report": report}).encode() + b"\n" + output


def unpack(stored: bytes) -> tuple[bytes, list[str]]:
    """Output and warnings of what `pack` made."""
    header, _, output = stored.partition(b"\n")
    read = json.loads(header)
    report = read["report"]
    return output if report is None else CompiledModule(output, CompileReport(**report)), read["warnings"]
