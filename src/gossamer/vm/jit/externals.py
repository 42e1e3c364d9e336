"""What native code may call: the C library's mathematics and memory functions."""

from __future__ import annotations

from functools import cache

from gossamer.machine_code.libc import find_function
from gossamer.vm.jit.instructions.float_operations import LIBM_BINARY, LIBM_PREFIX, LIBM_UNARY

# What LLVM makes of its own intrinsics where the processor has no instruction for them.
_PLAIN_NAMES = (
    *("memcpy", "memmove", "memset", "memcmp", "bcmp", "calloc", "free"),
    *("ceil", "floor", "round", "roundeven", "rint", "trunc"),
    *("ceilf", "floorf", "roundf", "roundevenf", "rintf", "truncf"),
)


def external_address(symbol: str) -> int | None:
    """Address that a symbol of native code stands for; None for what it may not call."""
    name = _names().get(symbol)
    return None if name is None else find_function(name)


@cache
def _names() -> dict[str, str]:
    """Name in the C library by symbol."""
    libm = (*LIBM_UNARY, *LIBM_BINARY.values())
    names = {LIBM_PREFIX + name: name for base in libm for name in (base, base + "f")}
    return names | {name: name for name in _PLAIN_NAMES}
