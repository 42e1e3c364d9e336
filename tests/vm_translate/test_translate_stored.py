"""Translated functions kept on disk: found by later loads of the same file, with the same behaviour."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from vm_modules import ModuleBuilder

from gossamer.errors import StatusError
from gossamer.format.archive import write_module
from gossamer.isa.encode import Assembler
from gossamer.kept_files.store import CACHE_DIR_VARIABLE
from gossamer.limits.scope import interrupts
from gossamer.vm.bytecode.decoded import DecodedModule
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.link.context import Context
from gossamer.vm.link.function import Function
from gossamer.vm.link.inline_form import InlineForm
from gossamer.vm.link.module import Export
from gossamer.vm.loading import load_bytecode_module
from gossamer.vm.translate import module_translation as module_translation_file
from gossamer.vm.translate.module_translation import module_translation
from gossamer.vm.translate.stored_translations import StoredTranslations, forms_identity

Body = Callable[[Assembler], None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))
    monkeypatch.setenv("GOSSAMER_JIT", "0")
    return tmp_path / "native"


@pytest.fixture
def forget_translator(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes every translation from now on, and every look at a whole module, a failure."""

    def refuse(*arguments: object, **settings: object) -> object:
        raise AssertionError("translated again")

    def forget() -> None:
        monkeypatch.setattr(module_translation_file, "emit_python", refuse)
        monkeypatch.setattr(module_translation_file, "find_module_facts", refuse)

    return forget


def file_of(*functions: tuple[str, str, Body], global_bytes: int = 0, global_refs: int = 0) -> bytes:
    builder = ModuleBuilder(b"constant", global_bytes=global_bytes, global_refs=global_refs)
    for name, convention, body in functions:
        builder.function(name, convention, body)
    return write_module(builder.module().definition)


def load(data: bytes) -> Context:
    return Context([load_bytecode_module(data, source="f.vmfb")])


def double(assembler: Assembler) -> None:
    assembler.emit("add.i32", 0, 0, 1)
    assembler.emit("return", (1,))


def count_down(assembler: Assembler) -> None:
    """A loop, which looks at `interrupts`."""
    turn, done = assembler.new_label(), assembler.new_label()
    assembler.emit("const.i32", -1, 1)
    assembler.emit("br", turn, ())
    assembler.block(turn)
    assembler.emit("add.i32", 0, 1, 0)
    assembler.emit("cond_br", 0, turn, (), done, ())
    assembler.block(done)
    assembler.emit("return", (0,))


def store_and_exp(assembler: Assembler) -> None:
    """Global accesses that need a helper, a function of the C library, infinity."""
    assembler.emit("global.store.f32", 4, 0)
    assembler.emit("global.load.f32", 4, 1)
    assembler.emit("exp.f32", 1, 2)
    assembler.emit("const.f32", math.inf, 3)
    assembler.emit("min.f32", 2, 3, 4)
    assembler.emit("return", (4,))


def divide(assembler: Assembler) -> None:
    assembler.emit("div.i32.s", 0, 1, 2)
    assembler.emit("return", (2,))


@pytest.mark.parametrize(
    ("convention", "body", "arguments", "expected"),
    [
        ("0i_i", double, (21,), 42),
        ("0i_i", count_down, (5,), 0),
        ("0f_f", store_and_exp, (0.0,), 1.0),
        ("0ii_i", divide, (7, 2), 3),
    ],
)
def test_a_function_is_translated_once(
    convention: str,
    body: Body,
    arguments: tuple[int, ...],
    expected: int,
    forget_translator: Callable[[], None],
) -> None:
    data = file_of(("f", convention, body), global_bytes=16)
    assert load(data).lookup("m.f")(*arguments) == expected

    forget_translator()

    assert load(data).lookup("m.f")(*arguments) == expected


def test_constants_that_are_shared_are_the_very_same_objects() -> None:
    data = file_of(("f", "0i_i", count_down))
    load(data).lookup("m.f")(1)
    module = load_bytecode_module(data, source="f.vmfb")
    found = module_translation(module).translation(0, is_generator=False, forms=(), identity="")

    assert found.source.constants["interrupts"] is interrupts


def test_failures_name_the_same_place(forget_translator: Callable[[], None]) -> None:
    data = file_of(("f", "0ii_i", divide))
    messages: list[str] = []
    for _ in range(2):
        with pytest.raises(StatusError) as caught:
            load(data).lookup("m.f")(1, 0)
        messages.append(str(caught.value))
        forget_translator()

    assert messages[0] == messages[1]
    assert "bytecode m.f:" in messages[0]


def test_functions_are_added_as_they_are_called(forget_translator: Callable[[], None]) -> None:
    names = [f"f{index}" for index in range(20)]
    data = file_of(*((name, "0i_i", double) for name in names))
    load(data).lookup("m.f0")(1)
    contexts = [load(data), load(data)]
    for number, name in enumerate(names):
        contexts[number % 2].lookup(f"m.{name}")(1)
    del contexts
    gc.collect()

    forget_translator()

    assert [load(data).lookup(f"m.{name}")(1) for name in names] == [2] * 20


def test_an_initialiser_is_translated_once_the_module_is_known(
    monkeypatch: pytest.MonkeyPatch, forget_translator: Callable[[], None]
) -> None:
    def initialise(assembler: Assembler) -> None:
        assembler.emit("const.i32", 7, 0)
        assembler.emit("global.store.i32", 0, 0)
        assembler.emit("return", ())

    def get(assembler: Assembler) -> None:
        assembler.emit("global.load.i32", 0, 0)
        assembler.emit("return", (0,))

    data = file_of(("__init", "0v_v", initialise), ("get", "0v_i", get), global_bytes=4)
    translated: list[int] = []
    emit = module_translation_file.emit_python

    def note(typed: object, *arguments: object, **settings: object) -> object:
        translated.append(typed.function.ordinal)  # type: ignore[attr-defined]
        return emit(typed, *arguments, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(module_translation_file, "emit_python", note)
    load(data)
    assert translated == []
    load(data)
    assert translated == [0]

    forget_translator()

    load(data)


def test_modules_that_come_from_no_file_leave_nothing(folder: Path) -> None:
    context = Context([load_bytecode_module(file_of(("f", "0i_i", double)))])
    context.lookup("m.f")(1)

    assert not folder.exists()


def test_what_is_kept_of_another_module_is_not_used() -> None:
    def triple(assembler: Assembler) -> None:
        assembler.emit("add.i32", 0, 0, 1)
        assembler.emit("add.i32", 1, 0, 2)
        assembler.emit("return", (2,))

    for body, expected in ((double, 2), (triple, 3), (double, 2)):
        assert load(file_of(("f", "0i_i", body))).lookup("m.f")(1) == expected


def test_names_of_functions_need_no_instructions(forget_translator: Callable[[], None]) -> None:
    data = file_of(("f", "0i_i", double), ("g", "0i_i", double))
    load(data).lookup("m.f")(1)
    module = load_bytecode_module(data, source="f.vmfb")
    forget_translator()
    Context([module]).lookup("m.f")(1)

    assert _unpacked(module.decoded) == 0


def _unpacked(module: DecodedModule) -> int:
    functions: list[object] = module.functions._functions  # type: ignore[attr-defined]
    return sum(function is not None for function in functions)


class Nameless:
    """A callable without a name, of a class that says it is the package's."""

    __module__ = "gossamer.modules"

    def __call__(self) -> None: ...


def bound(callable_: Callable[..., object], form: InlineForm | None) -> Function:
    return Function("host", Export("f", "0i_i"), callable_, None, form)


def test_only_forms_of_the_package_can_be_told_from_others() -> None:
    form = InlineForm("{0}")
    own = bound(load_bytecode_module, form)

    assert forms_identity([None, bound(test_modules_that_come_from_no_file_leave_nothing, None)]) == " "
    assert forms_identity([own, None]) == "gossamer.vm.loading.load_bytecode_module "
    assert forms_identity([own, bound(bound, form)]) is None
    assert forms_identity([bound(len, form)]) is None
    assert forms_identity([bound(Nameless(), form)]) is None


def test_constants_that_cannot_be_kept_are_translated_again() -> None:
    data = file_of(("f", "0i_i", double))
    module = load_bytecode_module(data, source="f.vmfb")
    translation = module_translation(module).translation(0, is_generator=False, forms=(), identity="")
    assert isinstance(module, BytecodeModule)
    assert module.record is not None
    stored = StoredTranslations(module.record)
    source = replace(translation.source, constants={"local": lambda: None})

    stored.keep((0, False, ""), source, translation.code)

    assert stored.find((0, False, "")) is None
