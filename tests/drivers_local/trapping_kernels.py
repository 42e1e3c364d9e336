"""Native kernels that trap or never end."""

from __future__ import annotations

from functools import cache

from gossamer.drivers.local.runner.native_runner import external_address
from gossamer.hal.executable import Executable, ExecutableFunction
from gossamer.machine_code.compiled_code import NativeCode, load_native_code

# Each traps in workgroup constant[0]; others store 1 to out[x]. `div` and `lowest` divide, `null` reads
# address 0, `illegal` runs what no processor has, `spin` goes on for ever.
_KERNEL = """
define i32 @{name}(ptr %environment, ptr %state, ptr %workgroup) {{
entry:
  %x = load i32, ptr %workgroup
  %constants_field = getelementptr i8, ptr %state, i64 24
  %constants = load ptr, ptr %constants_field
  %bad = load i32, ptr %constants
  %is_bad = icmp eq i32 %x, %bad
  br i1 %is_bad, label %trap, label %fine
trap:
  call void asm sideeffect "{trap}", "~{{rax}},~{{rbx}},~{{rcx}},~{{rdx}},~{{rbp}},~{{r12}},~{{r13}},~{{r14}},~{{r15}},~{{dirflag}}"()
  br label %fine
fine:
  %pointers_field = getelementptr i8, ptr %state, i64 32
  %pointers = load ptr, ptr %pointers_field
  %out = load ptr, ptr %pointers
  %cell = getelementptr i32, ptr %out, i32 %x
  store i32 1, ptr %cell
  ret i32 0
}}
"""  # noqa: E501

# What a call preserves is spoilt first, so that putting it back shows.
_SPOIL = "".join(f"xorq %{name}, %{name}; " for name in ("rbx", "rbp", "r12", "r13", "r14", "r15")) + "std; "
_TRAPS = {
    "div": _SPOIL + "movl $$1, %eax; cltd; xorl %ecx, %ecx; idivl %ecx",
    "lowest": _SPOIL + "movl $$0x80000000, %eax; cltd; movl $$-1, %ecx; idivl %ecx",
    "null": _SPOIL + "xorl %eax, %eax; movl (%rax), %ecx",
    "illegal": _SPOIL + "ud2",
    "spin": _SPOIL + "1: jmp 1b",
}


@cache
def _code() -> NativeCode:
    text = "".join(_KERNEL.format(name=name, trap=trap) for name, trap in _TRAPS.items())
    return load_native_code(text, external_address)


def trapping_executable(name: str) -> Executable:
    """An executable of one kernel, that takes a binding and a constant."""
    address = _code().address(name)
    return Executable(
        [ExecutableFunction(name, 1, 1, address=address, library="traps", may_trap=True)],
        format="test-native",
    )
