"""Checks of operands: programs come in generic form too, where MLIR knows nothing of IREE's operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm.conversion.ref_names import vm_ref_name
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, Scope, unsupported


def takes(kind: str, *positions: int) -> Callable[[Lowering], Lowering]:
    """Have a lowering fail with a sentence unless operands are refs of a kind.

    Args:
        kind: "buffer" or "list".
        positions: of these operands.
    """

    def decorate(lowering: Lowering) -> Lowering:
        def checked(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
            for position in positions:
                type = str(op.operands[position].type)
                if not vm_ref_name(type).startswith(f"!vm.{kind}"):
                    raise unsupported(op, f"'{op.name}' takes a {kind}, got {type}")
            return lowering(scope, op)

        return checked

    return decorate
