"""Bytecode modules: decoded and verified once, with a state in each context.

In: module tables from `format`. Out: a `vm/link` module whose functions an executor runs.
Next: `vm/typed` types its functions, `vm/interpret` runs them as they are. Mirrors `iree/vm/bytecode`.
"""
