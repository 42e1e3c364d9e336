"""What a dispatch computes once for each row of its result, and what for each element of a row.

A normalisation of rows takes values of whole rows, then uses them for each element:

    for row:
      mean = sum(x[row, *]) / size                               a row value: one for each row
      for column: result[row, column] = x[row, column] - mean    x, result: column values

A dispatch may hold any number of reductions that give row values, one after the other: none runs more than
once for a row. Column values are computed each time they are asked for; one of them, where that is costly, is
kept in the memory of the result's row until the result takes its place.
"""

from __future__ import annotations

from collections.abc import Collection

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.linalg_op import LinalgOp, as_linalg, dim_position, is_identity
from gossamer.compiler.tensor.tensor_op import element_type, is_tensor, shape_of

LONGEST_ROW = 16 * 1024
"""Longer rows are worth several workgroups."""

_COSTLY_PREFIXES = ("math.", "arith.div", "arith.rem")


def has_rows(root: ir.Operation) -> bool:
    """Whether the result of a dispatch's root is computed column by column of rows that are not too long."""
    linalg = as_linalg(root)
    if linalg is None or linalg.loop_count < 2 or len(linalg.inits) != 1:
        return False
    length = linalg.loop_sizes[-1]
    return is_column_value(linalg, linalg.loop_count) and (length is None or length <= LONGEST_ROW)


def is_column_value(linalg: LinalgOp, rank: int) -> bool:
    """Whether an operation computes each element of rows from others at its place, in `rank` dimensions."""
    return linalg.is_elementwise and linalg.loop_count == rank and all(map(is_identity, linalg.init_maps))


def is_row_value(linalg: LinalgOp, rank: int) -> bool:
    """Whether an operation computes a value for each row: from values of rows, or along the row."""
    if len(linalg.inits) != 1 or not _is_leading(linalg.init_maps[0], rank - 1):
        return False
    if linalg.is_elementwise:
        return linalg.loop_count == rank - 1
    return linalg.reduction_loops == [rank - 1] and all(
        _is_ascending(map)
        for map, operand in zip(linalg.maps, linalg.op.operands, strict=True)
        if is_tensor(operand)
    )


def joins_rows(producer: ir.Operation, root: ir.Operation, members: Collection[ir.Operation]) -> bool:
    """Whether a kernel that computes the rows of a root can compute a producer too, without more work.

    Args:
        producer: of an operand of a member.
        root: of the dispatch, for which `has_rows` holds.
        members: of the dispatch so far.
    """
    linalg, rank = as_linalg(producer), len(shape_of(root.results[0]))
    if linalg is None or len(producer.results) != 1:
        return False
    is_column = is_column_value(linalg, rank)
    if not is_column and not is_row_value(linalg, rank):
        return False
    if not all(
        use.owner.operation in members and _is_in_place(use, rank) for use in producer.results[0].uses
    ):
        return False
    if not is_column or not _is_costly(linalg) or times_computed(producer, root, members) == 1:
        return True
    return _can_be_kept(producer, root) and kept_value(root, members) is None


def times_computed(op: ir.Operation, root: ir.Operation, members: Collection[ir.Operation]) -> int:
    """How often each element of an operation's result is computed for one of the root's.

    Args:
        op: a column value of the dispatch, or what is to become one.
        root: of the dispatch.
        members: of the dispatch so far.
    """
    kept = kept_value(root, members)
    known = {root: 1} if kept is None else {root: 1, kept.owner.operation: 1}
    return _times(op, len(shape_of(root.results[0])), known)


def kept_value(root: ir.Operation, members: Collection[ir.Operation]) -> ir.OpResult | None:
    """The column value that is kept in the memory of a row of the result, if there is one.

    Args:
        root: of the dispatch.
        members: of the dispatch.
    """
    rank = len(shape_of(root.results[0]))
    found: list[ir.Operation] = []
    for member in members:
        linalg = as_linalg(member)
        if member != root and linalg is not None and is_column_value(linalg, rank) and _is_costly(linalg):
            found.append(member)
    for member in found:
        behind = [other for other in found if other != member and member.is_before_in_block(other)]
        is_last = all(_times(other, rank, {root: 1}) == 1 for other in behind)
        if is_last and _times(member, rank, {root: 1}) > 1:
            return member.results[0]
    return None


def _times(op: ir.Operation, rank: int, known: dict[ir.Operation, int]) -> int:
    if op not in known:
        readers = {use.owner.operation for result in op.results for use in result.uses}
        known[op] = sum(_passes(reader, rank, known) for reader in readers)
    return known[op]


def _passes(reader: ir.Operation, rank: int, known: dict[ir.Operation, int]) -> int:
    """How often a reader goes through the columns of a row."""
    linalg = as_linalg(reader)
    is_row = linalg is not None and is_row_value(linalg, rank)
    return 1 if is_row else _times(reader, rank, known)


def sums_rows(root: ir.Operation) -> bool:
    """Whether the dispatch of a root computes values of rows along them, and no other reductions."""
    if not has_rows(root):
        return False
    rank = len(shape_of(root.results[0]))
    found = [as_linalg(view.operation) for view in root.block.operations]
    reductions = [linalg for linalg in found if linalg is not None and not linalg.is_elementwise]
    return bool(reductions) and all(is_row_value(linalg, rank) for linalg in reductions)


def _can_be_kept(op: ir.Operation, root: ir.Operation) -> bool:
    """Whether the memory of a root's result holds elements of an operation's result."""
    type = element_type(op.results[0])
    return op.results[0].type == root.results[0].type and isinstance(type, ir.FloatType)


def _is_costly(linalg: LinalgOp) -> bool:
    return any(view.operation.name.startswith(_COSTLY_PREFIXES) for view in linalg.body.operations)


def _is_in_place(use: ir.OpOperand, rank: int) -> bool:
    """Whether a member reads, at an element of a row, the value of that place or of that row."""
    reader = as_linalg(use.owner.operation)
    if reader is None:
        return False
    is_member = is_column_value(reader, rank) or is_row_value(reader, rank)
    value_rank = len(shape_of(use.owner.operands[use.operand_number]))
    return is_member and _is_leading(reader.maps[use.operand_number], value_rank)


def _is_leading(map: ir.AffineMap, rank: int) -> bool:
    """Whether a map gives the first `rank` loops."""
    return [dim_position(expr) for expr in map.results] == list(range(rank))


def _is_ascending(map: ir.AffineMap) -> bool:
    found = [dim_position(expr) for expr in map.results]
    loops = [loop for loop in found if loop is not None]
    return len(loops) == len(found) and loops == sorted(set(loops))
