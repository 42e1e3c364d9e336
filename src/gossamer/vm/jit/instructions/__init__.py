"""LLVM instructions of single VM operations.

In: an operation and the LLVM values of its operands. Out: lines of LLVM IR.
Next: `vm/jit/emit` puts them in order.
"""
