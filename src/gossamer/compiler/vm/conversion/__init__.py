"""How each upstream MLIR operation on scalars and buffers becomes VM operations.

In: operations of arith, math, index, cf, func and memref. Out: operations of the VM IR.
Next: `convert` of the parent folder drives these tables.
Mirrors `iree/compiler/Dialect/VM/Conversion`.

One invariant holds everywhere: a value of w bits sits zero-extended in its register. An integer or an f16 or
bf16 (as its bits) of up to 32 bits is in an i32 register, one of up to 64 bits in an i64 register; index is
i64. Signed operations sign-extend their operands first and clear the bits above w afterwards.
"""
