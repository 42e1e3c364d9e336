"""VM IR → the tables of a bytecode module."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.emit.function import EmittedFunction, Ordinals, emit_function
from gossamer.compiler.vm.optimize.pipeline import optimize_module
from gossamer.compiler.vm.verify import verify_module
from gossamer.format.module_def import (
    GLOBALS_ATTR,
    DebugDatabase,
    DebugLocation,
    ExportFunction,
    FileLineColLocation,
    FunctionDescriptor,
    FunctionSignature,
    FunctionSourceMap,
    ImportFunction,
    ModuleDef,
    ModuleDependency,
    Requirements,
    RodataSegment,
)
from gossamer.isa.opcodes import IMPORT_BIT

_FUNCTION_ALIGNMENT = 8
_GLOBAL_SIZES = {ir.I32: 4, ir.F32: 4, ir.I64: 8, ir.F64: 8}


def emit_module(module: ir.Module, *, optimize: bool = True, debug: bool = True) -> ModuleDef:
    """Emit a module.

    Args:
        module: its functions are optimised in place unless `optimize` is False.
        debug: write where each instruction came from.
    Raises: CompileError where a function does not fit a VM frame; InternalError where the IR is malformed.
    """
    if optimize:
        optimize_module(module)
    verify_module(module)
    offsets, capacity, ref_count = _lay_out_globals(module.globals.values())
    types = _type_table(module)
    ordinals = Ordinals(
        offsets,
        {name: index for index, name in enumerate(module.rodata)},
        {
            **{name: IMPORT_BIT | index for index, name in enumerate(module.imports)},
            **{name: index for index, name in enumerate(module.functions)},
        },
        {name: index for index, name in enumerate(types)},
    )
    emitted = {name: emit_function(function, ordinals) for name, function in module.functions.items()}
    bytecode, descriptors = _concatenate(emitted.values())
    requirements = Requirements(0)
    for function in emitted.values():
        requirements |= function.requirements
    return ModuleDef(
        name=module.name,
        version=module.version,
        requirements=requirements,
        attrs=(*module.attrs.items(), *_globals_attr(module, offsets)),
        types=types,
        dependencies=_dependencies(module.imports.values()),
        imported_functions=tuple(_import(imported) for imported in module.imports.values()),
        exported_functions=tuple(
            ExportFunction(exported, ordinals.functions[name]) for exported, name in module.exports.items()
        ),
        function_signatures=tuple(_signature(function) for function in module.functions.values()),
        rodata_segments=tuple(
            RodataSegment(
                rodata.data, alignment=rodata.alignment, mime_type=rodata.mime_type, name=rodata.name
            )
            for rodata in module.rodata.values()
        ),
        global_bytes_capacity=capacity,
        global_ref_count=ref_count,
        function_descriptors=descriptors,
        bytecode_data=bytecode,
        debug_database=_debug_database(emitted) if debug else None,
    )


def calling_convention(argument_types: Iterable[ir.Type], result_types: Iterable[ir.Type]) -> str:
    """The calling convention string of a function without spans."""
    arguments = "".join(type.kind.value for type in argument_types)
    results = "".join(type.kind.value for type in result_types)
    return f"0{arguments or 'v'}_{results or 'v'}"


def _signature(function: ir.Function) -> FunctionSignature:
    convention = calling_convention((value.type for value in function.arguments), function.result_types)
    return FunctionSignature(convention, tuple(function.attrs.items()))


def _import(imported: ir.Import) -> ImportFunction:
    signature = FunctionSignature(imported.calling_convention, tuple(imported.attrs.items()))
    return ImportFunction(imported.full_name, signature, is_required=not imported.is_optional)


def _dependencies(imports: Iterable[ir.Import]) -> tuple[ModuleDependency, ...]:
    """One for each module imported from; required where any of its functions is."""
    found: dict[str, ModuleDependency] = {}
    for imported in imports:
        name = imported.full_name.partition(".")[0]
        known = found.get(name, ModuleDependency(name, is_required=False))
        found[name] = ModuleDependency(
            name,
            max(known.minimum_version, imported.minimum_version),
            known.is_required or not imported.is_optional,
        )
    return tuple(found.values())


def _lay_out_globals(variables: Iterable[ir.Global]) -> tuple[dict[str, int], int, int]:
    """Byte offsets of value globals, small ones first, and ordinals of refs; bytes and refs in all."""
    variables = list(variables)
    offsets: dict[str, int] = {}
    end = 0
    for variable in sorted(
        (variable for variable in variables if variable.type.kind is not ir.ValueType.REF),
        key=lambda variable: _GLOBAL_SIZES[variable.type],
    ):
        size = _GLOBAL_SIZES[variable.type]
        start = -(-end // size) * size
        offsets[variable.name] = start
        end = start + size
    refs = [variable.name for variable in variables if variable.type.kind is ir.ValueType.REF]
    offsets.update((name, ordinal) for ordinal, name in enumerate(refs))
    return offsets, end, len(refs)


def _globals_attr(module: ir.Module, places: Mapping[str, int]) -> Iterable[tuple[str, str]]:
    """Names and types of the program's own globals, for those who look at state."""
    lines = [
        f"{variable.name}\t{variable.type}\t{places[variable.name]}\t{variable.declared_type}"
        + ("\tdims=" + ",".join(str(places[name]) for name in variable.dims) if variable.dims else "")
        + ("" if variable.is_mutable else "\timmutable")
        for variable in module.globals.values()
        if variable.declared_type
    ]
    # Why also without any: then readers know that what globals there are is the compiler's.
    return [(GLOBALS_ATTR, "\n".join(lines))] if module.globals else []


def _type_table(module: ir.Module) -> tuple[str, ...]:
    """Every type of the functions' values, and element types of lists: value types, then others, by text."""
    names: set[str] = set()
    for function in module.functions.values():
        for block in function.blocks:
            names.update(str(argument.type) for argument in block.arguments)
            for operation in block.operations:
                names.add(operation.type)
                names.update(str(result.type) for result in operation.results)
    for name in list(names):
        element = re.fullmatch(r"!vm\.list<(.*)>", name)
        if element:
            names.add(element[1])
    names -= _UNNAMED_TYPES
    return tuple(sorted(names, key=lambda name: (name.startswith("!"), name)))


# The loader has no name for "any ref", and operations without a type name none.
_UNNAMED_TYPES = {"", "?", "!vm.ref<?>"}


def _concatenate(emitted: Iterable[EmittedFunction]) -> tuple[bytes, tuple[FunctionDescriptor, ...]]:
    bytecode = bytearray()
    descriptors: list[FunctionDescriptor] = []
    for function in emitted:
        code = function.code
        descriptors.append(
            FunctionDescriptor(
                bytecode_offset=len(bytecode),
                bytecode_length=len(code.bytecode),
                requirements=function.requirements,
                block_count=code.block_count,
                i32_register_count=function.value_register_count,
                ref_register_count=function.ref_register_count,
            )
        )
        bytecode += code.bytecode
        bytecode += bytes(-len(bytecode) % _FUNCTION_ALIGNMENT)
    return bytes(bytecode), tuple(descriptors)


def _debug_database(emitted: dict[str, EmittedFunction]) -> DebugDatabase:
    indices: dict[ir.Location | None, int] = {}
    functions = tuple(
        FunctionSourceMap(
            name,
            tuple(
                (offset, indices.setdefault(location, len(indices)))
                for offset, location in function.locations
            ),
        )
        for name, function in emitted.items()
    )
    return DebugDatabase(tuple(_debug_location(location) for location in indices), functions)


def _debug_location(location: ir.Location | None) -> DebugLocation:
    if location is None:
        return None
    return FileLineColLocation(location.filename, location.line, location.column)
