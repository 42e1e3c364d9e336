"""This machine's processors: cores, caches and memory nodes, as Linux describes them.

Where the system does not say, a processor is a core of its own and all share one cache and one node.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = Path("/sys/devices/system")
_UNKNOWN_CLUSTER = 65535
_SCALES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True, slots=True)
class Processor:
    """A logical processor.

    Attributes:
        id: as the system counts.
        node: memory node it belongs to.
        package, cluster: where it is on the chip.
        siblings: ids of the logical processors of its core, itself included.
        last_level: ids of those that share its outermost cache.
        l1d_bytes, l2_bytes: sizes of inner caches; 0 where not known.
        capacity: how quick it is relative to others.
    """

    id: int
    node: int = 0
    package: int = 0
    cluster: int = _UNKNOWN_CLUSTER
    siblings: frozenset[int] = frozenset()
    last_level: frozenset[int] = frozenset()
    l1d_bytes: int = 0
    l2_bytes: int = 0
    capacity: int = 1024


def read_processors(system: Path = _SYSTEM) -> tuple[Processor, ...]:
    """Describe the processors that this process may run on, by id.

    Args:
        system: folder of the system's description.
    """
    usable = sorted(_usable_ids())
    nodes = {
        processor: int(folder.name[4:])
        for folder in sorted(system.glob("node/node[0-9]*"))
        for processor in parse_ids(_read(folder / "cpulist"))
    }
    return tuple(_read_processor(system / "cpu" / f"cpu{id}", id, nodes.get(id, 0), usable) for id in usable)


def parse_ids(text: str) -> frozenset[int]:
    """Numbers of a list such as `0-3,8`.

    Raises: ValueError on anything else.
    """
    ids: set[int] = set()
    for part in text.split(",") if text.strip() else ():
        first, _, last = part.partition("-")
        ids.update(range(int(first), int(last or first) + 1))
    return frozenset(ids)


def _usable_ids() -> frozenset[int]:
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def _read_processor(folder: Path, id: int, node: int, usable: list[int]) -> Processor:
    sizes: dict[tuple[int, str], int] = {}
    last_level, outermost = frozenset(usable), 0
    for cache in sorted(folder.glob("cache/index*")):
        level, kind = _number(cache / "level", 0), _read(cache / "type")
        sizes[level, kind] = _size(_read(cache / "size"))
        if level > outermost:
            outermost, last_level = level, parse_ids(_read(cache / "shared_cpu_list"))
    return Processor(
        id,
        node,
        _number(folder / "topology/physical_package_id", 0),
        _number(folder / "topology/cluster_id", _UNKNOWN_CLUSTER),
        parse_ids(_read(folder / "topology/thread_siblings_list")) or frozenset((id,)),
        last_level,
        sizes.get((1, "Data"), 0),
        sizes.get((2, "Unified"), 0),
        _number(folder / "cpu_capacity", 1024),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _number(path: Path, default: int) -> int:
    text = _read(path)
    return int(text) if text.isdecimal() else default


def _size(text: str) -> int:
    number = text.rstrip("KMG")
    return int(number) * _SCALES.get(text[-1:], 1) if number.isdecimal() else 0
