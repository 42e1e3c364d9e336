"""What each operation on values, buffers, lists and refs computes, apart from how functions are run.

In: operands as Python values (see `vm.link.module`). Out: the result. Next: `vm.interpret` and `vm.translate`
both take operations from here, by opcode name. Mirrors `iree/vm/ops.h` of IREE 3.13.0.
"""
