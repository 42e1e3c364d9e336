"""Dispatch functions compiled to kernels.

In: `flow.Executable`s. Out: a `KernelModule`: an executable, and for each dispatch how the host calls it.
Next: `stream` embeds the executable in the host program.
Mirrors `iree/compiler/Codegen` and `iree/compiler/Dialect/HAL/Target/VMVX`.
"""

from gossamer.compiler.codegen.kernel import Binding, ConstantSource, CountExpr, Kernel, KernelModule

__all__ = ["Binding", "ConstantSource", "CountExpr", "Kernel", "KernelModule"]
