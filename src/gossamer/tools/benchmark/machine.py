"""What a report says about the machine it was made on."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_CPU = Path("/sys/devices/system/cpu/cpu0")


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache of the first processor; `size` is in bytes, `shared_by` counts processors."""

    kind: str
    level: int
    size: int
    shared_by: int


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, now; what it does not tell is 0 or empty."""

    date: str
    host_name: str
    executable: str
    cpu_count: int
    megahertz: int
    is_scaling: bool
    has_aslr: bool
    caches: tuple[Cache, ...]
    load_average: tuple[float, ...]


def describe_machine() -> Machine:
    """Look at the machine."""
    governor = _read(_CPU / "cpufreq/scaling_governor")
    return Machine(
        date=datetime.now().astimezone().isoformat(timespec="seconds"),
        host_name=platform.node(),
        executable=sys.argv[0],
        cpu_count=os.cpu_count() or 1,
        megahertz=_megahertz(),
        is_scaling=bool(governor) and governor != "performance",
        has_aslr=_read(Path("/proc/sys/kernel/randomize_va_space")) not in ("", "0"),
        caches=_caches(),
        load_average=os.getloadavg() if hasattr(os, "getloadavg") else (),
    )


def machine_text(machine: Machine, extra: dict[str, str]) -> str:
    """The lines above a table."""
    lines = [
        machine.date,
        f"Running {machine.executable}",
        f"Run on ({machine.cpu_count} X {machine.megahertz} MHz CPU s)",
    ]
    if machine.caches:
        lines.append("CPU Caches:")
        lines += [
            f"  L{cache.level} {cache.kind} {cache.size >> 10} KiB (x{machine.cpu_count // cache.shared_by})"
            for cache in machine.caches
        ]
    if machine.load_average:
        lines.append("Load Average: " + ", ".join(f"{load:.2f}" for load in machine.load_average))
    lines += [f"{key}: {value}" for key, value in extra.items()]
    if machine.is_scaling:
        lines.append(
            "***WARNING*** CPU scaling is enabled, times may be noisy and will incur extra overhead."
        )
    if machine.has_aslr:
        lines.append("***WARNING*** ASLR is enabled, times may be noisy.")
    return "\n".join(lines)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _megahertz() -> int:
    kilohertz = _read(_CPU / "cpufreq/cpuinfo_max_freq")
    if kilohertz:
        return int(kilohertz) // 1000
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "cpu MHz":
            return round(float(value))
    return 0


def _caches() -> tuple[Cache, ...]:
    caches: list[Cache] = []
    for folder in sorted(_CPU.glob("cache/index*")):
        size = _read(folder / "size")
        if size.endswith("K"):
            shared = sum(
                bin(int(part, 16)).count("1") for part in _read(folder / "shared_cpu_map").split(",")
            )
            level = int(_read(folder / "level"))
            caches.append(Cache(_read(folder / "type"), level, int(size[:-1]) << 10, max(shared, 1)))
    return tuple(caches)
