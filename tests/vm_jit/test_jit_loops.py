"""Loops of a control flow graph, and what is proved about accesses in them."""

from __future__ import annotations

from vm_modules import ModuleBuilder

from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import REF_BIT
from gossamer.vm.jit.analysis.interval import Leaf, constant, multiply, subtract
from gossamer.vm.jit.analysis.loops import find_loops, immediate_dominators, nested_loops
from gossamer.vm.jit.analysis.versioning import LoopPlan, plan_loops
from gossamer.vm.typed.ssa import SsaFunction, build_ssa
from gossamer.vm.typed.type_function import type_function


def test_dominators_of_a_diamond() -> None:
    assert immediate_dominators([[1, 2], [3], [3], []]) == {0: 0, 1: 0, 2: 0, 3: 0}


def test_loops_nest() -> None:
    # 0 -> 1 (outer head) -> 2 (inner head) <-> 3; 2 -> 4 -> 1; 1 -> 5
    loops = find_loops([[1], [2, 5], [3, 4], [2], [1], []])

    assert loops is not None
    (outer,) = loops
    assert (outer.header, outer.blocks) == (1, {1, 2, 3, 4})
    assert [(loop.header, loop.blocks) for loop in outer.children] == [(2, {2, 3})]
    assert [loop.header for loop in nested_loops(outer)] == [1, 2]


def test_a_cycle_with_two_entries_is_no_loop() -> None:
    assert find_loops([[1, 2], [2], [1]]) is None


def test_products_of_intervals_turn_around_at_negative_factors() -> None:
    assert multiply(constant(-2, 3), constant(-4, -4)) == constant(-12, 8)
    assert subtract(constant(0, 5), constant(1, 2)) == constant(-2, 4)
    assert not multiply(constant(0, 1 << 62), constant(4, 4)).is_bounded


def count_up(assembler: Assembler, counter: int, limit: int, body: object) -> None:
    """`for counter in range(limit)`; cells 40 to 44 are scratch."""
    head, inside, done = (assembler.new_label() for _ in range(3))
    assembler.emit("const.i64.zero", counter)
    assembler.emit("br", head, ())
    assembler.block(head)
    assembler.emit("cmp.lt.i64.s", counter, limit, 44)
    assembler.emit("cond_br", 44, inside, (), done, ())
    assembler.block(inside)
    assert callable(body)
    body()
    assembler.emit("const.i64", 1, 40)
    assembler.emit("add.i64", counter, 40, counter)
    assembler.emit("br", head, ())
    assembler.block(done)


def ssa_of(convention: str, body: object) -> SsaFunction:
    builder = ModuleBuilder()
    assert callable(body)
    builder.function("f", convention, body)
    decoded = builder.module().decoded
    return build_ssa(type_function(decoded, decoded.functions[0]))


def the_plan(function: SsaFunction) -> LoopPlan:
    (plan,) = plan_loops(function).values()
    return plan


def test_rows_and_columns_are_bounded_by_both_loops() -> None:
    def body(assembler: Assembler) -> None:
        def access() -> None:
            assembler.emit("fma.i64", 4, 2, 6, 8)
            assembler.emit("buffer.load.i32", REF_BIT, 8, 10)
            assembler.emit("buffer.store.i32", REF_BIT | 1, 8, 10)

        count_up(assembler, 4, 0, lambda: count_up(assembler, 6, 2, access))
        assembler.emit("return", ())

    plan = the_plan(ssa_of("0rrII_v", body))

    assert len(plan.unchecked) == 2
    assert not plan.children
    assert len(plan.disjoint) == 1


def test_an_offset_out_of_memory_leaves_the_others_unchecked() -> None:
    def body(assembler: Assembler) -> None:
        def access() -> None:
            assembler.emit("buffer.load.i64", REF_BIT, 4, 8)
            assembler.emit("buffer.store.i64", REF_BIT | 1, 8, 4)

        count_up(assembler, 4, 0, access)
        assembler.emit("return", ())

    plan = the_plan(ssa_of("0rrI_v", body))

    assert [operation.name for operation in plan.unchecked] == ["buffer.load.i64"]


def test_an_inner_loop_is_planned_alone_where_the_outer_one_says_nothing() -> None:
    def body(assembler: Assembler) -> None:
        def row() -> None:
            assembler.emit("buffer.load.i64", REF_BIT, 4, 12)
            count_up(assembler, 6, 2, element)

        def element() -> None:
            assembler.emit("add.i64", 12, 6, 8)
            assembler.emit("buffer.load.i8.u", REF_BIT | 1, 8, 10)
            assembler.emit("buffer.store.i8", REF_BIT | 2, 8, 10)

        count_up(assembler, 4, 0, row)
        assembler.emit("return", ())

    outer = the_plan(ssa_of("0rrrII_v", body))
    (inner,) = outer.children.values()

    assert len(outer.unchecked) == 1
    assert len(inner.unchecked) == 2


def test_a_counter_that_may_wrap_proves_nothing() -> None:
    def body(assembler: Assembler) -> None:
        head, done = assembler.new_label(), assembler.new_label()
        assembler.emit("br", head, ())
        assembler.block(head)
        assembler.emit("const.i64", 1, 4)
        assembler.emit("add.i64", 0, 4, 0)
        assembler.emit("buffer.load.i32", REF_BIT, 0, 6)
        assembler.emit("cond_br", 6, head, (), done, ())
        assembler.block(done)
        assembler.emit("return", ())

    assert plan_loops(ssa_of("0rI_v", body)) == {}


def test_bounds_are_expressions_over_what_the_loop_is_entered_with() -> None:
    def body(assembler: Assembler) -> None:
        def access() -> None:
            assembler.emit("buffer.load.i32", REF_BIT, 4, 10)

        count_up(assembler, 4, 0, access)
        assembler.emit("return", ())

    (check,) = the_plan(ssa_of("0rI_v", body)).checks

    assert isinstance(check.low, Leaf)
    assert not check.is_store
