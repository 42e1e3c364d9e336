"""LLVM IR of the native runner, the pool of workers and the guard around kernels.

In: nothing but layouts. Out: text of LLVM IR.
Next: `runner` compiles and calls it. Mirrors `iree/task` and `iree/hal/local/executable_library.h`.
"""
