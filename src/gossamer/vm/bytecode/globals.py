"""What the globals of a bytecode module are called, and typed access to them.

Bytecode does not name globals. A compiler may record names in a module attribute (`GLOBALS_ATTR`); without
it they are called by type and place (`i32@0`, `!hal.buffer@2`), found by scanning the bytecode.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gossamer.errors import FormatError
from gossamer.format.module_def import GLOBALS_ATTR
from gossamer.isa.opcodes import OperandKind
from gossamer.vm.bytecode.decoded import DecodedModule
from gossamer.vm.bytecode.global_storage import GlobalStorage
from gossamer.vm.link.module import GlobalAccess
from gossamer.vm.objects.ref_types import is_value_type, ref_type
from gossamer.vm.objects.values import to_value

_VALUE_STRUCTS = {
    "i32": struct.Struct("<i"),
    "i64": struct.Struct("<q"),
    "f32": struct.Struct("<f"),
    "f64": struct.Struct("<d"),
}


@dataclass(frozen=True, slots=True)
class GlobalName:
    """Where a global and its dynamic dimensions are, and whether it may change; see `GLOBALS_ATTR`."""

    name: str
    storage_type: str
    place: int
    declared_type: str
    is_mutable: bool = True
    dims: tuple[GlobalName, ...] = ()


def global_names(module: DecodedModule) -> tuple[GlobalName, ...]:
    """Globals of a module, as recorded in its attributes or else as its bytecode uses them."""
    for key, value in module.definition.attrs:
        if key == GLOBALS_ATTR:
            return tuple(_parse_global(module, line) for line in value.splitlines())
    found = {
        (storage_type, place): GlobalName(f"{storage_type}@{place}", storage_type, place, storage_type)
        for storage_type, place in _used_globals(module)
    }
    return tuple(found[key] for key in sorted(found))


def _parse_global(module: DecodedModule, line: str) -> GlobalName:
    fields = line.split("\t")
    places = fields.pop(4)[5:].split(",") if fields[4:] and fields[4].startswith("dims=") else []
    is_mutable = fields[4:] != ["immutable"]
    if len(fields) != (4 if is_mutable else 5) or not all(map(str.isdecimal, [fields[2], *places])):
        raise FormatError(
            f"line {line!r} is not 'name, storage type, place, type', perhaps 'dims=places', 'immutable'",
            table=GLOBALS_ATTR,
        )
    name, storage_type, place, declared_type = fields[:4]
    dims = tuple(
        _checked(module, GlobalName(f"dimension {index} of {name}", "i64", int(each), "index"))
        for index, each in enumerate(places)
    )
    return _checked(module, GlobalName(name, storage_type, int(place), declared_type, is_mutable, dims))


def _checked(module: DecodedModule, name: GlobalName) -> GlobalName:
    """The same. Raises: FormatError where the module's state has no such place."""
    storage_type, definition = name.storage_type, module.definition
    is_value = is_value_type(storage_type)
    size = _VALUE_STRUCTS[storage_type].size if storage_type in _VALUE_STRUCTS else 1
    limit = definition.global_bytes_capacity if is_value else definition.global_ref_count
    if (is_value and storage_type not in _VALUE_STRUCTS) or name.place + size > limit:
        raise FormatError(
            f"global {name.name!r} of type {storage_type} has no place {name.place}", table=GLOBALS_ATTR
        )
    if not is_value:
        ref_type(storage_type)
    return name


def _used_globals(module: DecodedModule) -> set[tuple[str, int]]:
    used: set[tuple[str, int]] = set()
    types = module.definition.types
    for function in module.functions:
        for instruction in function.instructions:
            kinds = [operand.kind for operand in instruction.opcode.operands]
            if OperandKind.GLOBAL not in kinds:
                continue
            place = instruction.operands[kinds.index(OperandKind.GLOBAL)]
            storage_type = instruction.opcode.name.rpartition(".")[2]
            if OperandKind.TYPE in kinds:
                ordinal = instruction.operands[kinds.index(OperandKind.TYPE)]
                assert isinstance(ordinal, int)
                storage_type = types[ordinal]
            assert isinstance(place, int)
            used.add((storage_type, place))
    return used


def access_globals(storage: GlobalStorage, names: tuple[GlobalName, ...]) -> Mapping[str, GlobalAccess]:
    """Typed access to globals by name; it stays valid as long as the storage."""
    return {name.name: _access(storage, name) for name in names}


def _access(storage: GlobalStorage, name: GlobalName) -> GlobalAccess:
    return GlobalAccess(
        name=name.name,
        type=name.declared_type,
        storage_type=name.storage_type,
        get=_getter(storage, name),
        set=_setter(storage, name),
        is_mutable=name.is_mutable,
        dims=tuple(_access(storage, each) for each in name.dims),
    )


def _getter(storage: GlobalStorage, name: GlobalName) -> Callable[[], object]:
    place = name.place
    if not is_value_type(name.storage_type):
        return lambda: storage.refs[place]
    value_struct = _VALUE_STRUCTS[name.storage_type]
    return lambda: value_struct.unpack_from(storage.values.data, place)[0]


def _setter(storage: GlobalStorage, name: GlobalName) -> Callable[[object], None]:
    place = name.place
    if is_value_type(name.storage_type):
        value_struct = _VALUE_STRUCTS[name.storage_type]

        def set_value(value: object) -> None:
            value_struct.pack_into(storage.values.data, place, to_value(value, name.storage_type))

        return set_value
    checked = ref_type(name.storage_type)

    def set_ref(value: object) -> None:
        storage.refs[place] = checked.check(value)

    return set_ref
