"""The target VMVX: kernels in VM bytecode, for any machine.

In: executables of the flow phase. Out: a VM module of kernels.
Next: `format` writes it into the program's module. Mirrors `iree/compiler/Dialect/HAL/Target/VMVX`.
"""
