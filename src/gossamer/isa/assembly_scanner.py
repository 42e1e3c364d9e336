"""Reads one line of assembly from left to right; errors know line and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gossamer.errors import InvalidArgumentError

_COMMENT = re.compile(r'"[^"]*"|(#|//)')
_OFFSET_PREFIX = re.compile(r"\s*\[[^\]]*\]")
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class ScannedLine:
    """A line of source.

    Attributes:
        number: counts from 1.
        source: as it is in the file.
        code: the same with spaces over comments and over the offset that may be in front; columns are kept.
    """

    number: int
    source: str
    code: str

    @classmethod
    def of(cls, number: int, source: str) -> ScannedLine:
        """Blank out what is not code: `// ...`, `# ...` and `[00000000]` at the start."""
        code = source
        for match in _COMMENT.finditer(source):
            if match[1]:
                code = source[: match.start()]
                break
        prefix = _OFFSET_PREFIX.match(code)
        if prefix:
            code = " " * prefix.end() + code[prefix.end() :]
        return cls(number, source, code.rstrip())

    @property
    def is_empty(self) -> bool:
        """True where there is no code."""
        return not self.code.strip()


class AssemblySyntaxError(InvalidArgumentError):
    """A line that cannot be assembled.

    Attributes:
        line: the line.
        column: of what is wrong, counted from 1.
    """

    def __init__(self, message: str, line: ScannedLine, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class Scanner:
    """A position in a line. Every method skips space first."""

    def __init__(self, line: ScannedLine) -> None:
        self.line = line
        self._position = 0
        self._last = 0

    @property
    def rest(self) -> str:
        """What has not been read."""
        return self.line.code[self._skip_space() :]

    @property
    def at_end(self) -> bool:
        """True where only space is left."""
        return not self.rest

    def error(self, message: str) -> AssemblySyntaxError:
        """Error at the next thing to read."""
        return AssemblySyntaxError(message, self.line, self._skip_space() + 1)

    def last_error(self, message: str) -> AssemblySyntaxError:
        """Error at the thing read last."""
        return AssemblySyntaxError(message, self.line, self._last + 1)

    def match(self, pattern: str) -> str | None:
        """Read what a pattern matches and return its first group (or all of it); None where it does not."""
        start = self._skip_space()
        match = re.compile(pattern).match(self.line.code, start)
        if match is None:
            return None
        self._last = start
        self._position = match.end()
        return match[1] if match.re.groups else match[0]

    def peek(self, pattern: str) -> bool:
        """True where a pattern matches next."""
        return re.compile(pattern).match(self.line.code, self._skip_space()) is not None

    def find(self, pattern: str) -> str | None:
        """First group of a pattern anywhere in what is left, without reading it; errors point there."""
        match = re.search(pattern, self.rest)
        if match is None:
            return None
        self._last = self._position + match.start(1)
        return match[1]

    def require(self, pattern: str, what: str) -> None:
        """Raise an error unless a pattern matches next."""
        if not self.peek(pattern):
            raise self.error(f"expected {what}")

    def expect(self, pattern: str, what: str) -> str:
        """As `match`, where nothing else may be."""
        text = self.match(pattern)
        if text is None:
            raise self.error(f"expected {what}")
        return text

    def expect_literal(self, text: str) -> None:
        """Read a fixed text."""
        self.expect(re.escape(text), f"'{text}'")

    def integer(self, lowest: int, highest: int) -> int:
        """Read a number, decimal or hexadecimal."""
        text = self.expect(r"[-+]?(?:0[xX][0-9a-fA-F]+|\d+)(?![\w.])", "an integer")
        digits = text.lstrip("+-")
        value = int(digits, 16 if digits[:2] in ("0x", "0X") else 10) * (-1 if text[0] == "-" else 1)
        if not lowest <= value <= highest:
            raise self.last_error(f"{text} is not in [{lowest}, {highest}]")
        return value

    def integers(self, highest: int) -> Iterator[int]:
        """Read numbers with commas between them; none is fine."""
        while self.peek(r"\d"):
            yield self.integer(0, highest)
            if not self.match(","):
                break

    def floating_point(self) -> float:
        """Read a number as C does: decimal, hexadecimal, `inf`, `nan`, `-nan`."""
        text = self.expect(r"[-+]?[\w.]+(?:(?<=[eEpP])[-+]\d+)?", "a number")
        try:
            return float.fromhex(text) if "0x" in text.lower() else float(text)
        except (ValueError, OverflowError):
            raise self.last_error(f"'{text}' is no number") from None

    def type_text(self) -> str:
        """Read a type: up to a comma, an arrow, or the end of the brackets or parentheses around it."""
        start = self._skip_space()
        depth = 0
        end = start
        while end < len(self.line.code):
            character = self.line.code[end]
            arrow = character == "-" and self.line.code[end : end + 2] == "->"
            if depth == 0 and (character in ",>)" or arrow):
                break
            depth += (character == "<") - (character == ">")
            end += 1
        text = self.line.code[start:end].rstrip()
        if not text:
            raise self.error("expected a type")
        self._last, self._position = start, end
        return text

    def resolve(self, look_up: Callable[[str], int], name: str) -> int:
        """Look up a name that was read last; what is wrong with it gets its place."""
        try:
            return look_up(name)
        except AssemblySyntaxError:
            raise
        except InvalidArgumentError as error:
            raise self.last_error(error.message) from None

    def _skip_space(self) -> int:
        match = _SPACE.match(self.line.code, self._position)
        self._position = match.end() if match else self._position
        return self._position
