"""Recording dispatches on given buffers: the usual case of `CommandBuffer.dispatch`, made for speed.

Programs with dynamic shapes record all their dispatches anew in each call. For each number of constants and
bindings there is a function without loops, made as Python text, which checks and encodes a dispatch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from string import Template
from typing import cast

from gossamer.hal.buffer import Buffer
from gossamer.hal.local.program import SLOT_DIRECT, dispatch_layout

_FUNCTION = Template("""
def record(commands, executable, function_id, x, y, z, $parameters):
    form = executable.dispatch_forms.get((function_id, $constant_count, $binding_count))
    if (
        form is None or not commands.records_dispatches$refusals
    ):
        return False
    start, function = form
    commands.resources += (executable, $buffers)
    builder = commands.builder
    builder.parts.append(pack(start, x, y, z, $constants $references))
    builder.functions.append(function)
    return True
""")
_REFUSAL = Template("""
        or type(b$i) is not Buffer or not 0 <= o$i <= o$i + l$i <= b$i.byte_length or not b$i.address""")


@cache
def direct_dispatch(constant_count: int, binding_count: int) -> Callable[..., bool]:
    """Function that records a dispatch, or returns False where that is left to `CommandBuffer.dispatch`.

    Its arguments are the command buffer, the executable, the function's id, workgroup counts along x, y and
    z, of which none is 0 and all are in range, the constants, and each binding's buffer, offset and length in
    bytes. It leaves to others what has errors, and the first dispatch of each function.
    """
    constants, bindings = range(constant_count), range(binding_count)
    parameters = [f"c{i}" for i in constants] + [f"b{i}, o{i}, l{i}" for i in bindings]
    text = _FUNCTION.substitute(
        parameters=", ".join(parameters),
        constant_count=constant_count,
        binding_count=binding_count,
        refusals="".join(_REFUSAL.substitute(i=i) for i in bindings),
        buffers="".join(f"b{i}, " for i in bindings),
        constants="".join(f"c{i} & 0xFFFFFFFF, " for i in constants),
        references="".join(f"{SLOT_DIRECT}, b{i}.address + o{i}, l{i}, " for i in bindings),
    )
    names: dict[str, object] = {"Buffer": Buffer, "pack": dispatch_layout(constant_count, binding_count).pack}
    # Safety: the text depends on two numbers only.
    exec(text, names)
    return cast("Callable[..., bool]", names["record"])
