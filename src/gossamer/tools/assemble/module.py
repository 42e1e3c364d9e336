"""Assembles a module: directives at the top level, then functions.

    vm.module @name version 0
    vm.type !vm.buffer
    vm.import optional @other.function cconv "0i_i"
    vm.rodata[0] = 00FF
    vm.global.i32 private mutable @counter = 0 : i32
    vm.export @run = @local
    vm.func @local(%i0: i32) -> (i32) {
    ^bb0:
      vm.return %i0
    }

`//` and `#` start comments; a name in `[...]` at the start of a line is skipped. As in IREE 3.13.0 types,
imports, rodata and globals come before functions, and functions do not take spans. Beyond it, every line that
is wrong is reported, with its column, a function must end where a block ends, and registers of arguments that
nothing uses are counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gossamer.diagnostics import Diagnostic, SourceLocation
from gossamer.errors import CompileError
from gossamer.format.module_def import (
    NO_REQUIREMENTS,
    ExportFunction,
    FunctionDescriptor,
    FunctionSignature,
    ImportFunction,
    ModuleDef,
    Requirements,
    RodataSegment,
)
from gossamer.isa.assemble import FunctionText
from gossamer.isa.assembly_scanner import AssemblySyntaxError, ScannedLine, Scanner
from gossamer.isa.opcodes import REF_BIT, Extension, OperandKind
from gossamer.tools.assemble.symbols import ModuleSymbols
from gossamer.vm.bytecode.decoded import register_capacity

_SYMBOL = r"@([\w$.]+)"
_FUNCTION_ALIGNMENT = 8
_INT16_MAX = 0x7FFF
_TYPES = {"i32": ("i", 4), "i64": ("I", 8), "f32": ("f", 4), "f64": ("F", 8)}
_EXTENSIONS = {Extension.F32: Requirements.EXT_F32, Extension.F64: Requirements.EXT_F64}


@dataclass(slots=True)
class _Function:
    name: str
    line: ScannedLine
    convention: str
    text: FunctionText
    body: list[ScannedLine]
    argument_registers: tuple[int, int] = (0, 0)


def assemble_module(source: str, filename: str = "-") -> ModuleDef:
    """Assemble the text of a module.

    Args:
        filename: for messages.
    Raises: CompileError with one diagnostic for each line that is wrong.
    """
    return _ModuleAssembler(filename).assemble(source)


class _ModuleAssembler:
    """The state between lines."""

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._diagnostics: list[Diagnostic] = []
        self._symbols = ModuleSymbols()
        self._version = 0
        self._imports: list[ImportFunction] = []
        self._rodata: list[RodataSegment] = []
        self._exports: list[tuple[str, str, Scanner]] = []
        self._functions: list[_Function] = []
        self._open: _Function | None = None
        self._bytecode = bytearray()
        self._directives: list[tuple[str, Callable[[Scanner], None]]] = [
            (r"vm\.type(?!\S)", self._type),
            (r"vm\.import(?!\S)", self._import),
            (r"vm\.rodata\[", self._rodata_segment),
            (r"vm\.global\.(?=[if](32|64)(?!\S))", self._global),
        ]

    def assemble(self, source: str) -> ModuleDef:
        """Read all lines, then assemble the functions, which may call each other whatever their order."""
        lines = [ScannedLine.of(number, line) for number, line in enumerate(source.split("\n"), 1)]
        for line in lines:
            if not line.is_empty:
                self._report(self._read_line, line)
            if self._diagnostics and not self._symbols.module_name:
                # Why: it is no assembly at all; every other line would be wrong too.
                raise CompileError(self._diagnostics)
        last = lines[-1]
        if self._open is not None:
            self._fail("the body of the function does not end; expected '}'", self._open.line)
        elif not self._symbols.module_name:
            self._fail("there is no vm.module", last)
        elif not self._functions and not self._diagnostics:
            self._fail("there is no vm.func", last)
        descriptors = [self._assemble_function(function) for function in self._functions]
        exports = [self._resolve_export(*export) for export in self._exports]
        if self._diagnostics:
            raise CompileError(self._diagnostics)
        return self._module(descriptors, exports)

    def _module(self, descriptors: list[FunctionDescriptor], exports: list[ExportFunction]) -> ModuleDef:
        requirements = NO_REQUIREMENTS
        for descriptor in descriptors:
            requirements |= descriptor.requirements
        return ModuleDef(
            name=self._symbols.module_name,
            version=self._version,
            requirements=requirements,
            types=tuple(self._symbols.types),
            imported_functions=tuple(self._imports),
            exported_functions=tuple(exports),
            function_signatures=tuple(FunctionSignature(f.convention) for f in self._functions),
            rodata_segments=tuple(self._rodata),
            global_bytes_capacity=self._symbols.total_global_bytes,
            global_ref_count=self._symbols.global_refs,
            function_descriptors=tuple(descriptors),
            bytecode_data=bytes(self._bytecode),
        )

    def _fail(self, message: str, line: ScannedLine, column: int = 1) -> None:
        location = SourceLocation(self._filename, line.number, column)
        self._diagnostics.append(Diagnostic(message, location, source_line=line.source))

    def _report(self, read: Callable[[ScannedLine], None], line: ScannedLine) -> None:
        try:
            read(line)
        except AssemblySyntaxError as error:
            self._fail(error.message, error.line, error.column)

    def _read_line(self, line: ScannedLine) -> None:
        scanner = Scanner(line)
        if self._open is not None:
            if scanner.match(r"\}$"):
                self._open = None
            else:
                self._open.body.append(line)
            return
        if scanner.match(r"vm\.module(?!\S)"):
            self._module_line(scanner)
            return
        if not self._symbols.module_name:
            raise scanner.error("expected vm.module first")
        if scanner.match(r"vm\.export(?!\S)"):
            self._export(scanner)
        elif scanner.match(r"vm\.func(?!\S)"):
            self._function(scanner)
        else:
            self._declaration(scanner)

    def _declaration(self, scanner: Scanner) -> None:
        for pattern, read in self._directives:
            if scanner.match(pattern) is not None:
                if self._functions:
                    raise scanner.last_error("types, imports, rodata and globals come before functions")
                read(scanner)
                return
        raise scanner.error("unknown directive")

    @staticmethod
    def _end(scanner: Scanner) -> None:
        if not scanner.at_end:
            raise scanner.error("unexpected text")

    def _module_line(self, scanner: Scanner) -> None:
        if self._symbols.module_name:
            raise scanner.last_error("there is a vm.module already")
        self._symbols.module_name = scanner.expect(_SYMBOL, "a name like @module")
        if scanner.match(r"version\b"):
            self._version = scanner.integer(0, 0xFFFFFFFF)
        self._end(scanner)

    def _type(self, scanner: Scanner) -> None:
        name = scanner.expect(r".+", "a type")
        if name in self._symbols.types:
            raise scanner.last_error(f"type {name} is there already")
        self._symbols.types.append(name)

    def _import(self, scanner: Scanner) -> None:
        is_required = scanner.match(r"optional(?!\S)") is None
        name = scanner.expect(_SYMBOL, "a name like @module.function")
        if name in self._symbols.imports:
            raise scanner.last_error(f"import @{name} is there already")
        scanner.expect(r"cconv(?!\S)", "'cconv'")
        convention = scanner.expect('"([^"]*)"', "a calling convention in double quotes")
        self._end(scanner)
        self._symbols.imports.append(name)
        self._imports.append(ImportFunction(name, FunctionSignature(convention), is_required))

    def _rodata_segment(self, scanner: Scanner) -> None:
        if scanner.integer(0, 0xFFFFFFFF) != len(self._rodata):
            raise scanner.last_error(f"rodata is declared in order; expected {len(self._rodata)}")
        scanner.expect_literal("]")
        scanner.expect_literal("=")
        digits = scanner.match(r"[0-9a-fA-F]+") or ""
        self._end(scanner)
        if len(digits) % 2:
            raise scanner.last_error("a byte has two hexadecimal digits; one is missing")
        self._rodata.append(RodataSegment(bytes.fromhex(digits), is_external=False))

    def _global(self, scanner: Scanner) -> None:
        type_name = scanner.expect(r"\w+", "a type")
        for modifier in (r"private(?!\S)", r"mutable(?!\S)"):
            scanner.match(modifier)
        name = scanner.expect(_SYMBOL, "a name like @global")
        if name in self._symbols.globals:
            raise scanner.last_error(f"global @{name} is there already")
        if scanner.match("="):
            if scanner.integer(-(1 << 63), (1 << 63) - 1):
                raise scanner.last_error("globals start as 0; store another value in a function @__init")
            scanner.expect_literal(":")
            scanner.expect(rf"{type_name}$", type_name)
        self._end(scanner)
        self._symbols.globals[name] = _TYPES[type_name][1]

    def _export(self, scanner: Scanner) -> None:
        name = function = scanner.expect(_SYMBOL, "a name like @function")
        if any(name == exported for exported, _, _ in self._exports):
            raise scanner.last_error(f"export @{name} is there already")
        if scanner.match("="):
            function = scanner.expect(_SYMBOL, "a function like @function")
        self._exports.append((name, function, scanner))
        self._end(scanner)

    def _resolve_export(self, name: str, function: str, scanner: Scanner) -> ExportFunction:
        if function in self._symbols.functions:
            return ExportFunction(name, self._symbols.functions.index(function))
        error = scanner.last_error(f"there is no function @{function}")
        self._fail(error.message, error.line, error.column)
        return ExportFunction(name, -1)

    def _function(self, scanner: Scanner) -> None:
        name = scanner.expect(_SYMBOL, "a name like @function")
        duplicate = scanner.last_error(f"function @{name} is there already")
        function = _Function(name, scanner.line, "", FunctionText(self._symbols), [])
        # Why: open whatever follows, so that one mistake in the header is one message.
        self._open = function
        arguments = self._arguments(scanner, function.text)
        # Spec: iree-as-module@3.13.0 counts the registers that instructions name, not those of arguments.
        text = function.text
        function.argument_registers = (text.i32_register_count, text.ref_register_count)
        text.i32_register_count = text.ref_register_count = 0
        scanner.expect_literal("->")
        results = self._results(scanner)
        scanner.expect(r"\{$", "'{' at the end of the line")
        if name in self._symbols.functions:
            raise duplicate
        function.convention = f"0{arguments or 'v'}_{results or 'v'}"
        self._symbols.functions.append(name)
        self._functions.append(function)

    def _arguments(self, scanner: Scanner, text: FunctionText) -> str:
        scanner.expect_literal("(")
        characters = ""
        while scanner.peek("%"):
            kind = OperandKind.REF if scanner.peek("%r") else None
            expected = text.ref_register_count if kind else text.i32_register_count
            register = text.parse_register(scanner, kind)
            misplaced = scanner.last_error(
                f"arguments are numbered in order; expected %{'r' if kind else 'i'}{expected}"
            )
            scanner.expect_literal(":")
            characters += (character := _value_character(scanner))
            if (character == "r") != bool(kind):
                raise scanner.last_error("values are in %i registers, refs in %r registers")
            if register & ~REF_BIT != expected:
                raise misplaced
            is_pair = text.i32_register_count - expected == 2
            if not kind and is_pair != (character in "IF"):
                raise scanner.last_error("i64 and f64 need a pair like %i0:1, i32 and f32 one register")
            if not scanner.match(","):
                break
        scanner.expect_literal(")")
        return characters

    @staticmethod
    def _results(scanner: Scanner) -> str:
        scanner.expect_literal("(")
        characters = ""
        while not scanner.peek(r"\)"):
            scanner.match(r"%[\w:]+\s*:(?!\d)")
            characters += _value_character(scanner)
            if not scanner.match(","):
                break
        scanner.expect_literal(")")
        return characters

    def _assemble_function(self, function: _Function) -> FunctionDescriptor:
        before = len(self._diagnostics)
        for line in function.body:
            self._report(function.text.add_line, line)
        if len(self._diagnostics) == before and not function.text.is_terminated:
            self._fail(
                f"function @{function.name} does not end with a return, a fail or a branch", function.line
            )
        bytecode, block_count = b"", 0
        if len(self._diagnostics) == before:
            try:
                bytecode, block_count, _ = function.text.finish()
            except AssemblySyntaxError as error:
                self._fail(error.message, error.line, error.column)
        named = (function.text.i32_register_count, function.text.ref_register_count)
        registers = [
            # Why: loaders refuse functions whose arguments have no registers.
            needed if needed > register_capacity(count) else count
            for count, needed in zip(named, function.argument_registers, strict=True)
        ]
        if max(block_count, *registers) > _INT16_MAX:
            self._fail(f"function @{function.name} has too many blocks or registers", function.line)
        offset = len(self._bytecode)
        self._bytecode += bytecode + bytes(-len(bytecode) % _FUNCTION_ALIGNMENT)
        requirements = NO_REQUIREMENTS
        for extension in function.text.extensions:
            requirements |= _EXTENSIONS.get(extension, NO_REQUIREMENTS)
        return FunctionDescriptor(offset, len(bytecode), requirements, block_count, *registers)


def _value_character(scanner: Scanner) -> str:
    name = scanner.type_text()
    if name.startswith("!"):
        return "r"
    if name not in _TYPES:
        raise scanner.last_error(f"functions take and return i32, i64, f32, f64 and refs, not {name}")
    return _TYPES[name][0]
