"""Native code of our own making: what `vm/jit` and `drivers/local` compile, keep on disk and call.

In: text of LLVM IR. Out: addresses of functions in memory. LLVM is imported only to compile what is not on
disk yet. Next: `vm` and `hal`, which know what the functions do. IREE has no counterpart: its runtime is C.
"""
