"""Options of `iree.compiler.tools`: enumerations, keyword arguments, and the flags they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Self


class _NamedEnum(Enum):
    """Values that may be given by their names, in any case, with hyphens or underscores."""

    @classmethod
    def parse(cls, spec: str | Self) -> Self:
        """The value of a name. Raises: ValueError for other names."""
        if isinstance(spec, cls):
            return spec
        name = str(spec).upper().replace("-", "_")
        if name not in cls.__members__:
            raise ValueError(
                f"For {cls._argument()}= argument, expected one of: {', '.join(cls.__members__)}"
            )
        return cls[name]

    @classmethod
    def _argument(cls) -> str:
        return "input_type" if cls is InputType else "output_format"

    def __str__(self) -> str:
        return str(self.value)


class InputType(_NamedEnum):
    """Dialect that a program is written in."""

    NONE = "none"
    AUTO = "auto"
    STABLEHLO = "stablehlo"
    STABLEHLO_XLA = "stablehlo_xla"
    TOSA = "tosa"
    TM_TENSOR = "tm_tensor"
    TORCH = "torch"
    ONNX = "onnx"


class OutputFormat(_NamedEnum):
    """How a module is written."""

    FLATBUFFER_BINARY = "flatbuffer-binary"
    FLATBUFFER_TEXT = "flatbuffer-text"
    MLIR_TEXT = "mlir-text"


@dataclass
class CompilerOptions:
    """Options of one compile.

    Attributes:
        output_file: file that gets the module; None returns it.
        target_backends: what kernels are compiled for.
        input_type: dialect of the input.
        output_format: how the module is written.
        extra_args: flags of `iree-compile`, one an item.
        optimize: accepted, and decides nothing, as in IREE 3.13.0.
        output_mlir_debuginfo, output_generic_mlir, extended_diagnostics: how MLIR is printed.
        strip_debug_ops, strip_source_map: what is left out of the module.
        crash_reproducer_path: accepted; nothing is written, for a compile here does not end the process.
        enable_tflite_bindings: refused.
        enable_benchmark: export functions to measure by.
    """

    output_file: str | None = None
    target_backends: Sequence[str] = ()
    input_type: InputType | str = InputType.AUTO
    output_format: OutputFormat | str = OutputFormat.FLATBUFFER_BINARY
    extra_args: Sequence[str] = ()
    optimize: bool = True
    output_mlir_debuginfo: bool = True
    output_generic_mlir: bool = False
    extended_diagnostics: bool = False
    strip_debug_ops: bool = False
    strip_source_map: bool = False
    crash_reproducer_path: str | None = None
    enable_tflite_bindings: bool = False
    enable_benchmark: bool = False

    def __post_init__(self) -> None:
        self.input_type = InputType.parse(self.input_type)
        self.output_format = OutputFormat.parse(self.output_format)

    def flags(self) -> list[str]:
        """The flags of `iree-compile` that say the same."""
        return [*self._flags(), *self.extra_args]

    def _flags(self) -> Iterator[str]:
        yield f"--iree-input-type={self.input_type}"
        yield f"--iree-vm-bytecode-module-output-format={self.output_format}"
        for backend in self.target_backends:
            yield f"--iree-hal-target-backends={backend}"
        if self.output_mlir_debuginfo:
            yield "--mlir-print-debuginfo"
        if self.output_generic_mlir:
            yield "--mlir-print-op-generic"
        if self.extended_diagnostics:
            yield "--mlir-print-op-on-diagnostic=true"
        if self.strip_debug_ops:
            yield "--iree-vm-bytecode-module-strip-debug-ops"
        if self.strip_source_map:
            yield "--iree-vm-bytecode-module-strip-source-map"
        if self.enable_tflite_bindings:
            yield "--iree-tflite-bindings-support"
        if self.enable_benchmark:
            yield "--iree-flow-export-benchmark-funcs"
