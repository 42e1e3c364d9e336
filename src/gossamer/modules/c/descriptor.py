"""What a shared object declares about its module, read from C's memory and checked.

In: the address that the query function returned. Out: `ModuleDescriptor`. Native code is trusted not to lie
about its memory; what is checked are the mistakes that people make: versions, sizes, null pointers, names,
calling conventions.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from struct import Struct

from gossamer.abi.calling_convention import parse_calling_convention
from gossamer.abi.declaration import DECLARATION_ATTR, ExecutionModel, is_async, parse_declaration
from gossamer.errors import FormatError, UnimplementedError, VersionMismatchError
from gossamer.format.module_def import FunctionSignature, ImportFunction, ModuleDependency
from gossamer.machine_code.libc import find_function
from gossamer.modules.c.abi import (
    DEPENDENCY,
    EXPORT,
    IMPORT,
    MODULE,
    MODULE_WITHOUT_SAVING,
    PAIR,
    read_struct,
)
from gossamer.modules.c.host_objects import declare_types
from gossamer.versions import C_ABI_VERSION
from gossamer.vm.link.module import Export

_MAX_ENTRIES = 1 << 16
_MAX_TEXT_BYTES = 1 << 16
_VERSION_FIELDS = Struct("<II")


@dataclass(frozen=True, slots=True)
class CExport:
    """An exported function.

    Attributes:
        export: as programs see it.
        address: of its code.
    """

    export: Export
    address: int


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Addresses of the functions that make and destroy modules and states; 0 for those left out."""

    create: int
    destroy: int
    create_state: int
    fork_state: int
    destroy_state: int
    save_state: int = 0
    load_state: int = 0


@dataclass(frozen=True, slots=True)
class ModuleDescriptor:
    """A module as its file declares it; attributes as `vm.link.module` has them."""

    name: str
    version: int
    dependencies: tuple[ModuleDependency, ...]
    imports: tuple[ImportFunction, ...]
    exports: tuple[CExport, ...]
    lifecycle: Lifecycle


def read_descriptor(address: int) -> ModuleDescriptor:
    """Read and check a `gossamer_module_t`.

    Raises: VersionMismatchError for another version of the ABI, FormatError for anything else that is wrong.
    """
    found_version, struct_size = read_struct(_VERSION_FIELDS, address)
    if found_version != C_ABI_VERSION:
        raise VersionMismatchError(
            f"module was built for version {found_version} of gossamer/module.h, this is version "
            f"{C_ABI_VERSION}; compile it again with the header in gossamer.get_include()",
            found=str(found_version),
            supported=str(C_ABI_VERSION),
            table="gossamer_module_t",
        )
    layouts = {layout.size: layout for layout in (MODULE, MODULE_WITHOUT_SAVING)}
    if struct_size not in layouts:
        raise FormatError(
            f"struct_size is {struct_size}, expected sizeof(gossamer_module_t) = {MODULE.size}",
            table="gossamer_module_t",
        )
    (_, _, name_address, version, *rest) = read_struct(layouts[struct_size], address)
    dependency_count, dependencies, import_count, imports, export_count, exports, *lifecycle = rest
    name = _name(name_address, "gossamer_module_t", "name")
    if "." in name:
        raise FormatError(f"module name {name!r} contains a dot", table="gossamer_module_t")
    read_imports = tuple(_imports(import_count, imports))
    read_exports = tuple(_exports(export_count, exports))
    listed = tuple(_dependencies(dependency_count, dependencies))
    _refuse_duplicates("import", [function.full_name for function in read_imports])
    _refuse_duplicates("export", [function.export.name for function in read_exports])
    _refuse_duplicates("dependency", [dependency.name for dependency in listed])
    found = Lifecycle(*lifecycle)
    if bool(found.save_state) != bool(found.load_state):
        raise FormatError("save_state and load_state: one of them is null", table="gossamer_module_t")
    return ModuleDescriptor(
        name,
        version,
        _with_modules_of_imports(listed, read_imports),
        read_imports,
        read_exports,
        found,
    )


def _with_modules_of_imports(
    listed: tuple[ModuleDependency, ...], imports: Iterable[ImportFunction]
) -> tuple[ModuleDependency, ...]:
    names = {dependency.name for dependency in listed}
    is_required: dict[str, bool] = {}
    for function in imports:
        name = function.full_name.partition(".")[0]
        if name not in names:
            is_required[name] = is_required.get(name, False) or function.is_required
    return (*listed, *(ModuleDependency(name, 0, required) for name, required in is_required.items()))


def _dependencies(count: int, address: int) -> Iterator[ModuleDependency]:
    for index, (name, version, is_optional) in _entries(DEPENDENCY, count, address, "dependencies"):
        yield ModuleDependency(_name(name, f"dependencies[{index}]", "name"), version, not is_optional)


def _imports(count: int, address: int) -> Iterator[ImportFunction]:
    for index, entry in _entries(IMPORT, count, address, "imports"):
        name_address, convention_address, is_optional, attribute_count, attributes = entry
        place = f"imports[{index}]"
        name = _name(name_address, place, "full_name")
        module, _, function = name.partition(".")
        if not module or not function:
            raise FormatError(f"name {name!r} is not of the form 'module.function'", table=place)
        convention, attrs = _signature(convention_address, attribute_count, attributes, place, name)
        signature = FunctionSignature(convention, tuple(attrs.items()))
        yield ImportFunction(name, signature, is_required=not is_optional)


def _exports(count: int, address: int) -> Iterator[CExport]:
    for index, entry in _entries(EXPORT, count, address, "exports"):
        name_address, convention_address, function, attribute_count, attributes = entry
        place = f"exports[{index}]"
        name = _name(name_address, place, "name")
        convention, attrs = _signature(convention_address, attribute_count, attributes, place, name)
        if not function:
            raise FormatError(f"function of {name!r} is null", table=place)
        yield CExport(Export(name, convention, attrs), function)


def _signature(
    convention_address: int, attribute_count: int, attributes: int, place: str, name: str
) -> tuple[str, dict[str, str]]:
    """Calling convention and attributes of a function, checked against each other."""
    convention = _text(convention_address, place, "calling_convention")
    try:
        parsed = parse_calling_convention(convention)
    except FormatError as error:
        raise error.annotate(f"of {name!r} in {place}") from None
    attrs: dict[str, str] = {}
    for _, (key, value) in _entries(PAIR, attribute_count, attributes, f"{place}.attributes"):
        key_text = _name(key, f"{place}.attributes", "key")
        if key_text in attrs:
            raise FormatError(f"attribute {key_text!r} of {name!r} is given twice", table=place)
        attrs[key_text] = _text(value, f"{place}.attributes", "value")
    takes_fences = is_async(attrs)
    if takes_fences and parsed.arguments[-2:] != ("r", "r"):
        raise FormatError(
            f"{name!r} has the model {ExecutionModel.COARSE_FENCES.value}, so its calling convention must "
            f"end its arguments with two fences, 'rr'; found {convention!r}",
            table=place,
        )
    _check_declaration(
        attrs.get(DECLARATION_ATTR), len(parsed.arguments) - 2 * takes_fences, parsed.results, place
    )
    return convention, attrs


def _check_declaration(text: str | None, argument_count: int, results: str, place: str) -> None:
    if text is None:
        return
    declaration = parse_declaration(text)
    if declaration is None:
        raise FormatError(
            f"{DECLARATION_ATTR} {text!r} does not read as 'sync func @name(%a: type) -> (%b: type)'",
            table=place,
        )
    declare_types(declaration)
    found = (len(declaration.arguments), len(declaration.results))
    if found != (argument_count, len(results)):
        raise FormatError(
            f"{DECLARATION_ATTR} {text!r} has {found[0]} arguments and {found[1]} results, the calling "
            f"convention {argument_count} and {len(results)}",
            table=place,
        )


def _refuse_duplicates(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise FormatError(f"{what} {name!r} is declared twice", table="gossamer_module_t")
        seen.add(name)


def _entries(layout: Struct, count: int, address: int, table: str) -> Iterator[tuple[int, tuple[int, ...]]]:
    if count > _MAX_ENTRIES:
        raise FormatError(f"{count} entries pass the limit {_MAX_ENTRIES}", table=table)
    if count and not address:
        raise FormatError(f"array is null, but its count is {count}", table=table)
    for index in range(count):
        yield index, read_struct(layout, address + index * layout.size)


def _name(address: int, table: str, field: str) -> str:
    text = _text(address, table, field)
    if not text or any(character.isspace() for character in text):
        raise FormatError(f"{field} {text!r} is empty or has spaces", table=table)
    return text


@cache
def _length_of_text() -> Callable[[int, int], int]:
    address = find_function("strnlen")
    if address is None:
        raise UnimplementedError("this process's C library has no strnlen")
    return ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t)(address)


def _text(address: int, table: str, field: str) -> str:
    if not address:
        raise FormatError(f"{field} is null", table=table)
    length = _length_of_text()(address, _MAX_TEXT_BYTES)
    if length == _MAX_TEXT_BYTES:
        raise FormatError(f"{field} does not end within {_MAX_TEXT_BYTES} bytes", table=table)
    try:
        return ctypes.string_at(address, length).decode()
    except UnicodeDecodeError:
        raise FormatError(f"{field} is not UTF-8", table=table) from None
