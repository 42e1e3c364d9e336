"""The frontend of MLIR text and bytecode, IREE's own dialects included.

In: a source. Out: an MLIR module whose locations point into it.
Next: `input`. Mirrors the parsers of IREE's dialects.
"""
