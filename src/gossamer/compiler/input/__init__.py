"""The program in one form, whatever it was written in.

In: what a frontend loaded. Out: an MLIR module of `func.func`s on linalg,
tensor, arith, math, scf and cf, with `ml_program` globals; IREE operations that later phases know are left in
generic form. Next: `abi` reads its signatures, `flow` its bodies. Mirrors `iree/compiler/InputConversion`.
"""

from gossamer.compiler.input.normalize import normalize

__all__ = ["normalize"]
