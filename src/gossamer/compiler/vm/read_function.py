"""Bodies of functions in text of the vm dialect."""

from __future__ import annotations

from collections.abc import Callable

from gossamer.compiler.frontend.mlir.syntax.cursor import Cursor, ForeignSyntaxError
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.read_types import read_type, read_types
from gossamer.isa.opcodes import OPCODES_BY_NAME, REGISTER_KINDS

_WITH_SYMBOL = ("const.ref.rodata", "import.resolved")


class FunctionReader:
    """Reads one body, which starts after its opening brace."""

    def __init__(
        self,
        module: ir.Module,
        function: ir.Function,
        values: dict[str, ir.Value],
        cursor: Cursor,
        location_of: Callable[[int], ir.Location],
    ) -> None:
        """Start at a body.

        Args:
            module: all its declarations are read.
            function: whose entry block has its arguments.
            values: the arguments by name.
        """
        self._builder = Builder(module, function.blocks[0])
        self._function = function
        self._values = values
        self._cursor = cursor
        self._location_of = location_of
        self._blocks: dict[str, ir.Block] = {}
        self._terminators: dict[str, Callable[[], None]] = {
            "return": self._return,
            "br": self._br,
            "cond_br": self._cond_br,
            "fail": self._fail,
        }

    def read(self) -> None:
        """Read to the closing brace. Raises: ForeignSyntaxError at what is not understood."""
        while not self._cursor.take("}"):
            if self._cursor.peek() == "^":
                self._label()
            else:
                self._operation()
        missing = [name for name, block in self._blocks.items() if block not in self._function.blocks]
        if missing:
            raise self._cursor.error(f"^{missing[0]} is the target of a branch, and no block")

    def _label(self) -> None:
        name = self._label_name()
        is_entry = not self._function.blocks[0].operations and not self._blocks
        block = self._blocks.setdefault(name, self._function.blocks[0] if is_entry else ir.Block())
        if self._cursor.take("("):
            while not self._cursor.take(")"):
                argument = self._cursor.value().text
                self._cursor.expect(":")
                self._values[argument] = ir.Value(read_type(self._cursor))
                block.arguments.append(self._values[argument])
                self._cursor.take(",")
        self._cursor.expect(":")
        if block not in self._function.blocks:
            self._function.blocks.append(block)
        self._builder.block = block

    def _label_name(self) -> str:
        self._cursor.expect("^")
        return self._cursor.identifier().text

    def _operation(self) -> None:
        cursor = self._cursor
        names: list[str] = []
        while cursor.peek() == "%":
            names.append(cursor.value().text)
            if not cursor.take(","):
                cursor.expect("=")
        word = cursor.identifier()
        self._builder.location = self._location_of(word.offset)
        name = word.text.removeprefix("vm.")
        try:
            if name in self._terminators:
                self._terminators[name]()
                results: list[ir.Value] = []
            elif name == "call":
                results = self._call()
            elif name in OPCODES_BY_NAME:
                results = self._instruction(name)
            else:
                raise ValueError(f"'{word.text}' is not read from text of the vm dialect")
            if len(results) != len(names):
                raise ValueError(f"'{word.text}' has {len(results)} results, and {len(names)} are named")
        except ValueError as error:
            raise ForeignSyntaxError(str(error), word.offset) from None
        self._values.update(zip(names, results, strict=True))

    def _value(self) -> ir.Value:
        piece = self._cursor.value()
        if piece.text not in self._values:
            raise ForeignSyntaxError(f"{piece.text} is not defined here", piece.offset)
        return self._values[piece.text]

    def _operands(self, count: int | None = None) -> list[ir.Value]:
        """Some values, or all up to what is none; those in brackets are operands as well."""
        operands: list[ir.Value] = []
        while len(operands) != count and self._cursor.peek() in ("%", "["):
            is_in_brackets = self._cursor.take("[")
            operands.append(self._value())
            if is_in_brackets:
                self._cursor.expect("]")
            self._cursor.take(",")
        return operands

    def _instruction(self, name: str) -> list[ir.Value]:
        cursor = self._cursor
        has_symbol = name.startswith("global.") or name in _WITH_SYMBOL
        registers = [operand for operand in OPCODES_BY_NAME[name].operands if operand.kind in REGISTER_KINDS]
        operands = self._operands(sum(not operand.is_result for operand in registers))
        symbol = cursor.symbol().text[1:].strip('"') if has_symbol else ""
        has_number = name.startswith("const.") and not has_symbol and not name.endswith(".zero")
        immediate = _number(cursor.number().text) if has_number else None
        types = self._types()
        if name.startswith("buffer.store."):
            operands = [*operands[1:], operands[0]]
        ref_type = types[-1].ref_type if types else ""
        has_result = any(operand.is_result for operand in registers)
        type = ref_type.removeprefix("!vm.list<").removesuffix(">") if name == "list.alloc" else ""
        if name in ("global.load.ref", "global.store.ref", "list.get.ref", "select.ref", "cast.any.ref"):
            type = ref_type
        if type == "?":
            type = "!vm.opaque"
        if not has_result:
            self._builder.effect(name, *operands, immediate=immediate, symbol=symbol, type=type)
            return []
        result = self._builder.op(
            name, *operands, immediate=immediate, symbol=symbol, type=type, result_ref_type=ref_type
        )
        return [result]

    def _types(self) -> list[ir.Type]:
        """Types after the colon; those of results where both are given."""
        cursor = self._cursor
        if cursor.peek() == "{":
            cursor.balanced()
        if not cursor.take(":"):
            return []
        types = read_types(cursor)
        return read_types(cursor) if cursor.take("->") else types

    def _call(self) -> list[ir.Value]:
        cursor, builder = self._cursor, self._builder
        symbol = cursor.symbol()
        name = symbol.text[1:].strip('"')
        cursor.expect("(")
        operands = self._operands()
        cursor.expect(")")
        self._types()
        imported = builder.module.imports.get(name)
        if imported is not None:
            return builder.call_import(imported, *operands)
        if name not in builder.module.functions:
            raise ForeignSyntaxError(f"{symbol.text} is no function of the module", symbol.offset)
        return builder.call(name, *operands)

    def _return(self) -> None:
        operands = self._operands()
        self._types_of_list(len(operands))
        self._builder.ret(*operands)

    def _br(self) -> None:
        block, operands = self._target()
        self._builder.br(block, *operands)

    def _target(self) -> tuple[ir.Block, list[ir.Value]]:
        block = self._blocks.setdefault(self._label_name(), ir.Block())
        operands: list[ir.Value] = []
        if self._cursor.take("("):
            operands = self._operands()
            self._types_of_list(len(operands))
            self._cursor.expect(")")
        return block, operands

    def _cond_br(self) -> None:
        condition = self._value()
        self._cursor.expect(",")
        true, true_operands = self._target()
        self._cursor.expect(",")
        false, false_operands = self._target()
        self._builder.cond_br(condition, true, true_operands, false, false_operands)

    def _fail(self) -> None:
        status = self._value()
        message = self._cursor.string().text[1:-1] if self._cursor.take(",") else ""
        self._builder.fail(status, message)

    def _types_of_list(self, count: int) -> None:
        """Skip the types of operands, which are known."""
        if count:
            self._cursor.expect(":")
        for index in range(count):
            read_type(self._cursor)
            if index + 1 < count:
                self._cursor.expect(",")


def _number(text: str) -> int | float:
    return float(text) if "." in text or ("e" in text.lower() and "x" not in text) else int(text, 0)
