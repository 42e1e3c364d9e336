"""Resources at the end of MLIR text: `{-# dialect_resources: { builtin: { key: "0x…" } } #-}`.

MLIR would decode them into memory of its own; here they stay text of the source until they are wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gossamer.compiler.resources import Resources

_OPENING, _CLOSING = b"{-#", b"#-}"
_ENTRY = re.compile(rb'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[\w.$-]+))\s*:\s*(?=["{])')
_ESCAPE = re.compile(rb"\\([0-9A-Fa-f]{2}|.)")
_ALIGNMENT_DIGITS = 8
"""Hexadecimal digits before the data: how it is to be aligned."""


def take_out_resources(data: bytes, resources: Resources) -> bytes:
    """Move resources of MLIR text.

    Returns: the text without them; what was before has its lines and columns still.
    """
    start = data.rfind(_OPENING)
    end = data.find(_CLOSING, start)
    if start < 0 or end < 0 or b"//" in data[data.rfind(b"\n", 0, start) + 1 : start]:
        return data
    _read_entries(data, start + len(_OPENING), end, resources)
    lines = b"\n" * data.count(b"\n", start, end)
    return data[:start] + lines + data[end + len(_CLOSING) :]


def _read_entries(data: bytes, start: int, end: int, resources: Resources) -> None:
    """Find `key: "0x…"`; keys of dictionaries around them are passed over."""
    position = start
    while match := _ENTRY.search(data, position, end):
        position = match.end()
        if data[position : position + 1] == b"{":
            continue
        closing = data.index(b'"', position + 1)
        if data[position + 1 : position + 3] == b"0x":
            digits = slice(position + 3 + _ALIGNMENT_DIGITS, closing)
            resources.add_lazy(_key(match), _decoder(data, digits))
        position = closing + 1


def _key(match: re.Match[bytes]) -> str:
    if match["bare"] is not None:
        return match["bare"].decode()

    def plain(escape: re.Match[bytes]) -> bytes:
        return bytes.fromhex(escape[1].decode()) if len(escape[1]) == 2 else escape[1]

    return _ESCAPE.sub(plain, match["quoted"]).decode(errors="surrogateescape")


def _decoder(data: bytes, digits: slice) -> Callable[[], bytes]:
    return lambda: bytes.fromhex(data[digits].decode("ascii"))
