"""Machines that kernels are compiled for: architecture, processor, features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class _Architecture(NamedTuple):
    """An architecture.

    Attributes:
        format_name: in names of executable formats.
        generic_cpu: the processor that all others can do the work of.
        features: that code always has, or always lacks.
        code_model: which references between code and data reach far enough.
    """

    format_name: str
    generic_cpu: str
    features: str
    code_model: str
    abi: str = ""


ARCHITECTURES = {
    "x86_64": _Architecture("x86_64", "x86-64", "", "small"),
    # Why: x18 is the system's on macOS and Windows.
    "aarch64": _Architecture("arm_64", "generic", "+reserve-x18", "small"),
    "riscv64": _Architecture("riscv_64", "generic-rv64", "+m,+a,+f,+d,+c", "medium", "lp64d"),
}


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine.

    Attributes:
        architecture: key of `ARCHITECTURES`.
        cpu: name of the processor, as LLVM spells it.
        features: "+avx2,-fma" and so on, beyond what the processor has.
    """

    architecture: str
    cpu: str
    features: str

    @property
    def triple(self) -> str:
        """LLVM's triple: code that knows no operating system."""
        return f"{self.architecture}-unknown-unknown-eabi-elf"

    @property
    def code_model(self) -> str:
        """LLVM's code model."""
        return ARCHITECTURES[self.architecture].code_model

    @property
    def abi(self) -> str:
        """LLVM's name of the calling convention, where there are several."""
        return ARCHITECTURES[self.architecture].abi
