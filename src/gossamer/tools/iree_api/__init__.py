"""The compiler under the names of IREE's Python package `iree.compiler`.

In: calls as programs for IREE make them. Out: calls of `gossamer.compiler`; MLIR's own Python packages as
they are. `alias.install()` puts all of it in the place of `iree.compiler`.
Mirrors `compiler/bindings/python/iree/compiler`.
"""
