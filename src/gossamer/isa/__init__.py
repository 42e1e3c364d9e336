"""The VM instruction set: one table, and everything that is driven by it.

In: bytecode, or instructions. Out: instructions, bytecode, text.
Next: `vm` runs instructions, `compiler/vm` makes them.
Mirrors `iree/vm/bytecode/isa` and `iree/vm/bytecode/disassembler.c`.
"""
