"""How each upstream MLIR operation on scalars and buffers becomes VM operations.

In: operations of arith, math, index, cf, func and memref. Out: operations of the VM IR.
Next: `convert` of the parent folder drives these tables.
Mirrors `iree/compiler/Dialect/VM/Conversion`.

One invariant holds everywhere: a value of w bits sits zero-extended in its register. Integers, and the bits
of floats that the VM lacks, are in i32 registers where they have up to 32 bits and in i64 registers beyond;
index is i64. Signed operations sign-extend their operands first and clear the bits above w
afterwards.
"""
