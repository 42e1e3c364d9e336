"""What the reference cannot be asked: our executors against each other and against what is documented."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from conformance_engines import Functions, interpreted, native, run_call, translated
from vm_modules import ModuleBuilder

from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import REF_BIT
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.objects.buffer import Buffer

I32_MIN, I64_MIN = -(1 << 31), -(1 << 63)


def native_of(module: BytecodeModule) -> Functions:
    return native(module.decoded)


ENGINES = [interpreted, translated, native_of]
Engine = Callable[[BytecodeModule], Functions]


def binary(name: str, second: int) -> Callable[[Assembler], None]:
    """Body that applies an operation to register 0 and another."""

    def body(assembler: Assembler) -> None:
        assembler.emit(name, 0, second, 4)
        assembler.emit("return", (4,))

    return body


@pytest.fixture(scope="module")
def divisions() -> BytecodeModule:
    builder = ModuleBuilder()
    for name, sign in itertools.product(("div", "rem"), "su"):
        builder.function(f"{name}_i32_{sign}", "0ii_i", binary(f"{name}.i32.{sign}", 1))
        builder.function(f"{name}_i64_{sign}", "0II_I", binary(f"{name}.i64.{sign}", 2))
    return builder.module()


@pytest.mark.parametrize("engine", ENGINES)
def test_division_where_the_processor_would_trap(engine: Engine, divisions: BytecodeModule) -> None:
    functions = engine(divisions)

    for bits, lowest in ((32, I32_MIN), (64, I64_MIN)):
        for name in ("div", "rem"):
            for sign in "su":
                assert run_call(functions[f"{name}_i{bits}_{sign}"], (7, 0)) == "INVALID_ARGUMENT"
        assert run_call(functions[f"div_i{bits}_s"], (lowest, -1)) == lowest
        assert run_call(functions[f"rem_i{bits}_s"], (lowest, -1)) == 0
        assert run_call(functions[f"div_i{bits}_u"], (lowest, -1)) == 0
        assert run_call(functions[f"rem_i{bits}_u"], (lowest, -1)) == lowest


@pytest.fixture(scope="module")
def accesses() -> BytecodeModule:
    builder = ModuleBuilder()

    def load(assembler: Assembler) -> None:
        assembler.emit("buffer.load.i64", REF_BIT, 0, 4)
        assembler.emit("discard.refs", (REF_BIT,))
        assembler.emit("return", (4,))

    def store(assembler: Assembler) -> None:
        assembler.emit("const.i64", -1, 4)
        assembler.emit("buffer.store.i64", REF_BIT, 0, 4)
        assembler.emit("discard.refs", (REF_BIT,))
        assembler.emit("return", ())

    def fill(assembler: Assembler) -> None:
        assembler.emit("const.i64", -1, 4)
        assembler.emit("buffer.fill.i64", REF_BIT, 0, 2, 4)
        assembler.emit("discard.refs", (REF_BIT,))
        assembler.emit("return", ())

    builder.function("load", "0rI_I", load)
    builder.function("store", "0rI_v", store)
    builder.function("fill", "0rII_v", fill)
    return builder.module()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("offset", [-1, -(1 << 60), 1 << 61, I64_MIN, (1 << 63) - 1, 2])
def test_offsets_that_overflow_are_out_of_range(
    engine: Engine, accesses: BytecodeModule, offset: int
) -> None:
    functions = engine(accesses)
    buffer = Buffer.allocate(23)

    for name, arguments in (
        ("load", (buffer, offset)),
        ("store", (buffer, offset)),
        ("fill", (buffer, offset, 1)),
        ("fill", (buffer, 0, offset)),
        ("fill", (buffer, 1, offset)),
    ):
        if name == "fill" and arguments[1:] == (0, 2):
            continue  # Two elements do fit.
        assert run_call(functions[name], arguments) == "OUT_OF_RANGE", (name, arguments)
    assert bytes(buffer.data) == bytes(23)


@pytest.mark.parametrize("engine", [interpreted, translated])
def test_yield_goes_on_at_once_in_the_blocking_form(engine: Engine) -> None:
    builder = ModuleBuilder()

    def body(assembler: Assembler) -> None:
        following = assembler.new_label()
        assembler.emit("const.i32", 40, 1)
        assembler.emit("yield", following, ((0, 2),))
        assembler.block(following)
        assembler.emit("add.i32", 1, 2, 0)
        assembler.emit("return", (0,))

    builder.function("f", "0i_i", body)

    assert engine(builder.module())["f"](2) == 42
