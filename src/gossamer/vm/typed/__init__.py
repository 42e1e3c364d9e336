"""The typed form of bytecode functions, which translator and native compiler share.

In: decoded, verified functions. Out: operations on typed locals; SSA form of the same.
Next: `vm/translate` writes Python of it, `vm/jit` native code.
"""
