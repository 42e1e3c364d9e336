"""Which tensors of a function may share bytes, where the bytes come from, and who else gets to see them.

Contents of tensors never change in the program's view, so sharing bytes is harmless until someone outside
can write them: a caller, or a callee. From this the scheduler decides where to copy: state never shares
bytes with what callers hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, auto

from gossamer.compiler.mlir import ir
from gossamer.compiler.signatures import Signature


class Origin(Flag):
    """Where bytes come from."""

    NONE = 0
    ALLOCATED = auto()
    """Memory this function allocates."""
    CALLER = auto()
    """An argument."""
    STATE = auto()
    """A global or a constant."""
    CALLEE = auto()
    """A result of a call."""


@dataclass(eq=False, slots=True)
class AliasClass:
    """Tensors that may share bytes.

    Attributes:
        origins: where their bytes may come from.
        is_shared: a caller or callee may hold on to the bytes.
        store_count: how many stores to globals there are.
        crosses_blocks: some are block arguments.
    """

    origins: Origin = Origin.NONE
    is_shared: bool = False
    store_count: int = 0
    crosses_blocks: bool = False


_SAME_BYTES = frozenset(
    {"flow.tensor.reshape", "flow.tensor.slice", "hal.tensor.barrier", "util.optimization_barrier"}
)
_STATE = frozenset({"ml_program.global_load", "ml_program.global_load_const", "arith.constant"})


def is_tensor(value: ir.Value) -> bool:
    """Whether an MLIR value is a tensor."""
    return isinstance(value.type, ir.RankedTensorType)


def is_slice(value: ir.Value) -> bool:
    """Whether a tensor is part of a larger one; results that are get copied, not to keep all of it alive."""
    owner = value.owner
    while not isinstance(owner, ir.Block):
        op = owner.operation
        if op.name == "flow.tensor.slice":
            return True
        if op.name != "flow.tensor.reshape":
            return False
        owner = op.operands[0].owner
    return False


@dataclass(slots=True)
class Aliasing:
    """Alias classes of one function."""

    _parents: dict[ir.Value, ir.Value] = field(default_factory=dict["ir.Value", "ir.Value"])
    _classes: dict[ir.Value, AliasClass] = field(default_factory=dict["ir.Value", AliasClass])

    def of(self, tensor: ir.Value) -> AliasClass:
        """The class of a tensor."""
        return self._classes.setdefault(self._root(tensor), AliasClass())

    def _root(self, value: ir.Value) -> ir.Value:
        while (parent := self._parents.get(value, value)) != value:
            value = parent
        return value

    def union(self, left: ir.Value, right: ir.Value) -> None:
        """State that two tensors may share bytes; before any class is asked for."""
        left, right = self._root(left), self._root(right)
        self._parents[left] = right


def analyze_aliasing(op: ir.Operation, imports: Mapping[str, Signature]) -> Aliasing:
    """Find the alias classes of a `func.func` of the flow phase.

    Args:
        imports: signatures of imports, which say whose storage their results are in.
    """
    aliasing = Aliasing()
    blocks = list(op.regions[0].blocks)
    for block in blocks:
        for operation in block.operations:
            _connect(operation.operation, aliasing, imports)
    for index, block in enumerate(blocks):
        for argument in block.arguments:
            if is_tensor(argument):
                alias_class = aliasing.of(argument)
                alias_class.origins |= Origin.NONE if index else Origin.CALLER
                alias_class.crosses_blocks |= index > 0
        for operation in block.operations:
            _classify(operation.operation, aliasing, imports)
    return aliasing


def _connect(op: ir.Operation, aliasing: Aliasing, imports: Mapping[str, Signature]) -> None:
    if op.name in _SAME_BYTES:
        for operand, result in zip(op.operands, op.results, strict=False):
            if is_tensor(operand):
                aliasing.union(result, operand)
    elif op.name == "func.call":
        callee = imports.get(ir.FlatSymbolRefAttr(op.attributes["callee"]).value)
        for index, argument in enumerate(callee.arguments if callee else ()):
            if argument.output_of is not None and is_tensor(op.operands[index]):
                aliasing.union(op.results[argument.output_of], op.operands[index])
    for block, operands in successors(op):
        for operand, argument in zip(operands, block.arguments, strict=True):
            if is_tensor(operand):
                aliasing.union(argument, operand)


def successors(op: ir.Operation) -> list[tuple[ir.Block, list[ir.Value]]]:
    """The blocks a terminator leads to, with the values their arguments get."""
    blocks = list(op.successors)
    operands = list(op.operands)
    if op.name == "cf.br":
        return [(blocks[0], operands)]
    if op.name == "cf.cond_br":
        split = 1 + len(blocks[0].arguments)
        return [(blocks[0], operands[1:split]), (blocks[1], operands[split:])]
    result: list[tuple[ir.Block, list[ir.Value]]] = []
    start = 1
    for block in blocks:
        end = start + len(block.arguments)
        result.append((block, operands[start:end]))
        start = end
    return result


def _classify(op: ir.Operation, aliasing: Aliasing, imports: Mapping[str, Signature]) -> None:
    origin = Origin.ALLOCATED
    if op.name in _STATE:
        origin = Origin.STATE
    elif op.name == "func.call":
        # A function of this module may hand back what it loaded.
        is_import = ir.FlatSymbolRefAttr(op.attributes["callee"]).value in imports
        origin = Origin.CALLEE if is_import else Origin.CALLEE | Origin.STATE
    elif op.name in _SAME_BYTES:
        origin = Origin.NONE
    elif op.name in ("hal.tensor.import", "hal.tensor.alias"):
        origin = Origin.CALLER
    for result in op.results:
        if is_tensor(result):
            aliasing.of(result).origins |= origin
    for operand in op.operands:
        if not is_tensor(operand):
            continue
        is_returned = op.name == "func.return" and not is_slice(operand)
        if is_returned or op.name in ("func.call", "hal.tensor.export"):
            aliasing.of(operand).is_shared = True
        elif op.name == "ml_program.global_store":
            aliasing.of(operand).store_count += 1
