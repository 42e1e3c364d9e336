"""Types of the wheel's registrations, as far as used."""

from ._mlir import ir

def register_llvm_translations(context: ir.Context) -> None: ...
