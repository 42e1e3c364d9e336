"""Text of a module in VM assembly → the tables of a module.

In: what `iree-dump-module --output=disassembly` prints. Out: a `ModuleDef`, as `iree-as-module` makes it.
Next: `format` writes it. Mirrors `iree/vm/bytecode/assembler`.
"""
