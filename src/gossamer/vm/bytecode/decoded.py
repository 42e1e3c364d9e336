"""A bytecode module with its functions decoded: what the verifier checks and executors run.

In: a `ModuleDef`. Out: instructions with operand values, cut into blocks, beside the parsed conventions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gossamer.abi.calling_convention import CallingConvention, parse_calling_convention
from gossamer.errors import FormatError
from gossamer.format.module_def import FunctionDescriptor, FunctionSignature, ModuleDef
from gossamer.isa.decode import decode_function
from gossamer.isa.instruction import Instruction
from gossamer.isa.opcodes import BLOCK_OPCODE


@dataclass(frozen=True, slots=True)
class BlockRange:
    """A basic block: `instructions[first:end]` of its function, the `block` marker included.

    Attributes:
        offset: byte offset of the marker in the function; what BLOCK operands name.
        first: index of the marker among the function's instructions.
        end: index one past the terminator.
    """

    offset: int
    first: int
    end: int


def register_capacity(declared: int) -> int:
    """Registers of a bank that a frame must have, given the declared count.

    Spec: the loader of IREE 3.13.0 accepts ordinals up to the next power of two, and its assembler emits
    functions that declare fewer registers than they have arguments.
    """
    return 1 << (max(declared, 1) - 1).bit_length()


@dataclass(frozen=True, slots=True)
class DecodedFunction:
    """One internal function.

    Attributes:
        ordinal: index in the module's function tables.
        name: the first export that names it, or "" for a private function.
        signature: calling convention string and reflection attributes.
        convention: the parsed calling convention.
        descriptor: frame sizes and place of the bytecode.
        instructions: in stream order; offsets are function-relative.
        blocks: in stream order; the first is the entry.
        blocks_by_offset: index in `blocks`, by byte offset.
    """

    ordinal: int
    name: str
    signature: FunctionSignature
    convention: CallingConvention
    descriptor: FunctionDescriptor
    instructions: tuple[Instruction, ...] = field(repr=False)
    blocks: tuple[BlockRange, ...] = field(repr=False)
    blocks_by_offset: Mapping[int, int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DecodedModule:
    """A module whose functions are decoded.

    Attributes:
        definition: the tables it came from.
        functions: by internal ordinal; those of a module that was kept on disk are read when they are needed.
        import_conventions: by import ordinal, parallel to `definition.imported_functions`.
        exports: internal ordinal of each exported name.
        names: the first export that names a function, by internal ordinal; private ones have none.
    """

    definition: ModuleDef
    functions: Sequence[DecodedFunction]
    import_conventions: tuple[CallingConvention, ...]
    exports: Mapping[str, int]
    names: Mapping[int, str]

    def function_label(self, ordinal: int) -> str:
        """Name of a function as backtraces spell it: `module.name`, or `module@ordinal` if private."""
        name = self.names.get(ordinal)
        module = self.definition.name
        return f"{module}.{name}" if name else f"{module}@{ordinal}"


def decode_module(definition: ModuleDef) -> DecodedModule:
    """Decode every function of a module; nothing but the encoding is checked here.

    Raises: FormatError naming the function, with an offset in its bytecode.
    """
    if len(definition.function_signatures) != len(definition.function_descriptors):
        raise FormatError(
            f"{len(definition.function_signatures)} signatures for "
            f"{len(definition.function_descriptors)} descriptors; each function needs one of each",
            table="function_signatures",
        )
    exports = exported_ordinals(definition)
    names = first_names(exports)
    functions = tuple(
        _decode_function(definition, ordinal, names.get(ordinal, ""))
        for ordinal in range(len(definition.function_descriptors))
    )
    import_conventions = tuple(
        parse_calling_convention(function.signature.calling_convention)
        for function in definition.imported_functions
    )
    return DecodedModule(definition, functions, import_conventions, exports, names)


def exported_ordinals(definition: ModuleDef) -> dict[str, int]:
    """Internal ordinal of each exported name.

    Raises: FormatError where an export names no function.
    """
    exports: dict[str, int] = {}
    function_count = len(definition.function_descriptors)
    for index, export in enumerate(definition.exported_functions):
        if not 0 <= export.internal_ordinal < function_count:
            raise FormatError(
                f"export {export.local_name!r} names function {export.internal_ordinal} of {function_count}",
                table="exported_functions",
                index=index,
            )
        # Why: lookups by name take the first of two equal names, as a scan in file order does.
        exports.setdefault(export.local_name, export.internal_ordinal)
    return exports


def first_names(exports: dict[str, int]) -> dict[int, str]:
    """The first export that names a function, by internal ordinal."""
    return {ordinal: name for name, ordinal in reversed(exports.items())}


def _decode_function(definition: ModuleDef, ordinal: int, name: str) -> DecodedFunction:
    descriptor = definition.function_descriptors[ordinal]
    start = descriptor.bytecode_offset
    end = start + descriptor.bytecode_length
    if start < 0 or descriptor.bytecode_length < 0 or end > len(definition.bytecode_data):
        raise FormatError(
            f"bytecode range [{start}, {end}) passes the {len(definition.bytecode_data)} bytes of the module",
            table="function_descriptors",
            index=ordinal,
        )
    label = f"{definition.name}.{name}" if name else f"{definition.name}@{ordinal}"
    try:
        instructions = decode_function(definition.bytecode_data[start:end])
    except FormatError as error:
        error.annotate(f"while decoding function {label}")
        raise
    return decoded_function(definition, ordinal, name, instructions)


def decoded_function(
    definition: ModuleDef, ordinal: int, name: str, instructions: tuple[Instruction, ...]
) -> DecodedFunction:
    """Put a function together.

    Args:
        name: the first export that names it, or "".
    """
    blocks = _find_blocks(instructions)
    signature = definition.function_signatures[ordinal]
    return DecodedFunction(
        ordinal=ordinal,
        name=name,
        signature=signature,
        convention=parse_calling_convention(signature.calling_convention),
        descriptor=definition.function_descriptors[ordinal],
        instructions=instructions,
        blocks=blocks,
        blocks_by_offset={block.offset: index for index, block in enumerate(blocks)},
    )


def _find_blocks(instructions: tuple[Instruction, ...]) -> tuple[BlockRange, ...]:
    markers = [index for index, instruction in enumerate(instructions) if instruction.opcode is BLOCK_OPCODE]
    # Why: a function without any marker has no blocks; the verifier says so.
    ends = [*markers[1:], len(instructions)][: len(markers)]
    return tuple(
        BlockRange(instructions[first].offset, first, end) for first, end in zip(markers, ends, strict=True)
    )
