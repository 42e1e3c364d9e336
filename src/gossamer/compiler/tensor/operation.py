"""What a row of the table of tensor operations says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.shape_rules import ShapeRule

FreeRule: TypeAlias = Callable[[ir.Operation], bool]
ReadRule: TypeAlias = Callable[[ir.OpOperand], bool]


def always(subject: ir.Operation | ir.OpOperand) -> bool:
    """True, of every operation and use."""
    return True


def never(subject: ir.Operation | ir.OpOperand) -> bool:
    """False, of every operation and use."""
    return False


@dataclass(frozen=True, slots=True)
class TensorOperation:
    """What flow and codegen know of an operation beside its code.

    Attributes:
        name: dialect and name.
        shape: tells the sizes of results; None where their types state all sizes, or there are none.
        is_root: a dispatch may be there to compute it.
        is_whole: it computes all elements together, in loops of its own: a consumer cannot ask it for one.
        is_free: whether an element of an operation's result costs a kernel no more than index arithmetic;
            every dispatch that reads the result then has a copy of the operation.
        reads_once: whether an operation asks for each element of the operand in a use at most once; what
            computes the operand may then join its dispatch.
        label: what entry points are called for it; empty where a linalg operation beside it gives the name.
        synonyms: names of operations that mean the same, converted to this one at once.
    """

    name: str
    shape: ShapeRule | None = None
    is_root: bool = False
    is_whole: bool = False
    is_free: FreeRule = never
    reads_once: ReadRule = never
    label: str = ""
    synonyms: tuple[str, ...] = ()
