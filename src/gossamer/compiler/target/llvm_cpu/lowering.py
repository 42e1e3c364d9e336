"""A kernel's loops, from MLIR's dialects of arithmetic and control flow to LLVM IR.

In: a module with one function of one-dimensional memrefs and scalars. Out: text of LLVM IR with one function
of pointers and scalars, to be inlined into what a device calls. It returns a status: assertions end a kernel,
and so the call, but not the process.
"""

from __future__ import annotations

import re

from gossamer.compiler.codegen import half_floats
from gossamer.compiler.mlir import ir, run_passes, translate_to_llvm_ir
from gossamer.compiler.target.llvm_cpu.float_constants import rewrite_float_constants
from gossamer.compiler.target.llvm_cpu.half_conversions import lower_half_conversions
from gossamer.compiler.target.llvm_cpu.math import expand_math
from gossamer.compiler.target.llvm_cpu.plain_memory import make_memory_plain
from gossamer.compiler.target.llvm_cpu.small_floats import lower_small_floats
from gossamer.compiler.walk import walk
from gossamer.errors import InternalError

BODY_SYMBOL = "body"

_PHASE = "executable-targets"
_SIMPLIFY = "canonicalize,cse,loop-invariant-code-motion"
_LOWER = (
    "convert-scf-to-cf,"
    "convert-func-to-llvm{use-bare-ptr-memref-call-conv=1},convert-to-llvm,reconcile-unrealized-casts"
)
_EXPAND = "arith-expand,cse"
# Why dynamic: runtimes flush subnormal numbers, so that those are not above zero.
_ATTRIBUTES = 'alwaysinline nounwind "no-builtins" "denormal-fp-math"="dynamic,dynamic"'
_DEFINITION = re.compile(r"^define void @[\w.$\"-]+\((.*)\) \{$", re.MULTILINE)
_ABORT = re.compile(r"^  call void @puts\(.*\)\n  call void @abort\(\)\n  unreachable$", re.MULTILINE)
_FAILURE = 1
"""What a kernel returns where what its program asserts does not hold; 0 is success."""


def lower_to_llvm_ir(module: ir.Module) -> str:
    """Lower a kernel; the module is changed.

    Raises: CompileError at an operation that has no lowering.
    """
    run_passes(module, _SIMPLIFY, phase=_PHASE)
    half_floats.lower(module, _PHASE)
    lower_small_floats(module)
    lower_half_conversions(module)
    make_memory_plain(module)
    expand_math(module)
    run_passes(module, f"{_EXPAND},{_LOWER}", phase=_PHASE)
    foreign = sorted({op.name for op in walk(module.operation)} - {"builtin.module"})
    foreign = [name for name in foreign if not name.startswith("llvm.")]
    if foreign:
        raise InternalError(f"not lowered to LLVM IR: {', '.join(foreign)}")
    text = rewrite_float_constants(translate_to_llvm_ir(module))
    text = _ABORT.sub(f"  ret i32 {_FAILURE}", text).replace("\n  ret void\n", "\n  ret i32 0\n")
    return _DEFINITION.sub(rf"define internal i32 @{BODY_SYMBOL}(\1) {_ATTRIBUTES} {{", text)
