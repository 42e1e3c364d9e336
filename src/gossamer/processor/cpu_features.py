"""Features of this machine's processor, by the names LLVM gives them.

Programs ask for them through device queries, kernels read them from their environment as a bit field.
Spec: `iree/schemas/cpu_feature_bits.inl` of IREE 3.13.0 for the bits of the first word.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from gossamer.processor.host import host_architecture, processor_flags

_X86_64_BITS = {
    "sse3": 0, "ssse3": 1, "sse4.1": 2, "sse4.2": 3, "sse4a": 4, "avx": 10, "fma": 11, "fma4": 12, "xop": 13,
    "f16c": 14, "avx2": 15, "avx512f": 20, "avx512cd": 21, "avx512vl": 22, "avx512dq": 23, "avx512bw": 24,
    "avx512ifma": 25, "avx512vbmi": 26, "avx512vpopcntdq": 27, "avx512vnni": 28, "avx512vbmi2": 29,
    "avx512bitalg": 30, "avx512bf16": 31, "avx512fp16": 32, "amx-tile": 50, "amx-int8": 51, "amx-bf16": 52,
}  # fmt: skip
_ARM_64_BITS = {
    "fp-armv8": 0, "lse": 1, "lse128": 2, "fullfp16": 10, "fp16fml": 11, "dotprod": 12, "i8mm": 13,
    "bf16": 14,
    "sve": 20, "sve2": 21, "sve2p1": 22, "sve2-bitperm": 23, "f32mm": 24, "f64mm": 25, "sme": 30, "sme2": 31,
    "sme2p1": 32, "sme-f16f16": 33, "sme-f64f64": 34, "sme-i16i64": 35,
}  # fmt: skip
# Linux's names where they differ from LLVM's.
_LINUX_NAMES = {
    "sse3": "pni", "sse4.1": "sse4_1", "sse4.2": "sse4_2", "avx512vpopcntdq": "avx512_vpopcntdq",
    "avx512vnni": "avx512_vnni", "avx512vbmi2": "avx512_vbmi2", "avx512bitalg": "avx512_bitalg",
    "avx512bf16": "avx512_bf16", "avx512fp16": "avx512_fp16", "amx-tile": "amx_tile", "amx-int8": "amx_int8",
    "amx-bf16": "amx_bf16", "fp-armv8": "fp", "lse": "atomics", "fullfp16": "fphp", "fp16fml": "asimdfhm",
    "dotprod": "asimddp", "sve2-bitperm": "svebitperm", "f32mm": "svef32mm", "f64mm": "svef64mm",
    "sme-f16f16": "smef16f16", "sme-f64f64": "smef64f64", "sme-i16i64": "smei16i64",
}  # fmt: skip


# Features of x86-64 beyond those bits that code for them may use.
_X86_64_CODE = {
    "avxvnni": "avx_vnni", "bmi": "bmi1", "bmi2": "bmi2", "gfni": "gfni", "lzcnt": "abm", "movbe": "movbe",
    "popcnt": "popcnt", "vaes": "vaes", "vpclmulqdq": "vpclmulqdq",
}  # fmt: skip
_X86_64_NAMES = {name: _LINUX_NAMES.get(name, name) for name in _X86_64_BITS} | _X86_64_CODE


def lacking_features(features: Iterable[str]) -> list[str]:
    """Those of an x86-64 processor's features that this machine's processor has not.

    Args:
        features: LLVM's names. Those that code of kernels does not use, and others not known here, are left
            out of account; so are all where the system does not list its processor's features.
    """
    flags = processor_flags()
    names = _X86_64_NAMES
    return [name for name in features if flags and name in names and names[name] not in flags]


def queried_features(architecture: str) -> frozenset[str]:
    """Names of features that programs can ask a device for on machines of an architecture."""
    return frozenset({"x86_64": _X86_64_BITS, "aarch64": _ARM_64_BITS}.get(architecture, {}))


def cpu_feature(name: str) -> int | None:
    """1 where the processor has a feature, 0 where it has not, None for a name that is not known here."""
    bit = _feature_bits().get(name)
    return None if bit is None else processor_data() >> bit & 1


@cache
def processor_data() -> int:
    """First word of the processor data that kernels get; the other seven are zero."""
    flags = processor_flags()
    word = 0
    for name, bit in _feature_bits().items():
        word |= int(_LINUX_NAMES.get(name, name) in flags) << bit
    return word


def _feature_bits() -> dict[str, int]:
    return {"x86_64": _X86_64_BITS, "aarch64": _ARM_64_BITS}.get(host_architecture(), {})
