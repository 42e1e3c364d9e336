"""Types of the LLVM dialect's bindings, as far as used."""

from ._mlir import ir

def translate_module_to_llvmir(module: ir.Operation) -> str: ...
