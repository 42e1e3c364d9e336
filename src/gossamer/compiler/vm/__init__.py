"""VM functions in SSA form, and the way from there to a bytecode module.

In: host functions from `stream`, kernels from `codegen`, built with `builder`. Out: `ModuleDef`.
Next: `format` writes it.
Mirrors `iree/compiler/Dialect/VM`.
"""
