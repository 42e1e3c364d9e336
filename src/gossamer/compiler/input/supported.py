"""Says which operations and types of a program nothing later can compile."""

from __future__ import annotations

from collections.abc import Iterator

from gossamer.compiler.input.fallbacks import RESOLVED
from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.tensor.extended_op import DIALECT
from gossamer.compiler.tensor.operations import OPERATIONS
from gossamer.compiler.walk import walk
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_DIALECTS = frozenset(
    {"affine", "arith", "builtin", "cf", "complex", "func", "index", "linalg", "math", "scf", "tensor", "ub"}
)
_EXTENDED = [row for row in OPERATIONS.values() if row.name.startswith(DIALECT)]
_BUFFER_OPERATIONS = (
    *("alloc", "compare", "constant", "copy", "dealloc", "fill", "hash", "load", "size", "slice", "store"),
)
_OPERATIONS = frozenset(
    {
        *("ml_program.global", "ml_program.global_load", "ml_program.global_store"),
        "util.optimization_barrier",
        *("util.align", "util.cast", "util.cmp.eq", "util.cmp.ne", "util.null", "util.sizeof"),
        *(f"util.buffer.{name}" for name in _BUFFER_OPERATIONS),
        *(f"util.list.{name}" for name in ("construct", "create", "get", "resize", "set", "size")),
        *("util.string.format", "util.string.itoa"),
        "flow.parameter.load",
        RESOLVED,
        *(name for row in _EXTENDED for name in (row.name, *row.synonyms)),
        *(f"{DIALECT}.yield", "tm_tensor.yield"),
    }
)
_GENERIC_DIALECTS = ("check.", "flow.tensor.", "hal.")


def check_supported(module: ir.Module) -> None:
    """Check every operation's name, and how its results are stored.

    Raises: CompileError with one diagnostic for each unsupported name, at its first use; or at a tensor of
        truth values of one bit each.
    """
    first_uses: dict[str, ir.Operation] = {}
    counts: dict[str, int] = {}

    for op in walk(module.operation, enters=lambda op: _is_supported(op.name)):
        name = op.name
        if any(_is_packed(value.type) for value in _values(op)):
            message = "truth values are stored in bytes, not packed"
            hint = "leave #iree_encoding.packed_storage out, or pack them into integers"
            raise CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
        if not _is_supported(name):
            first_uses.setdefault(name, op)
            counts[name] = counts.get(name, 0) + 1
    if first_uses:
        raise CompileError([_unsupported(name, op, counts[name]) for name, op in first_uses.items()])


def _values(op: ir.Operation) -> Iterator[ir.Value]:
    yield from op.results
    for region in op.regions:
        for block in region.blocks:
            yield from block.arguments


def _is_packed(type: ir.Type) -> bool:
    if not isinstance(type, ir.RankedTensorType) or type.encoding is None:
        return False
    element = type.element_type
    return isinstance(element, ir.IntegerType) and element.width == 1 and "packed" in str(type.encoding)


def _is_supported(name: str) -> bool:
    return name.partition(".")[0] in _DIALECTS or name in _OPERATIONS or name.startswith(_GENERIC_DIALECTS)


def _unsupported(name: str, op: ir.Operation, count: int) -> Diagnostic:
    uses = f" (and {count - 1} more)" if count > 1 else ""
    return Diagnostic(
        f"'{name}' is not supported as input{uses}",
        source_location(op.location),
        hint="write it with linalg, tensor, arith, math and scf operations",
    )
