"""Checks of one function's operands: registers, ordinals, branch targets, and calls against conventions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn, cast

from gossamer.abi.calling_convention import CallingConvention, Span
from gossamer.errors import FormatError
from gossamer.isa.instruction import Cases, Instruction, OperandValue, RemapList
from gossamer.isa.opcodes import (
    IMPORT_BIT,
    REF_BIT,
    REF_KINDS,
    REF_ORDINAL_MASK,
    REGISTER_KINDS,
    Operand,
    OperandKind,
)
from gossamer.vm.bytecode.decoded import DecodedFunction, DecodedModule, register_capacity
from gossamer.vm.objects.ref_types import is_value_type

# Why: a member of an enumeration is looked up by a Python function each time.
_REF_MOVE, _I32 = OperandKind.REF_MOVE, OperandKind.I32
_BLOCK, _REGISTERS = OperandKind.BLOCK, OperandKind.REGISTERS
_REMAP, _CASES = OperandKind.REMAP, OperandKind.CASES
_GLOBAL, _RODATA = OperandKind.GLOBAL, OperandKind.RODATA
_FUNCTION, _TYPE = OperandKind.FUNCTION, OperandKind.TYPE
_NARROW_KINDS = frozenset({OperandKind.I32, OperandKind.F32})
_WIDE_KINDS = frozenset({OperandKind.I64, OperandKind.F64})
_UNCHECKED_KINDS = frozenset(
    {
        *(OperandKind.IMMEDIATE_I32, OperandKind.IMMEDIATE_I64),
        *(OperandKind.IMMEDIATE_F32, OperandKind.IMMEDIATE_F64),
        *(OperandKind.STRING, OperandKind.SEGMENTS),
    }
)
_GLOBAL_BYTES = {"i32": 4, "f32": 4, "i64": 8, "f64": 8}
_CONVENTION_KINDS = {
    "i": OperandKind.I32,
    "I": OperandKind.I64,
    "f": OperandKind.F32,
    "F": OperandKind.F64,
    "r": OperandKind.REF_MOVE,
}


class FunctionVerifier:
    """Checks the instructions of one function, one at a time."""

    def __init__(self, module: DecodedModule, function: DecodedFunction) -> None:
        self._module = module
        self._function = function
        self._value_count = register_capacity(function.descriptor.i32_register_count)
        self._ref_count = register_capacity(function.descriptor.ref_register_count)
        self._instruction = function.instructions[0]

    def verify(self, instruction: Instruction) -> None:
        """Check one instruction.

        Raises: FormatError with the function's name and the instruction's offset.
        """
        self._instruction = instruction
        value_count, ref_count = self._value_count, self._ref_count
        for operand, value in zip(instruction.opcode.operands, instruction.operands, strict=True):
            kind = operand.kind
            # Why here: nearly all operands are registers, and right; what is not is looked at below.
            if kind in _UNCHECKED_KINDS:
                continue
            if isinstance(value, int):
                if kind in _NARROW_KINDS:
                    if value < value_count:
                        continue
                elif kind in REF_KINDS and value & REF_BIT and value & REF_ORDINAL_MASK < ref_count:
                    continue
            self._verify_operand(operand, value)
        name = instruction.opcode.name
        if name in ("call", "call.yieldable"):
            ordinal, arguments = cast("tuple[int, tuple[int, ...]]", instruction.operands[:2])
            self._verify_call(ordinal, None, arguments, cast("tuple[int, ...]", instruction.operands[-1]))
        elif name in ("call.variadic", "call.variadic.yieldable"):
            ordinal, segments, arguments = cast(
                "tuple[int, tuple[int, ...], tuple[int, ...]]", instruction.operands[:3]
            )
            self._verify_call(ordinal, segments, arguments, cast("tuple[int, ...]", instruction.operands[-1]))
        elif name == "return":
            registers = cast("tuple[int, ...]", instruction.operands[0])
            self._verify_convention("result", self._function.convention.results, registers)
        elif name == "import.resolved" and not cast(int, instruction.operands[0]) & IMPORT_BIT:
            self._fail("import.resolved names an internal function")
        elif name == "discard.refs":
            for register in cast("tuple[int, ...]", instruction.operands[0]):
                self._verify_register(OperandKind.REF_MOVE, register)

    def _verify_operand(self, operand: Operand, value: OperandValue) -> None:
        kind = operand.kind
        if isinstance(value, int):
            if kind in REGISTER_KINDS:
                self._verify_register(kind, value)
            elif kind is _BLOCK:
                self._verify_target(value)
            else:
                self._verify_ordinal(kind, value)
        elif kind is _REGISTERS:
            for register in cast("tuple[int, ...]", value):
                self._verify_list_register(operand.element, register)
        elif kind is _REMAP:
            self._verify_remap(cast("RemapList", value))
        elif kind is _CASES:
            for target, remap in cast("Cases", value):
                self._verify_target(target)
                self._verify_remap(remap)

    def _verify_register(self, kind: OperandKind, register: int) -> None:
        if kind in REF_KINDS:
            if register & REF_BIT and register & REF_ORDINAL_MASK < self._ref_count:
                return
        elif register + (kind in _WIDE_KINDS) < self._value_count and not (
            kind in _WIDE_KINDS and register % 2
        ):
            # Why no look at REF_BIT: no frame has as many registers.
            return
        self._refuse_register(kind, register)

    def _refuse_register(self, kind: OperandKind, register: int) -> NoReturn:
        ordinal = register & REF_ORDINAL_MASK
        if kind in REF_KINDS:
            if not register & REF_BIT:
                self._fail(f"value register {register} is given where a ref register is needed")
            self._fail(f"ref register {ordinal} passes the {self._ref_count} of the frame")
        type_name = kind.name.lower()
        if register & REF_BIT:
            self._fail(f"ref register {ordinal} is given where a register of type {type_name} is needed")
        if kind in _WIDE_KINDS and register % 2:
            self._fail(f"{type_name} register {register} is odd; 64-bit values start at even ones")
        self._fail(f"{type_name} register {register} passes the {self._value_count} of the frame")

    def _verify_list_register(self, element: OperandKind | None, register: int) -> None:
        if element is None:
            element = _REF_MOVE if register & REF_BIT else _I32
        self._verify_register(element, register)

    def _verify_target(self, offset: int) -> None:
        if offset not in self._function.blocks_by_offset:
            self._fail(f"branch to byte {offset}, where no block starts")

    def _verify_remap(self, pairs: RemapList) -> None:
        for source, target in pairs:
            kind = _REF_MOVE if target & REF_BIT else _I32
            self._verify_register(kind, source)
            self._verify_register(kind, target)

    def _verify_ordinal(self, kind: OperandKind, ordinal: int) -> None:
        definition = self._module.definition
        if kind is _GLOBAL:
            self._verify_global(ordinal)
        elif kind is _RODATA and ordinal >= len(definition.rodata_segments):
            self._fail(f"rodata {ordinal} passes the {len(definition.rodata_segments)} of the module")
        elif kind is _FUNCTION:
            is_import = bool(ordinal & IMPORT_BIT)
            count = len(definition.imported_functions if is_import else self._module.functions)
            if ordinal & ~IMPORT_BIT >= count:
                what = "import" if is_import else "function"
                self._fail(f"{what} {ordinal & ~IMPORT_BIT} passes the {count} of the module")
        elif kind is _TYPE:
            if ordinal >= len(definition.types):
                self._fail(f"type {ordinal} passes the {len(definition.types)} of the module")
            self._verify_type_use(definition.types[ordinal])

    def _verify_global(self, place: int) -> None:
        definition = self._module.definition
        size = _GLOBAL_BYTES.get(self._instruction.opcode.name.rpartition(".")[2])
        if size is None:
            if place >= definition.global_ref_count:
                self._fail(f"global ref {place} passes the {definition.global_ref_count} of the module")
        elif place + size > definition.global_bytes_capacity:
            self._fail(
                f"global of {size} bytes at byte {place} passes "
                f"the {definition.global_bytes_capacity} bytes of the module"
            )

    def _verify_type_use(self, type_name: str) -> None:
        # Spec: `list.alloc` names an element type, the others a ref type; `list.get.ref` may name a value
        # type and then gives null (iree/vm/bytecode/dispatch.c, 3.13.0).
        name = self._instruction.opcode.name
        if is_value_type(type_name) and name not in ("list.alloc", "list.get.ref"):
            self._fail(f"type {type_name} is given where a ref type is needed")

    def _verify_call(
        self,
        ordinal: int,
        segments: tuple[int, ...] | None,
        arguments: tuple[int, ...],
        results: tuple[int, ...],
    ) -> None:
        if ordinal & IMPORT_BIT:
            convention = self._module.import_conventions[ordinal & ~IMPORT_BIT]
        else:
            if segments is not None:
                self._fail("a variadic call names an internal function; only imports take spans")
            convention = self._module.functions[ordinal].convention
        kinds = self._flatten(convention, segments)
        self._verify_convention("argument", kinds, arguments)
        self._verify_convention("result", convention.results, results)

    def _flatten(self, convention: CallingConvention, segments: tuple[int, ...] | None) -> str:
        flat: list[str] = []
        for position, argument in enumerate(convention.arguments):
            if not isinstance(argument, Span):
                flat.append(argument)
                continue
            if segments is None:
                self._fail("the callee takes a span; call it with a variadic call")
            if position >= len(segments):
                self._fail(f"{len(segments)} segment counts for {len(convention.arguments)} arguments")
            flat.append(argument.element * segments[position])
        return "".join(flat)

    def _verify_convention(self, what: str, kinds: str, registers: Sequence[int]) -> None:
        # Spec: entries past those of the calling convention are ignored.
        if len(registers) < len(kinds):
            self._fail(f"{len(registers)} {what} registers for {len(kinds)} {what}s")
        for kind, register in zip(kinds, registers, strict=False):
            self._verify_register(_CONVENTION_KINDS[kind], register)

    def _fail(self, message: str) -> NoReturn:
        raise FormatError(
            f"{self._instruction.opcode.name}: {message}",
            table=self._module.function_label(self._function.ordinal),
            offset=self._instruction.offset,
        )
