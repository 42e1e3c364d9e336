"""Reads text of the vm dialect: modules whose functions are VM functions already (`--compile-mode=vm`).

In: text as IREE prints it. Out: a VM module. Read are functions, imports, exports, globals without initial
value, texts as rodata, and the operations that are one instruction each; others are errors.
"""

from __future__ import annotations

from collections.abc import Callable

from gossamer.compiler.frontend.mlir.syntax.cursor import Cursor, ForeignSyntaxError
from gossamer.compiler.frontend.mlir.syntax.output import LineIndex
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.read_function import FunctionReader
from gossamer.compiler.vm.read_types import convention_of, read_type, read_types
from gossamer.compiler.vm.verify import verify_module
from gossamer.diagnostics import Diagnostic, SourceLocation
from gossamer.errors import CompileError, InternalError

_VISIBILITIES = ("public", "private", "nested")


def read_module(text: str, file_name: str) -> ir.Module:
    """Read the module of a text, which may stand in a `module` of MLIR.

    Args:
        file_name: for locations.
    Raises: CompileError at the first thing that is not understood.
    """
    lines = LineIndex(text)
    try:
        module = _ModuleReader(text, file_name, lines).read()
    except ForeignSyntaxError as error:
        line, column = lines.position(error.offset)
        raise CompileError([Diagnostic(error.message, SourceLocation(file_name, line, column))]) from None
    try:
        verify_module(module)
    except InternalError as error:
        raise CompileError([Diagnostic(f"the module is not well formed: {error}")]) from None
    return module


class _ModuleReader:
    """Declarations first, bodies of functions when all of them are known."""

    def __init__(self, text: str, file_name: str, lines: LineIndex) -> None:
        self._text = text
        self._cursor = Cursor(text)
        self._file_name = file_name
        self._lines = lines
        self._module = ir.Module("")
        self._bodies: list[tuple[ir.Function, dict[str, ir.Value], int]] = []
        self._read_declaration: dict[str, Callable[[], None]] = {
            "vm.export": self._export,
            "vm.func": self._function,
            "vm.import": self._import,
            "vm.rodata": self._rodata,
            **{f"vm.global.{kind}": self._global for kind in ("i32", "i64", "f32", "f64", "ref")},
        }

    def read(self) -> ir.Module:
        cursor = self._cursor
        depth = 0
        while cursor.take("module"):
            if cursor.peek() == "@":
                cursor.symbol()
            self._attributes()
            cursor.expect("{")
            depth += 1
        cursor.expect("vm.module")
        self._visibility()
        self._module.name = _name(cursor.symbol().text)
        self._attributes()
        cursor.expect("{")
        while not cursor.take("}"):
            self._declaration()
        for _ in range(depth):
            cursor.expect("}")
        for function, values, offset in self._bodies:
            FunctionReader(self._module, function, values, Cursor(self._text, offset), self._location).read()
        return self._module

    def _declaration(self) -> None:
        word = self._cursor.identifier()
        read = self._read_declaration.get(word.text)
        if read is None:
            raise ForeignSyntaxError(f"'{word.text}' is not read from text of the vm dialect", word.offset)
        read()

    def _function(self) -> None:
        cursor = self._cursor
        self._visibility()
        name = _name(cursor.symbol().text)
        entry, values = ir.Block(), dict[str, ir.Value]()
        cursor.expect("(")
        while not cursor.take(")"):
            argument = cursor.value().text
            cursor.expect(":")
            values[argument] = ir.Value(read_type(cursor))
            entry.arguments.append(values[argument])
            cursor.take(",")
        results = read_types(cursor) if cursor.take("->") else []
        self._attributes()
        function = self._module.functions[name] = ir.Function(name, results, [entry])
        self._bodies.append((function, values, cursor.skip_space() + 1))
        cursor.balanced()

    def _import(self) -> None:
        cursor = self._cursor
        self._visibility()
        is_optional = cursor.take("optional")
        name = _name(cursor.symbol().text)
        arguments = convention_of(cursor)
        results = read_types(cursor) if cursor.take("->") else []
        self._attributes()
        returned = "".join(result.kind.value for result in results)
        self._module.imports[name] = ir.Import(
            name,
            f"0{arguments or 'v'}_{returned or 'v'}",
            is_optional=is_optional,
            result_ref_types=tuple(result.ref_type for result in results),
        )

    def _export(self) -> None:
        cursor = self._cursor
        name = _name(cursor.symbol().text)
        exported = name
        if cursor.take("as"):
            cursor.expect("(")
            exported = cursor.string().text[1:-1]
            cursor.expect(")")
        self._attributes()
        self._module.exports[exported] = name

    def _global(self) -> None:
        cursor = self._cursor
        self._visibility()
        is_mutable = cursor.take("mutable")
        name = _name(cursor.symbol().text)
        self._attributes()
        cursor.expect(":")
        self._module.globals[name] = ir.Global(name, read_type(cursor), is_mutable=is_mutable)

    def _rodata(self) -> None:
        cursor = self._cursor
        self._visibility()
        name = _name(cursor.symbol().text)
        self._attributes()
        data = cursor.string().text[1:-1].encode().decode("unicode_escape").encode("latin-1")
        self._module.rodata[name] = ir.Rodata(name, data)

    def _visibility(self) -> None:
        any(self._cursor.take(word) for word in _VISIBILITIES)

    def _attributes(self) -> None:
        """Skip what a declaration is told by others; a function's body is no dictionary."""
        if self._cursor.take("attributes"):
            self._cursor.balanced()

    def _location(self, offset: int) -> ir.Location:
        line, column = self._lines.position(offset)
        return ir.Location(self._file_name, line, column)


def _name(symbol: str) -> str:
    return symbol[1:].strip('"')
