"""What the host and a kernel agree on: bindings, constants and workgroup count of a dispatch.

A dispatch has operands (tensors and scalars), result tensors, and one index for each dynamic dimension of
each result. Its kernel sees buffers (bindings), a list of 32-bit words (constants) and a grid of workgroups;
these dataclasses say which is which. They are decided when dispatches are formed: the host is scheduled by
them and every target's code follows them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

BindingKind: TypeAlias = Literal["operand", "result"]
Access: TypeAlias = Literal["ro", "wo", "rw"]
ConstantKind: TypeAlias = Literal["operand", "operand_dim", "result_dim"]

_WIDE_TYPES = frozenset({"i64", "f64", "index"})


@dataclass(frozen=True, slots=True)
class Binding:
    """A buffer of a kernel; its place in `KernelInterface.bindings` is its ordinal.

    Attributes:
        kind: whether the buffer is a tensor operand or a result of the dispatch.
        index: which operand (counting scalars too) or which result.
        access: read only, write only, or both.
    """

    kind: BindingKind
    index: int
    access: Access


@dataclass(frozen=True, slots=True)
class ConstantSource:
    """A scalar of a dispatch that the host can pass to a kernel.

    Attributes:
        kind: a scalar operand, a dimension of a tensor operand, or one of the dispatch's result dimensions.
        index: which operand (counting tensors too), or which of the result dimensions.
        dim: which dimension of the operand, for `operand_dim`.
        type: the scalar's MLIR type as text; dimensions are `index`.
    """

    kind: ConstantKind
    index: int
    dim: int = 0
    type: str = "index"

    @property
    def word_count(self) -> int:
        """32-bit words the scalar takes: two (low, high) for 64-bit types and index, else one.

        Narrower bit patterns are zero-extended to a word.
        """
        return 2 if self.type in _WIDE_TYPES else 1

    def __str__(self) -> str:
        place = f" {self.dim}" if self.kind == "operand_dim" else ""
        return f"{self.kind} {self.index}{place}"


KnownSize: TypeAlias = int | ConstantSource
"""A size that the host and a kernel both know: the same in each call, or one of the kernel's constants."""


@dataclass(frozen=True, slots=True)
class CountExpr:
    """A workgroup count: the product of `factors` divided by `tile`, rounded up."""

    factors: tuple[KnownSize, ...] = ()
    tile: int = 1

    def __str__(self) -> str:
        product = " * ".join(map(str, self.factors)) or "1"
        return product if self.tile == 1 else f"ceildiv({product}, {self.tile})"

    @property
    def static_value(self) -> int | None:
        """The count where no factor depends on the call, else None."""
        if any(isinstance(factor, ConstantSource) for factor in self.factors):
            return None
        return self.evaluate(lambda source: 0)

    def evaluate(self, value_of: Callable[[ConstantSource], int]) -> int:
        """The count for given values of the scalars."""
        product = 1
        for factor in self.factors:
            product *= value_of(factor) if isinstance(factor, ConstantSource) else factor
        return -(-product // self.tile)


@dataclass(frozen=True, slots=True)
class KernelInterface:
    """How the host runs a kernel.

    Attributes:
        export_name: as profilers and dump tools show it, for example "abs_dispatch_0_elementwise_4096_f32".
        bindings: by ordinal.
        constants: in order; each takes `word_count` words, one after another.
        workgroup_count: x, y, z.
    """

    export_name: str
    bindings: tuple[Binding, ...]
    constants: tuple[ConstantSource, ...]
    workgroup_count: tuple[CountExpr, CountExpr, CountExpr]

    @property
    def constant_word_count(self) -> int:
        """32-bit words all constants take together."""
        return sum(constant.word_count for constant in self.constants)

    def __str__(self) -> str:
        bindings = ", ".join(binding.access for binding in self.bindings)
        constants = ", ".join(constant.type for constant in self.constants)
        return f"@{self.export_name} bindings({bindings}) constants({constants})"
