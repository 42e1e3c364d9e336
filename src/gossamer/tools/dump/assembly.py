"""A module as VM assembly, which `iree-as-module` reads back."""

from __future__ import annotations

from gossamer.abi.calling_convention import Span, parse_calling_convention
from gossamer.format.module_def import FunctionSignature, ModuleDef
from gossamer.isa.decode import decode_function
from gossamer.isa.disassemble import disassemble_function
from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.tools.dump.sections import type_name


class ModuleSymbols:
    """Names of a module's ordinals; those it does not have are shown as such, not refused."""

    def __init__(self, module: ModuleDef) -> None:
        self._module = module

    def type_name(self, ordinal: int) -> str:
        """Full name of a type."""
        types = self._module.types
        return types[ordinal] if ordinal < len(types) else f"<type {ordinal}>"

    def rodata_size(self, ordinal: int) -> int:
        """Bytes of a rodata segment, 0 where there is none."""
        segments = self._module.rodata_segments
        return len(segments[ordinal].data) if ordinal < len(segments) else 0

    def function_name(self, ordinal: int) -> str:
        """Name of an import, or of an internal function by the debug database."""
        if ordinal & IMPORT_BIT:
            index = ordinal & ~IMPORT_BIT
            imports = self._module.imported_functions
            return imports[index].full_name if index < len(imports) else f"import:{index}"
        name = debug_name(self._module, ordinal)
        return f"{self._module.name}.{name}" if name else f"{self._module.name}:{ordinal}"


def debug_name(module: ModuleDef, ordinal: int) -> str:
    """Name of an internal function by the debug database, or nothing.

    Compilers before us put the map of the last function first, so it can be another function's name.
    """
    functions = module.debug_database.functions if module.debug_database is not None else ()
    return functions[ordinal].local_name if ordinal < len(functions) else ""


def assembly_text(module: ModuleDef, *, function: str = "", bytecode_offsets: bool = False) -> str:
    """Print a module's directives and functions.

    Args:
        function: print this function only, by name or by ordinal.
        bytecode_offsets: start each instruction with its offset.
    Raises: FormatError where a function's bytecode cannot be decoded.
    """
    directives = "".join(f"{line}\n" for line in _directives(module))
    text = f"vm.module @{module.name} version {module.version}\n{directives}"
    parts = [f"{text}\n" if directives else text]
    symbols = ModuleSymbols(module)
    for ordinal in range(len(module.function_descriptors)):
        name = _function_name(module, ordinal)
        if function and not _is_chosen(function, name, ordinal):
            continue
        separator = "" if parts[-1].endswith("\n\n") else "\n"
        parts.append(separator + _function_text(module, symbols, ordinal, name, bytecode_offsets))
    return "".join(parts)


def _is_chosen(function: str, name: str, ordinal: int) -> bool:
    try:
        return ordinal == int(function, 0)
    except ValueError:
        return name == function


def _directives(module: ModuleDef) -> list[str]:
    lines = [f"vm.type {name}" for name in module.types]
    for function in module.imported_functions:
        optional = "" if function.is_required else "optional "
        convention = function.signature.calling_convention
        lines.append(f'vm.import {optional}@{function.full_name} cconv "{convention}"')
    for index, segment in enumerate(module.rodata_segments):
        lines.append(f"vm.rodata[{index}] = {bytes(segment.data).hex().upper()}")
    return lines


def _function_name(module: ModuleDef, ordinal: int) -> str:
    for export in module.exported_functions:
        if export.internal_ordinal == ordinal:
            return export.local_name
    return debug_name(module, ordinal) or f"fn{ordinal}"


def _function_text(
    module: ModuleDef, symbols: ModuleSymbols, ordinal: int, name: str, bytecode_offsets: bool
) -> str:
    exports = "".join(
        f"vm.export @{export.local_name}\n"
        if export.local_name == name
        else f"vm.export @{export.local_name} = @{name}\n"
        for export in module.exported_functions
        if export.internal_ordinal == ordinal
    )
    descriptor = module.function_descriptors[ordinal]
    start = descriptor.bytecode_offset
    bytecode = module.bytecode_data[start : start + descriptor.bytecode_length]
    instructions = decode_function(bytecode, base_offset=start)
    body = disassemble_function(instructions, symbols, bytecode_offsets=bytecode_offsets)
    signature = _signature_text(module.function_signatures[ordinal])
    return f"{exports}vm.func @{name}{signature} {{\n{body}}}\n"


def _signature_text(signature: FunctionSignature) -> str:
    convention = parse_calling_convention(signature.calling_convention)
    arguments: list[str] = []
    value_ordinal = ref_ordinal = 0
    for argument in convention.arguments:
        if isinstance(argument, Span):
            arguments.append(f"tuple<{', '.join(map(type_name, argument.element))}>...")
        elif argument == "r":
            arguments.append(f"%r{ref_ordinal}: {type_name(argument)}")
            ref_ordinal += 1
        elif argument in "IF":
            # Why: IREE counts without the alignment of 64-bit values here, and its assembler insists on it;
            # the instructions below the header use the aligned registers.
            arguments.append(f"%i{value_ordinal}:{value_ordinal + 1}: {type_name(argument)}")
            value_ordinal += 2
        else:
            arguments.append(f"%i{value_ordinal}: {type_name(argument)}")
            value_ordinal += 1
    return f"({', '.join(arguments)}) -> ({', '.join(map(type_name, convention.results))})"
