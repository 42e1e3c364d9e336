"""Types of the wheel's dialect registry."""

from ._mlir import ir

def get_dialect_registry() -> ir.DialectRegistry: ...
