"""Lays tensors out in one buffer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gossamer.compiler.host.program.sizes import BUFFER_ALIGNMENT, ZERO, Size
from gossamer.compiler.host.program.values import Resource


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A resource and the first and last wave that uses it."""

    resource: Resource
    first: int
    last: int


def pack(lifetimes: Sequence[Lifetime]) -> tuple[dict[Resource, Size], Size]:
    """Give each resource an offset such that those alive at the same time do not overlap.

    Memory is shared between static sizes only; dynamic ones follow one after another.

    Returns: offsets, and the size of the whole.
    """
    offsets: dict[Resource, Size] = {}
    placed: list[tuple[int, int, Lifetime]] = []
    static = [lifetime for lifetime in lifetimes if lifetime.resource.size.is_static]
    for lifetime in sorted(static, key=lambda each: (-each.resource.size.constant, each.first)):
        length = lifetime.resource.size.aligned().constant
        start = _first_gap(length, lifetime, placed)
        placed.append((start, start + length, lifetime))
        offsets[lifetime.resource] = Size(start)
    end = Size(max((stop for _, stop, _ in placed), default=0))
    for lifetime in lifetimes:
        if not lifetime.resource.size.is_static:
            offsets[lifetime.resource] = end
            end = end + lifetime.resource.size.aligned()
    return offsets, end


def pack_together(resources: Sequence[Resource]) -> tuple[dict[Resource, Size], Size]:
    """Give each resource an offset of its own, one after another."""
    offsets: dict[Resource, Size] = {}
    end = ZERO
    for resource in resources:
        offsets[resource] = end
        end = end + resource.size.aligned(BUFFER_ALIGNMENT)
    return offsets, end


def _first_gap(length: int, lifetime: Lifetime, placed: Sequence[tuple[int, int, Lifetime]]) -> int:
    taken = sorted(
        (start, stop)
        for start, stop, other in placed
        if other.first <= lifetime.last and lifetime.first <= other.last
    )
    position = 0
    for start, stop in taken:
        if start - position >= length:
            break
        position = max(position, stop)
    return position
