"""LLVM IR → the same with every access to memory told to ThreadSanitizer, as its compiler pass would.

The sanitizer's runtime then sees which accesses of the native blob race. Loads and stores call
`__tsan_read<n>` and `__tsan_write<n>` first; atomic operations become calls of `__tsan_atomic<bits>_*` with
their memory order. Copies of many bytes are calls of `memmove`, which the runtime watches itself.
Spec: the interface of the runtime, `compiler-rt/include/sanitizer/tsan_interface_atomic.h` of LLVM.
"""

from __future__ import annotations

import re

_ORDERS = {"monotonic": 0, "acquire": 2, "release": 3, "acq_rel": 4, "seq_cst": 5}
_BYTES = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "ptr": 8}
_VALUE = r"[%@\w.-]+"
_LOAD = re.compile(rf"^(\s*){_VALUE} = load (\w+), ptr ({_VALUE})")
_STORE = re.compile(rf"^(\s*)store (\w+) {_VALUE}, ptr ({_VALUE})")
_ATOMIC_LOAD = re.compile(rf"^(\s*)({_VALUE}) = load atomic i(\d+), ptr ({_VALUE}) (\w+)")
_ATOMIC_STORE = re.compile(rf"^(\s*)store atomic i(\d+) ({_VALUE}), ptr ({_VALUE}) (\w+)")
_ATOMIC_UPDATE = re.compile(rf"^(\s*)({_VALUE}) = atomicrmw (\w+) ptr ({_VALUE}), i(\d+) ({_VALUE}) (\w+)")
_EXCHANGE = re.compile(
    rf"^(\s*)({_VALUE}) = cmpxchg (?:weak )?ptr ({_VALUE}), i(\d+) ({_VALUE}), i\d+ ({_VALUE}) (\w+) (\w+)"
)
_UPDATES = {"add": "fetch_add", "sub": "fetch_sub", "and": "fetch_and", "or": "fetch_or", "xchg": "exchange"}


def check_threads(ir_text: str) -> str:
    """The module with calls of the sanitizer's runtime.

    Raises: ValueError at an atomic operation of a kind that has no call here.
    """
    declared: set[str] = set()
    lines = [_rewrite(line, declared) for line in ir_text.splitlines()]
    return "\n".join((*lines, *sorted(declared), ""))


def _rewrite(line: str, declared: set[str]) -> str:
    if match := _ATOMIC_LOAD.match(line):
        indent, result, bits, pointer, order = match.groups()
        declared.add(f"declare i{bits} @__tsan_atomic{bits}_load(ptr, i32)")
        return (
            f"{indent}{result} = call i{bits} @__tsan_atomic{bits}_load(ptr {pointer}, i32 {_ORDERS[order]})"
        )
    if match := _ATOMIC_STORE.match(line):
        indent, bits, value, pointer, order = match.groups()
        declared.add(f"declare void @__tsan_atomic{bits}_store(ptr, i{bits}, i32)")
        arguments = f"ptr {pointer}, i{bits} {value}, i32 {_ORDERS[order]}"
        return f"{indent}call void @__tsan_atomic{bits}_store({arguments})"
    if match := _ATOMIC_UPDATE.match(line):
        indent, result, operation, pointer, bits, value, order = match.groups()
        name = f"__tsan_atomic{bits}_{_UPDATES[operation]}"
        declared.add(f"declare i{bits} @{name}(ptr, i{bits}, i32)")
        return (
            f"{indent}{result} = call i{bits} @{name}(ptr {pointer}, i{bits} {value}, i32 {_ORDERS[order]})"
        )
    if match := _EXCHANGE.match(line):
        return _exchange(*match.groups(), declared=declared)
    if re.search(r"\b(atomicrmw|cmpxchg|fence|atomic)\b", line.partition(";")[0]):
        raise ValueError(f"no call for: {line.strip()}")
    if match := _LOAD.match(line):
        return _access("read", *match.groups(), line=line, declared=declared)
    if match := _STORE.match(line):
        return _access("write", *match.groups(), line=line, declared=declared)
    return line


def _access(kind: str, indent: str, type_: str, pointer: str, *, line: str, declared: set[str]) -> str:
    name = f"__tsan_{kind}{_BYTES[type_]}"
    declared.add(f"declare void @{name}(ptr)")
    return f"{indent}call void @{name}(ptr {pointer})\n{line}"


def _exchange(
    indent: str, result: str, pointer: str, bits: str, expected: str, new: str, order: str, failure: str,
    *, declared: set[str],
) -> str:  # fmt: skip
    name = f"__tsan_atomic{bits}_compare_exchange_val"
    declared.add(f"declare i{bits} @{name}(ptr, i{bits}, i{bits}, i32, i32)")
    arguments = (
        f"ptr {pointer}, i{bits} {expected}, i{bits} {new}, i32 {_ORDERS[order]}, i32 {_ORDERS[failure]}"
    )
    pair = f"{{ i{bits}, i1 }}"
    return "\n".join(
        (
            f"{indent}{result}.old = call i{bits} @{name}({arguments})",
            f"{indent}{result}.same = icmp eq i{bits} {result}.old, {expected}",
            f"{indent}{result}.first = insertvalue {pair} poison, i{bits} {result}.old, 0",
            f"{indent}{result} = insertvalue {pair} {result}.first, i1 {result}.same, 1",
        )
    )
