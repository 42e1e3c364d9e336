"""A cursor over MLIR text that reads its lexical units and skips what it need not understand."""

from __future__ import annotations

import re
from typing import NamedTuple

_SPACE = re.compile(r"(?:[ \t\r\n]+|//[^\n]*)*")
_VALUE = re.compile(r"%[\w$.\-]+(?:#\d+)?")
_SYMBOL_PART = r'@(?:[\w$.\-]+|"(?:[^"\\]|\\.)*")'
_SYMBOL = re.compile(rf"{_SYMBOL_PART}(?:::{_SYMBOL_PART})*")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w$.]*")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_NUMBER = re.compile(r"-?(?:0x[0-9A-Fa-f]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)")
_BRACKET = re.compile(r'->|>=|<=|[<>()\[\]{}"]|//')

_TYPED_KEYWORDS = frozenset({"dense", "dense_resource", "sparse", "opaque", "true", "false"})
_SHAPED_TYPES = frozenset({"tensor", "vector", "memref", "tuple", "complex"})


class Piece(NamedTuple):
    """A stretch of the source: its text and where it starts."""

    text: str
    offset: int


class ForeignSyntaxError(Exception):
    """Text that does not fit the format of its operation; `offset` is into the source."""

    def __init__(self, message: str, offset: int) -> None:
        self.message = message
        self.offset: int = offset
        super().__init__(message)


class Cursor:
    """A position in MLIR text. Reading methods skip white space and comments first."""

    def __init__(self, text: str, offset: int = 0) -> None:
        self.text = text
        self.offset: int = offset

    def next_offset(self) -> int:
        """Offset of what comes after white space and comments."""
        match = _SPACE.match(self.text, self.offset)
        assert match is not None  # The pattern matches the empty string.
        return match.end()

    def skip_space(self) -> int:
        """Move past white space and comments; return the new offset."""
        self.offset = self.next_offset()
        return self.offset

    def error(self, message: str) -> ForeignSyntaxError:
        """Make an error at the cursor."""
        return ForeignSyntaxError(message, self.next_offset())

    def is_at(self, token: str) -> bool:
        """Whether a punctuation mark or a whole word comes next."""
        start = self.next_offset()
        if not self.text.startswith(token, start):
            return False
        following = self.text[start + len(token) : start + len(token) + 1]
        is_word = token[-1].isalnum() or token[-1] == "_"
        return not (is_word and (following.isalnum() or following in ("_", "$", ".")) and following)

    def take(self, token: str) -> bool:
        """Move past a token if it comes next."""
        if not self.is_at(token):
            return False
        self.offset = self.next_offset() + len(token)
        return True

    def expect(self, token: str) -> None:
        """Move past a token that must come next."""
        if not self.take(token):
            raise self.error(f"expected '{token}'")

    def peek(self) -> str:
        """The next character, "" at the end."""
        start = self.next_offset()
        return self.text[start : start + 1]

    def value(self) -> Piece:
        """Read `%name` or `%name#1`."""
        return self._match(_VALUE, "an SSA value")

    def symbol(self) -> Piece:
        """Read `@name`, `@"name"` or `@a::@b`."""
        return self._match(_SYMBOL, "a symbol name")

    def string(self) -> Piece:
        """Read a string with its quotes."""
        return self._match(_STRING, "a string")

    def number(self) -> Piece:
        """Read an integer or a decimal."""
        return self._match(_NUMBER, "a number")

    def identifier(self) -> Piece:
        """Read a bare word."""
        return self._match(_IDENTIFIER, "an identifier")

    def is_at_identifier(self) -> bool:
        """Whether a bare word comes next."""
        return _IDENTIFIER.match(self.text, self.next_offset()) is not None

    def balanced(self) -> Piece:
        """Read from an opening bracket to the closing one that matches."""
        start = self.skip_space()
        position, depth = start, 0
        while True:
            match = _BRACKET.search(self.text, position)
            if match is None:
                raise ForeignSyntaxError("this bracket is never closed", start)
            token, position = match.group(), match.end()
            if token == '"':
                position = self._end_of_string(match.start())
            elif token == "//":
                end = self.text.find("\n", position)
                position = len(self.text) if end < 0 else end
            elif token in "<([{":
                depth += 1
            elif token in ">)]}":
                depth -= 1
                if depth == 0:
                    self.offset = position
                    return Piece(self.text[start:position], start)

    def type(self) -> Piece:
        """Read a type; what is between its brackets stays unread."""
        start = self.skip_space()
        if self.text.startswith("(", start):
            self.balanced()
            if self.take("->"):
                if self.peek() == "(":
                    self.balanced()
                else:
                    self.type()
            return Piece(self.text[start : self.offset], start)
        if self.text.startswith("!", start):
            self.offset += 1
        match = _IDENTIFIER.match(self.text, self.offset)
        if match is None:
            raise self.error("expected a type")
        self.offset = match.end()
        if match.group() in _SHAPED_TYPES:
            if self.peek() != "<":
                raise self.error("expected '<'")
            self.skip_space()
        if self.text.startswith("<", self.offset):
            self.balanced()
        return Piece(self.text[start : self.offset], start)

    def attribute(self, *, with_type: bool = True) -> Piece:
        """Read an attribute, with the type after its colon where it may have one."""
        start = self.skip_space()
        first = self.text[start : start + 1]
        takes_type = first not in "[{@"
        if first in "[{" and first:
            self.balanced()
        elif first == '"':
            self.string()
        elif first == "@":
            self.symbol()
        elif first in ("!", "("):
            return self.type()
        elif first == "-" or first.isdigit():
            self.number()
        else:
            takes_type = self._word_attribute(first)
        if with_type and takes_type:
            self._optional_type()
        return Piece(self.text[start : self.offset], start)

    def _word_attribute(self, first: str) -> bool:
        """Read `#dialect.attr<...>` or `keyword<...>`; return whether a type may follow."""
        if first == "#":
            self.offset += 1
        match = _IDENTIFIER.match(self.text, self.offset)
        if match is None:
            raise self.error("expected an attribute")
        self.offset = match.end()
        keyword = match.group()
        if self.text.startswith("<", self.offset):
            if keyword in ("dense", "dense_resource"):
                self._dense_literal()
            else:
                self.balanced()
        elif keyword == "loc" and self.peek() == "(":
            self.balanced()
        return first == "#" or keyword in _TYPED_KEYWORDS

    def _dense_literal(self) -> None:
        # Why: literals run to megabytes; outside strings the first `>` ends one.
        content = self.offset + 1
        if self.text.startswith('"', content):
            content = self.text.find('"', content + 1)
        end = self.text.find(">", content)
        if end < 0:
            raise self.error("this bracket is never closed")
        self.offset = end + 1

    def _optional_type(self) -> None:
        before = self.offset
        if self.is_at("::") or not self.take(":"):
            self.offset = before
            return
        try:
            self.type()
        except ForeignSyntaxError:
            self.offset = before

    def _match(self, pattern: re.Pattern[str], what: str) -> Piece:
        match = pattern.match(self.text, self.skip_space())
        if match is None:
            raise self.error(f"expected {what}")
        self.offset = match.end()
        return Piece(match.group(), match.start())

    def _end_of_string(self, start: int) -> int:
        match = _STRING.match(self.text, start)
        if match is None:
            raise ForeignSyntaxError("this string is never closed", start)
        return match.end()
