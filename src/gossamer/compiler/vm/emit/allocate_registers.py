"""Gives each value of a function its register.

Blocks are visited in reverse postorder; a value takes the lowest register that no value live at its
definition holds, or that of a block argument it is passed to, where that is free. In SSA form this needs no
interference graph: whatever is live where a value is defined was defined before, in a dominating block.

Values of both sizes share one bank of 32-bit cells; an i64 or f64 takes an even cell and the next one. Refs
have a bank of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.cfg import reverse_postorder
from gossamer.compiler.vm.liveness import Liveness, compute_liveness, dead_arguments, uses
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

MAX_VALUE_REGISTERS = 0x7FFE
MAX_REF_REGISTERS = 0x3FFF
_EVEN_CELLS = int("01" * (MAX_VALUE_REGISTERS // 2), 2)


@dataclass(slots=True)
class Allocation:
    """Registers of a function's values.

    Attributes:
        blocks: reachable blocks in reverse postorder: the order of the bytecode.
        liveness: of those blocks.
        deaths: values that each operation reads last.
        registers: ordinal of each value in its bank, without the bits that mark refs and moves.
        value_register_count, ref_register_count: registers used.
    """

    blocks: list[ir.Block]
    liveness: Liveness
    deaths: dict[ir.Operation, list[ir.Value]]
    registers: dict[ir.Value, int] = field(default_factory=dict["ir.Value", int])
    value_register_count: int = 0
    ref_register_count: int = 0


def width(value: ir.Value) -> int:
    """Cells a value takes in its bank."""
    return 2 if value.type.kind in (ir.ValueType.I64, ir.ValueType.F64) else 1


def is_ref(value: ir.Value) -> bool:
    """The value is in the ref bank."""
    return value.type.kind is ir.ValueType.REF


def allocate_registers(function: ir.Function) -> Allocation:
    """Allocate registers for all values of a function.

    Raises: CompileError where the function needs more registers than bytecode can name.
    """
    blocks = reverse_postorder(function)
    liveness = compute_liveness(blocks)
    deaths = {
        operation: dying for block in blocks for operation, dying in _deaths(block, liveness.live_out[block])
    }
    allocation = Allocation(blocks, liveness, deaths)
    _Allocator(allocation).run()
    if (
        allocation.value_register_count > MAX_VALUE_REGISTERS
        or allocation.ref_register_count > MAX_REF_REGISTERS
    ):
        message = f"function '{function.name}' keeps more values alive at once than a VM frame can hold"
        raise CompileError([Diagnostic(message, hint="split the function")])
    return allocation


def _deaths(block: ir.Block, live_out: frozenset[ir.Value]) -> list[tuple[ir.Operation, list[ir.Value]]]:
    live = set(live_out)
    found: list[tuple[ir.Operation, list[ir.Value]]] = []
    for operation in reversed(block.operations):
        dying = [value for value in dict.fromkeys(uses(operation)) if value not in live]
        live.update(dying)
        # A result nothing reads dies where it is made.
        dying.extend(value for value in operation.results if value not in live)
        found.append((operation, dying))
    return found


class _Bank:
    """Which cells are taken, as bits of an integer."""

    def __init__(self) -> None:
        self.taken = 0
        self.count = 0

    def take(self, register: int, cells: int) -> None:
        self.taken |= ((1 << cells) - 1) << register
        self.count = max(self.count, register + cells)

    def free(self, register: int, cells: int) -> None:
        self.taken &= ~(((1 << cells) - 1) << register)

    def is_free(self, register: int, cells: int) -> bool:
        return not self.taken >> register & ((1 << cells) - 1)

    def lowest(self, cells: int) -> int:
        if cells == 1:
            return (~self.taken & (self.taken + 1)).bit_length() - 1
        pairs = _EVEN_CELLS & ~(self.taken | self.taken >> 1)
        if not pairs:
            return MAX_VALUE_REGISTERS
        return (pairs & -pairs).bit_length() - 1


class _Allocator:
    def __init__(self, allocation: Allocation) -> None:
        self._allocation = allocation
        self._registers = allocation.registers
        self._values = _Bank()
        self._refs = _Bank()
        self._partners = _branch_partners(allocation.blocks)

    def run(self) -> None:
        for index, block in enumerate(self._allocation.blocks):
            self._enter(block)
            if index == 0:
                self._place_arguments(block)
            else:
                for argument in block.arguments:
                    self._define(argument)
            for argument in dead_arguments(block, self._allocation.liveness):
                self._release(argument)
            for operation in block.operations:
                self._visit(operation)
        self._allocation.value_register_count = self._values.count
        self._allocation.ref_register_count = self._refs.count

    def _bank(self, value: ir.Value) -> _Bank:
        return self._refs if is_ref(value) else self._values

    def _enter(self, block: ir.Block) -> None:
        self._values.taken = self._refs.taken = 0
        for value in self._allocation.liveness.live_in[block]:
            self._bank(value).take(self._registers[value], width(value))

    def _place_arguments(self, entry: ir.Block) -> None:
        """Arguments arrive from register 0 of each bank on, a pair at the next even one."""
        following = {self._values: 0, self._refs: 0}
        for argument in entry.arguments:
            bank, cells = self._bank(argument), width(argument)
            register = following[bank] + following[bank] % cells
            following[bank] = register + cells
            self._registers[argument] = register
            bank.take(register, cells)

    def _visit(self, operation: ir.Operation) -> None:
        dying = self._allocation.deaths[operation]
        unused = set(operation.results).intersection(dying)
        # Why: values are read before results are written, refs are not always: a result may release what an
        # operand still borrows.
        for value in dying:
            if not is_ref(value) and value not in unused:
                self._release(value)
        for result in operation.results:
            self._define(result)
        for value in dying:
            if is_ref(value) or value in unused:
                self._release(value)

    def _define(self, value: ir.Value) -> None:
        bank, cells = self._bank(value), width(value)
        register = next(
            (
                self._registers[partner]
                for partner in self._partners.get(value, ())
                if partner in self._registers and bank.is_free(self._registers[partner], cells)
            ),
            None,
        )
        if register is None:
            register = bank.lowest(cells)
        self._registers[value] = register
        bank.take(register, cells)

    def _release(self, value: ir.Value) -> None:
        self._bank(value).free(self._registers[value], width(value))


def _branch_partners(blocks: list[ir.Block]) -> dict[ir.Value, list[ir.Value]]:
    """Block arguments and what is passed to them: a copy less where they share a register."""
    partners: dict[ir.Value, list[ir.Value]] = {}
    for block in blocks:
        for successor in block.operations[-1].successors:
            for argument, passed in zip(successor.block.arguments, successor.arguments, strict=False):
                partners.setdefault(argument, []).append(passed)
                partners.setdefault(passed, []).append(argument)
    return partners
