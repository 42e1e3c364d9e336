"""Text of a module's parts, byte for byte as `iree-dump-module` of IREE 3.13.0 prints it.

In: bytes of a `.vmfb`. Out: text. Next: `tools/iree_dump_module.py` prints it.
Mirrors `tools/iree-dump-module-main.c`.

Lawful differences from IREE 3.13.0:
    - `switch.ref` and `cast.ui64.f32` disassemble (see `isa/disassemble.py`); IREE stops at them.
    - A version past 2^31 is printed as it is; IREE's metadata shows it as negative.
    - A module whose bytecode or tables are wrong is refused with other words, and sometimes earlier.
"""
