"""Allocators by specification, as `--device_allocator=` gives them.

    caching                         hold all freed memory for reuse
    caching:HEAP=SIZE;TOTAL;COUNT   hold blocks up to SIZE bytes, TOTAL bytes of them, COUNT of them; `*` or
                                    nothing for no limit. Of several, separated by commas, the sums count.
    debug                           fill new buffers with the byte CD
    limit:TOTAL                     refuse allocations past TOTAL bytes in use (Gossamer's own)

Sizes are numbers with b, kb, kib, mb, mib, gb or gib behind them, or nothing. HEAP is a memory type.
Spec: `iree/hal/utils/allocators.c` and `caching_allocator.c` of IREE 3.13.0.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.memory_flags import BufferUsage, MemoryType
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.block_pool import DEFAULT_RETENTION, Retention
from gossamer.hal.memory.heap_allocator import HeapAllocator

_SCALES = {
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "b": 1,
}
_HEAP_TYPE = MemoryType.DEVICE_LOCAL | MemoryType.HOST_VISIBLE | MemoryType.HOST_COHERENT
_UNLIMITED = 1 << 62
_DEFAULT_COUNT = 64
_DEBUG_FILL = 0xCD


def allocator_from_specs(specs: Sequence[str], *, capacity_bytes: int | None = None) -> Allocator:
    """Make an allocator with what each specification adds; none makes the default one.

    Args:
        capacity_bytes: most that its buffers may take at a time, unless a specification says less.
    Raises: InvalidArgumentError where one is wrong.
    """
    retention, fill = DEFAULT_RETENTION, None
    for spec in specs:
        name, _, config = spec.partition(":")
        match name.strip():
            case "caching":
                retention = _parse_retention(config) if config else Retention(_UNLIMITED)
            case "debug":
                fill = _DEBUG_FILL
            case "limit":
                limit = parse_size(config)
                capacity_bytes = limit if capacity_bytes is None else min(limit, capacity_bytes)
            case _:
                raise InvalidArgumentError(f"unrecognized allocator '{name}'")
    return HeapAllocator(capacity_bytes=capacity_bytes, retention=retention, fill=fill)


def parse_size(text: str) -> int:
    """Bytes of `4096`, `64kib`, `1gb`.

    Raises: InvalidArgumentError on anything else.
    """
    number, scale = text.strip().lower(), 1
    for suffix, value in _SCALES.items():
        if number.endswith(suffix):
            number, scale = number.removesuffix(suffix), value
            break
    if not number.isdecimal():
        raise InvalidArgumentError(f"size must be an integer, got '{number}'")
    return int(number) * scale


def _parse_retention(config: str) -> Retention:
    total_bytes = block_bytes = block_count = 0
    for pool in config.removesuffix(",").split(","):
        heap, _, limits = pool.partition("=")
        _check_heap(heap.strip())
        size, total, count = [part.strip() for part in (limits + ";;").split(";")][:3]
        block_bytes = max(block_bytes, _limit(size, "max_allocation_size"))
        total_bytes += _limit(total, "max_allocation_capacity")
        if count not in ("", "*") and not count.isdecimal():
            raise InvalidArgumentError(f"invalid count '{count}'")
        block_count += int(count) if count.isdecimal() else _DEFAULT_COUNT
    return Retention(total_bytes, block_bytes, block_count)


def _limit(text: str, what: str) -> int:
    if text in ("", "*"):
        return _UNLIMITED
    try:
        return parse_size(text)
    except InvalidArgumentError as error:
        raise error.annotate(f"parsing {what}") from None


def _check_heap(key: str) -> None:
    """Raise InvalidArgumentError unless this machine's only heap has what a key asks for."""
    if not key:
        raise InvalidArgumentError("heap key must specified in pool params")
    memory_type, _, usage = key.partition(";")
    wanted = _parse_bits(memory_type, MemoryType)
    _parse_bits(usage, BufferUsage)
    if wanted & ~_HEAP_TYPE:
        raise InvalidArgumentError(
            f"no heap matching requested config params memory_type='{memory_type}', buffer_usage='{usage}'"
        )


def _parse_bits(text: str, flags: type[MemoryType] | type[BufferUsage]) -> int:
    bits = 0
    for name in text.split("|") if text not in ("", "*") else ():
        member = flags.__members__.get(name.strip().upper())
        if member is None:
            raise InvalidArgumentError(f"unrecognized bitfield member '{name.strip()}'")
        bits |= member
    return bits
