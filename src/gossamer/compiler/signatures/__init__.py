"""How a module's functions are called from outside: calling conventions, fences, reflection.

In: the module of the input phase, `func.func`s on tensors. Out: one `Signature` for each export and import.
Next: `flow` works on the functions; `stream` gives them the shape a signature says.
Mirrors `iree/compiler/Bindings/Native`.
"""

from gossamer.compiler.signatures.read import read_signatures
from gossamer.compiler.signatures.signature import Argument, Result, Signature

__all__ = [
    "Argument",
    "Result",
    "Signature",
    "read_signatures",
]
