"""Random VM functions, and what they compute evaluated on SSA values without any registers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.cfg import dominator_tree, reverse_postorder

BUFFER = ir.ref("!vm.buffer")
_TYPES = (ir.I32, ir.I64, BUFFER)
_FUEL, _KEPT = "fuel", "kept"
_MAX_STEPS = 60


class Cell:
    """What stands for a buffer: one i32 that can be changed."""

    def __init__(self) -> None:
        self.content = 0


def _wrap(bits: int) -> Callable[[int], int]:
    return lambda number: (number + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))


_I32, _I64 = _wrap(32), _wrap(64)
_PURE: dict[str, Callable[..., object]] = {
    "add.i32": lambda a, b: _I32(a + b),
    "sub.i32": lambda a, b: _I32(a - b),
    "mul.i32": lambda a, b: _I32(a * b),
    "xor.i32": lambda a, b: a ^ b,
    "and.i32": lambda a, b: a & b,
    "add.i64": lambda a, b: _I64(a + b),
    "mul.i64": lambda a, b: _I64(a * b),
    "xor.i64": lambda a, b: a ^ b,
    "ext.i32.i64.s": lambda a: a,
    "trunc.i64.i32": _I32,
    "cmp.lt.i32.s": lambda a, b: int(a < b),
    "cmp.lt.i64.s": lambda a, b: int(a < b),
    "cmp.nz.i32": lambda a: int(a != 0),
    "cmp.eq.ref": lambda a, b: int(a is b),
    "select.i32": lambda c, a, b: a if c else b,
    "select.i64": lambda c, a, b: a if c else b,
    "select.ref": lambda c, a, b: a if c else b,
    "assign.ref": lambda a: a,
    "const.i32.zero": lambda: 0,
    "const.i64.zero": lambda: 0,
}


_VALUE_OPERATIONS = [name for name in _PURE if name.endswith((".i32", ".i64"))]


# --- Evaluation ---


@dataclass
class Evaluator:
    """Runs VM IR on Python values."""

    module: ir.Module
    globals: dict[str, object] = field(default_factory=dict)

    def call(self, name: str, *arguments: object) -> list[object]:
        function = self.module.functions[name]
        block = function.blocks[0]
        values: dict[ir.Value, object] = dict(zip(block.arguments, arguments, strict=True))
        while True:
            for operation in block.operations[:-1]:
                results = self._compute(operation, [values[operand] for operand in operation.operands])
                values.update(zip(operation.results, results, strict=True))
            terminator = block.operations[-1]
            operands = [values[operand] for operand in terminator.operands]
            if terminator.name == "return":
                return operands
            if terminator.name == "call.yieldable":
                block = terminator.successors[0].block
                values.update(zip(block.arguments, self.call(terminator.symbol, *operands), strict=True))
                continue
            successor = self._choose(terminator, operands)
            passed = [values[argument] for argument in successor.arguments]
            block = successor.block
            values.update(zip(block.arguments, passed, strict=True))

    def _choose(self, terminator: ir.Operation, operands: list[object]) -> ir.Successor:
        if terminator.name == "br":
            return terminator.successors[0]
        (index,) = operands
        if terminator.name == "cond_br":
            return terminator.successors[0 if index else 1]
        default, *cases = terminator.successors
        return cases[index] if 0 <= index < len(cases) else default

    def _compute(self, operation: ir.Operation, operands: list[object]) -> list[object]:
        name = operation.name
        if name in _PURE:
            return [_PURE[name](*operands)]
        if name.startswith("const."):
            return [operation.immediate]
        if name.startswith("global.load"):
            return [self.globals[operation.symbol]]
        if name.startswith("global.store"):
            (self.globals[operation.symbol],) = operands
            return []
        if name == "call":
            return self.call(operation.symbol, *operands)
        if name == "buffer.alloc":
            return [Cell()]
        if name == "buffer.load.i32":
            return [operands[0].content]
        assert name == "buffer.store.i32", name
        operands[0].content = operands[2]
        return []


# --- Generation ---


def random_module(seed: int) -> ir.Module:
    """A module with `run`, `(i32, i64) -> (i32, i64)`, and a helper it calls."""
    module = ir.Module("random")
    module.globals[_FUEL] = ir.Global(_FUEL, ir.I32)
    module.globals[_KEPT] = ir.Global(_KEPT, BUFFER)
    _add_helper(module)
    function = ir.Function("run", [ir.I32, ir.I64], [ir.Block([ir.Value(ir.I32), ir.Value(ir.I64)])])
    module.functions["run"] = function
    module.exports["run"] = "run"
    _Generator(module, function, random.Random(seed)).generate()
    return module


def _add_helper(module: ir.Module) -> None:
    """`(ref, i64, i32) -> (i32, ref, i64)`: values of every kind in other places than they came."""
    first, second, third = arguments = [ir.Value(BUFFER), ir.Value(ir.I64), ir.Value(ir.I32)]
    entry = ir.Block(arguments)
    module.functions["helper"] = ir.Function("helper", [ir.I32, BUFFER, ir.I64], [entry])
    builder = Builder(module, entry)
    narrow = builder.op("trunc.i64.i32", second)
    builder.ret(builder.op("xor.i32", third, narrow), first, builder.op("ext.i32.i64.s", third))


class _Generator:
    def __init__(self, module: ir.Module, function: ir.Function, chooser: random.Random) -> None:
        self._module = module
        self._function = function
        self._chooser = chooser
        self._builder = Builder(module, function.blocks[0])
        self._available: dict[ir.Block, list[ir.Value]] = {}

    def generate(self) -> None:
        """Draw the control flow graph, then fill blocks in dominance order."""
        exits = self._draw_graph()
        blocks = reverse_postorder(self._function)
        children = dominator_tree(blocks)
        pending: list[tuple[ir.Block, list[ir.Value]]] = [(blocks[0], [])]
        while pending:
            block, inherited = pending.pop()
            available = inherited + block.arguments
            self._fill(block, available, block is blocks[0])
            self._available[block] = available
            if block is exits:
                self._return(available)
            pending.extend((child, available) for child in children[block])
        for block in blocks:
            self._pass_values(block)
        self._function.blocks = blocks

    def _draw_graph(self) -> ir.Block:
        """Every block counts fuel down and leaves for the exit when it is out."""
        chooser = self._chooser
        bodies = [ir.Block(self._arguments()) for _ in range(chooser.randint(1, 7))]
        leaving = ir.Block(self._arguments())
        entry = self._function.blocks[0]
        for block in (entry, *bodies):
            onward = ir.Block()
            block.operations.append(ir.Operation("cond_br", [], successors=_branches(onward, leaving)))
            count = chooser.choice((1, 2, 2, 3, 4))
            targets = [chooser.choice((*bodies, leaving)) for _ in range(count)]
            name = {1: "br", 2: "cond_br"}.get(count, "br_table")
            if chooser.random() < 0.15:
                landing = ir.Block([ir.Value(ir.I32), ir.Value(BUFFER), ir.Value(ir.I64)])
                landing.operations.append(ir.Operation(name, [], successors=_branches(*targets)))
                call = ir.Operation("call.yieldable", [], symbol="helper", successors=_branches(landing))
                onward.operations.append(call)
            else:
                onward.operations.append(ir.Operation(name, [], successors=_branches(*targets)))
        leaving.operations.append(ir.Operation("return"))
        return leaving

    def _arguments(self) -> list[ir.Value]:
        return [ir.Value(self._chooser.choice(_TYPES)) for _ in range(self._chooser.randint(0, 6))]

    def _fill(self, block: ir.Block, available: list[ir.Value], is_entry: bool) -> None:
        """Put operations before the terminator; `available` grows."""
        terminator = block.operations.pop()
        builder = self._builder
        builder.block = block
        if is_entry:
            available.append(
                builder.op("buffer.alloc", builder.i64(64), builder.i32(16), result_ref_type="!vm.buffer")
            )
            builder.effect("global.store.ref", available[-1], symbol=_KEPT, type="!vm.buffer")
            builder.effect("global.store.i32", builder.i32(_MAX_STEPS), symbol=_FUEL)
        for _ in range(self._chooser.randint(0, 8)):
            self._add_operation(available)
        if terminator.name == "cond_br":
            self._finish_condition(terminator, available)
        elif terminator.name == "br_table":
            terminator.operands = [builder.op("and.i32", self._pick(available, ir.I32), builder.i32(3))]
        elif terminator.name == "call.yieldable":
            terminator.operands = [self._pick(available, type) for type in (BUFFER, ir.I64, ir.I32)]
        builder.block.operations.append(terminator)

    def _finish_condition(self, terminator: ir.Operation, available: list[ir.Value]) -> None:
        builder = self._builder
        is_fuel_check = not terminator.successors[0].block.arguments
        if not is_fuel_check:
            terminator.operands = [builder.op("and.i32", self._pick(available, ir.I32), builder.i32(1))]
            return
        left = builder.op("global.load.i32", symbol=_FUEL)
        left = builder.op("sub.i32", left, builder.i32(1))
        builder.effect("global.store.i32", left, symbol=_FUEL)
        terminator.operands = [builder.op("cmp.lt.i32.s", builder.i32(0), left)]

    def _pick(self, available: list[ir.Value], type: ir.Type) -> ir.Value:
        fitting = [value for value in available if value.type == type]
        if fitting and self._chooser.random() < 0.9:
            # Older values as well as newer ones: long live ranges.
            return self._chooser.choice(fitting)
        value = self._make(type)
        available.append(value)
        return value

    def _make(self, type: ir.Type) -> ir.Value:
        if type == BUFFER:
            return self._builder.op("global.load.ref", symbol=_KEPT, type="!vm.buffer")
        number = self._chooser.choice((0, 1, -1, 5, 1 << 30, self._chooser.getrandbits(20)))
        return self._builder.i32(number) if type == ir.I32 else self._builder.i64(number)

    def _add_operation(self, available: list[ir.Value]) -> None:
        builder, pick = self._builder, lambda type: self._pick(available, type)
        kind = self._chooser.randint(0, 13)
        if kind <= 5:
            name = self._chooser.choice(
                [name for name in _PURE if name.endswith((".i32", ".i64")) and "." in name]
            )
            self._add_pure(name, available)
        elif kind == 6:
            available.append(builder.op("ext.i32.i64.s", pick(ir.I32)))
        elif kind == 7:
            condition, one, other = pick(ir.I32), pick(BUFFER), pick(BUFFER)
            available.append(builder.op("select.ref", condition, one, other, type="!vm.buffer"))
        elif kind == 8:
            available.append(
                builder.op("buffer.alloc", builder.i64(64), builder.i32(16), result_ref_type="!vm.buffer")
            )
        elif kind == 9:
            builder.effect("buffer.store.i32", pick(BUFFER), builder.i64(0), pick(ir.I32))
        elif kind == 10:
            available.append(builder.op("buffer.load.i32", pick(BUFFER), builder.i64(0)))
        elif kind == 11:
            builder.effect("global.store.ref", pick(BUFFER), symbol=_KEPT, type="!vm.buffer")
        elif kind == 12:
            available.extend(builder.call("helper", pick(BUFFER), pick(ir.I64), pick(ir.I32)))
        else:
            available.append(builder.op("assign.ref", pick(BUFFER), result_ref_type="!vm.buffer"))
            available.append(builder.op("cmp.eq.ref", pick(BUFFER), pick(BUFFER)))

    def _allocate(self) -> ir.Value:
        length, alignment = self._builder.i64(64), self._builder.i32(16)
        return self._builder.op("buffer.alloc", length, alignment, result_ref_type="!vm.buffer")

    def _add_pure(self, name: str, available: list[ir.Value]) -> None:
        builder = self._builder
        if name.startswith("const"):
            available.append(builder.op(name))
            return
        type = ir.I64 if ".i64" in name and not name.startswith("ext") else ir.I32
        if name.startswith("select"):
            operands = [
                self._pick(available, ir.I32),
                self._pick(available, type),
                self._pick(available, type),
            ]
        else:
            operands = [self._pick(available, type) for _ in range(_PURE[name].__code__.co_argcount)]
        available.append(builder.op(name, *operands))

    def _pass_values(self, block: ir.Block) -> None:
        """Fill in branch arguments; values that are missing are made before the terminator."""
        terminator = block.operations.pop()
        self._builder.block = block
        available = list(self._available[block])
        if terminator.name != "call.yieldable":
            for successor in terminator.successors:
                successor.arguments = [self._pick(available, a.type) for a in successor.block.arguments]
        block.operations.append(terminator)

    def _return(self, available: list[ir.Value]) -> None:
        """A digest of a few values and of what buffers hold."""
        builder = self._builder
        terminator = builder.block.operations.pop()
        kept = builder.op("global.load.ref", symbol=_KEPT, type="!vm.buffer")
        total = builder.op("buffer.load.i32", kept, builder.i64(0))
        for value in available[:: max(len(available) // 8, 1)]:
            if value.type == BUFFER:
                value = builder.op("buffer.load.i32", value, builder.i64(0))
            if value.type == ir.I32:
                total = builder.op("xor.i32", builder.op("mul.i32", total, builder.i32(31)), value)
        terminator.operands = [total, self._pick(available, ir.I64)]
        builder.block.operations.append(terminator)


def _branches(*targets: ir.Block) -> list[ir.Successor]:
    return [ir.Successor(target) for target in targets]
