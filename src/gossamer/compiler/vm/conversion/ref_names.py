"""Names of ref types in the VM.

!util.buffer            !vm.buffer
!util.list<i8>          !vm.list<i32>: as registers hold values
!util.list<?>           !vm.list<?>: of anything
!custom.string          itself
"""

from __future__ import annotations

import re

from gossamer.compiler.vm.conversion.types import scalar_of_name

VARIANT = "!vm.opaque"
"""Element type of a list of anything."""
_LIST = re.compile(r"!(?:util|vm)\.list<(.*)>", re.DOTALL)
_ANYTHING = ("?", "!util.variant", "!util.object")


def vm_ref_name(name: str) -> str:
    """Ref type of the VM that an MLIR type is, by its name with the leading "!"."""
    if name == "!util.buffer":
        return "!vm.buffer"
    match = _LIST.fullmatch(name)
    if match is None:
        return name
    element = match[1].strip()
    if element in _ANYTHING:
        return "!vm.list<?>"
    scalar = scalar_of_name(element)
    return f"!vm.list<{vm_ref_name(element) if scalar is None else scalar.register}>"


def list_element(name: str) -> str:
    """Element type of a list type of the VM; "" where it takes anything."""
    match = _LIST.fullmatch(name)
    return "" if match is None or match[1] == "?" else match[1]
