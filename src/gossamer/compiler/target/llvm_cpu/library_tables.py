"""The tables by which a device finds the kernels of an executable, as LLVM IR.

Spec: `iree_hal_executable_library_v0_t` of `iree/hal/local/executable_library.h`, IREE 3.13.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gossamer.versions import EXECUTABLE_LIBRARY_VERSION

QUERY_SYMBOL = "iree_hal_executable_library_query"


_TYPES = """\
%header = type { i32, ptr, i32, i32 }
%imports = type { i32, ptr }
%exports = type { i32, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr }
%attributes = type { i64, i16, i8, i8, i32, i32, i16, i16, [5 x i64] }
%sources = type { i32, ptr }
%library = type { ptr, %imports, %exports, i32, %sources }
"""

_HEADER = f"{{ i32 {EXECUTABLE_LIBRARY_VERSION}, ptr @library_name, i32 0, i32 0 }}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the tables say of a kernel.

    Attributes:
        symbol: of its function.
        name: what programs look it up by.
        binding_count: buffers it is given.
        constant_count: 32-bit words it is given.
    """

    symbol: str
    name: str
    binding_count: int
    constant_count: int


def library_tables(name: str, entries: Sequence[Entry]) -> str:
    """A module of LLVM IR with the tables and the function that returns them.

    Args:
        name: of the library, for profilers.
    """
    symbols = sorted({entry.symbol for entry in entries})
    count = len(entries)
    lines = [_TYPES, *(f"declare hidden i32 @{symbol}(ptr, ptr, ptr)" for symbol in symbols)]
    lines.append(_string("library_name", name))
    lines.extend(_string(f"name_{index}", entry.name) for index, entry in enumerate(entries))
    functions = ", ".join(f"ptr @{entry.symbol}" for entry in entries)
    names = ", ".join(f"ptr @name_{index}" for index in range(count))
    attributes = ", ".join(_attributes(entry) for entry in entries)
    lines += [
        _constant(
            "header", "%header", f"{{ i32 {EXECUTABLE_LIBRARY_VERSION}, ptr @library_name, i32 0, i32 0 }}"
        ),
        _constant("functions", f"[{count} x ptr]", f"[{functions}]"),
        _constant("names", f"[{count} x ptr]", f"[{names}]"),
        _constant("attributes", f"[{count} x %attributes]", f"[{attributes}]"),
        _constant(
            "library",
            "%library",
            "{ ptr @header, %imports zeroinitializer, %exports "
            f"{{ i32 {count}, ptr @functions, ptr @attributes, ptr null, ptr null, ptr @names, "
            "ptr null, ptr null, ptr null, ptr null }, i32 0, %sources zeroinitializer }",
        ),
        f"define ptr @{QUERY_SYMBOL}(i32 %version, ptr %environment) nounwind {{",
        f"  %is_known = icmp eq i32 %version, {EXECUTABLE_LIBRARY_VERSION}",
        "  %result = select i1 %is_known, ptr @library, ptr null",
        "  ret ptr %result",
        "}\n",
    ]
    return "\n".join(lines)


def _attributes(entry: Entry) -> str:
    counts = f"i8 {entry.constant_count}, i8 {entry.binding_count}"
    return f"%attributes {{ i64 0, i16 0, {counts}, i32 1, i32 1, i16 1, i16 0, [5 x i64] zeroinitializer }}"


def _constant(name: str, type_: str, value: str) -> str:
    return f"@{name} = private constant {type_} {value}"


def _string(name: str, text: str) -> str:
    encoded = text.encode() + b"\0"
    escaped = "".join(f"\\{byte:02X}" for byte in encoded)
    return _constant(name, f"[{len(encoded)} x i8]", f'c"{escaped}"')
