"""The target llvm-cpu: kernels in native code, in a shared object of our own making.

In: executables of the flow phase. Out: a shared ELF object with the tables of IREE's executable library ABI.
Next: `host` embeds it in the program. LLVM runs in processes of its own (`workers`).
Mirrors `iree/compiler/Dialect/HAL/Target/LLVMCPU`.
"""
