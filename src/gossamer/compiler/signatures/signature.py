"""Signatures: what crosses the boundary of a function that other modules call, or that is called in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gossamer.abi.calling_convention import format_calling_convention
from gossamer.abi.declaration import ExecutionModel
from gossamer.abi.value_type import ValueType, convention_character


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as the program wrote it.

    Attributes:
        name: in messages and the declaration.
        output_of: index of the result whose storage this argument is, or None.
        is_transients: memory that the function may use as long as its work goes on.
    """

    name: str
    type: ValueType
    output_of: int | None = None
    is_transients: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """A result as the program wrote it."""

    name: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Signature:
    """One export or import.

    Attributes:
        name: exported name, or "module.function" of an import.
        declaration: the function in words, as reflection shows it.
        has_side_effects: false where the program says that only results matter.
        is_optional: an import that may be missing when the module is linked.
        minimum_version: lowest version of the module imported from.
        attrs: reflection of an export, in the order of the file; what an import expects of its export.
    """

    name: str
    is_import: bool
    model: ExecutionModel
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    declaration: str
    has_side_effects: bool = True
    is_optional: bool = False
    minimum_version: int = 0
    attrs: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_async(self) -> bool:
        """True where a wait fence and a signal fence follow the arguments."""
        return self.model is ExecutionModel.COARSE_FENCES

    @property
    def calling_convention(self) -> str:
        """The calling convention string, fences included."""
        return format_calling_convention(
            "".join(convention_character(argument.type) for argument in self.arguments),
            "".join(convention_character(result.type) for result in self.results),
            is_async=self.is_async,
        )

    def storage_of(self, result: int) -> int | None:
        """Index of the argument that is the storage of a result, or None."""
        for index, argument in enumerate(self.arguments):
            if argument.output_of == result:
                return index
        return None
