"""Types of the Torch bindings, as far as used."""

from ._mlir import ir

def register_dialect(context: ir.Context, load: bool = True) -> None: ...
