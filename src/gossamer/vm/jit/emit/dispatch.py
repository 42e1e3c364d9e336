"""The entry of a kernel: IREE's dispatch ABI around a function of bytecode.

`i32 @<symbol>(ptr environment, ptr dispatch_state, ptr workgroup_state)`. Offsets are those of
`iree_hal_executable_dispatch_state_v0_t` and `iree_hal_executable_workgroup_state_v0_t` of IREE 3.13.0.
"""

from __future__ import annotations

from gossamer.vm.jit.instructions.memory_operations import load_field
from gossamer.vm.jit.instructions.ref_value import MUTABLE_STATE, PRESENT_BIT
from gossamer.vm.jit.instructions.text import FunctionText, ModuleText

INTERRUPT_WORDS_OFFSET = 48
"""Behind the fields of IREE's dispatch state, our runners put the address of `limits.interrupt_word`."""

_STATE, _WORKGROUP = "%dispatch_state", "%workgroup_state"
# Workgroup id of the workgroup state; size and count of the dispatch state: (offset, type) of x, y, z.
_IDS = ((0, "i32"), (4, "i32"), (8, "i16"))
_SIZES = ((0, "i32"), (4, "i32"), (8, "i16"))
_COUNTS = ((12, "i32"), (16, "i32"), (20, "i16"))


def dispatch_symbol(ordinal: int) -> str:
    """Symbol of the entry of an internal function."""
    return f"dispatch_{ordinal}"


def emit_dispatch_entry(module: ModuleText, ordinal: int) -> str:
    """LLVM function that unpacks the states and calls the function of an ordinal."""
    text = FunctionText(module)
    text.start("entry")
    memory = load_field(text, _WORKGROUP, 16, "ptr")
    memory_length = _widened(text, load_field(text, _WORKGROUP, 24, "i32"), "i32", "i64")
    constants = load_field(text, _STATE, 24, "ptr")
    constant_count = _widened(text, load_field(text, _STATE, 10, "i16"), "i16", "i64")
    constants_length = text.value(f"shl i64 {constant_count}, 2")
    arguments = [
        f"ptr {load_field(text, _STATE, INTERRUPT_WORDS_OFFSET, 'ptr')}",
        *(f"ptr {memory}", f"i64 {memory_length}", f"i32 {MUTABLE_STATE}"),
        *(f"ptr {constants}", f"i64 {constants_length}", f"i32 {PRESENT_BIT}"),
        f"ptr {_STATE}",
    ]
    for structure, fields in ((_WORKGROUP, _IDS), (_STATE, _SIZES), (_STATE, _COUNTS)):
        for offset, type_ in fields:
            field = load_field(text, structure, offset, type_)
            arguments.append(f"i32 {_widened(text, field, type_, 'i32')}")
    status = text.value(f"call i32 @f{ordinal}({', '.join(arguments)})")
    text.add(f"ret i32 {status}")
    parameters = f"ptr %environment, ptr noundef {_STATE}, ptr noundef {_WORKGROUP}"
    return f"define i32 @{dispatch_symbol(ordinal)}({parameters}) nounwind {{\n{text.render()}\n}}"


def _widened(text: FunctionText, value: str, type_: str, target: str) -> str:
    return value if type_ == target else text.value(f"zext {type_} {value} to {target}")
