"""How much memory an allocator has given out, by where it is.

Counted in bytes as they were asked for. On this machine's devices all memory is the host's; buffers count
for the host where their memory type says so, as in IREE.
"""

from __future__ import annotations

from dataclasses import dataclass


class MemoryTally:
    """Running sums of one kind of memory.

    Attributes:
        allocated_bytes, freed_bytes: sums over all allocations so far.
        peak_bytes: most in use at a time.
    """

    __slots__ = ("allocated_bytes", "freed_bytes", "peak_bytes")

    def __init__(self) -> None:
        self.allocated_bytes = 0
        self.freed_bytes = 0
        self.peak_bytes = 0

    @property
    def live_bytes(self) -> int:
        """In use now."""
        return self.allocated_bytes - self.freed_bytes

    def statistics(self) -> MemoryStatistics:
        """The sums as they are now."""
        return MemoryStatistics(self.peak_bytes, self.allocated_bytes, self.freed_bytes)


@dataclass(frozen=True, slots=True)
class MemoryStatistics:
    """Bytes of one kind of memory; attributes as those of `MemoryTally`."""

    peak_bytes: int
    allocated_bytes: int
    freed_bytes: int

    @property
    def live_bytes(self) -> int:
        """In use now."""
        return self.allocated_bytes - self.freed_bytes


@dataclass(frozen=True, slots=True)
class AllocatorStatistics:
    """Bytes of an allocator's life.

    Attributes:
        host: of memory types with HOST_LOCAL.
        device: of all others.
        retained_bytes: held for reuse now.
    """

    host: MemoryStatistics
    device: MemoryStatistics
    retained_bytes: int

    @property
    def live_bytes(self) -> int:
        """In use now, of either kind."""
        return self.host.live_bytes + self.device.live_bytes


def format_statistics(statistics: AllocatorStatistics) -> str:
    """Two lines as IREE's tools print them, each with a newline."""
    lines: list[str] = []
    for place, memory in (("HOST_LOCAL", statistics.host), ("DEVICE_LOCAL", statistics.device)):
        lines.append(
            f"{place:>12}: {memory.peak_bytes:>12}B peak / {memory.allocated_bytes:>12}B allocated / "
            f"{memory.freed_bytes:>12}B freed / {memory.live_bytes:>12}B live\n"
        )
    return "".join(lines)
