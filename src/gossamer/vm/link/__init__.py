"""Modules as contexts see them: the protocol, linking in load order, functions bound.

In: modules of any kind. Out: a context with a state of each module, and functions to call.
Next: `vm/bytecode` and `modules` implement the protocol. Mirrors `iree/vm/module.h` and `context.h`.
"""
