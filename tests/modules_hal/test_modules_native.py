from __future__ import annotations

import pytest

from gossamer.abi.module_interface import ModuleInterface
from gossamer.errors import InternalError, InvalidArgumentError, NotFoundError
from gossamer.modules.native import FunctionTable, NativeModule, string_argument
from gossamer.vm.link.module import Module, ModuleState
from gossamer.vm.objects.buffer import Buffer

NUMBERS = ModuleInterface("numbers", version=3)
NUMBERS.declare("twice", "0i_i")
NUMBERS.declare("note", "0i_i")

functions = FunctionTable(NUMBERS)


@functions.export("twice")
def twice(value: int) -> int:
    return 2 * value


@functions.export_with_state("note")
def note(state: list[int], value: int) -> int:
    state.append(value)
    return len(state)


@pytest.fixture
def module() -> NativeModule:
    return NativeModule(functions, create_state=list)


def test_a_native_module_is_a_module(module: NativeModule) -> None:
    assert isinstance(module, Module)
    assert isinstance(module.create_state(), ModuleState)
    assert {name: export.calling_convention for name, export in module.exports.items()} == {
        "twice": "0i_i",
        "note": "0i_i",
    }


def test_a_function_that_the_interface_lacks_cannot_be_added() -> None:
    with pytest.raises(KeyError, match="thrice"):
        functions.export("thrice")(twice)
    with pytest.raises(InternalError, match="declares 'twice' twice"):
        NUMBERS.declare("twice", "0I_I")


def test_functions_are_bound_once(module: NativeModule) -> None:
    exports = module.create_state().link()

    assert exports.bind("note") is exports.bind("note")
    assert exports.bind("twice")(21) == 42


def test_contexts_have_states_of_their_own(module: NativeModule) -> None:
    first, second = module.create_state().link(), module.create_state().link()
    first.bind("note")(1)

    assert first.bind("note")(1) == 2
    assert second.bind("note")(1) == 1


def test_what_is_not_there_is_refused(module: NativeModule) -> None:
    exports = module.create_state().link()
    with pytest.raises(NotFoundError, match="exports no function 'thrice'"):
        exports.bind("thrice")


def test_string_arguments_are_checked() -> None:
    assert string_argument(Buffer.wrap("grün".encode())) == "grün"
    with pytest.raises(InvalidArgumentError, match="ref is null"):
        string_argument(None)
    with pytest.raises(InvalidArgumentError, match="ref type mismatch"):
        string_argument("text")
    with pytest.raises(InvalidArgumentError, match="not UTF-8"):
        string_argument(Buffer.wrap(b"\xff"))
