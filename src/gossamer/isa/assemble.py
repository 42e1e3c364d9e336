"""Text of a function's instructions → bytecode.

Reads what `disassemble` prints, by the same templates, and the few spellings that `iree-as-module` of IREE
3.13.0 wants instead: an indirect global as a bare register, the arguments of `trace` and `print` after a
comma. `vm.` and empty `()` after a block may be left out.
"""

from __future__ import annotations

import math
from typing import Protocol, cast

from gossamer.isa.assembly_scanner import AssemblySyntaxError, ScannedLine, Scanner
from gossamer.isa.assembly_templates import Slot, Template, template_of
from gossamer.isa.encode import AssembledFunction, Assembler, AssemblyValue, Label
from gossamer.isa.instruction import RemapList
from gossamer.isa.opcodes import (
    MOVE_BIT,
    OPCODES_BY_NAME,
    REF_BIT,
    REF_ORDINAL_MASK,
    Extension,
    Opcode,
    Operand,
    OperandKind,
)

_VALUE_ORDINAL_MASK = 0x7FFF
_PAIRS = (OperandKind.I64, OperandKind.F64)
_GLOBAL_SIZES = {"i32": 4, "f32": 4, "i64": 8, "f64": 8, "ref": 0}


class AssemblySymbols(Protocol):
    """What a function's instructions name outside of it; each raises InvalidArgumentError."""

    def type_ordinal(self, name: str) -> int:
        """Ordinal of a type, which is added where it is new."""
        ...

    def function_ordinal(self, name: str) -> int:
        """Ordinal of a function, IMPORT_BIT included; the name is without `@`."""
        ...

    def global_place(self, name: str, size: int) -> int:
        """Byte offset of a value global of so many bytes; the name is without `@`."""
        ...

    def use_global(self, place: int, size: int) -> None:
        """Make room for a global named by its place: a byte offset, or the ordinal of a ref (size 0)."""
        ...


class FunctionText:
    """Assembles one function, line by line.

    Attributes:
        i32_register_count, ref_register_count: registers named so far.
        extensions: opcode pages used so far.
    """

    def __init__(self, symbols: AssemblySymbols) -> None:
        self.i32_register_count = 0
        self.ref_register_count = 0
        self.extensions: set[Extension] = set()
        self._symbols = symbols
        self._assembler = Assembler()
        self._labels: dict[str, Label] = {}
        self._uses: dict[str, AssemblySyntaxError] = {}
        self._placed: set[str] = set()
        self._last: Opcode | None = None

    def add_line(self, line: ScannedLine) -> None:
        """Add a block label or an instruction.

        Raises: AssemblySyntaxError with the place of what is wrong.
        """
        scanner = Scanner(line)
        label = scanner.match(r"\^([\w$.]+)\s*:\s*$")
        if label is not None:
            self._place(label, scanner)
            return
        if self._assembler.position == 0:
            self._assembler.block()
        self._add_instruction(scanner)

    def finish(self) -> AssembledFunction:
        """Resolve branches.

        Raises: AssemblySyntaxError at the first use of a label that has no block; InvalidArgumentError where
            the function does not end.
        """
        for name, error in self._uses.items():
            if name not in self._placed:
                raise error
        return self._assembler.finish()

    @property
    def is_terminated(self) -> bool:
        """True where the last instruction ends a block."""
        return self._last is not None and self._last.is_terminator

    def parse_register(self, scanner: Scanner, kind: OperandKind | None) -> int:
        """Read a register of a kind, or of any where it is None, and count it. Returns: the raw register."""
        if kind in (OperandKind.REF, OperandKind.REF_MOVE) or (kind is None and scanner.peek(r"%[rR]")):
            return self._parse_ref(scanner, can_move=kind is not OperandKind.REF)
        if kind is None:
            kind = OperandKind.I64 if scanner.peek(r"%i\d+:\d") else OperandKind.I32
        if kind in _PAIRS:
            scanner.require(r"%i\d+:", "a pair of registers like %i0:1")
        return self._parse_value_register(scanner, kind)

    def _parse_ref(self, scanner: Scanner, *, can_move: bool) -> int:
        move = scanner.match("%([rR])")
        if move is None:
            raise scanner.error("expected a ref register like %r0")
        if move == "R" and not can_move:
            raise scanner.last_error("this operand cannot be moved; write %r")
        ordinal = int(scanner.expect(r"\d+", "the number of a register"))
        if ordinal > REF_ORDINAL_MASK:
            raise scanner.last_error(f"ref registers end at %r{REF_ORDINAL_MASK}")
        self.ref_register_count = max(self.ref_register_count, ordinal + 1)
        return REF_BIT | (MOVE_BIT if move == "R" else 0) | ordinal

    def _parse_value_register(self, scanner: Scanner, kind: OperandKind) -> int:
        is_pair = kind in _PAIRS
        ordinal = int(scanner.expect(r"%i(\d+)", "a register like %i0"))
        if ordinal + is_pair > _VALUE_ORDINAL_MASK:
            raise scanner.last_error(f"value registers end at %i{_VALUE_ORDINAL_MASK}")
        high = scanner.match(r":(\d+)")
        if high is not None and not is_pair:
            raise scanner.last_error("expected one register, not a pair")
        if high is not None and int(high) != ordinal + 1:
            raise scanner.last_error(f"a pair names two registers in a row: %i{ordinal}:{ordinal + 1}")
        self.i32_register_count = max(self.i32_register_count, ordinal + 1 + is_pair)
        return ordinal

    def _place(self, name: str, scanner: Scanner) -> None:
        if name in self._placed:
            raise scanner.last_error(f"block ^{name} is there already")
        self._assembler.block(self._label(name))
        self._placed.add(name)
        self._last = None

    def _label(self, name: str) -> Label:
        if name not in self._labels:
            self._labels[name] = self._assembler.new_label()
        return self._labels[name]

    def _add_instruction(self, scanner: Scanner) -> None:
        name = scanner.find(r"(?:=|^)\s*(?:vm\.)?([\w.]+)")
        opcode = OPCODES_BY_NAME.get(name or "")
        if opcode is None or opcode.name == "block":
            raise (
                scanner.last_error(f"unknown instruction '{name}'")
                if name
                else scanner.error("expected an instruction")
            )
        template = template_of(opcode, scanner.rest)
        values: dict[int, AssemblyValue] = {}
        has_results = scanner.peek("%")
        if has_results and not template.results:
            raise scanner.error(f"vm.{opcode.name} has no result")
        if template.results and (has_results or opcode.operands[-1].kind is not OperandKind.REGISTERS):
            self._parse(scanner, opcode, template.results, values)
            scanner.expect("=", "'=' after the results")
        scanner.expect(r"(?:vm\.)?[\w.]+", "an instruction")
        self._parse(scanner, opcode, template.operands, values)
        if not scanner.at_end:
            raise scanner.error(f"unexpected text after vm.{opcode.name}")
        ordered = [values.get(index, ()) for index in range(len(opcode.operands))]
        self._assembler.emit(opcode.name, *ordered)
        self.extensions.add(opcode.extension)
        self._last = opcode

    def _parse(
        self, scanner: Scanner, opcode: Opcode, items: Template, values: dict[int, AssemblyValue]
    ) -> None:
        for item in items:
            if isinstance(item, str):
                scanner.expect_literal(item)
            elif item.index is None:
                scanner.type_text()
            else:
                values[item.index] = self._parse_slot(scanner, opcode, item, opcode.operands[item.index])

    def _parse_slot(self, scanner: Scanner, opcode: Opcode, slot: Slot, operand: Operand) -> AssemblyValue:
        if slot.storage and operand.kind is OperandKind.GLOBAL:
            return self._parse_global(scanner, slot.storage, _GLOBAL_SIZES[opcode.name.rpartition(".")[2]])
        if slot.storage and scanner.match(r"\.(rwdata|refs)\["):
            register = self.parse_register(scanner, operand.kind)
            scanner.expect_literal("]")
            return register
        if slot.in_parentheses:
            return self._parse_branch_remap(scanner)
        return self._parse_operand(scanner, operand)

    def _parse_operand(self, scanner: Scanner, operand: Operand) -> AssemblyValue:
        match operand.kind:
            case OperandKind.REGISTERS:
                return self._parse_registers(scanner, operand.element)
            case OperandKind.CASES:
                return self._parse_cases(scanner)
            case OperandKind.BLOCK:
                return self._parse_block(scanner)
            case OperandKind.SEGMENTS:
                return tuple(scanner.integers(0xFFFF))
            case OperandKind.STRING:
                return scanner.expect('"([^"]*)"', "a string in double quotes").encode(
                    "utf-8", "surrogateescape"
                )
            case OperandKind.TYPE:
                return scanner.resolve(self._symbols.type_ordinal, scanner.type_text())
            case OperandKind.FUNCTION:
                name = scanner.expect(r"[\w$.]+(?::\d+)?", "the name of a function")
                return scanner.resolve(self._symbols.function_ordinal, name)
            case OperandKind.RODATA:
                return scanner.integer(0, 0xFFFFFFFF)
            case OperandKind.IMMEDIATE_I32:
                return scanner.integer(-(1 << 31), (1 << 31) - 1)
            case OperandKind.IMMEDIATE_I64:
                return scanner.integer(-(1 << 63), (1 << 63) - 1)
            case OperandKind.IMMEDIATE_F32 | OperandKind.IMMEDIATE_F64:
                return self._parse_float(scanner, operand.kind)
            case _:
                return self.parse_register(scanner, operand.kind)

    @staticmethod
    def _parse_float(scanner: Scanner, kind: OperandKind) -> float:
        value = scanner.floating_point()
        largest = 3.4028235677973366e38 if kind is OperandKind.IMMEDIATE_F32 else math.inf
        if not math.isinf(value) and abs(value) >= largest:
            raise scanner.last_error("number too large for f32")
        return value

    def _parse_registers(self, scanner: Scanner, kind: OperandKind | None) -> tuple[int, ...]:
        registers: list[int] = []
        while scanner.peek("%"):
            if kind in _PAIRS and not scanner.peek(r"%i\d+:\d"):
                # Why: IREE prints and reads the pairs of a list by their first register.
                registers.append(self._parse_value_register(scanner, cast(OperandKind, kind)))
            else:
                registers.append(self.parse_register(scanner, kind))
            if not scanner.match(","):
                break
            scanner.require("%", "a register after the comma")
        return tuple(registers)

    def _parse_remap(self, scanner: Scanner) -> RemapList:
        pairs: list[tuple[int, int]] = []
        while scanner.peek("%"):
            source = self.parse_register(scanner, None)
            scanner.expect_literal("->")
            pairs.append((source, self.parse_register(scanner, None)))
            if not scanner.match(","):
                break
            scanner.require("%", "a register after the comma")
        return tuple(pairs)

    def _parse_branch_remap(self, scanner: Scanner) -> RemapList:
        if not scanner.match(r"\("):
            return ()
        remap = self._parse_remap(scanner)
        scanner.expect_literal(")")
        return remap

    def _parse_block(self, scanner: Scanner) -> Label:
        name = scanner.expect(r"\^([\w$.]+)", "a block like ^bb0")
        self._uses.setdefault(name, scanner.last_error(f"there is no block ^{name}"))
        return self._label(name)

    def _parse_cases(self, scanner: Scanner) -> list[tuple[Label, RemapList]]:
        cases: list[tuple[Label, RemapList]] = []
        while scanner.match(","):
            if scanner.integer(0, 0xFFFF) != len(cases):
                raise scanner.last_error(f"cases are counted from 0; expected {len(cases)}")
            scanner.expect_literal(":")
            label = self._parse_block(scanner)
            cases.append((label, self._parse_branch_remap(scanner)))
        return cases

    def _parse_global(self, scanner: Scanner, storage: str, size: int) -> int:
        name = scanner.match(r"@([\w$.]+)")
        if name is not None:
            return scanner.resolve(lambda name: self._symbols.global_place(name, size), name)
        scanner.expect_literal(storage + "[")
        place = scanner.integer(0, 0x7FFFFFFF)
        scanner.expect_literal("]")
        self._symbols.use_global(place, size)
        return place
