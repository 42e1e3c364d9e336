"""Constant buffers of a module as constants of its native code."""

from __future__ import annotations

from gossamer.format.module_def import ModuleDef
from gossamer.vm.jit.instructions.ref_value import PRESENT_BIT, BufferNames
from gossamer.vm.jit.instructions.text import ModuleText

MAX_RODATA_BYTES = 1 << 20
"""Functions that use larger constants are not compiled: text of LLVM IR is no place for them."""


def rodata_buffer(module: ModuleText, definition: ModuleDef, ordinal: int) -> BufferNames:
    """Names of a constant buffer, which is added to the module on first use."""
    data = bytes(definition.rodata_segments[ordinal].data)
    name = f"@rodata{ordinal}"
    escaped = "".join(f"\\{byte:02X}" for byte in data)
    text = f'{name} = private unnamed_addr constant [{len(data)} x i8] c"{escaped}", align 64'
    if text not in module.globals:
        module.globals.append(text)
    return BufferNames(name, str(len(data)), str(PRESENT_BIT))
