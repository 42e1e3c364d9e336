"""Bytes and tables: the `.vmfb` container and its FlatBuffer, executables, parameter archives.

In: bytes of a file. Out: `ModuleDef`, and back. Next: `vm` loads a `ModuleDef`, `compiler/vm` makes one.
Mirrors `iree/schemas/bytecode_module_def.fbs` and `iree/vm/bytecode/archive.c`.
"""
