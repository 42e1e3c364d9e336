"""Decoded functions in a compact form that is unpacked when a function is needed.

In: the instructions of verified functions. Out: bytes for `vm.bytecode.module_records`; and back.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import TypeAlias, cast, overload

from gossamer.format.module_def import ModuleDef
from gossamer.isa.instruction import Instruction
from gossamer.isa.opcodes import OPCODES
from gossamer.vm.bytecode.decoded import DecodedFunction, decoded_function

_Make: TypeAlias = Callable[[type[Instruction], tuple[object, ...]], Instruction]
_ordinals = {opcode: ordinal for ordinal, opcode in enumerate(OPCODES)}


def pack_instructions(instructions: Sequence[Instruction]) -> bytes:
    """Columns of instructions: opcodes, operands, offsets and lengths."""
    columns = (
        [_ordinals[instruction.opcode] for instruction in instructions],
        [instruction.operands for instruction in instructions],
        [instruction.offset for instruction in instructions],
        [instruction.length for instruction in instructions],
    )
    return marshal.dumps(columns)


def _unpack_instructions(packed: bytes) -> tuple[Instruction, ...]:
    # Why not Instruction(...): that is a Python function, and would take the most of the time.
    make = cast("_Make", tuple.__new__)  # pyright: ignore[reportUnknownMemberType]
    kinds, *others = marshal.loads(packed)
    rows = zip(map(OPCODES.__getitem__, kinds), *others, strict=True)
    return tuple(map(make, repeat(Instruction), rows))


class StoredFunctions(Sequence[DecodedFunction]):
    """Functions by internal ordinal, each unpacked when it is first asked for.

    Args:
        names: the first export that names a function, by ordinal.
        packed: of each function, what `pack_instructions` made.
    """

    def __init__(self, definition: ModuleDef, names: Mapping[int, str], packed: Sequence[bytes]) -> None:
        self._definition = definition
        self._names = names
        self._packed = packed
        self._functions: list[DecodedFunction | None] = [None] * len(packed)

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, index: int) -> DecodedFunction: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[DecodedFunction, ...]: ...
    def __getitem__(self, index: int | slice) -> DecodedFunction | tuple[DecodedFunction, ...]:
        if isinstance(index, slice):
            return tuple(self[ordinal] for ordinal in range(*index.indices(len(self))))
        found = self._functions[index]
        if found is None:
            ordinal = range(len(self))[index]
            instructions = _unpack_instructions(self._packed[ordinal])
            found = decoded_function(self._definition, ordinal, self._names.get(ordinal, ""), instructions)
            self._functions[ordinal] = found
        return found
