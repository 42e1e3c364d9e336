"""Kernels in VM bytecode: the executable format `vmvx-bytecode-fb` and the module of operations they call.

In: executables of the compiler's VMVX target. Out: dispatches that devices run.
Next: `vm/jit` makes native code of the kernels. Mirrors `iree/modules/vmvx` and `iree/hal/local/loaders`.
"""
