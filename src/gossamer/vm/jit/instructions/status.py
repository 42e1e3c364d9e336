"""Status words of native functions → failures that people can read."""

from __future__ import annotations

from typing import cast

from gossamer.errors import STATUS_CODE_MASK, StatusCode
from gossamer.vm.bytecode.decoded import DecodedModule

_MESSAGES: dict[tuple[str, StatusCode], str] = {
    ("buffer", StatusCode.OUT_OF_RANGE): "access passes the end of a buffer",
    ("buffer", StatusCode.INVALID_ARGUMENT): "buffer is null",
    ("buffer", StatusCode.PERMISSION_DENIED): "buffer is read-only; nothing may be stored to it",
    ("buffer", StatusCode.RESOURCE_EXHAUSTED): "cannot allocate a buffer",
    ("list", StatusCode.OUT_OF_RANGE): "index is out of range of the list of bindings",
    ("list", StatusCode.INVALID_ARGUMENT): "list is null",
    ("div", StatusCode.INVALID_ARGUMENT): "integer division by zero",
    ("rem", StatusCode.INVALID_ARGUMENT): "integer division by zero",
    ("fail", StatusCode.FAILED_PRECONDITION): "`fail` with status OK in the last block: nothing follows it",
}


def describe_status(module: DecodedModule, ordinal: int, status: int) -> tuple[int, str, str]:
    """Read a status word.

    Args:
        ordinal: of the function whose entry returned it.
        status: not 0; a negative number stands for its 32 bits.
    Returns: status code, message, and frame of a backtrace.
    """
    status &= 0xFFFF_FFFF
    code, offset = status & STATUS_CODE_MASK, status >> 8
    frame = f"bytecode {module.function_label(ordinal)}:{offset}"
    for instruction in module.functions[ordinal].instructions:
        if instruction.offset != offset:
            continue
        name = instruction.opcode.name
        if name == "fail" and code != StatusCode.FAILED_PRECONDITION:
            return code, cast("bytes", instruction.operands[1]).decode("utf-8", "replace"), frame
        if name.startswith("call"):
            return code, "a function it calls failed", frame
        return code, _message(name, code), frame
    return code, "native code failed", frame


def _message(name: str, code: int) -> str:
    family = name.partition(".")[0]
    known = StatusCode(code) if code <= StatusCode.INCOMPATIBLE else StatusCode.UNKNOWN
    return _MESSAGES.get((family, known), f"{name} failed")
