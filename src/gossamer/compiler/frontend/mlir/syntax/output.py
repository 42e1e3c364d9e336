"""Rewritten text, and the way back from it to the source."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

_LINE_COMMENT = re.compile(r"//[^\"\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Edit:
    """Output from `offset` on comes from `source`: letter by letter if copied, else all from that place."""

    offset: int
    source: int
    is_copy: bool


@dataclass(slots=True)
class Output:
    """Text under construction.

    Attributes:
        source: the text it is made of.
        length: letters so far.
        line_count: line breaks so far.
    """

    source: str
    length: int = 0
    line_count: int = 0
    _parts: list[str] = field(default_factory=list[str])
    _edits: list[_Edit] = field(default_factory=list[_Edit])

    def copy(self, start: int, end: int) -> None:
        """Append source text as it is."""
        if end > start:
            self._append(self.source[start:end], start, is_copy=True)

    def insert(self, text: str, source: int) -> None:
        """Append new text that stands for what is at an offset of the source."""
        self._append(text, source, is_copy=False)

    def insert_flat(self, text: str, source: int) -> None:
        """Append text as it is from an offset of the source on, but on one line and without comments."""
        if "\n" in text:
            text = _LINE_COMMENT.sub(lambda match: " " * len(match.group()), text).replace("\n", " ")
        self._append(text, source, is_copy=True)

    def pad_lines(self, start: int, end: int, first_line: int) -> None:
        """Append the line breaks by which a source range is longer than the output since `first_line`."""
        missing = self.source.count("\n", start, end) - (self.line_count - first_line)
        self.insert("\n" * missing, end)

    def append(self, other: Output) -> None:
        """Append other output made of the same source."""
        self._edits += [_Edit(edit.offset + self.length, edit.source, edit.is_copy) for edit in other._edits]
        self._parts += other._parts
        self.length += other.length
        self.line_count += other.line_count

    def text(self) -> str:
        """The whole text."""
        return "".join(self._parts)

    def source_offset(self, offset: int) -> int:
        """Offset in the source of the text at an offset of the output."""
        index = bisect_right(self._edits, offset, key=lambda edit: edit.offset) - 1
        if index < 0:
            return offset
        edit = self._edits[index]
        return edit.source + (offset - edit.offset if edit.is_copy else 0)

    def _append(self, text: str, source: int, *, is_copy: bool) -> None:
        if not text:
            return
        self._edits.append(_Edit(self.length, source, is_copy))
        self._parts.append(text)
        self.length += len(text)
        self.line_count += text.count("\n")


class LineIndex:
    """Lines and columns, from 1, of a text's offsets."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        position = text.find("\n")
        while position >= 0:
            self._starts.append(position + 1)
            position = text.find("\n", position + 1)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """Offset of a line and column; clamped where there is no such line."""
        line = min(max(line, 1), len(self._starts))
        return self._starts[line - 1] + max(column - 1, 0)
