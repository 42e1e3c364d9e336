"""Drivers, devices, configurations, system contexts, debug sinks and flags under IREE's names."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gossamer
import gossamer.runtime as rt
from gossamer.errors import ResourceExhaustedError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.iree_api import system_setup
from gossamer.runtime.iree_api.hal import driver as hal_driver
from gossamer.vm.objects.buffer import Buffer

MULTIPLY_MLIR = """
builtin.module @arithmetic {
  func.func @multiply(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
    %0 = arith.mulf %a, %b : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
"""
TRACE_MLIR = """
func.func @trace(%a: tensor<2xi32>, %b: tensor<3xi32>) {
  flow.tensor.trace "seen" = [%a : tensor<2xi32>, %b : tensor<3xi32>]
  return
}
"""
A, B = np.array([1, 2, 3, 4], np.float32), np.array([4, 5, 6, 7], np.float32)


@pytest.fixture(scope="module")
def multiply_vmfb() -> bytes:
    return gossamer.compile_text(MULTIPLY_MLIR)


@pytest.mark.parametrize("name", ["local-sync", "local-task"])
def test_drivers_list_and_make_their_devices(name: str) -> None:
    assert name in rt.query_available_drivers()
    driver = rt.get_driver(name)
    assert rt.get_driver(f"{name}://") is driver
    (entry,) = driver.query_available_devices()
    assert entry == {"device_id": 0, "path": "", "name": "default"}
    made = [
        driver.create_device(entry),
        driver.create_device(0, allocators=["caching", "debug"]),
        driver.create_default_device(allocators=[]),
        driver.create_device_by_uri(f"{name}://default"),
    ]
    assert [repr(device) for device in made] == [name] * 4
    assert len({device.device for device in made}) == 4
    assert driver.dump_device_info(0) == ""


def test_devices_and_drivers_that_are_not_there_are_value_errors() -> None:
    driver = rt.get_driver("local-sync")
    for attempt, message in [
        (lambda: rt.get_driver("teapot"), "no driver 'teapot' registered"),
        (lambda: rt.get_device("local-sync://7"), "no device '7'"),
        (lambda: driver.create_device(5555), "Device id 5555 not found. Available devices:"),
        (lambda: driver.create_device(0, params={"x": "1"}), "parameters are not known: x"),
        (lambda: driver.create_default_device(allocators=["teapot"]), "unrecognized allocator 'teapot'"),
        (lambda: rt.get_first_device(["nothere1", "nothere2"]), "No device found from list"),
        (lambda: rt.Config("nothere"), "No device found from list"),
        (lambda: rt.Config("local-sync", device=rt.get_device("local-sync")), "not both"),
    ]:
        with pytest.raises(ValueError, match=message):
            attempt()


def test_devices_are_shared_unless_told_otherwise() -> None:
    assert rt.get_device("local-sync") is rt.get_device("local-sync")
    assert rt.get_device("local-sync") is not rt.get_device("local-task")
    assert rt.get_device("local-sync", cache=False) is not rt.get_device("local-sync")
    assert rt.Config("nothere,local-sync").device is rt.Config("local-sync").device


def test_drivers_are_shared_until_the_cache_is_cleared() -> None:
    driver = rt.get_driver("local-sync")
    assert hal_driver.create_hal_driver("local-sync") is not driver
    hal_driver.clear_hal_driver_cache()
    assert rt.get_driver("local-sync") is not driver


def test_the_default_device_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IREE_DEFAULT_DEVICE", "nothere, local-sync")
    assert rt.get_first_device() is rt.get_device("local-sync")
    monkeypatch.delenv("IREE_DEFAULT_DEVICE")
    assert rt.get_first_device() is rt.get_device("local-task")


def test_a_device_that_cannot_be_made_is_told_from_one_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(uri: str, cache: bool = True) -> rt.HalDevice:
        raise ResourceExhaustedError("no threads left")

    monkeypatch.setattr(system_setup, "get_device", fail)
    with pytest.raises(RuntimeError, match="Could not create device") as raised:
        system_setup.get_first_device(["local-task"])
    assert isinstance(raised.value.__cause__, ResourceExhaustedError)


def test_contexts_made_empty_take_modules(multiply_vmfb: bytes) -> None:
    context = rt.SystemContext()
    assert context.is_dynamic
    assert context.modules.hal.name == "hal"
    module = rt.VmModule.copy_buffer(context.instance, multiply_vmfb)
    context.add_vm_module(module)
    multiply = context.modules.arithmetic["multiply"]
    assert "multiply(0rr_r)" in repr(multiply)
    first = multiply(A, B)
    np.testing.assert_allclose(multiply(first, first), (A * B) ** 2)
    with pytest.raises(ValueError, match="duplicate VmModule: 'arithmetic'"):
        context.add_vm_module(module)


def test_contexts_made_with_modules_take_no_more(multiply_vmfb: bytes) -> None:
    context = rt.SystemContext(vm_modules=())
    assert not context.is_dynamic
    assert set(context.modules) == {"hal"}
    with pytest.raises(AssertionError):
        context.add_vm_module(rt.VmModule.copy_buffer(context.instance, multiply_vmfb))


def test_names_that_are_not_there_are_attribute_and_key_errors(multiply_vmfb: bytes) -> None:
    bound = rt.load_vm_flatbuffer(multiply_vmfb, driver="local-sync")
    with pytest.raises(AttributeError):
        _ = bound.nothing
    with pytest.raises(KeyError, match="Function 'nothing' not found"):
        _ = bound["nothing"]
    with pytest.raises(AttributeError):
        _ = rt.SystemContext().modules.nothing


def test_files_and_bytes_are_loaded_in_one_step(multiply_vmfb: bytes, tmp_path: Path) -> None:
    path = tmp_path / "multiply.vmfb"
    path.write_bytes(multiply_vmfb)
    released: list[bool] = []
    for bound in (
        rt.load_vm_flatbuffer(multiply_vmfb, driver="local-sync"),
        rt.load_vm_flatbuffer(multiply_vmfb, backend="vmvx"),
        rt.load_vm_flatbuffer_file(path, driver="local-sync", destroy_callback=lambda: released.append(True)),
    ):
        np.testing.assert_allclose(bound.multiply(A, B), A * B)
    del bound
    gc.collect()
    assert released == [True]
    for choice in ({}, {"driver": "local-sync", "backend": "vmvx"}):
        with pytest.raises(ValueError, match="Either 'driver' or 'backend'"):
            rt.load_vm_flatbuffer(multiply_vmfb, **choice)


def test_a_module_is_loaded_into_several_contexts(multiply_vmfb: bytes) -> None:
    module = rt.VmModule.copy_buffer(rt.VmInstance(), multiply_vmfb)
    one, two = rt.load_vm_module(module), rt.load_vm_module(module, rt.Config("local-sync"))
    assert one.vm_module is two.vm_module
    np.testing.assert_allclose(one.multiply(A, B), two.multiply(A, B))


def test_hal_modules_need_devices() -> None:
    instance, device = rt.VmInstance(), rt.get_device("local-sync")
    assert rt.create_hal_module(instance, devices=[device, rt.get_device("local-task")]).name == "hal"
    with pytest.raises(ValueError, match="mutually exclusive"):
        rt.create_hal_module(instance, device, [device])
    with pytest.raises(ValueError, match="is required"):
        rt.create_hal_module(instance)


def trace(callback: Any) -> None:
    """Have a program trace two tensors under the key "seen"."""
    instance, device = rt.VmInstance(), rt.get_device("local-sync")
    hal = rt.create_hal_module(instance, device, debug_sink=rt.HalModuleDebugSink(callback))
    context = rt.VmContext(instance, [hal])
    views = [
        BufferView.from_numpy(np.array(values, np.int32), device.device.allocator, copy=True)
        for values in ([1, 2], [3, 4, 5])
    ]
    context.context.lookup("hal.buffer_view.trace")(Buffer.wrap(b"seen"), views)


def shown(views: list[rt.HalBufferView]) -> list[list[int]]:
    return [rt.DeviceArray(rt.get_device("local-sync"), view).to_host().tolist() for view in views]


def test_sinks_see_traced_tensors() -> None:
    seen: dict[str, Any] = {}
    trace(lambda key, views: seen.update({key: shown(views)}))
    assert seen == {"seen": [[1, 2], [3, 4, 5]]}


def test_a_sink_that_raises_stops_the_program() -> None:
    def fail(key: str, views: list[rt.HalBufferView]) -> None:
        raise LookupError("no room for " + key)

    with pytest.raises(RuntimeError, match="UNKNOWN; LookupError: no room for seen"):
        trace(fail)


def test_a_sink_of_nothing_drops_traces(capfd: pytest.CaptureFixture[str]) -> None:
    trace(None)
    assert rt.HalModuleDebugSink(None).buffer_view_trace_callback is None
    assert capfd.readouterr().err == ""


def test_sinks_go_with_their_module() -> None:
    class Callback:
        def __call__(self, key: str, views: list[rt.HalBufferView]) -> None:
            pass

    callback = Callback()
    gone = weakref.ref(callback)
    trace(callback)
    del callback
    gc.collect()
    assert gone() is None


@pytest.mark.reference
def test_sinks_see_what_reference_modules_trace(compile_mlir: Callable[..., Path]) -> None:
    instance, device = rt.VmInstance(), rt.get_device("local-task")
    seen: dict[str, Any] = {}
    sink = rt.HalModuleDebugSink(lambda key, views: seen.update({key: shown(views)}))
    module = rt.VmModule.mmap(instance, str(compile_mlir(TRACE_MLIR, name="trace")))
    context = rt.VmContext(instance, [rt.create_hal_module(instance, device, debug_sink=sink), module])
    function = module.lookup_function("trace")
    assert function is not None
    rt.FunctionInvoker(context, device, function)(np.array([1, 2], "i4"), np.array([3, 4, 5], "i4"))
    assert seen == {"seen": [[1, 2], [3, 4, 5]]}


@pytest.mark.parametrize(
    ("value", "dtype"), [(3, np.int32), (2.5, np.float32), (True, np.bool_), (np.array(1.0), np.float64)]
)
def test_numbers_are_normalised_to_narrow_arrays(value: object, dtype: type) -> None:
    array = rt.normalize_value(value)
    assert array.dtype == dtype
    assert array == value


@pytest.mark.parametrize("value", [None, [1], (2,), {"a": 1}])
def test_containers_are_normalised_to_themselves(value: object) -> None:
    assert rt.normalize_value(value) is value
