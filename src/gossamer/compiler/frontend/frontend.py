"""What a frontend is: the way from one form of source into the compiler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.resources import Resources
from gossamer.compiler.source import Source

AUTO = "auto"
"""The input type that has the input phase go by the dialects it finds."""


@dataclass(frozen=True, slots=True)
class LoadedProgram:
    """What a frontend makes of a source.

    Attributes:
        module: in dialects that the input phase lowers, or below them.
        input_type: which conversions the input phase is to run, as `--iree-input-type=` spells it.
        resources: bytes of constants that `module` names.
    """

    module: ir.Module
    input_type: str = AUTO
    resources: Resources = field(default_factory=Resources)


class Frontend(Protocol):
    """One form of source that can be compiled."""

    @property
    def name(self) -> str:
        """What messages call it, such as "MLIR"."""
        ...

    def accepts(self, source: Source, input_type: str) -> bool:
        """Whether a source is of this form, by its suffix, its first bytes, its Python type or `input_type`.

        Args:
            source: must not be changed, nor libraries loaded that take long.
            input_type: value of `--iree-input-type=`, "auto" unless given.
        """
        ...

    def load(self, source: Source, options: CompileOptions) -> LoadedProgram:
        """Make an MLIR module of a source that was accepted.

        Raises: CompileError, with locations in the source where it has any.
        """
        ...
