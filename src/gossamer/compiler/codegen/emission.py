"""Writes a kernel: loops on memory in place of a dispatch's operations on tensors."""

from __future__ import annotations

from gossamer.compiler.codegen.complex_numbers import split_complex
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.families.registry import find_family
from gossamer.compiler.codegen.kernel_function import KernelFunction
from gossamer.compiler.codegen.kernel_source import KernelSource
from gossamer.compiler.codegen.packed_integers import unpack_integers
from gossamer.compiler.mlir import run_own_pass

_PHASE = "codegen"


def emit_kernel(source: KernelSource) -> KernelFunction:
    """Write a kernel: a function of scf, arith, math and memref for a target to lower.

    The pass "emit-kernel" of `--mlir-print-ir-after=` and its like shows the function as it is returned.

    Raises: CompileError where the dispatch does what kernels cannot.
    """
    kernel = KernelFunction(source)
    with kernel.module.context:
        run_own_pass(kernel.module, "emit-kernel", lambda module: _emit(kernel))
    return kernel


def _emit(kernel: KernelFunction) -> None:
    elements = Elements(kernel)
    elements.load_scalars()
    find_family(kernel.root).emit(elements)
    kernel.finish()
    split_complex(kernel.module, _PHASE)
    unpack_integers(kernel.module)
