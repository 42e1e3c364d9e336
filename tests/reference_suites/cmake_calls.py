"""Reads the calls of a CMake file that declare tests: keyword arguments with strings behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TOKEN = re.compile(r'#[^\n]*|"((?:[^"\\]|\\.)*)"|([()])|([^\s()"#]+)')
_KEYWORD = re.compile(r"[A-Z][A-Z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class CMakeCall:
    """One call: `keywords["SRCS"]` is what stands behind the word SRCS."""

    name: str
    keywords: dict[str, tuple[str, ...]]

    def one(self, keyword: str, default: str = "") -> str:
        """The only value of a keyword."""
        values = self.keywords.get(keyword, ())
        return values[0] if values else default


def read_calls(path: Path) -> list[CMakeCall]:
    """Every call of a CMakeLists.txt, in order."""
    calls: list[CMakeCall] = []
    tokens = _tokens(path.read_text())
    previous = ""
    for text, quoted in tokens:
        if text == "(" and not quoted:
            calls.append(CMakeCall(previous, _keywords(tokens)))
        previous = text
    return calls


def _keywords(tokens: Iterator[tuple[str, bool]]) -> dict[str, tuple[str, ...]]:
    keywords: dict[str, tuple[str, ...]] = {}
    current = ""
    depth = 1
    for text, quoted in tokens:
        if text in "()" and not quoted:
            depth += 1 if text == "(" else -1
            if not depth:
                break
        elif not quoted and _KEYWORD.match(text):
            current = text
            keywords.setdefault(current, ())
        else:
            keywords[current] = (*keywords.get(current, ()), text)
    return keywords


def _tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Words of the text, and whether each stood in quotes."""
    for match in _TOKEN.finditer(text):
        quoted, parenthesis, word = match.groups()
        if quoted is not None:
            yield re.sub(r"\\(.)", r"\1", quoted), True
        elif parenthesis or word:
            yield parenthesis or word, False
