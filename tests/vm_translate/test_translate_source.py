"""The text that functions become."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from vm_modules import BUFFER_TYPE, LIST_TYPE, ModuleBuilder

from gossamer.errors import StatusError
from gossamer.isa.encode import Assembler, Label
from gossamer.isa.opcodes import MOVE_BIT, REF_BIT
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.interpret.interpreter import Interpreter
from gossamer.vm.translate import Translator
from gossamer.vm.translate.module_facts import find_module_facts
from gossamer.vm.translate.python_source import emit_python
from gossamer.vm.typed.type_function import type_function


def source_of(module: BytecodeModule, ordinal: int = 0) -> str:
    typed = type_function(module.decoded, module.decoded.functions[ordinal])
    forms = (None,) * len(module.imports)
    return emit_python(typed, find_module_facts(module.decoded), forms).text


def module_of(convention: str, body: Callable[[Assembler], None], **settings: int) -> BytecodeModule:
    builder = ModuleBuilder(b"12345678", **settings)
    builder.function("f", convention, body)
    return builder.module()


def call(module: BytecodeModule, *arguments: object) -> object:
    return Translator(module.create_state(), is_native=False).bind(0)(*arguments)


def test_straight_code_has_no_loop_and_its_constants_are_inline() -> None:
    def body(assembler: Assembler) -> None:
        assembler.emit("const.i32", 5, 1)
        assembler.emit("and.i32", 0, 1, 2)
        assembler.emit("return", (2,))

    module = module_of("0i_i", body)

    assert "while" not in source_of(module)
    assert "i2 = i0 & 5\n" in source_of(module)
    assert call(module, 12) == 4


def test_a_loop_dispatches_on_nothing() -> None:
    def body(assembler: Assembler) -> None:
        head, done, inside = (assembler.new_label() for _ in range(3))
        assembler.emit("const.i32.zero", 1)
        assembler.emit("const.i32", 1, 2)
        assembler.emit("br", head, ())
        assembler.block(head)
        assembler.emit("cmp.lt.i32.s", 1, 0, 3)
        assembler.emit("cond_br", 3, inside, (), done, ())
        assembler.block(inside)
        assembler.emit("add.i32", 1, 2, 1)
        assembler.emit("br", head, ())
        assembler.block(done)
        assembler.emit("return", (1,))

    module = module_of("0i_i", body)

    assert "block" not in source_of(module)
    assert "if not (i1 < i0)" in source_of(module)
    assert call(module, 7) == 7


def test_many_checks_in_a_row_do_not_nest() -> None:
    count = 300

    def body(assembler: Assembler) -> None:
        failed = assembler.new_label()
        for _ in range(count):
            following = assembler.new_label()
            assembler.emit("cond_br", 0, following, (), failed, ())
            assembler.block(following)
        assembler.emit("return", (0,))
        assembler.block(failed)
        assembler.emit("return", (1,))

    module = module_of("0ii_i", body)

    assert call(module, 3, 4) == 3
    assert call(module, 0, 4) == 4


def test_deep_trees_of_branches_stay_within_what_python_allows() -> None:
    depth = 150

    def body(assembler: Assembler) -> None:
        labels: list[Label] = []
        for _ in range(depth):
            taken, other = assembler.new_label(), assembler.new_label()
            labels.append(other)
            assembler.emit("cond_br", 0, taken, (), other, ())
            assembler.block(taken)
        ends = [assembler.new_label() for _ in labels]
        assembler.emit("return", (0,))
        for label, end in zip(labels, ends, strict=True):
            assembler.block(label)
            assembler.emit("cond_br", 1, end, (), ends[0], ())
        for end in ends:
            assembler.block(end)
            assembler.emit("return", (1,))

    module = module_of("0ii_i", body)

    assert call(module, 1, 5) == 1
    assert call(module, 0, 5) == 5


def test_a_register_may_be_read_as_what_it_was_not_written_as() -> None:
    def body(assembler: Assembler) -> None:
        assembler.emit("const.f32", 1.0, 4)
        assembler.emit("add.i32", 4, 0, 5)
        assembler.emit("add.i64", 4, 6, 8)
        assembler.emit("return", (8,))

    module = module_of("0i_I", body)

    assert call(module, 1) == 0x3F800001_3F800000


def test_refs_of_a_global_need_a_check_only_where_types_differ() -> None:
    def body(types: tuple[int, int]) -> Callable[[Assembler], None]:
        def emit(assembler: Assembler) -> None:
            assembler.emit("const.ref.rodata", 0, REF_BIT)
            assembler.emit("global.store.ref", 0, types[0], REF_BIT | MOVE_BIT)
            assembler.emit("global.load.ref", 0, types[1], REF_BIT | 1)
            assembler.emit("discard.refs", (REF_BIT | 1,))
            assembler.emit("return", ())

        return emit

    same = module_of("0v_v", body((BUFFER_TYPE, BUFFER_TYPE)), global_refs=1)
    different = module_of("0v_v", body((BUFFER_TYPE, LIST_TYPE)), global_refs=1)

    assert "r1 = global_refs[0]\n" in source_of(same)
    assert f"r1 = type_{LIST_TYPE}.check(global_refs[0])\n" in source_of(different)


_EDGES = {
    32: (0, 1, 2, 31, 32, 4096, (1 << 31) - 1, -(1 << 31), -1, -7),
    64: (0, 1, 63, 64, 4096, (1 << 63) - 1, -(1 << 63), -1),
}


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize(
    "operation", ["div.{}.s", "div.{}.u", "rem.{}.s", "rem.{}.u", "shr.{}.u", "cmp.lt.{}.u"]
)
@pytest.mark.parametrize("constants", ["", "first", "second", "both"])
def test_text_for_usual_operands_is_right_for_all(bits: int, operation: str, constants: str) -> None:
    name = operation.format(f"i{bits}")
    second = 1 if bits == 32 else 2
    kind, result_kind = ("i", "i") if bits == 32 else ("I", "i" if name.startswith("cmp") else "I")
    for lhs in _EDGES[bits]:
        for rhs in _EDGES[bits]:

            def body(assembler: Assembler, lhs: int = lhs, rhs: int = rhs) -> None:
                if constants in ("first", "both"):
                    assembler.emit(f"const.i{bits}", lhs, 0)
                if constants in ("second", "both"):
                    assembler.emit(f"const.i{bits}", rhs, second)
                assembler.emit(name, 0, second, 8)
                assembler.emit("return", (8,))

            module = module_of(f"0{kind}{kind}_{result_kind}", body)
            interpreted, translated = (
                outcome(executor, lhs, rhs)
                for executor in (
                    Interpreter(module.create_state()).bind(0),
                    Translator(module.create_state(), is_native=False).bind(0),
                )
            )
            assert translated == interpreted, (name, lhs, rhs)


def outcome(function: Callable[..., object], *arguments: object) -> object:
    try:
        return function(*arguments)
    except StatusError as error:
        return error.code
