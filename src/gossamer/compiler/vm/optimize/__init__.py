"""Optimisations of VM functions; MLIR has done the large ones before.

In, out: VM functions in SSA form.
Next: `compiler/vm/emit`. Mirrors `iree/compiler/Dialect/VM/Transforms`.
"""
