"""Checks that let executors trust bytecode.

After `verify_module` every register exists and is of the bank and alignment its operand needs, every ordinal
names something, every branch goes to a block, every call fits its callee's calling convention. What remains
for run time is what depends on values: null refs, bounds, types behind refs, the status of `fail`.

IREE 3.13.0 checks less: it looks at neither fixed register operands nor types.
"""

from __future__ import annotations

from gossamer.abi.calling_convention import Span
from gossamer.errors import FormatError
from gossamer.format.module_def import Requirements
from gossamer.isa.opcodes import BLOCK_OPCODE, Extension
from gossamer.vm.bytecode.decoded import DecodedFunction, DecodedModule, register_capacity
from gossamer.vm.bytecode.verify_operands import FunctionVerifier
from gossamer.vm.objects.ref_types import is_value_type, ref_type

# Spec: `register_capacity` of a count stays below the ordinal masks (iree/vm/bytecode/verifier.c, 3.13.0).
MAX_VALUE_REGISTERS = 0x4000
MAX_REF_REGISTERS = 0x2000
MAX_GLOBAL_REFS = 1 << 24
"""Why: a count is four bytes in a file and eight per ref in memory; no real module comes near."""

_EXTENSION_REQUIREMENTS = {Extension.F32: Requirements.EXT_F32, Extension.F64: Requirements.EXT_F64}


def verify_module(module: DecodedModule) -> None:
    """Check a decoded module.

    Raises: FormatError naming table and index, or function and bytecode offset.
    """
    _verify_tables(module)
    for function in module.functions:
        _verify_descriptor(module, function)
        _verify_blocks(module, function)
        verifier = FunctionVerifier(module, function)
        for instruction in function.instructions:
            verifier.verify(instruction)


def _verify_tables(module: DecodedModule) -> None:
    definition = module.definition
    if not definition.name:
        raise FormatError("the module has no name", table="BytecodeModuleDef")
    for index, dependency in enumerate(definition.dependencies):
        if not dependency.name:
            raise FormatError("the dependency has no module name", table="dependencies", index=index)
    for index, function in enumerate(definition.imported_functions):
        module_name, dot, function_name = function.full_name.partition(".")
        if not (module_name and dot and function_name):
            raise FormatError(
                f"import {function.full_name!r} is not 'module.function'",
                table="imported_functions",
                index=index,
            )
    for index, name in enumerate(definition.types):
        try:
            _ = is_value_type(name) or ref_type(name)
        except FormatError as error:
            raise FormatError(error.message, table="types", index=index) from None
    if definition.global_bytes_capacity < 0 or not 0 <= definition.global_ref_count <= MAX_GLOBAL_REFS:
        raise FormatError(
            f"{definition.global_bytes_capacity} bytes and {definition.global_ref_count} refs of globals "
            f"are not possible; at most {MAX_GLOBAL_REFS} refs are",
            table="module_state",
        )


def _verify_descriptor(module: DecodedModule, function: DecodedFunction) -> None:
    descriptor = function.descriptor
    values, refs = descriptor.i32_register_count, descriptor.ref_register_count
    if not 0 <= values <= MAX_VALUE_REGISTERS or not 0 <= refs <= MAX_REF_REGISTERS:
        raise _function_error(
            module,
            function,
            f"{values} value and {refs} ref registers are not possible; "
            f"at most {MAX_VALUE_REGISTERS} and {MAX_REF_REGISTERS} are",
        )
    needed_values = needed_refs = 0
    for argument in function.convention.arguments:
        if isinstance(argument, Span):
            raise _function_error(module, function, "an internal function takes a span; only imports can")
        if argument == "r":
            needed_refs += 1
        else:
            size = 2 if argument in "IF" else 1
            needed_values += needed_values % size + size
    if needed_values > register_capacity(values) or needed_refs > register_capacity(refs):
        raise _function_error(
            module,
            function,
            f"arguments need {needed_values} value and {needed_refs} ref registers, "
            f"but the function declares {values} and {refs}",
        )


def _verify_blocks(module: DecodedModule, function: DecodedFunction) -> None:
    if function.descriptor.block_count != len(function.blocks) or not function.blocks:
        raise _function_error(
            module,
            function,
            f"{function.descriptor.block_count} blocks declared, {len(function.blocks)} found; "
            "a function has at least one",
        )
    is_open = False
    for instruction in function.instructions:
        opcode = instruction.opcode
        is_marker = opcode is BLOCK_OPCODE
        if is_marker and is_open:
            raise _function_error(
                module, function, "a block starts inside another", offset=instruction.offset
            )
        if not is_marker and not is_open:
            raise _function_error(
                module, function, f"{opcode.name} is not in a block", offset=instruction.offset
            )
        is_open = is_marker or not opcode.is_terminator
        required = _EXTENSION_REQUIREMENTS.get(opcode.extension)
        if required is not None and not int(function.descriptor.requirements) & int(required):
            raise _function_error(
                module,
                function,
                f"{opcode.name} needs {required.name}, which the function does not declare",
                offset=instruction.offset,
            )
    if is_open:
        raise _function_error(module, function, "the last block has no terminator")


def _function_error(
    module: DecodedModule, function: DecodedFunction, message: str, *, offset: int | None = None
) -> FormatError:
    return FormatError(message, table=module.function_label(function.ordinal), offset=offset)
