"""Functions run by the interpreter: registers, control flow, calls, refs, failures."""

import gc
import threading
import weakref

import pytest
from bytecode_programs import ALL_REQUIREMENTS, HostModule, Program, imported, moved, r, run

from gossamer.errors import (
    DeadlineExceededError,
    FailedPreconditionError,
    InternalStatusError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    ResourceExhaustedError,
    StatusError,
)
from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.vm.bytecode.limits import Limits
from gossamer.vm.link.context import Context
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List

WHOLE = 0xFFFF


def test_arguments_fill_each_bank_and_align() -> None:
    def body(a: Assembler) -> None:
        a.emit("return", (0, 2, r(0), 4, 6))

    buffer = Buffer.allocate(1)
    assert run("0iIrfF_iIrfF", body, -1, 1 << 40, buffer, 1.5, 2.5) == (-1, 1 << 40, buffer, 1.5, 2.5)


def test_no_result_is_none() -> None:
    assert run("0v_v", lambda a: a.emit("return", ())) is None


def test_unsigned_arguments_become_signed() -> None:
    assert run("0i_i", lambda a: a.emit("return", (0,)), 0xFFFF_FFFF) == -1


@pytest.mark.parametrize(
    ("convention", "arguments", "message"),
    [
        ("0i_v", (), "takes 1 arguments, 0 given"),
        ("0v_v", (1,), "takes 0 arguments, 1 given"),
        ("0i_v", (1.5,), "expected an integer"),
        ("0i_v", (1 << 32,), "does not fit i32"),
        ("0f_v", ("x",), "expected a number"),
    ],
)
def test_wrong_arguments_are_refused(convention: str, arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        run(convention, lambda a: a.emit("return", ()), *arguments)


def test_cells_have_no_type() -> None:
    def body(a: Assembler) -> None:
        a.emit("const.i32", 0x7F80_0001, 1)  # a signalling NaN
        done = a.new_label()
        a.emit("br", done, ((1, 2),))
        a.block(done)
        a.emit("bitcast.f32.i32", 2, 3)
        a.emit("return", (3,))

    assert run("0v_i", body) == 0x7F80_0001


def test_an_i64_moves_as_two_cells_in_sequence() -> None:
    def body(a: Assembler) -> None:
        done = a.new_label()
        a.emit("br", done, ((0, 4), (1, 5), (4, 0), (1, 3)))
        a.block(done)
        a.emit("return", (4, 0))

    assert run("0I_Ii", body, 0x1_0000_0002) == (0x1_0000_0002, 2)


def test_a_loop() -> None:
    def body(a: Assembler) -> None:
        loop, done = a.new_label(), a.new_label()
        a.emit("const.i32", 1, 1)
        a.emit("br", loop, ())
        a.block(loop)
        a.emit("mul.i32", 1, 0, 1)
        a.emit("const.i32", 1, 2)
        a.emit("sub.i32", 0, 2, 0)
        a.emit("cond_br", 0, loop, (), done, ((1, 3),))
        a.block(done)
        a.emit("return", (3,))

    assert run("0i_i", body, 5) == 120


@pytest.mark.parametrize(("index", "result"), [(0, 10), (1, 20), (2, 99), (-1, 99)])
def test_a_branch_table(index: int, result: int) -> None:
    def body(a: Assembler) -> None:
        done = a.new_label()
        for register, value in enumerate((99, 10, 20), start=1):
            a.emit("const.i32", value, register)
        a.emit("br_table", 0, done, ((1, 4),), ((done, ((2, 4),)), (done, ((3, 4),))))
        a.block(done)
        a.emit("return", (4,))

    assert run("0i_i", body, index) == result


def test_breaks_only_branch() -> None:
    def body(a: Assembler) -> None:
        first, second = a.new_label(), a.new_label()
        a.emit("break", first, ((0, 1),))
        a.block(first)
        a.emit("cond_break", 0, second, ((1, 2),))
        a.block(second)
        a.emit("return", (2,))

    assert run("0i_i", body, 7) == 7


def test_recursion_has_frames_of_its_own() -> None:
    def factorial(a: Assembler) -> None:
        base, step = a.new_label(), a.new_label()
        a.emit("cond_br", 0, step, (), base, ())
        a.block(step)
        a.emit("const.i32", 1, 1)
        a.emit("sub.i32", 0, 1, 2)
        a.emit("call", 0, (2,), (3,))
        a.emit("mul.i32", 0, 3, 0)
        a.emit("return", (0,))
        a.block(base)
        a.emit("const.i32", 1, 1)
        a.emit("return", (1,))

    assert run("0i_i", factorial, 10) == 3628800


def test_wide_values_pass_through_internal_calls() -> None:
    program = Program()
    program.function("f", "0iI_IF", lambda a: (a.emit("call", 1, (0, 2), (4, 6)), a.emit("return", (4, 6))))
    program.function("", "0iI_IF", lambda a: (a.emit("cast.si64.f64", 2, 4), a.emit("return", (2, 4))))
    call = program.build().create_state().link(()).bind("f")
    assert call(1, -(1 << 50)) == (-(1 << 50), -float(1 << 50))


def test_endless_recursion_meets_the_limit_and_not_pythons() -> None:
    body = lambda a: (a.emit("call", 0, (), ()), a.emit("return", ()))  # noqa: E731
    with pytest.raises(ResourceExhaustedError, match="call depth 5001") as caught:
        run("0v_v", body, limits=Limits(max_call_depth=5000))
    assert len(caught.value.backtrace) == 5000


def endless(a: Assembler) -> None:
    loop = a.new_label()
    a.emit("br", loop, ())
    a.block(loop)
    a.emit("br", loop, ())


def test_steps_can_be_limited() -> None:
    with pytest.raises(ResourceExhaustedError, match="limit of 100 instructions"):
        run("0v_v", endless, limits=Limits(max_steps=100))


def test_time_can_be_limited() -> None:
    with pytest.raises(DeadlineExceededError):
        run("0v_v", endless, limits=Limits(timeout_seconds=0.02))


def test_failures_carry_status_message_and_backtrace() -> None:
    program = Program(name="outer")
    program.function("f", "0i_v", lambda a: (a.emit("call", 1, (0,), ()), a.emit("return", ())))
    program.function("", "0i_v", lambda a: a.emit("fail", 0, b"no good"))
    call = program.build().create_state().link(()).bind("f")

    with pytest.raises(OutOfRangeError) as caught:
        call(11)

    assert caught.value.message == "no good"
    assert caught.value.backtrace == ["bytecode outer@1:1", "bytecode outer.f:1"]
    assert str(caught.value) == (
        "OUT_OF_RANGE; no good; \n[ 1] bytecode outer@1:1 -\n[ 0] bytecode outer.f:1 -"
    )


def test_failing_with_ok_goes_on_with_the_next_block() -> None:
    def body(a: Assembler) -> None:
        a.emit("fail", 0, b"not reached")
        a.block()
        a.emit("const.i32", 5, 1)
        a.emit("return", (1,))

    assert run("0i_i", body, 0) == 5
    assert run("0i_i", body, 32) == 5
    with pytest.raises(InvalidArgumentError):
        run("0i_i", body, 3)


def test_failing_with_ok_at_the_end_is_an_error() -> None:
    with pytest.raises(FailedPreconditionError, match="nothing follows"):
        run("0i_v", lambda a: a.emit("fail", 0, b""), 0)


def test_errors_of_python_functions_keep_their_type() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    program = Program(imports=(imported("host.broken", "0v_v"),))
    program.function("f", "0v_v", lambda a: (a.emit("call", IMPORT_BIT, (), ()), a.emit("return", ())))
    context = Context([HostModule("host", {"broken": ("0v_v", broken)}), program.build()])

    with pytest.raises(ZeroDivisionError) as caught:
        context.lookup("m.f")()

    assert caught.value.__notes__ == ["in bytecode m.f:1"]


def test_moved_refs_leave_their_register() -> None:
    def body(a: Assembler) -> None:
        a.emit("assign.ref", moved(0), r(1))
        a.emit("cmp.nz.ref", r(0), 0)
        a.emit("cmp.nz.ref", r(1), 1)
        a.emit("discard.refs", (r(1),))
        a.emit("cmp.nz.ref", r(1), 2)
        a.emit("return", (0, 1, 2))

    assert run("0r_iii", body, Buffer.allocate(1)) == (0, 1, 0)


def test_a_moved_argument_is_not_kept_alive_by_its_caller() -> None:
    seen: list[bool] = []

    def consume(value: object) -> None:
        reference = weakref.ref(value)
        del value
        gc.collect()
        seen.append(reference() is None)

    program = Program(imports=(imported("host.consume", "0r_v"),))

    def body(a: Assembler) -> None:
        a.emit("const.i64", 8, 0)
        a.emit("const.i32", 16, 2)
        a.emit("buffer.alloc", 0, 2, r(0))
        a.emit("assign.ref", moved(0), r(1))
        a.emit("discard.refs", (r(1),))
        a.emit("cmp.nz.ref", r(0), 0)
        a.emit("return", (0,))

    program.function("f", "0v_i", body)
    context = Context([HostModule("host", {"consume": ("0r_v", consume)}), program.build()])
    assert context.lookup("m.f")() == 0


def test_select_and_switch_of_refs() -> None:
    def select(a: Assembler) -> None:
        a.emit("select.ref", 0, 2, moved(0), moved(1), r(2))
        a.emit("cmp.nz.ref", r(0), 1)
        a.emit("cmp.nz.ref", r(1), 2)
        a.emit("return", (moved(2), 1, 2))

    def switch(a: Assembler) -> None:
        a.emit("switch.ref", 0, 2, r(0), (moved(0), moved(1)), r(2))
        a.emit("cmp.nz.ref", r(0), 1)
        a.emit("cmp.nz.ref", r(1), 2)
        a.emit("return", (r(2), 1, 2))

    first, second = Buffer.allocate(1), Buffer.allocate(1)
    assert run("0irr_rii", select, 1, first, second) == (first, 0, 0)
    assert run("0irr_rii", select, 0, first, second) == (second, 0, 0)
    assert run("0irr_rii", switch, 1, first, second) == (second, 1, 0)
    assert run("0irr_rii", switch, 7, first, second) == (first, 1, 1)


def test_refs_are_checked_against_the_type_named() -> None:
    body = lambda a: (a.emit("cast.any.ref", r(0), 2, r(1)), a.emit("return", (r(1),)))  # noqa: E731
    opaque = lambda a: (a.emit("cast.any.ref", r(0), 4, r(1)), a.emit("return", (r(1),)))  # noqa: E731
    buffer = Buffer.allocate(1)

    assert run("0r_r", body, buffer) is buffer
    assert run("0r_r", body, None) is None
    with pytest.raises(InvalidArgumentError, match="source ref type mismatch"):
        run("0r_r", body, List("i32"))
    with pytest.raises(InvalidArgumentError, match="source ref type mismatch"):
        run("0r_r", opaque, buffer)


def test_lists_give_null_for_refs_of_another_type() -> None:
    def body(a: Assembler) -> None:
        a.emit("const.i32", 0, 0)
        a.emit("list.get.ref", r(0), 0, 3, r(1))
        a.emit("list.get.ref", r(0), 0, 2, moved(2))
        a.emit("return", (r(1), r(2)))

    buffer = Buffer.allocate(1)
    source = List("!vm.opaque", [buffer])
    assert run("0r_rr", body, source) == (None, buffer)
    assert source[0] is None


def test_lists_made_by_bytecode() -> None:
    def body(a: Assembler) -> None:
        a.emit("const.i32", 2, 0)
        a.emit("list.alloc", 0, 0, r(0))
        a.emit("list.resize", r(0), 0)
        a.emit("const.i32", 1, 1)
        a.emit("list.set.i32", r(0), 1, 0)
        a.emit("list.size", r(0), 2)
        a.emit("return", (moved(0), 2))

    made, size = run("0v_ri", body)  # type: ignore[misc]
    assert isinstance(made, List)
    assert (made.element_type, list(made), size) == ("i32", [0, 2], 2)


def test_rodata_is_one_immutable_buffer() -> None:
    def body(a: Assembler) -> None:
        a.emit("const.ref.rodata", 1, r(0))
        a.emit("const.ref.rodata", 1, r(1))
        a.emit("cmp.eq.ref", r(0), r(1), 0)
        a.emit("return", (moved(0), 0))

    buffer, is_same = run("0v_ri", body, rodata=(b"", b"abc"))  # type: ignore[misc]
    assert isinstance(buffer, Buffer)
    assert bytes(buffer.data) == b"abc"
    assert not buffer.is_mutable
    assert is_same == 1


def test_globals_direct_and_indirect() -> None:
    def body(a: Assembler) -> None:
        a.emit("global.store.i64", 8, 0)
        a.emit("global.store.ref", 0, 2, r(0))
        a.emit("const.i32", 12, 2)
        a.emit("global.load.indirect.i32", 2, 3)
        a.emit("global.load.ref", 0, 2, moved(1))
        a.emit("global.load.ref", 0, 2, r(2))
        a.emit("return", (3, r(1), r(2)))

    buffer = Buffer.allocate(1)
    result = run("0Ir_irr", body, 0x7_0000_0001, buffer, global_bytes=16, global_refs=1)
    assert result == (7, buffer, None)


@pytest.mark.parametrize("place", [13, 16, -1, -4])
def test_indirect_globals_stay_inside(place: int) -> None:
    body = lambda a: (a.emit("global.load.indirect.f32", 0, 1), a.emit("return", ()))  # noqa: E731
    with pytest.raises(OutOfRangeError):
        run("0i_v", body, place, global_bytes=16)
    body = lambda a: (a.emit("global.load.indirect.ref", 0, 2, r(0)), a.emit("return", ()))  # noqa: E731
    with pytest.raises(OutOfRangeError):
        run("0i_v", body, place, global_refs=1)


def test_variadic_imports_get_lists() -> None:
    calls: list[object] = []

    def sink(*arguments: object) -> int:
        calls.append(arguments)
        return 3

    program = Program(imports=(imported("host.sink", "0rCiDCiID_i"),))

    def body(a: Assembler) -> None:
        a.emit("const.i64", 1 << 33, 4)
        a.emit("call.variadic", IMPORT_BIT, (WHOLE, 2, 1), (r(0), 0, 1, 2, 4), (0,))
        a.emit("call.variadic", IMPORT_BIT, (WHOLE, 0, 0), (moved(0),), (1,))
        a.emit("return", (0, 1))

    program.function("f", "0riii_ii", body)
    context = Context([HostModule("host", {"sink": ("0rCiDCiID_i", sink)}), program.build()])
    buffer = Buffer.allocate(1)

    assert context.lookup("m.f")(buffer, 1, 2, 3) == (3, 3)
    assert calls == [(buffer, [1, 2], [(3, 1 << 33)]), (buffer, [], [])]


@pytest.mark.parametrize(
    ("convention", "returned"),
    [("0v_v", 1), ("0v_ii", (1,)), ("0v_i", None), ("0v_i", 1.5), ("0v_i", (1, 2))],
)
def test_results_of_imports_are_checked(convention: str, returned: object) -> None:
    program = Program(imports=(imported("host.get", convention),))
    results = (0, 1)[: len(convention) - 3] if not convention.endswith("v") else ()
    program.function("f", "0v_v", lambda a: (a.emit("call", IMPORT_BIT, (), results), a.emit("return", ())))
    context = Context([HostModule("host", {"get": (convention, lambda: returned)}), program.build()])
    with pytest.raises(InvalidArgumentError):
        context.lookup("m.f")()


def test_unresolved_optional_imports() -> None:
    program = Program(imports=(imported("host.maybe", "0v_v", is_required=False),))
    program.function(
        "has", "0v_i", lambda a: (a.emit("import.resolved", IMPORT_BIT, 0), a.emit("return", (0,)))
    )
    program.function("use", "0v_v", lambda a: (a.emit("call", IMPORT_BIT, (), ()), a.emit("return", ())))
    context = Context([program.build()])

    assert context.lookup("m.has")() == 0
    with pytest.raises(NotFoundError, match=r"optional import 'host\.maybe'"):
        context.lookup("m.use")()


def test_yieldable_calls_go_on_in_their_block() -> None:
    def body(a: Assembler) -> None:
        after = a.new_label()
        a.emit("call.yieldable", 1, (0,), after, (1,))
        a.block(after)
        a.emit("return", (1,))

    program = Program()
    program.function("f", "0i_i", body)
    program.function("", "0i_i", lambda a: (a.emit("add.i32", 0, 0, 0), a.emit("return", (0,))))
    assert program.build().create_state().link(()).bind("f")(4) == 8


def test_resumable_calls_show_each_wait() -> None:
    def body(a: Assembler) -> None:
        first, second = a.new_label(), a.new_label()
        a.emit("yield", first, ())
        a.block(first)
        a.emit("call.yieldable", IMPORT_BIT, (0,), second, (1,))
        a.block(second)
        a.emit("return", (1,))

    def wait_twice(value: int):
        yield "one"
        yield "two"
        return value + 1

    program = Program(imports=(imported("host.wait", "0i_i"),)).function("f", "0i_i", body)
    host = HostModule("host", {"wait": ("0i_i", lambda value: value - 1)})
    host.create_state = lambda: ResumableState(host)  # type: ignore[method-assign]

    from bytecode_programs import HostExports, HostState

    class ResumableState(HostState):
        def link(self, imports: object) -> HostExports:
            return ResumableExports(host)

    class ResumableExports(HostExports):
        def bind_resumable(self, export: str):
            return wait_twice

    function = Context([host, program.build()]).lookup("m.f")
    assert function.resumable is not None
    generator = function.resumable(5)
    ready = next(generator)
    ready.wait()  # type: ignore[attr-defined]
    assert [next(generator), next(generator)] == ["one", "two"]
    with pytest.raises(StopIteration) as caught:
        next(generator)
    assert caught.value.value == 6
    assert function(5) == 4


def test_calls_in_threads_do_not_mix() -> None:
    def body(a: Assembler) -> None:
        loop, done = a.new_label(), a.new_label()
        a.emit("const.i32", 0, 1)
        a.emit("const.i32", 200, 2)
        a.emit("const.i32", 1, 3)
        a.emit("br", loop, ())
        a.block(loop)
        a.emit("add.i32", 1, 0, 1)
        a.emit("sub.i32", 2, 3, 2)
        a.emit("cond_br", 2, loop, (), done, ())
        a.block(done)
        a.emit("return", (1,))

    call = Program().function("f", "0i_i", body).build().create_state().link(()).bind("f")
    results: dict[int, object] = {}
    threads = [
        threading.Thread(target=lambda value=value: results.update({value: call(value)}))
        for value in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {value: 200 * value for value in range(8)}


def test_an_operation_cannot_leave_a_wrong_value_behind() -> None:
    from gossamer.isa.opcodes import OperandKind
    from gossamer.vm.interpret.frame import WRITERS, Frame

    function = Program().function("f", "0v_v", lambda a: a.emit("return", ())).build().decoded.functions[0]
    for kind, value in ((OperandKind.I32, 1.5), (OperandKind.F64, 1), (OperandKind.I64, None)):
        with pytest.raises(InternalStatusError):
            WRITERS[kind](Frame(function), 0, value)


def test_trace_and_print_release_what_is_moved() -> None:
    def body(a: Assembler) -> None:
        a.emit("trace", b"event", (0, r(0)))
        a.emit("print", b"text", (moved(0),))
        a.emit("cmp.nz.ref", r(0), 1)
        a.emit("return", (1,))

    assert run("0ir_i", body, 1, Buffer.allocate(1)) == 0


def test_requirements_are_not_needed_by_core_operations() -> None:
    program = Program().function(
        "f", "0v_v", lambda a: a.emit("return", ()), requirements=ALL_REQUIREMENTS & 0
    )
    assert program.build().create_state().link(()).bind("f")() is None


def test_status_errors_of_imports_get_frames_of_every_module() -> None:
    inner = Program(name="inner").function(
        "f", "0v_v", lambda a: (a.emit("const.i32", 3, 0), a.emit("fail", 0, b"x"))
    )
    outer = Program(name="outer", imports=(imported("inner.f", "0v_v"),))
    outer.function("f", "0v_v", lambda a: (a.emit("call", IMPORT_BIT, (), ()), a.emit("return", ())))
    context = Context([inner.build(), outer.build()])

    with pytest.raises(StatusError) as caught:
        context.lookup("outer.f")()

    assert caught.value.backtrace == ["bytecode inner.f:8", "bytecode outer.f:1"]
