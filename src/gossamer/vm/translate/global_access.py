"""Access to the globals of a state: which need checks, and the checked accesses."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import cast

from gossamer.errors import OutOfRangeError
from gossamer.vm.bytecode.decoded import DecodedModule
from gossamer.vm.bytecode.globals import global_names
from gossamer.vm.numbers.rounding import f32_from_bits, f32_to_bits
from gossamer.vm.numbers.wrapping import MASK_32
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.ref_types import RefType, is_value_type

_FORMATS = {"i32": "<i", "i64": "<q", "f32": "<i", "f64": "<d"}


def uniform_ref_globals(module: DecodedModule) -> frozenset[int]:
    """Ordinals of ref globals that never hold another type than loads of them ask for.

    All direct accesses name one type, hosts are held to the same, and nothing is accessed indirectly.
    """
    types: dict[int, set[str]] = {
        name.place: {name.storage_type}
        for name in global_names(module)
        if not is_value_type(name.storage_type)
    }
    for function in module.functions:
        for instruction in function.instructions:
            name = instruction.opcode.name
            if name in ("global.load.indirect.ref", "global.store.indirect.ref"):
                return frozenset()
            if name in ("global.load.ref", "global.store.ref"):
                place, type_ordinal = cast("tuple[int, int]", instruction.operands[:2])
                types.setdefault(place, set()).add(module.definition.types[type_ordinal])
    return frozenset(place for place, names in types.items() if len(names) == 1)


def _checked_place(values: Buffer, place: int, size: int) -> int:
    place &= MASK_32
    if place + size > values.length:
        raise OutOfRangeError(f"global at byte {place} is out of range of {values.length} bytes of globals")
    return place


def _load(value_type: str) -> Callable[[Buffer, int], int | float]:
    layout = struct.Struct(_FORMATS[value_type])

    def load(values: Buffer, place: int) -> int | float:
        value = layout.unpack_from(values.data, _checked_place(values, place, layout.size))[0]
        return f32_from_bits(value) if value_type == "f32" else value

    return load


def _store(value_type: str) -> Callable[[Buffer, int, int | float], None]:
    layout = struct.Struct(_FORMATS[value_type])

    def store(values: Buffer, place: int, value: int | float) -> None:
        place = _checked_place(values, place, layout.size)
        layout.pack_into(values.data, place, f32_to_bits(value) if value_type == "f32" else value)

    return store


GLOBAL_LOADS = {value_type: _load(value_type) for value_type in _FORMATS}
"""By value type: `load(values, byte offset)`."""
GLOBAL_STORES = {value_type: _store(value_type) for value_type in _FORMATS}
"""By value type: `store(values, byte offset, value)`."""


def _checked_ordinal(refs: list[object], ordinal: int) -> int:
    ordinal &= MASK_32
    if ordinal >= len(refs):
        raise OutOfRangeError(f"global ref {ordinal} is out of range of {len(refs)} refs")
    return ordinal


def load_ref(refs: list[object], ordinal: int, type_: RefType, is_take: bool) -> object:
    """Ref global of a type, or null; `is_take` leaves null in its place."""
    ordinal = _checked_ordinal(refs, ordinal)
    value = refs[ordinal]
    if value is not None:
        type_.check(value)
        if is_take:
            refs[ordinal] = None
    return value


def store_ref(refs: list[object], ordinal: int, type_: RefType, value: object) -> None:
    """Replace a ref global."""
    refs[_checked_ordinal(refs, ordinal)] = type_.check(value)
