"""What this process runs on, without asking LLVM.

In: what the system says. Out: a triple, and words that differ where code for one processor may not run, or
not run best, on another.
"""

from __future__ import annotations

import os
import sys
from functools import cache

_CPUINFO = "/proc/cpuinfo"
_CPUINFO_BYTES = 16384
_MACHINE_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}
_ELF_MACHINES = {"x86_64": 62}
# Of x86-64 and aarch64: what identifies the model, by which compilers choose instructions.
_IDENTITY_KEYS = frozenset(
    (
        *("vendor_id", "cpu family", "model", "stepping", "flags", "Features"),
        *("CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision"),
    )
)


@cache
def host_architecture() -> str:
    """Architecture of this process, such as `x86_64` or `aarch64`."""
    machine = (
        os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    ).lower()
    return _MACHINE_NAMES.get(machine, machine)


def host_triple() -> str:
    """Architecture, vendor and system of this process, such as `x86_64-unknown-linux`."""
    return f"{host_architecture()}-unknown-{sys.platform}"


def host_elf_machine() -> int | None:
    """ELF's number of this process's architecture, where native code of users can be loaded."""
    if os.name != "posix" or sys.maxsize < 1 << 32:
        return None
    return _ELF_MACHINES.get(host_architecture())


def usable_processor_count() -> int:
    """Processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor_flags() -> frozenset[str]:
    """Features of the processor by Linux's names; empty elsewhere."""
    fields = _fields()
    return frozenset((fields.get("flags") or fields.get("Features") or "").split())


@cache
def processor_identity() -> str:
    """Architecture, model and features of the processor; "" where the system does not tell."""
    fields = _fields()
    known = sorted((key, value) for key, value in fields.items() if key in _IDENTITY_KEYS)
    return f"{host_triple()} {known}" if known else ""


@cache
def _fields() -> dict[str, str]:
    """What Linux says about the first processor."""
    try:
        file = os.open(_CPUINFO, os.O_RDONLY)
    except OSError:
        return {}
    try:
        # Why not all of it: the system writes it processor by processor, and there may be hundreds.
        text = os.read(file, _CPUINFO_BYTES).decode("utf-8", "replace")
    finally:
        os.close(file)
    lines = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}
