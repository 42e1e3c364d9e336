"""Builds VM functions: one call an operation, types checked against the opcode table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from gossamer.abi.calling_convention import Span, parse_calling_convention
from gossamer.compiler.vm import ir
from gossamer.isa.opcodes import OPCODES_BY_NAME, REGISTER_KINDS, OperandKind

_TYPES = {
    OperandKind.I32: ir.I32,
    OperandKind.I64: ir.I64,
    OperandKind.F32: ir.F32,
    OperandKind.F64: ir.F64,
}


class Builder:
    """Appends operations at the end of a block of a function.

    Attributes:
        module: gets rodata and imports that operations name.
        block: where the next operation goes; assign it to move on.
        location: stamped on each new operation.
    """

    def __init__(self, module: ir.Module, block: ir.Block) -> None:
        self.module = module
        self.block = block
        self.location: ir.Location | None = None

    def op(
        self,
        name: str,
        *operands: ir.Value,
        immediate: ir.Immediate | None = None,
        symbol: str = "",
        type: str = "",
        result_ref_type: str = "",
    ) -> ir.Value:
        """Append an operation with one result and return it.

        Args:
            result_ref_type: ref type of the result where the opcode makes a ref; `type` serves where the
                operation names one.
        Raises: ValueError where operands do not fit the opcode's row (a fault of the caller).
        """
        operation = self._append(name, operands, immediate, symbol, type)
        (result_type,) = _row(name).result_types
        value = ir.Value(result_type or ir.ref(result_ref_type or type))
        operation.results.append(value)
        return value

    def effect(
        self,
        name: str,
        *operands: ir.Value,
        immediate: ir.Immediate | None = None,
        symbol: str = "",
        type: str = "",
    ) -> None:
        """Append an operation without a result; successors are given by the methods that branch."""
        self._append(name, operands, immediate, symbol, type)

    def i32(self, number: int) -> ir.Value:
        """Append an i32 constant; the number wraps to 32 bits."""
        signed = (number + (1 << 31)) % (1 << 32) - (1 << 31)
        return self.op("const.i32", immediate=signed) if signed else self.op("const.i32.zero")

    def i64(self, number: int) -> ir.Value:
        """Append an i64 constant; the number wraps to 64 bits."""
        signed = (number + (1 << 63)) % (1 << 64) - (1 << 63)
        return self.op("const.i64", immediate=signed) if signed else self.op("const.i64.zero")

    def null(self, ref_type: str) -> ir.Value:
        """Append a null ref."""
        return self.op("const.ref.zero", result_ref_type=ref_type)

    def string(self, text: str) -> ir.Value:
        """Append a ref to rodata that holds `text` in UTF-8; equal texts share it."""
        name = f"_utf8_{text}"
        self.module.rodata.setdefault(name, ir.Rodata(name, text.encode(), alignment=1))
        return self.op("const.ref.rodata", symbol=name, result_ref_type="!vm.buffer")

    def constant_bytes(self, name: str, data: bytes, alignment: int = 0, mime_type: str = "") -> ir.Value:
        """Append a ref to rodata that holds bytes; equal ones of one name and kind share it.

        Args:
            name: begins the name of the rodata.
            alignment: in bytes; 0 for any.
        """
        rodata = ir.Rodata(name, data, alignment or ir.Rodata.alignment, mime_type)
        number = 0
        while self.module.rodata.setdefault(rodata.name, rodata) != rodata:
            number += 1
            rodata = replace(rodata, name=f"{name}_{number}")
        return self.op("const.ref.rodata", symbol=rodata.name, result_ref_type="!vm.buffer")

    def call(self, callee: str, *arguments: ir.Value) -> list[ir.Value]:
        """Append a call of a function of this module and return its results."""
        function = self.module.functions[callee]
        operation = ir.Operation("call", list(arguments), symbol=callee, location=self.location)
        operation.results = [ir.Value(type) for type in function.result_types]
        self.block.operations.append(operation)
        return operation.results

    def call_import(self, imported: ir.Import, *arguments: ir.CallArgument) -> list[ir.Value]:
        """Append a call of a function of another module, declare the import, and return its results.

        Args:
            arguments: one for each argument of the calling convention; a list of values (or of tuples of
                values, where the group has several) for a span.
        """
        operation = self._make_import_call(imported, arguments, "call", "call.variadic")
        operation.results = self._import_results(imported)
        self.block.operations.append(operation)
        return operation.results

    def call_import_yieldable(self, imported: ir.Import, *arguments: ir.CallArgument) -> list[ir.Value]:
        """As `call_import`, for a function that may wait: ends the block and goes on in a new one.

        The results returned are the arguments of the new block. The caller appends `self.block` to the
        function's blocks.
        """
        operation = self._make_import_call(imported, arguments, "call.yieldable", "call.variadic.yieldable")
        continuation = ir.Block(arguments=self._import_results(imported))
        operation.successors = [ir.Successor(continuation)]
        self.block.operations.append(operation)
        self.block = continuation
        return continuation.arguments

    def br(self, target: ir.Block, *arguments: ir.Value) -> None:
        """End the block with a branch."""
        self._terminate("br", [], [ir.Successor(target, list(arguments))])

    def cond_br(
        self,
        condition: ir.Value,
        true_block: ir.Block,
        true_arguments: Sequence[ir.Value],
        false_block: ir.Block,
        false_arguments: Sequence[ir.Value],
    ) -> None:
        """End the block with a branch on an i32 condition."""
        successors = [
            ir.Successor(true_block, list(true_arguments)),
            ir.Successor(false_block, list(false_arguments)),
        ]
        self._terminate("cond_br", [condition], successors)

    def br_table(self, index: ir.Value, default: ir.Successor, cases: Sequence[ir.Successor]) -> None:
        """End the block with a branch to the case of that i32 index, or to `default` where there is none."""
        copies = [ir.Successor(case.block, list(case.arguments)) for case in (default, *cases)]
        self._terminate("br_table", [index], copies)

    def ret(self, *values: ir.Value) -> None:
        """End the block by returning."""
        self._terminate("return", list(values), [])

    def fail(self, status: ir.Value, message: str) -> None:
        """End the block by failing with a status code and a message."""
        self._terminate("fail", [status], [], immediate=message)

    def _terminate(
        self,
        name: str,
        operands: list[ir.Value],
        successors: list[ir.Successor],
        immediate: ir.Immediate | None = None,
    ) -> None:
        operation = ir.Operation(
            name, operands, immediate=immediate, successors=successors, location=self.location
        )
        self.block.operations.append(operation)

    def _append(
        self,
        name: str,
        operands: Sequence[ir.Value],
        immediate: ir.Immediate | None,
        symbol: str,
        type: str,
    ) -> ir.Operation:
        _check_operands(name, operands)
        operation = ir.Operation(
            name, list(operands), immediate=immediate, symbol=symbol, type=type, location=self.location
        )
        self.block.operations.append(operation)
        return operation

    def _make_import_call(
        self, imported: ir.Import, arguments: Sequence[ir.CallArgument], plain: str, variadic: str
    ) -> ir.Operation:
        convention = parse_calling_convention(imported.calling_convention)
        if len(arguments) != len(convention.arguments):
            raise ValueError(
                f"{imported.full_name} takes {len(convention.arguments)} arguments, got {len(arguments)}"
            )
        self.module.imports.setdefault(imported.full_name, imported)
        operands: list[ir.Value] = []
        segments: list[int] = []
        for expected, argument in zip(convention.arguments, arguments, strict=True):
            if isinstance(expected, Span):
                groups = cast("ir.Span", argument)
                segments.append(len(groups))
                for group in groups:
                    operands.extend(group if isinstance(group, tuple) else (group,))
            else:
                segments.append(-1)
                operands.append(cast("ir.Value", argument))
        return ir.Operation(
            variadic if convention.is_variadic else plain,
            operands,
            symbol=imported.full_name,
            segments=tuple(segments) if convention.is_variadic else (),
            location=self.location,
        )

    @staticmethod
    def _import_results(imported: ir.Import) -> list[ir.Value]:
        results = parse_calling_convention(imported.calling_convention).results
        names = imported.result_ref_types or ("",) * len(results)
        return [
            ir.Value(ir.Type(ir.ValueType(character), name if character == "r" else ""))
            for character, name in zip(results, names, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Row:
    """What the builder needs of an opcode's row.

    Attributes:
        operand_types: of the register operands before a list; None for a ref.
        has_list: more operands of any type may follow.
        result_types: of register results; None for a ref.
    """

    operand_types: tuple[ir.Type | None, ...]
    has_list: bool
    result_types: tuple[ir.Type | None, ...]


@cache
def _row(name: str) -> _Row:
    operands = OPCODES_BY_NAME[name].operands
    registers = [operand for operand in operands if operand.kind in REGISTER_KINDS]
    return _Row(
        tuple(_TYPES.get(operand.kind) for operand in registers if not operand.is_result),
        any(operand.kind is OperandKind.REGISTERS for operand in operands),
        tuple(_TYPES.get(operand.kind) for operand in registers if operand.is_result),
    )


def _check_operands(name: str, operands: Sequence[ir.Value]) -> None:
    row = _row(name)
    expected = row.operand_types
    if len(operands) != len(expected) and not (row.has_list and len(operands) > len(expected)):
        raise ValueError(f"{name} takes {len(expected)} operands, got {len(operands)}")
    for type, value in zip(expected, operands, strict=False):
        fits = value.type == type if type else value.type.kind is ir.ValueType.REF
        if not fits:
            raise ValueError(f"{name} takes {type or 'a ref'}, got {value.type}")
