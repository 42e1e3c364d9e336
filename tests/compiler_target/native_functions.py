"""Native functions of tests: LLVM IR or MLIR, compiled and linked as kernels are, called through `dlopen`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gossamer.compiler.mlir import parse_text
from gossamer.compiler.target.llvm_cpu.builtins import builtin_functions
from gossamer.compiler.target.llvm_cpu.link import link_shared_object
from gossamer.compiler.target.llvm_cpu.lowering import BODY_SYMBOL, lower_to_llvm_ir
from gossamer.compiler.target.llvm_cpu.machines import Machine
from gossamer.compiler.target.llvm_cpu.workers import shared_workers

BASELINE = Machine("x86_64", "x86-64", "")


def compile_texts(texts: Sequence[str], machine: Machine = BASELINE) -> list[bytes]:
    """An object for each module of LLVM IR."""
    pending = [shared_workers().submit("compile_object", text, machine) for text in texts]
    return [each.result() for each in pending]


def load(folder: Path, text: str, symbol: str, machine: Machine = BASELINE):
    """The function that a module of LLVM IR defines, linked with the builtin functions."""
    path = folder / f"{symbol}.so"
    path.write_bytes(link_shared_object(compile_texts([text, builtin_functions()], machine), symbol))
    return ctypes.CDLL(str(path))[symbol]


def elementwise(folder: Path, operation: str, dtype: type, operands: int, machine: Machine = BASELINE):
    """A function of arrays that applies an operation of MLIR to their elements."""
    number = np.dtype(dtype)
    type = f"{number.kind}{number.itemsize * 8}"
    names = [f"%a{index}" for index in range(operands)]
    loads = "\n".join(f"{name}x = memref.load {name}[%i] : memref<?x{type}>" for name in names)
    module = parse_text(
        f"func.func @k({', '.join(f'{name}: memref<?x{type}>' for name in names)}, "
        f"%o: memref<?x{type}>, %n: index) {{\n"
        "%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n"
        f"scf.for %i = %c0 to %n step %c1 {{\n{loads}\n"
        f"%r = {operation} {', '.join(f'{name}x' for name in names)} : {type}\n"
        f"memref.store %r, %o[%i] : memref<?x{type}>\n}}\nreturn\n}}"
    )
    with module.context:
        text = lower_to_llvm_ir(module)
    symbol = f"apply_{operation.replace('.', '_')}_{type}"
    parameters = ", ".join(f"ptr %p{index}" for index in range(operands + 1))
    text += f"define void @{symbol}({parameters}, i64 %n) nounwind {{\n"
    text += f"call void @{BODY_SYMBOL}({parameters}, i64 %n)\nret void\n}}\n"
    function = load(folder, text, symbol, machine)

    def apply(*arrays: np.ndarray) -> np.ndarray:
        result = np.empty_like(arrays[0])
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (*arrays, result)]
        function(*pointers, ctypes.c_int64(result.size))
        return result

    return apply
