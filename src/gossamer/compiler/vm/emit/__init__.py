"""From VM IR to bytecode: registers, copies, lifetimes of refs, tables.

In: VM functions in SSA form. Out: the tables of a module.
Next: `format` writes the bytes. Mirrors `iree/compiler/Dialect/VM/Target/Bytecode`.
"""
