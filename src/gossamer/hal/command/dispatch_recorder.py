"""Recording dispatches: the usual case of `CommandBuffer.dispatch`, made for speed.

Programs record all their dispatches when they are loaded, and those with dynamic shapes in each call. For
each number of constants and bindings there is a function without loops, made as Python text, which checks and
encodes a dispatch.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable
from string import Template
from types import CodeType, FunctionType

from gossamer.hal.command.record_layout import dispatch_layout
from gossamer.hal.command.records import SLOT_DIRECT
from gossamer.hal.memory.buffer import Buffer

_FUNCTION = Template("""
def record(commands, executable, function_id, x, y, z, $parameters):
    form = executable.dispatch_forms.get((function_id, $constant_count, $binding_count))
    if form is None or not commands.records_dispatches:
        return False
$checks
    start, function = form
    commands.resources += (executable, $buffers)
    commands.records.append(pack(start, x, y, z, $constants $references))
    commands.functions.append(function)
    return True
""")
_CHECK = Template("""
    if type(b$i) is Buffer:
        if not 0 <= o$i <= o$i + l$i <= b$i.byte_length or not b$i.address:
            return False
        s$i = $direct
        o$i += b$i.address
    elif b$i is not None or not commands.slots.take(s$i, o$i, l$i):
        return False
""")


_functions: dict[tuple[int, int], FunctionType] = {}
"""By number of constants and of bindings."""


def dispatch_recorder(constant_count: int, binding_count: int) -> Callable[..., bool]:
    """Function that records a dispatch, or returns False where that is left to `CommandBuffer.dispatch`.

    Its arguments are the command buffer, the executable, the function's id, workgroup counts along x, y and
    z, of which none is 0 and all are in range, the constants, and each binding's slot, buffer or None, offset
    and length in bytes. It leaves to others what has errors, and the first dispatch of each function. The
    same counts give the same function every time; `made_by` of it is a callable with arguments that gives it
    as well, in another process of this Python too.
    """
    found = _functions.get((constant_count, binding_count))
    if found is None:
        text = _text(constant_count, binding_count)
        module_code = compile(
            text, f"<dispatch of {constant_count} constants, {binding_count} bindings>", "exec"
        )
        code = next(constant for constant in module_code.co_consts if isinstance(constant, CodeType))
        found = _make(constant_count, binding_count, marshal.dumps(code))
    return found


def _make(constant_count: int, binding_count: int, marshalled: bytes) -> FunctionType:
    key = constant_count, binding_count
    found = _functions.get(key)
    if found is None:
        names: dict[str, object] = {"Buffer": Buffer, "pack": dispatch_layout(*key).pack}
        # Safety: the code comes from text that depends on two numbers only.
        found = _functions[key] = FunctionType(marshal.loads(marshalled), names)
        found.made_by = (_make, (*key, marshalled))  # pyright: ignore[reportFunctionMemberAccess]
    return found


def _text(constant_count: int, binding_count: int) -> str:
    constants, bindings = range(constant_count), range(binding_count)
    parameters = [f"c{i}" for i in constants] + [f"s{i}, b{i}, o{i}, l{i}" for i in bindings]
    return _FUNCTION.substitute(
        parameters=", ".join(parameters),
        constant_count=constant_count,
        binding_count=binding_count,
        checks="".join(_CHECK.substitute(i=i, direct=SLOT_DIRECT) for i in bindings),
        buffers="".join(f"b{i}, " for i in bindings),
        constants="".join(f"c{i} & 0xFFFFFFFF, " for i in constants),
        references="".join(f"s{i}, o{i}, l{i}, " for i in bindings),
    )
