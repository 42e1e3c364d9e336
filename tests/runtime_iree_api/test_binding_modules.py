"""Loading modules, linking them in contexts, and modules written with `PyModuleInterface`."""

from __future__ import annotations

import gc
import mmap
import weakref
from pathlib import Path

import numpy as np
import pytest

import gossamer
import gossamer.runtime as rt

ADD_MLIR = """
func.func @add(%a: i32, %b: i32) -> i32 {
  %0 = arith.addi %a, %b : i32
  return %0 : i32
}
"""


@pytest.fixture(scope="module")
def add_vmfb() -> bytes:
    return gossamer.compile_text(ADD_MLIR)


@pytest.fixture
def instance() -> rt.VmInstance:
    return rt.VmInstance()


def values(*numbers: float) -> rt.VmVariantList:
    made = rt.VmVariantList(len(numbers))
    for number in numbers:
        (made.push_float if isinstance(number, float) else made.push_int)(number)
    return made


def call(context: rt.VmContext, module: rt.VmModule, name: str, *arguments: float) -> rt.VmVariantList:
    function, results = module.lookup_function(name), rt.VmVariantList(1)
    assert function is not None
    context.invoke(function, values(*arguments), results)
    return results


def test_modules_say_what_they_export(instance: rt.VmInstance, add_vmfb: bytes) -> None:
    module = rt.VmModule.copy_buffer(instance, add_vmfb)
    assert (module.name, module.version) == ("module", 0)
    assert "add" in module.function_names
    function = module.lookup_function("add")
    assert function is not None
    assert (function.module_name, function.name, function.linkage) == ("module", "add", rt.Linkage.EXPORT)
    assert function.ordinal >= 0
    assert repr(module) == f"<VmModule module : [{', '.join(module.function_names)}]>"
    assert module.lookup_function("nothing") is None
    assert module.lookup_function("add", rt.Linkage.IMPORT) is None


def test_contexts_call_functions(instance: rt.VmInstance, add_vmfb: bytes) -> None:
    module = rt.VmModule.copy_buffer(instance, add_vmfb)
    hal = rt.create_hal_module(instance, rt.get_device("local-sync"))
    context = rt.VmContext(instance, modules=[hal, module])
    assert repr(call(context, module, "add", 5, 6)) == "<VmVariantList(1): [11]>"
    with pytest.raises(ValueError, match="expected 2 arguments but passed 1"):
        call(context, module, "add", 5)


def test_contexts_have_numbers_and_take_modules_later(instance: rt.VmInstance, add_vmfb: bytes) -> None:
    context, other = rt.VmContext(instance), rt.VmContext(instance)
    assert context.context_id != other.context_id
    module = rt.VmModule.copy_buffer(instance, add_vmfb)
    context.register_modules([rt.create_hal_module(instance, rt.get_device("local-sync")), module])
    assert call(context, module, "add", 1, 2).get_variant(0) == 3


def test_loading_copies_where_memory_is_not_aligned(instance: rt.VmInstance, add_vmfb: bytes) -> None:
    unaligned = memoryview(b"\0" + add_vmfb)[1:]
    with pytest.raises(ValueError, match="unaligned buffer"):
        rt.VmModule.wrap_buffer(instance, unaligned)
    with pytest.warns(UserWarning, match="Making copy of unaligned VmModule buffer"):
        rt.VmModule.from_buffer(instance, unaligned)
    assert rt.VmModule.from_buffer(instance, unaligned, warn_if_copy=False).name == "module"
    assert rt.VmModule.from_flatbuffer(instance, add_vmfb).stashed_flatbuffer_blob is add_vmfb


def test_bytes_that_are_no_module_are_refused(instance: rt.VmInstance) -> None:
    with pytest.raises(ValueError, match="FlatBuffer data is not present"):
        rt.VmModule.copy_buffer(instance, b"hello")


def test_callbacks_run_when_the_last_user_of_memory_is_gone(
    instance: rt.VmInstance, add_vmfb: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "add.vmfb"
    path.write_bytes(add_vmfb)
    released: list[str] = []
    module = rt.VmModule.mmap(instance, str(path), destroy_callback=lambda: released.append("file"))
    hal = rt.create_hal_module(instance, rt.get_device("local-sync"))
    context = rt.VmContext(instance, modules=[hal, module])
    assert call(context, module, "add", 1, 2).get_variant(0) == 3
    del module
    gc.collect()
    assert not released
    del context
    gc.collect()
    assert released == ["file"]


def test_buffers_are_closed_when_asked(instance: rt.VmInstance, add_vmfb: bytes) -> None:
    memory = mmap.mmap(-1, len(add_vmfb))
    memory[:] = add_vmfb
    module = rt.VmModule.wrap_buffer(instance, memory, close_buffer=True)
    assert not memory.closed
    del module
    gc.collect()
    assert memory.closed


def test_module_libraries_are_not_found_by_name(instance: rt.VmInstance) -> None:
    with pytest.raises(ValueError, match="no module library 'x' of version 3"):
        rt.VmModule.resolve_module_dependency(instance, "x", 3)


class Methods:
    """Exports of a module in Python; one object for each context."""

    def __init__(self, interface: rt.PyModuleInterface) -> None:
        self.interface = interface
        self.count = 0

    def next(self) -> int:
        self.count += 1
        return self.count

    def swap(self, a: object, b: object) -> tuple[object, object]:
        return b, a

    def fail(self) -> None:
        raise KeyError("lost")


def make_interface() -> rt.PyModuleInterface:
    interface = rt.PyModuleInterface("methods", Methods)
    interface.export("next", "0v_i", Methods.next)
    interface.export("swap_ints", "0iI_Ii", Methods.swap)
    interface.export("swap_floats", "0fF_Ff", Methods.swap)
    interface.export("swap_refs", "0rr_rr", Methods.swap)
    interface.export("fail", "0v_v", Methods.fail)
    return interface


def test_python_modules_have_state_for_each_context(instance: rt.VmInstance) -> None:
    module = make_interface().create()
    one, two = rt.VmContext(instance, [module]), rt.VmContext(instance, [module])
    counts = [call(context, module, "next").get_variant(0) for context in (one, one, two)]
    assert counts == [1, 2, 1]


def test_python_functions_take_and_return_values(instance: rt.VmInstance) -> None:
    module = make_interface().create()
    context = rt.VmContext(instance, [module])
    assert repr(call(context, module, "swap_ints", 1, 2)) == "<VmVariantList(2): [2, 1]>"
    assert repr(call(context, module, "swap_floats", 1.5, 2.5)) == "<VmVariantList(2): [2.500000, 1.500000]>"
    arguments, results = rt.VmVariantList(2), rt.VmVariantList(2)
    arguments.push_list(values(1))
    arguments.push_list(values(2))
    function = module.lookup_function("swap_refs")
    assert function is not None
    context.invoke(function, arguments, results)
    assert repr(results) == "<VmVariantList(2): [List[2], List[1]]>"


def test_python_exceptions_become_runtime_errors(instance: rt.VmInstance) -> None:
    module = make_interface().create()
    with pytest.raises(RuntimeError, match="KeyError: 'lost'") as raised:
        call(rt.VmContext(instance, [module]), module, "fail")
    assert isinstance(raised.value.__cause__, KeyError)


def test_python_modules_live_as_long_as_they_are_used(instance: rt.VmInstance) -> None:
    interface = make_interface()
    assert (interface.initialized, interface.destroyed) == (False, False)
    assert "UNINITIALIZED" in repr(interface)
    module = interface.create()
    context = rt.VmContext(instance, [module])
    del module
    gc.collect()
    assert (interface.initialized, interface.destroyed) == (True, False)
    del context
    gc.collect()
    assert interface.destroyed
    assert "DESTROYED" in repr(interface)


def test_an_interface_is_frozen_once_its_module_exists() -> None:
    interface = make_interface()
    module = interface.create()
    with pytest.raises(RuntimeError, match="created already"):
        interface.export("late", "0v_v", Methods.fail)
    with pytest.raises(RuntimeError, match="created already"):
        interface.create()
    with pytest.raises(ValueError, match="calling convention"):
        rt.PyModuleInterface("other", Methods).export("bad", "zz", Methods.fail)
    assert module.name == "methods"


def test_contexts_are_collected_with_their_state(instance: rt.VmInstance, add_vmfb: bytes) -> None:
    module = rt.VmModule.copy_buffer(instance, add_vmfb)
    hal = rt.create_hal_module(instance, rt.get_device("local-sync"))
    context = rt.VmContext(instance, [hal, module])
    beneath = weakref.ref(context.context)
    np.testing.assert_equal(call(context, module, "add", 2, 2).get_variant(0), 4)
    del context
    gc.collect()
    assert beneath() is None
