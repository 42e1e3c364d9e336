"""Random functions for comparing executors: straight code, branches, loops, and loops over buffers."""

from __future__ import annotations

import random
from collections.abc import Callable

from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import OPCODES, REF_BIT, Opcode

# Where registers of each kind lie. Kinds share cells in functions that pun, and not in the others.
_CELLS = {"i": range(0, 12), "I": range(12, 24, 2), "f": range(24, 32), "F": range(32, 44, 2)}
_PUNNED = {"i": range(0, 24), "I": range(0, 24, 2), "f": range(0, 24), "F": range(0, 24, 2)}
_LOOP_CELLS = range(48, 64, 2)
_LIMIT, _STEP, _FLAG = 64, 66, 68
CELL_COUNT = 72

_BIT_OPERATIONS = ("abs.f", "neg.f", "bitcast", "select.f", "min.f", "max.f", "cmp.", "cast.si", "cast.ui")
_SKIPPED = ("global", "switch", "rem.f", "pow", "atan2")


def _value_operations(is_punned: bool) -> list[Opcode]:
    operations: list[Opcode] = []
    for opcode in OPCODES:
        kinds = [operand.kind.value for operand in opcode.operands]
        if not opcode.results or len(kinds) < 2 or not set(kinds) <= set("iIfF"):
            continue
        if opcode.name.startswith(_SKIPPED):
            continue
        # Why: NaNs made by arithmetic differ in their bits, so those must not become integers.
        is_float = bool(set(kinds) & set("fF"))
        if is_punned and is_float and not opcode.name.startswith(_BIT_OPERATIONS):
            continue
        if not is_punned and opcode.name.startswith("bitcast.f"):
            continue
        operations.append(opcode)
    return operations


class RandomFunction:
    """Writes one function; everything follows from the seed."""

    def __init__(self, seed: int, *, is_punned: bool) -> None:
        self.random = random.Random(seed)
        self.operations = _value_operations(is_punned)
        self.cells = _PUNNED if is_punned else _CELLS
        self.is_punned = is_punned
        self.loop_depth = 0

    def __call__(self, assembler: Assembler) -> None:
        """Body of a function `0iIfF_iIfF`, whose arguments arrive in cells 0, 2, 4 and 6."""
        self.assembler = assembler
        self._spread_arguments()
        self._statements(self.random.randrange(4, 10), depth=0)
        results = [self.random.choice(self.cells[kind]) for kind in "iIfF"]
        assembler.emit("return", tuple(results))

    def _spread_arguments(self) -> None:
        if self.is_punned:
            return
        following = self.assembler.new_label()
        # i to 1, I to 12, f to 24, F to 32; then nothing of one kind is left in cells of another.
        remap = ((0, 1), (2, 12), (3, 13), (4, 24), (6, 32), (7, 33))
        self.assembler.emit("br", following, remap)
        self.assembler.block(following)
        for cell in (2, 3, 4, 6, 7):
            self.assembler.emit("const.i32", self.random.randrange(-5, 50), cell)

    def _statements(self, count: int, depth: int) -> None:
        for _ in range(count):
            choice = self.random.random()
            if choice < 0.65 or depth >= 3:
                self._operation()
            elif choice < 0.8:
                self._branch(depth)
            elif choice < 0.9 and self.loop_depth < 2:
                self._loop(depth)
            else:
                self._table(depth)

    def _operation(self) -> None:
        if self.random.random() < 0.2:
            self._constant()
            return
        opcode = self.random.choice(self.operations)
        values: list[int] = []
        for operand in opcode.operands:
            values.append(self.random.choice(self.cells[operand.kind.value]))
        if opcode.name.startswith(("div.i", "rem.i")):
            # A divisor that is no constant, and seldom zero.
            wide = ".i64" in opcode.name
            self.assembler.emit(
                "const.i64" if wide else "const.i32", self.random.choice((1, 3, -1, -7, 64)), _STEP
            )
            self.assembler.emit("or.i64" if wide else "or.i32", values[1], _STEP, _STEP)
            values[1] = _STEP
        self.assembler.emit(opcode.name, *values)

    def _constant(self) -> None:
        kind = self.random.choice("iIfF")
        cell = self.random.choice(self.cells[kind])
        if kind in "iI":
            bits = 31 if kind == "i" else 63
            value: float = self.random.choice((0, 1, -1, 7, 64, self.random.getrandbits(bits), -(1 << bits)))
            self.assembler.emit("const.i32" if kind == "i" else "const.i64", value, cell)
        else:
            number = self.random.choice((0.0, -0.0, 1.5, -2.25, 1e10, 3e38, float("inf"), 0.5))
            self.assembler.emit("const.f32" if kind == "f" else "const.f64", number, cell)

    def _remap(self) -> tuple[tuple[int, int], ...]:
        pairs: list[tuple[int, int]] = []
        for _ in range(self.random.randrange(0, 4)):
            kind = self.random.choice("iIfF")
            source, target = (self.random.choice(self.cells[kind]) for _ in range(2))
            pairs.append((source, target))
            if kind in "IF" and (not self.is_punned or self.random.random() < 0.8):
                pairs.append((source + 1, target + 1))
        return tuple(pairs)

    def _branch(self, depth: int) -> None:
        taken, other, joined = (self.assembler.new_label() for _ in range(3))
        condition = self.random.choice(self.cells["i"])
        direct = self.random.random() < 0.3
        self.assembler.emit(
            "cond_br", condition, taken, self._remap(), joined if direct else other, self._remap()
        )
        self.assembler.block(taken)
        self._statements(self.random.randrange(1, 4), depth + 1)
        self.assembler.emit("br", joined, self._remap())
        if not direct:
            self.assembler.block(other)
            self._statements(self.random.randrange(1, 4), depth + 1)
            self.assembler.emit("br", joined, self._remap())
        self.assembler.block(joined)

    def _table(self, depth: int) -> None:
        joined = self.assembler.new_label()
        blocks = [self.assembler.new_label() for _ in range(self.random.randrange(1, 3))]
        targets = [self.random.choice((*blocks, joined)) for _ in range(3)] + blocks
        self.assembler.emit("const.i32", 3, _FLAG)
        self.assembler.emit("and.i32", _FLAG, self.random.choice(self.cells["i"]), _FLAG)
        cases = tuple((target, self._remap()) for target in targets)
        self.assembler.emit("br_table", _FLAG, joined, self._remap(), cases)
        for block in blocks:
            self.assembler.block(block)
            self._statements(self.random.randrange(1, 3), depth + 1)
            self.assembler.emit("br", joined, self._remap())
        self.assembler.block(joined)

    def _loop(self, depth: int) -> None:
        counter = _LOOP_CELLS[self.loop_depth]
        self.loop_depth += 1
        head, body, done = (self.assembler.new_label() for _ in range(3))
        self.assembler.emit("const.i64", self.random.randrange(-2, 3), counter)
        self.assembler.emit("br", head, self._remap())
        self.assembler.block(head)
        self.assembler.emit("const.i64", self.random.randrange(0, 6), _LIMIT)
        self.assembler.emit("cmp.lt.i64.s", counter, _LIMIT, _FLAG)
        self.assembler.emit("cond_br", _FLAG, body, self._remap(), done, self._remap())
        self.assembler.block(body)
        self._statements(self.random.randrange(1, 5), depth + 1)
        self.assembler.emit("const.i64", self.random.randrange(1, 3), _STEP)
        self.assembler.emit("add.i64", counter, _STEP, counter)
        self.assembler.emit("br", head, self._remap())
        self.assembler.block(done)
        self.loop_depth -= 1


_ELEMENTS = (
    *(("i8.u", "i8", "i"), ("i8.s", "i8", "i"), ("i16.u", "i16", "i"), ("i32", "i32", "i")),
    *(("i64", "i64", "I"), ("f32", "f32", "f"), ("f64", "f64", "F")),
)
_VALUE_CELLS = {"i": 30, "I": 32, "f": 34, "F": 36}


class RandomBufferLoop:
    """Writes `0rrrII_v`: nested loops that load and store three buffers at computed offsets.

    Offsets are mostly affine in the counters and mostly in range; buffers may be the same.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.counters: list[int] = []
        self.next_index_cell = 0

    def __call__(self, assembler: Assembler) -> None:
        """Arguments: three buffers, and two numbers in cells 0 and 2."""
        self.assembler = assembler
        for kind, cell in _VALUE_CELLS.items():
            name = {"i": "const.i32", "I": "const.i64", "f": "const.f32", "F": "const.f64"}[kind]
            assembler.emit(name, 1 if kind in "iI" else 1.5, cell)
        for _ in range(self.random.randrange(1, 3)):
            self._loop(depth=0)
        assembler.emit("discard.refs", tuple(REF_BIT | index for index in range(3)))
        assembler.emit("return", ())

    def _loop(self, depth: int) -> None:
        counter = _LOOP_CELLS[depth]
        narrow = self.random.random() < 0.2
        i = "i32" if narrow else "i64"
        head, body, done = (self.assembler.new_label() for _ in range(3))
        self.assembler.emit(f"const.{i}", self.random.choice((0, 0, 0, 1, -1, 3)), counter)
        limit = self._limit(narrow, depth)
        self.assembler.emit("br", head, ())
        self.assembler.block(head)
        compare = "u" if self.random.random() < 0.1 else "s"
        self.assembler.emit(f"cmp.lt.{i}.{compare}", counter, limit, _FLAG)
        self.assembler.emit("cond_br", _FLAG, body, (), done, ())
        self.assembler.block(body)
        self.counters.append(counter)
        self.narrow = {**getattr(self, "narrow", {}), counter: narrow}
        for _ in range(self.random.randrange(1, 4)):
            self._access()
        if depth < 2 and self.random.random() < 0.5:
            self._loop(depth + 1)
        self.counters.pop()
        self.assembler.emit(f"const.{i}", self.random.choice((1, 1, 1, 2, 5)), _STEP)
        self.assembler.emit(f"add.{i}", counter, _STEP, counter)
        self.assembler.emit("br", head, ())
        self.assembler.block(done)

    def _limit(self, narrow: bool, depth: int) -> int:
        cell = _LIMIT + 6 + 2 * depth
        if not narrow and self.random.random() < 0.3:
            # A bound that is only known when the function runs.
            return self.random.choice((0, 2))
        if not narrow and self.counters and self.random.random() < 0.3 and not self.narrow[self.counters[-1]]:
            return self.counters[-1]
        self.assembler.emit("const.i32" if narrow else "const.i64", self.random.randrange(0, 9), cell)
        return cell

    def _access(self) -> None:
        suffix, element, kind = self.random.choice(_ELEMENTS)
        index = self._index()
        buffer = REF_BIT | self.random.randrange(3)
        value = _VALUE_CELLS[kind]
        if self.random.random() < 0.2:
            self._guarded(lambda: self._load_or_store(suffix, element, buffer, index, value))
        else:
            self._load_or_store(suffix, element, buffer, index, value)
        if kind == "i":
            self.assembler.emit("add.i32", value, _FLAG, value)

    def _load_or_store(self, suffix: str, element: str, buffer: int, index: int, value: int) -> None:
        if self.random.random() < 0.5:
            self.assembler.emit(f"buffer.load.{suffix}", buffer, index, value)
        else:
            self.assembler.emit(f"buffer.store.{element}", buffer, index, value)

    def _guarded(self, emit: Callable[[], None]) -> None:
        """Put an access behind a condition on a counter."""
        counter = self.random.choice(self.counters)
        i = "i32" if self.narrow[counter] else "i64"
        taken, joined = self.assembler.new_label(), self.assembler.new_label()
        self.assembler.emit(f"const.{i}", self.random.randrange(0, 6), _STEP)
        operands = (counter, _STEP) if self.random.random() < 0.5 else (_STEP, counter)
        self.assembler.emit(f"cmp.lt.{i}.s", *operands, _FLAG)
        if self.random.random() < 0.3:
            self.assembler.emit("const.i32", 1, _STEP)
            self.assembler.emit("xor.i32", _FLAG, _STEP, _FLAG)
        self.assembler.emit("cond_br", _FLAG, taken, (), joined, ())
        self.assembler.block(taken)
        emit()
        self.assembler.emit("br", joined, ())
        self.assembler.block(joined)

    def _wide_counter(self, target: int) -> None:
        counter = self.random.choice(self.counters)
        if self.narrow[counter]:
            self.assembler.emit("ext.i32.i64.s", counter, target)
        else:
            self.assembler.emit("const.i64.zero", target)
            self.assembler.emit("add.i64", counter, target, target)

    def _index(self) -> int:
        index, other = 40, 42
        self._wide_counter(index)
        for _ in range(self.random.randrange(0, 3)):
            choice = self.random.randrange(9)
            if choice == 0:
                self._wide_counter(other)
                self.assembler.emit("add.i64", index, other, index)
            elif choice in (1, 2):
                name = ("mul.i64", "sub.i64", "add.i64", "min.i64.s", "max.i64.s")[self.random.randrange(5)]
                self.assembler.emit("const.i64", self.random.choice((0, 1, 2, 3, -1, 7)), other)
                self.assembler.emit(name, index, other, index)
            elif choice == 3:
                self.assembler.emit("const.i64", self.random.choice((1, 2, 3, 4)), other)
                name = self.random.choice(("div.i64.s", "rem.i64.s", "rem.i64.u", "div.i64.u"))
                self.assembler.emit(name, index, other, index)
            elif choice == 4:
                self.assembler.emit("const.i64", self.random.choice((3, 7, 15)), other)
                self.assembler.emit("and.i64", index, other, index)
            elif choice == 5:
                self.assembler.emit("const.i32", self.random.choice((0, 1, 2)), _STEP)
                name = self.random.choice(("shl.i64", "shr.i64.s", "shr.i64.u"))
                self.assembler.emit(name, index, _STEP, index)
            elif choice == 6:
                self._wide_counter(other)
                self.assembler.emit("const.i64", self.random.randrange(1, 5), _STEP)
                self.assembler.emit("fma.i64", index, _STEP, other, index)
            elif choice == 7:
                self.assembler.emit("trunc.i64.i32", index, _STEP)
                self.assembler.emit(self.random.choice(("ext.i32.i64.s", "ext.i32.i64.u")), _STEP, index)
            else:
                # An offset that comes from memory: it can only be checked when it is used.
                self.assembler.emit("buffer.load.i8.u", REF_BIT, index, _STEP)
                if self.random.random() < 0.5:
                    self.assembler.emit("ext.i32.i64.u", _STEP, other)
                else:
                    self.assembler.emit("cast.si32.f32", _STEP, _STEP)
                    self.assembler.emit("cast.f32.si64", _STEP, other)
                self.assembler.emit("add.i64", index, other, index)
        return index


class RandomContraction:
    """Writes `0rrrII_v`: loops that add products up into neighbouring places, as contractions are compiled.

    Many may run the other way round; others do something that forbids it: places that depend on the
    reduction, several stores, values kept over iterations, bounds that depend on other counters.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def __call__(self, assembler: Assembler) -> None:
        """Arguments: three buffers, and two numbers in cells 0 and 2."""
        self.assembler = assembler
        self.reductions = [52, 54][: self.random.randrange(1, 3)]
        assembler.emit("const.f32", 1.5, 34)
        if self.random.random() < 0.5:
            self._loop(48, self._rows)
        else:
            assembler.emit("const.i64", self.random.randrange(2), 48)
            self._rows()
        if self.random.random() < 0.2:
            # The counters' last values are read.
            assembler.emit("buffer.store.i64", REF_BIT | 2, 48, 50)
        assembler.emit("discard.refs", tuple(REF_BIT | index for index in range(3)))
        assembler.emit("return", ())

    def _rows(self) -> None:
        self._loop(50, self._results)

    def _results(self) -> None:
        self._store_around()
        if self.random.random() < 0.5:
            self._index(40, self.random.choice((12, 20)), depends_on_reduction=False)
        self._reduce(list(self.reductions))
        self._store_around()

    def _store_around(self) -> None:
        """Sometimes a store before or after the reductions, once for each result."""
        if self.random.random() < 0.15:
            self._index(42, 2, depends_on_reduction=False)
            self.assembler.emit("buffer.store.f32", REF_BIT | self.random.choice((1, 2)), 42, 34)

    def _reduce(self, remaining: list[int]) -> None:
        if not remaining:
            self._accumulate()
            return
        counter = remaining.pop(0)
        self._loop(counter, lambda: self._reduce(remaining))

    def _accumulate(self) -> None:
        depends = self.random.random() < 0.1
        self._index(40, self.random.choice((12, 20)), depends)
        self._index(42, self.random.choice((1, 3, 20)), depends_on_reduction=True)
        emit = self.assembler.emit
        emit("buffer.load.f32", REF_BIT | self.random.choice((0, 0, 0, 2)), 42, 20)
        if self.random.random() < 0.7:
            self._index(42, self.random.choice((1, 20)), depends_on_reduction=True)
            emit("buffer.load.f32", REF_BIT | self.random.choice((1, 0)), 42, 21)
        else:
            emit("cast.si32.f32", 20, 21)
        emit("buffer.load.f32", REF_BIT | 2, 40, 22)
        emit("fma.f32", 20, 21, 22, 22)
        if self.random.random() < 0.1:
            emit("add.f32", 22, 34, 34)
        emit("buffer.store.f32", REF_BIT | 2, 40, 22)
        if self.random.random() < 0.1:
            self._index(42, 1, depends_on_reduction=True)
            emit("buffer.store.f32", REF_BIT | self.random.choice((1, 2)), 42, 22)

    def _index(self, cell: int, row_length: int, depends_on_reduction: bool) -> None:
        """`48 * row_length + 50`, or the same with counters of reductions in it."""
        emit = self.assembler.emit
        emit("const.i64", row_length, 44)
        row = self.random.choice(self.reductions) if depends_on_reduction else 48
        emit("fma.i64", row, 44, 50, cell)
        choice = self.random.random()
        if depends_on_reduction and choice < 0.4:
            emit("fma.i64", 48, 44, row, cell)
        elif choice < 0.5:
            emit("const.i64", self.random.randrange(3), 44)
            emit("add.i64", cell, 44, cell)
        elif choice < 0.55:
            emit("add.i64", cell, 0, cell)
        elif choice < 0.6:
            emit("add.i64", cell, 50, cell)

    def _loop(self, counter: int, body: Callable[[], None]) -> None:
        emit, head, inside, done = self.assembler.emit, *(self.assembler.new_label() for _ in range(3))
        emit("const.i64", self.random.choice((0, 0, 0, 1)), counter)
        is_results = counter == 50
        cell = 64 + (counter - 48)
        choice = self.random.random()
        if choice < 0.1 and counter != 48:
            cell = 48
        elif choice < 0.2:
            cell = 0
        else:
            emit("const.i64", self.random.randrange(8, 13) if is_results else self.random.randrange(6), cell)
        emit("br", head, ())
        self.assembler.block(head)
        emit("cmp.lt.i64.s", counter, cell, 60)
        emit("cond_br", 60, inside, (), done, ())
        self.assembler.block(inside)
        body()
        emit("const.i64", self.random.choice((1, 1, 1, 2)), 62)
        emit("add.i64", counter, 62, counter)
        emit("br", head, ())
        self.assembler.block(done)
