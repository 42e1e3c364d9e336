"""What a target is: a way to compile kernels into an executable that some device loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gossamer.compiler.codegen import KernelSource
from gossamer.compiler.executable import ExecutableBinary, ExecutableTarget
from gossamer.compiler.options import CompileOptions


@dataclass(frozen=True, slots=True)
class ExecutableSource:
    """An executable before it is compiled.

    Attributes:
        name: of the executable.
        kernels: by the name of the dispatch (`Executable.name`), in the order of entry points.
    """

    name: str
    kernels: Mapping[str, KernelSource]


class Target(Protocol):
    """One way to compile executables."""

    @property
    def name(self) -> str:
        """As `--iree-hal-local-target-device-backends=` spells it."""
        ...

    def executable_targets(self, options: CompileOptions) -> Sequence[ExecutableTarget]:
        """What it compiles for, by the options of a compilation, most wanted first.

        Called before the program is read: what takes long to start may start.

        Raises: CompileError where its options contradict each other or name what does not exist.
        """
        ...

    def compile(self, source: ExecutableSource, options: CompileOptions) -> Sequence[ExecutableBinary]:
        """Compile an executable for each of `executable_targets`.

        An entry point has its interface's `export_name` and follows its bindings and constants; it may leave
        constants unread. The sources are only read: other targets compile them too.

        Raises: CompileError where a dispatch does what the target's kernels cannot.
        """
        ...
