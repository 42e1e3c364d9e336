"""VM IR: modules of functions of blocks of operations, in SSA form with block arguments.

Operations bear the names of the opcode table and take what its rows say. Registers, byte offsets of
globals and ordinals do not exist yet: `allocate_registers` and `emit` give them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from gossamer.abi.module_interface import ModuleFunction


class ValueType(Enum):
    """Register type of a value; the value is its calling convention character."""

    I32 = "i"
    I64 = "I"
    F32 = "f"
    F64 = "F"
    REF = "r"


@dataclass(frozen=True, slots=True)
class Type:
    """Type of a value; `ref_type` is the full name ("!hal.buffer", "!vm.buffer") of a ref's object."""

    kind: ValueType
    ref_type: str = ""

    def __str__(self) -> str:
        return self.ref_type if self.kind is ValueType.REF else self.kind.name.lower()


I32 = Type(ValueType.I32)
I64 = Type(ValueType.I64)
F32 = Type(ValueType.F32)
F64 = Type(ValueType.F64)


def ref(name: str) -> Type:
    """Type of a ref to objects of the full name `name`, for example "!hal.buffer"."""
    return Type(ValueType.REF, name)


@dataclass(eq=False, slots=True)
class Value:
    """An SSA value; identity is its name."""

    type: Type


@dataclass(frozen=True, slots=True)
class Location:
    """Where an operation came from."""

    filename: str
    line: int
    column: int


@dataclass(eq=False, slots=True)
class Successor:
    """A branch to a block, with the values of its arguments."""

    block: Block
    arguments: list[Value] = field(default_factory=list["Value"])


Span: TypeAlias = list["Value"] | list[tuple["Value", ...]]
CallArgument: TypeAlias = "Value | Span"

Immediate: TypeAlias = int | float | str | bytes


@dataclass(eq=False, slots=True)
class Operation:
    """One operation.

    Attributes:
        name: opcode name without `vm.`, for example "add.i32", "call", "cond_br".
        operands: value operands, in the order of the opcode's row; spans of a call are flattened.
        results: values written, in the order of the row. A `call.yieldable` has none: its results are the
            arguments of its successor's block.
        immediate: the number of a `const.*`; the message of `fail`, `trace`, `print`; else None.
        symbol: name of the global, rodata, internal function, or import (full name) meant; "" for none.
        segments: for calls of variadic imports, -1 for each plain argument and the group count for each span.
        type: the ref type an `@t` operand names, for example "!hal.buffer"; "" for none.
        successors: targets of a terminator, in row order; for `br_table` the default, then the cases.
    """

    name: str
    operands: list[Value] = field(default_factory=list["Value"])
    results: list[Value] = field(default_factory=list["Value"])
    immediate: Immediate | None = None
    symbol: str = ""
    segments: tuple[int, ...] = ()
    type: str = ""
    successors: list[Successor] = field(default_factory=list["Successor"])
    location: Location | None = None


@dataclass(eq=False, slots=True)
class Block:
    """Operations in order, the last one a terminator; `arguments` are set by each branch to the block."""

    arguments: list[Value] = field(default_factory=list["Value"])
    operations: list[Operation] = field(default_factory=list["Operation"])


@dataclass(eq=False, slots=True)
class Function:
    """A function; `blocks[0]` is the entry and its arguments are the function's."""

    name: str
    result_types: list[Type]
    blocks: list[Block]
    attrs: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def arguments(self) -> list[Value]:
        """The function's arguments."""
        return self.blocks[0].arguments


@dataclass(frozen=True, slots=True)
class Global:
    """A module global. Scalars start at zero and refs at null in every context.

    Attributes:
        declared_type: as the program declares it, such as `tensor<4xf32>`; "" for globals that the
            compiler makes for its own use, which users do not see.
        is_mutable: may change once the module is initialised.
        dims: names of the globals that hold a tensor's dynamic dimensions, in order.
    """

    name: str
    type: Type
    declared_type: str = ""
    is_mutable: bool = True
    dims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rodata:
    """Constant bytes; `mime_type` marks those that are files of their own, such as executables."""

    name: str
    data: bytes
    alignment: int = 16
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """A function of another module.

    Attributes:
        full_name: "module.function".
        calling_convention: for example "0rI_r".
        minimum_version: lowest version of the other module that has it.
        result_ref_types: ref type of each result, "" for values.
    """

    full_name: str
    calling_convention: str
    minimum_version: int = 0
    is_optional: bool = False
    result_ref_types: tuple[str, ...] = ()
    attrs: Mapping[str, str] = field(default_factory=dict[str, str])


def import_of(function: ModuleFunction, *, is_optional: bool = False) -> Import:
    """The import of a function of a module that every runtime brings."""
    return Import(
        function.full_name,
        function.calling_convention,
        function.minimum_version,
        is_optional,
        function.result_ref_types,
    )


@dataclass(eq=False, slots=True)
class Module:
    """A whole module. `exports` maps an exported name to a function's name."""

    name: str
    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    imports: dict[str, Import] = field(default_factory=dict[str, Import])
    exports: dict[str, str] = field(default_factory=dict[str, str])
    globals: dict[str, Global] = field(default_factory=dict[str, Global])
    rodata: dict[str, Rodata] = field(default_factory=dict[str, Rodata])
    attrs: dict[str, str] = field(default_factory=dict[str, str])
    version: int = 0
