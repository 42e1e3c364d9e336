"""Commands: what a device does inside one submission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gossamer.compiler.host.program.sizes import Dim, Scalar
from gossamer.compiler.host.program.values import Opaque, Range
from gossamer.compiler.kernel_interface import KernelInterface


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Runs a kernel.

    Attributes:
        executable: name of the executable the kernel is in.
        ordinal: which entry point of it.
        constants: values of the kernel's constants, in order.
        workgroups: x, y, z; each a product of dims divided by a tile, rounded up.
        bindings: in the kernel's order.
    """

    executable: str
    ordinal: int
    kernel: KernelInterface
    constants: tuple[Dim, ...]
    workgroups: tuple[WorkgroupCount, WorkgroupCount, WorkgroupCount]
    bindings: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class WorkgroupCount:
    """Product of `dims` divided by `tile`, rounded up."""

    dims: tuple[Dim, ...]
    tile: int = 1


@dataclass(frozen=True, slots=True)
class Fill:
    """Repeats a pattern of 1, 2, 4 or 8 bytes."""

    target: Range
    pattern: int | Scalar
    pattern_length: int


@dataclass(frozen=True, slots=True)
class Copy:
    """Copies bytes between ranges of the same length."""

    source: Range
    target: Range


@dataclass(frozen=True, slots=True)
class Update:
    """Copies bytes of the host."""

    source: Opaque
    target: Range


Command: TypeAlias = Dispatch | Fill | Copy | Update
Wave: TypeAlias = tuple[Command, ...]
"""Commands that may run at the same time."""
