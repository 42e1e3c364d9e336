"""Signatures: what crosses the boundary of a function that other modules call, or that is called in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias


class ExecutionModel(Enum):
    """Who waits for a call's work; the value is what `iree.abi.model` says.

    SYNC: arguments are ready when the function is called, and results when it returns.
    COARSE_FENCES: two fences follow the arguments: one that the arguments wait for, one that the function
    signals when its results are ready.
    """

    SYNC = "sync"
    COARSE_FENCES = "coarse-fences"


@dataclass(frozen=True, slots=True)
class TensorType:
    """A tensor, passed as a `!hal.buffer_view`.

    Attributes:
        shape: extent of each dimension, None where the caller decides.
        element: element type as MLIR spells it.
    """

    shape: tuple[int | None, ...]
    element: str

    def __str__(self) -> str:
        dims = "".join("?x" if extent is None else f"{extent}x" for extent in self.shape)
        return f"tensor<{dims}{self.element}>"


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A number passed in a register.

    Attributes:
        name: as MLIR spells it.
        is_unsigned: whether callers see an integer without sign.
    """

    name: str
    is_unsigned: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class RefType:
    """A ref passed as it is; `name` is its full type, for example "!hal.buffer_view"."""

    name: str

    def __str__(self) -> str:
        return self.name


AbiType: TypeAlias = TensorType | ScalarType | RefType

_SCALAR_CHARACTERS = {"index": "I", "i64": "I", "f64": "F", "f32": "f"}


def convention_character(type: AbiType) -> str:
    """Calling convention character of a type."""
    if not isinstance(type, ScalarType):
        return "r"
    # Narrow integers, f16 and bf16 travel in the low bits of an i32.
    return _SCALAR_CHARACTERS.get(type.name, "i")


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as the program wrote it.

    Attributes:
        name: in messages and the declaration.
        output_of: index of the result whose storage this argument is, or None.
    """

    name: str
    type: AbiType
    output_of: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A result as the program wrote it."""

    name: str
    type: AbiType


@dataclass(frozen=True, slots=True)
class Signature:
    """One export or import.

    Attributes:
        name: exported name, or "module.function" of an import.
        declaration: the function in words, as reflection shows it.
        has_side_effects: false where the program says that only results matter.
        attrs: reflection of an export, in the order of the file; what an import expects of its export.
    """

    name: str
    is_import: bool
    model: ExecutionModel
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    declaration: str
    has_side_effects: bool = True
    attrs: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_async(self) -> bool:
        """True where a wait fence and a signal fence follow the arguments."""
        return self.model is ExecutionModel.COARSE_FENCES

    @property
    def calling_convention(self) -> str:
        """The calling convention string, fences included."""
        arguments = "".join(convention_character(argument.type) for argument in self.arguments)
        if self.is_async:
            arguments += "rr"
        results = "".join(convention_character(result.type) for result in self.results)
        return f"0{arguments or 'v'}_{results or 'v'}"

    def storage_of(self, result: int) -> int | None:
        """Index of the argument that is the storage of a result, or None."""
        for index, argument in enumerate(self.arguments):
            if argument.output_of == result:
                return index
        return None
