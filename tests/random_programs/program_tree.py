"""Programs of control flow over tensors of dynamic size: what they are made of.

A program is a block. A block is a list of statements, each of which gives new names to values, and the names
that it yields. Values are tensors `tensor<?xi32>`, integers `i32` that wrap, and conditions `i1`. Names of an
outer block may be read in an inner one; none is ever given twice.

`program_text.py` writes a program as MLIR, `program_values.py` computes it with NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

TRIP_LIMIT = 4
"""A loop runs as often as its integer says, modulo this."""

SIZE_LIMIT = 12
"""A loop that runs while a condition holds ends when its first tensor is as long as this."""


class Kind(Enum):
    """What a value is; the value is its MLIR type."""

    TENSOR = "tensor<?xi32>"
    INTEGER = "i32"
    CONDITION = "i1"


@dataclass(frozen=True)
class Apply:
    """`result = operation(operands)`, `number` being a constant that some operations have."""

    result: str
    operation: str
    operands: tuple[str, ...]
    number: int = 0


@dataclass(frozen=True)
class Block:
    """Statements, and the values that the block ends with."""

    statements: tuple[Statement, ...]
    yields: tuple[str, ...]


@dataclass(frozen=True)
class If:
    """One of two blocks; `branches` asks for blocks of `cf` where the statement is in no other one."""

    results: tuple[str, ...]
    kinds: tuple[Kind, ...]
    condition: str
    then: Block
    otherwise: Block
    branches: bool


@dataclass(frozen=True)
class For:
    """A loop of `trips` modulo `TRIP_LIMIT` rounds that carries values.

    Attributes:
        carried: the names of the carried values within the body.
        counter: the integer name of the round.
    """

    results: tuple[str, ...]
    kinds: tuple[Kind, ...]
    trips: str
    initial: tuple[str, ...]
    carried: tuple[str, ...]
    counter: str
    body: Block


@dataclass(frozen=True)
class While:
    """A loop over values of which the first is a tensor and the second an integer.

    It goes on while the tensor is shorter than `SIZE_LIMIT` and the integer, which each round makes less by
    one, is above zero; `branches` as in `If`.
    """

    results: tuple[str, ...]
    kinds: tuple[Kind, ...]
    initial: tuple[str, ...]
    carried: tuple[str, ...]
    body: Block
    branches: bool


Statement = Apply | If | For | While
