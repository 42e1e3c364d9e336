"""Kernels of dispatches: what the host has to know about them, and loops that compute them.

In: `Executable`s of `flow`. Out: a `KernelSource` for each, and MLIR that targets compile.
Next: `target` compiles kernels, `host` schedules what runs them. Mirrors `iree/compiler/Codegen`.
"""

from gossamer.compiler.codegen.emission import emit_kernel
from gossamer.compiler.codegen.kernel_source import KernelSource
from gossamer.compiler.codegen.plan import plan

__all__ = ["KernelSource", "emit_kernel", "plan"]
