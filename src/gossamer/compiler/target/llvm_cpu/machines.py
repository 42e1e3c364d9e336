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


_X86_64_V2 = ("cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3")
_X86_64_V3 = ("avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave")
_X86_64_V4 = ("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl")
KNOWN_PROCESSORS: dict[str, tuple[str, ...]] = {
    "x86-64": (),
    "x86-64-v2": _X86_64_V2,
    "x86-64-v3": (*_X86_64_V2, *_X86_64_V3),
    "x86-64-v4": (*_X86_64_V2, *_X86_64_V3, *_X86_64_V4),
}
"""What processors of a name have beyond what all of their architecture have, by LLVM's names.

Spec: System V ABI, AMD64 supplement, "Micro-Architecture Levels".
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine.

    Attributes:
        architecture: key of `ARCHITECTURES`.
        cpu: name of the processor, as LLVM spells it.
        features: "+avx2,-fma" and so on, beyond what the processor has.
        llvm_options: flags of LLVM's own that its code is made with.
    """

    architecture: str
    cpu: str
    features: str
    llvm_options: tuple[str, ...] = ()

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

    @property
    def may_be_unknown(self) -> bool:
        """Whether the processor's name is the user's, for all that is known here."""
        return self.cpu not in (*KNOWN_PROCESSORS, ARCHITECTURES[self.architecture].generic_cpu)

    @property
    def required_features(self) -> tuple[str, ...]:
        """What a processor needs to run the code, as far as it is known here."""
        required = dict.fromkeys(KNOWN_PROCESSORS.get(self.cpu, ()))
        for feature in self.features.split(","):
            if feature.startswith("+"):
                required[feature[1:]] = None
            required.pop(feature[1:] if feature.startswith("-") else "", None)
        return tuple(sorted(required))
