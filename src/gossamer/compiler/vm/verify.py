"""Checks that VM IR is well formed: what the loader of a module leaves unchecked can crash a program.

Everything wrong here is a fault of the compiler, not of its input, so the errors are `InternalError`s.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from functools import cache

from gossamer.abi.calling_convention import Span, parse_calling_convention
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.cfg import dominance_intervals, reverse_postorder
from gossamer.compiler.vm.liveness import uses
from gossamer.errors import InternalError
from gossamer.isa.opcodes import OPCODES_BY_NAME, REF_KINDS, REGISTER_KINDS, OperandKind

_YIELDABLE_CALLS = ("call.yieldable", "call.variadic.yieldable")
_CALLS = ("call", "call.variadic", *_YIELDABLE_CALLS)
_SYMBOL_KINDS = frozenset({OperandKind.GLOBAL, OperandKind.RODATA, OperandKind.FUNCTION, OperandKind.TYPE})


def verify_module(module: ir.Module) -> None:
    """Check all functions and exports of a module.

    Raises: InternalError naming function, block and operation of the first thing wrong.
    """
    for exported, name in module.exports.items():
        if name not in module.functions:
            raise InternalError(f"export '{exported}' names no function: '{name}'")
    for function in module.functions.values():
        verify_function(function, module)


def verify_function(function: ir.Function, module: ir.Module) -> None:
    """Check a function: blocks, operands against the opcode table, calls, and that uses follow definitions.

    Raises: InternalError as `verify_module`.
    """
    checker = _Checker(function, module)
    blocks = reverse_postorder_checked(function)
    checker.check_blocks(blocks)
    checker.check_dominance(blocks)


def reverse_postorder_checked(function: ir.Function) -> list[ir.Block]:
    """The reachable blocks; checks first that each block ends in its only terminator."""
    for index, block in enumerate(function.blocks):
        names = [operation.name for operation in block.operations]
        unknown = next((name for name in names if name not in OPCODES_BY_NAME), None)
        if unknown is not None:
            raise InternalError(f"'{function.name}' block {index}: no opcode '{unknown}'")
        terminators = [at for at, name in enumerate(names) if OPCODES_BY_NAME[name].is_terminator]
        if terminators != [len(names) - 1]:
            raise InternalError(
                f"'{function.name}' block {index}: terminators at {terminators} of {len(names)}"
            )
    return reverse_postorder(function)


class _Checker:
    def __init__(self, function: ir.Function, module: ir.Module) -> None:
        self._function = function
        self._module = module
        self._place = ""
        self._tables: dict[OperandKind, tuple[Container[str], ...]] = {
            OperandKind.GLOBAL: (module.globals,),
            OperandKind.RODATA: (module.rodata,),
            OperandKind.FUNCTION: (module.functions, module.imports),
        }

    def check_blocks(self, blocks: list[ir.Block]) -> None:
        for block_index, block in enumerate(blocks):
            for operation_index, operation in enumerate(block.operations):
                self._place = f"block {block_index} operation {operation_index} ({operation.name})"
                self._check_operation(operation)

    def check_dominance(self, blocks: list[ir.Block]) -> None:
        intervals = dominance_intervals(blocks)
        definitions = self._definitions(blocks)
        for block_index, block in enumerate(blocks):
            entered, left = intervals[block]
            for operation_index, operation in enumerate(block.operations):
                self._place = f"block {block_index} operation {operation_index} ({operation.name})"
                for value in uses(operation):
                    self._require(value in definitions, "a value without definition is used")
                    defined_in, defined_at = definitions[value]
                    if defined_in is block:
                        self._require(defined_at < operation_index, "a value is used before its definition")
                        continue
                    above_entered, above_left = intervals[defined_in]
                    dominates = above_entered < entered and left <= above_left
                    self._require(dominates, "a definition does not dominate its use")

    def _definitions(self, blocks: list[ir.Block]) -> dict[ir.Value, tuple[ir.Block, int]]:
        definitions: dict[ir.Value, tuple[ir.Block, int]] = {}
        for block in blocks:
            defined = [(argument, -1) for argument in block.arguments]
            for index, operation in enumerate(block.operations):
                defined.extend((result, index) for result in operation.results)
            for value, index in defined:
                self._require(value not in definitions, "a value is defined twice")
                definitions[value] = (block, index)
        return definitions

    def _check_operation(self, operation: ir.Operation) -> None:
        self._check_operands(operation)
        self._check_symbol(operation)
        if operation.name in _CALLS:
            self._check_call(operation)
        elif operation.name == "return":
            self._check_types(operation.operands, self._function.result_types, "returned")
        else:
            self._check_results(operation)
        if operation.name not in _YIELDABLE_CALLS:
            for successor in operation.successors:
                types = [argument.type for argument in successor.block.arguments]
                self._check_types(successor.arguments, types, "passed to a block")

    def _check_operands(self, operation: ir.Operation) -> None:
        shape = _shape(operation.name)
        operands = operation.operands
        count = len(shape.fixed)
        fits = len(operands) >= count if shape.has_list else len(operands) == count
        self._require(fits, f"{len(operands)} operands where the opcode takes {count}")
        for kind, value in zip(shape.fixed, operands, strict=False):
            self._check_kind(kind, value, "operand")
        if shape.listed is not None:
            for value in operands[count:]:
                self._check_kind(shape.listed, value, "operand")

    def _check_results(self, operation: ir.Operation) -> None:
        expected = _shape(operation.name).results
        self._require(len(expected) == len(operation.results), f"{len(operation.results)} results")
        for kind, result in zip(expected, operation.results, strict=True):
            self._check_kind(kind, result, "result")

    def _check_kind(self, kind: ir.ValueType, value: ir.Value, what: str) -> None:
        if value.type.kind is not kind:
            self._require(False, f"{what} is {value.type}, not {kind.name.lower()}")

    def _check_symbol(self, operation: ir.Operation) -> None:
        shape = _shape(operation.name)
        for kind in shape.symbols:
            if kind is OperandKind.TYPE:
                self._require(bool(operation.type), "the type is missing")
            else:
                known = any(operation.symbol in table for table in self._tables[kind])
                self._require(known, f"there is no {kind.name.lower()} '{operation.symbol}'")
        if OperandKind.GLOBAL in shape.symbols:
            values = operation.operands or operation.results
            self._check_types(values, [self._module.globals[operation.symbol].type], "of a global")

    def _check_call(self, operation: ir.Operation) -> None:
        results = operation.results
        if operation.name in _YIELDABLE_CALLS:
            results = operation.successors[0].block.arguments
        callee = self._module.functions.get(operation.symbol)
        if callee is not None:
            self._check_types(operation.operands, [value.type for value in callee.arguments], "passed")
            self._check_types(results, callee.result_types, "returned by the callee")
            return
        convention = parse_calling_convention(self._module.imports[operation.symbol].calling_convention)
        is_variadic = "variadic" in operation.name
        self._require(is_variadic == convention.is_variadic, "spans take a variadic call, only they do")
        expected = ""
        counts = operation.segments if is_variadic else (-1,) * len(convention.arguments)
        self._require(len(counts) == len(convention.arguments), "segments do not match the arguments")
        for argument, count in zip(convention.arguments, counts, strict=True):
            expected += argument.element * count if isinstance(argument, Span) else argument
        self._check_kinds(operation.operands, expected, "passed")
        self._check_kinds(results, convention.results, "returned by the callee")

    def _check_kinds(self, values: list[ir.Value], kinds: str, what: str) -> None:
        found = "".join(value.type.kind.value for value in values)
        self._require(found == kinds, f"values {what} are '{found}', not '{kinds}'")

    def _check_types(self, values: list[ir.Value], types: list[ir.Type], what: str) -> None:
        self._check_kinds(values, "".join(type.kind.value for type in types), what)

    def _require(self, condition: bool, message: str) -> None:
        if not condition:
            raise InternalError(f"VM function '{self._function.name}', {self._place}: {message}")


@dataclass(frozen=True, slots=True)
class _Shape:
    """What an operation has, from its row of the opcode table.

    Attributes:
        fixed: kinds of its operands before a list of them.
        has_list: a list of operands follows.
        listed: kind of each operand of that list, or None for any.
        results: kinds of its results, where they are fixed.
        symbols: kinds of the names it needs.
    """

    fixed: tuple[ir.ValueType, ...]
    has_list: bool
    listed: ir.ValueType | None
    results: tuple[ir.ValueType, ...]
    symbols: frozenset[OperandKind]


@cache
def _shape(name: str) -> _Shape:
    opcode = OPCODES_BY_NAME[name]
    sources = [operand for operand in opcode.operands if not operand.is_result]
    lists = [operand for operand in sources if operand.kind is OperandKind.REGISTERS]
    element = lists[0].element if lists else None
    return _Shape(
        tuple(_value_type(operand.kind) for operand in sources if operand.kind in REGISTER_KINDS),
        bool(lists),
        _value_type(element) if element else None,
        tuple(_value_type(operand.kind) for operand in opcode.results if operand.kind in REGISTER_KINDS),
        frozenset(operand.kind for operand in sources if operand.kind in _SYMBOL_KINDS),
    )


def _value_type(kind: OperandKind) -> ir.ValueType:
    return ir.ValueType.REF if kind in REF_KINDS else ir.ValueType(kind.value)
