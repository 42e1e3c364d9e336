"""Byte counts and offsets that may depend on the sizes of a call."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir

BUFFER_ALIGNMENT = 64
"""Of every tensor inside a buffer that holds several, bytes."""


@dataclass(eq=False, slots=True)
class Scalar:
    """A number the host knows when the program runs.

    Attributes:
        name: for printing.
        type: register that holds it; dimensions are i64.
        source: the MLIR value it is, or None for one the schedule itself reads.
    """

    name: str
    type: ir.Type = ir.I64
    source: mlir.ir.Value | None = None

    def __str__(self) -> str:
        return f"%{self.name}"


Dim: TypeAlias = int | Scalar
Shape: TypeAlias = tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """`factor` times the product of `dims`, rounded up to a multiple of `alignment`."""

    factor: int
    dims: tuple[Scalar, ...]
    alignment: int = 1

    def __str__(self) -> str:
        product = " * ".join([*map(str, self.dims), *([str(self.factor)] if self.factor != 1 else [])])
        return product if self.alignment == 1 else f"align({product}, {self.alignment})"


@dataclass(frozen=True, slots=True)
class Size:
    """A number of bytes: `constant` plus the sum of `terms`."""

    constant: int = 0
    terms: tuple[Term, ...] = ()

    @property
    def is_static(self) -> bool:
        """True where it is the same in each call."""
        return not self.terms

    def __add__(self, other: Size) -> Size:
        return Size(self.constant + other.constant, self.terms + other.terms)

    def aligned(self, alignment: int = BUFFER_ALIGNMENT) -> Size:
        """This size rounded up; of a sum, each part is rounded up."""
        terms = tuple(Term(term.factor, term.dims, alignment) for term in self.terms)
        return Size(-(-self.constant // alignment) * alignment, terms)

    def __str__(self) -> str:
        parts = [str(term) for term in self.terms]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts)


ZERO = Size()


def product(factor: int, dims: tuple[Dim, ...]) -> Size:
    """`factor` times all of `dims`."""
    factor *= math.prod(dim for dim in dims if isinstance(dim, int))
    scalars = tuple(dim for dim in dims if isinstance(dim, Scalar))
    if not scalars or factor == 0:
        return Size(factor)
    return Size(0, (Term(factor, scalars),))
