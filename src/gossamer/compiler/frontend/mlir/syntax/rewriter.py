"""Walks MLIR text, copies what MLIR knows and rewrites IREE's operations."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gossamer.compiler.frontend.mlir.syntax import functions
from gossamer.compiler.frontend.mlir.syntax.assembly_format import OperationFormat
from gossamer.compiler.frontend.mlir.syntax.cursor import Cursor, ForeignSyntaxError, Piece
from gossamer.compiler.frontend.mlir.syntax.dialects import DIALECTS, find_format
from gossamer.compiler.frontend.mlir.syntax.elements import Reading
from gossamer.compiler.frontend.mlir.syntax.generic_form import write_generic_form
from gossamer.compiler.frontend.mlir.syntax.operation import OperationText, RegionText
from gossamer.compiler.frontend.mlir.syntax.output import LineIndex, Output
from gossamer.diagnostics import Diagnostic, SourceLocation
from gossamer.errors import CompileError

_DIALECT_PREFIX = re.compile(rf"\b(?:{'|'.join(DIALECTS)})\.")
_OPERATION = rf"(?<![\w$.#!@%\-])(?:{'|'.join(DIALECTS)})\.[a-zA-Z_][\w.]*"
_STOP = re.compile(rf'//|"|{_OPERATION}')
_STOP_IN_REGION = re.compile(rf'//|"|[{{}}]|{_OPERATION}')
_STOP_IN_ISOLATED_REGION = re.compile(rf'//|"|[{{}}]|%[\w$.\-]+|{_OPERATION}')
# Such a name is an attribute's, or an element of a list, not an operation's.
_NOT_AN_OPERATION = re.compile(r"\s*[=,\]>]")
_DIMENSIONS = re.compile(r"%[\w$.\-]+(?:#\d+)?(?:\s*,\s*%[\w$.\-]+(?:#\d+)?)*\s*\}")
_VALUE_NAME = re.compile(r"%[\w$.\-]+")
_WORD = re.compile(r"[A-Za-z_][\w$.]*")


@dataclass(frozen=True, slots=True)
class RewrittenText:
    """Text for MLIR's parser, line for line that of the source."""

    text: str
    _output: Output
    _source_lines: LineIndex

    def source_position(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the source of a line and column of `text`."""
        offset = LineIndex(self.text).offset(line, column)
        return self._source_lines.position(self._output.source_offset(offset))


def needs_rewriting(text: str) -> bool:
    """Whether a prefix of one of IREE's dialects occurs outside strings."""
    position = 0
    while True:
        quote = text.find('"', position)
        if _DIALECT_PREFIX.search(text, position, len(text) if quote < 0 else quote):
            return True
        closing = text.find('"', quote + 1)
        if quote < 0 or closing < 0:
            return False
        position = closing + 1


def rewrite(text: str, file_name: str) -> RewrittenText:
    """Rewrite IREE's operations to generic form.

    Args:
        file_name: for the locations that rewritten operations bear.
    Raises: CompileError at the column where an operation's syntax is wrong.
    """
    rewriter = _Rewriter(text, file_name)
    try:
        rewriter.rewrite()
    except ForeignSyntaxError as error:
        line, column = rewriter.lines.position(error.offset)
        # The end of a file is reported after its last letter.
        raise CompileError([Diagnostic(error.message, SourceLocation(file_name, line, column))]) from None
    return RewrittenText(rewriter.output.text(), rewriter.output, rewriter.lines)


class _Rewriter:
    def __init__(self, text: str, file_name: str) -> None:
        self.text = text
        self.lines = LineIndex(text)
        self.output = Output(text)
        self._file_name = file_name.replace("\\", "\\\\").replace('"', '\\"')
        self._suffix = ""
        self._isolated_count = 0
        self._initializer_count = 0

    def rewrite(self) -> None:
        """Rewrite the whole text."""
        self._scan(0, _STOP)

    def _scan(self, start: int, stop: re.Pattern[str]) -> int:
        """Copy and rewrite up to the brace that closes the current region, or the end; return its offset."""
        text, copied, position, depth = self.text, start, start, 0
        while (match := stop.search(text, position)) is not None:
            token, offset = match.group(), match.start()
            position = match.end()
            if token == '"':
                position = self._end_of_string(offset)
            elif token == "//":
                end = text.find("\n", offset)
                position = len(text) if end < 0 else end
            elif token == "{":
                depth += 1
            elif token == "}":
                if depth == 0:
                    self.output.copy(copied, offset)
                    return offset
                depth -= 1
            elif token.startswith("%"):
                self.output.copy(copied, position)
                self.output.insert(self._suffix, position)
                copied = position
            elif not _NOT_AN_OPERATION.match(text, position) or text.startswith("[", position):
                end = self._operation(token, offset, position, copied)
                if end is not None:
                    copied = position = end
        self.output.copy(copied, len(text))
        return len(text)

    def _operation(self, name: str, start: int, end: int, copied: int) -> int | None:
        """Rewrite one operation after copying what is before it; None where it stays as it is."""
        if name in functions.FUNCTION_OPERATIONS:
            self.output.copy(copied, start)
            self._initializer_count += name == "util.initializer"
            return functions.rewrite_header(
                name, Cursor(self.text, end), start, self.output, self._initializer_count
            )
        if name == "util.return":
            # As long as the name it replaces.
            self.output.copy(copied, start)
            self.output.insert_flat("func.return", start)
            return end
        form = find_format(name)
        if form is None:
            return None
        self.output.copy(copied, start)
        return self._rewrite_operation(form, start, end)

    def _rewrite_operation(self, form: OperationFormat, start: int, name_end: int) -> int:
        cursor = Cursor(self.text, name_end)
        operation = OperationText(start)
        form.element.read(Reading(cursor, operation, self))
        end = cursor.offset
        form.adjust(operation)
        if self._suffix:
            for group, values in operation.operands.items():
                operation.operands[group] = [self._renamed(value) for value in values]
            operation.tied_results = [self._renamed(value) for value in operation.tied_results]
        location = ""
        if not self.text.startswith("loc(", cursor.next_offset()):
            line, column = self.lines.position(start)
            location = f' loc("{self._file_name}":{line}:{column})'
        write_generic_form(form, operation, end, self.output, location)
        return end

    def is_region(self, cursor: Cursor) -> bool:
        """Whether the `{` at the cursor opens a region, not an attribute dictionary or dimensions."""
        text = self.text
        inside = Cursor(text, cursor.next_offset() + 1)
        offset = inside.next_offset()
        first = text[offset : offset + 1]
        if first in ("^", "%"):
            return not _DIMENSIONS.match(text, offset)
        if first == '"':
            inside.string()
            return inside.peek() == "("
        word = _WORD.match(text, offset)
        if word is None:
            return False
        inside.offset = word.end()
        return inside.peek() not in ("=", ",", "}", "")

    def read_region(self, cursor: Cursor, arguments: Piece | None, *, is_isolated: bool) -> RegionText:
        """Rewrite the region at the cursor aside; it is appended where its operation is written."""
        cursor.expect("{")
        outer_output, outer_suffix = self.output, self._suffix
        self.output = Output(self.text)
        if is_isolated:
            # Generic form opens no scope of names, so an isolated region's get a suffix of their own.
            self._isolated_count += 1
            self._suffix = f"_i{self._isolated_count}"
        start = cursor.offset
        end = self._scan(start, _STOP_IN_ISOLATED_REGION if self._suffix else _STOP_IN_REGION)
        if end == len(self.text):
            raise ForeignSyntaxError("this region is never closed", start - 1)
        if arguments is not None and self._suffix:
            suffix = self._suffix
            arguments = Piece(
                _VALUE_NAME.sub(lambda match: match.group() + suffix, arguments.text), arguments.offset
            )
        body, self.output, self._suffix = self.output, outer_output, outer_suffix
        cursor.offset = end + 1
        return RegionText(body, start, arguments)

    def _renamed(self, value: Piece) -> Piece:
        name, mark, number = value.text.partition("#")
        return Piece(f"{name}{self._suffix}{mark}{number}", value.offset)

    def _end_of_string(self, start: int) -> int:
        position = start + 1
        while (quote := self.text.find('"', position)) >= 0:
            backslash = quote - 1
            while self.text[backslash] == "\\":
                backslash -= 1
            if (quote - backslash) % 2:
                return quote + 1
            position = quote + 1
        return len(self.text)
