"""Checks that VM IR is well formed: what the loader of a module leaves unchecked can crash a program.

Everything wrong here is a fault of the compiler, not of its input, so the errors are `InternalError`s.
"""

from __future__ import annotations

from collections.abc import Iterable

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.cfg import dominance_intervals, reverse_postorder
from gossamer.compiler.vm.liveness import uses
from gossamer.errors import InternalError
from gossamer.isa.calling_convention import Span, parse_calling_convention
from gossamer.isa.opcodes import OPCODES_BY_NAME, REF_KINDS, REGISTER_KINDS, OperandKind

_YIELDABLE_CALLS = ("call.yieldable", "call.variadic.yieldable")
_CALLS = ("call", "call.variadic", *_YIELDABLE_CALLS)


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
        remaining = list(operation.operands)
        for operand in OPCODES_BY_NAME[operation.name].operands:
            if operand.is_result:
                continue
            if operand.kind is OperandKind.REGISTERS:
                for value in remaining:
                    self._check_operand(operand.element, value)
                remaining = []
            elif operand.kind in REGISTER_KINDS:
                self._require(bool(remaining), "operands are missing")
                self._check_operand(operand.kind, remaining.pop(0))
        self._require(not remaining, "there are more operands than the opcode takes")

    def _check_operand(self, kind: OperandKind | None, value: ir.Value) -> None:
        fits = kind is None or _fits(kind, value)
        self._require(fits, f"an operand is {value.type}, not {kind.name if kind else ''}")

    def _check_results(self, operation: ir.Operation) -> None:
        expected = [
            operand for operand in OPCODES_BY_NAME[operation.name].results if operand.kind in REGISTER_KINDS
        ]
        fits = len(expected) == len(operation.results) and all(
            _fits(operand.kind, result) for operand, result in zip(expected, operation.results, strict=True)
        )
        self._require(fits, f"results are {[str(result.type) for result in operation.results]}")

    def _check_symbol(self, operation: ir.Operation) -> None:
        module = self._module
        tables: dict[OperandKind, Iterable[str]] = {
            OperandKind.GLOBAL: module.globals,
            OperandKind.RODATA: module.rodata,
            OperandKind.FUNCTION: (*module.functions, *module.imports),
        }
        for operand in OPCODES_BY_NAME[operation.name].operands:
            if operand.kind in tables:
                known = operation.symbol in tables[operand.kind]
                self._require(known, f"there is no {operand.kind.name.lower()} '{operation.symbol}'")
            elif operand.kind is OperandKind.TYPE:
                self._require(bool(operation.type), "the type is missing")
        if operation.name.startswith("global.") and operation.symbol:
            values = operation.operands or operation.results
            self._check_types(values, [module.globals[operation.symbol].type], "of a global")

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


def _fits(kind: OperandKind, value: ir.Value) -> bool:
    if kind in REF_KINDS:
        return value.type.kind is ir.ValueType.REF
    return value.type.kind.value == kind.value
