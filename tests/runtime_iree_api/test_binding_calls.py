"""Calls with Python values, with and without `iree.abi` reflection."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from reflected_module import invoker

import gossamer.runtime as rt
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.vm.objects.list import List


class Recorder:
    """A function that keeps its arguments and returns what it is told to."""

    def __init__(self, returned: object = None) -> None:
        self.arguments: tuple[Any, ...] = ()
        self.returned = returned

    def __call__(self, *arguments: object) -> object:
        self.arguments = arguments
        return self.returned


def plain(value: object) -> object:
    """VM lists as Python lists."""
    return [plain(item) for item in value] if isinstance(value, List) else value


def test_numbers_go_as_they_are_without_reflection() -> None:
    record = Recorder((3, 4.5))
    assert invoker("0iIfF_iF", record)(-1, 1 << 40, 0.1, 0.1) == (3, 4.5)
    assert record.arguments == (-1, 1 << 40, float(np.float32(0.1)), 0.1)


@pytest.mark.parametrize(
    ("value", "packed"),
    [
        ([1, [2, 3.5]], [1, [2, 3.5]]),
        ((1, (2, 3)), [1, [2, 3]]),
        ({"b": 2, "a": 1}, [1, 2]),
        ([], []),
    ],
)
def test_containers_go_as_lists_without_reflection(value: object, packed: object) -> None:
    record = Recorder()
    assert invoker("0r_v", record)(value) is None
    assert plain(record.arguments[0]) == packed


def test_refs_go_as_they_are_without_reflection() -> None:
    record, fence = Recorder(), rt.HalFence(0)
    invoker("0rr_v", record)(fence, fence.ref)
    assert record.arguments == (fence.object, fence.object)


@pytest.mark.parametrize("value", [None, True, "text", object()])
def test_what_the_vm_has_no_type_for_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="could not convert python value to VM"):
        invoker("0r_v", Recorder())([value])


def test_keywords_need_reflection() -> None:
    with pytest.raises(ValueError, match="keyword arguments need reflection"):
        invoker("0i_v", Recorder())(x=1)


@pytest.mark.parametrize(
    ("value", "element_type"),
    [
        (np.arange(3, dtype=np.uint16), rt.HalElementType.UINT_16),
        (np.ones((1, 2), ml_dtypes.bfloat16), rt.HalElementType.BFLOAT_16),
        (np.float32(2), rt.HalElementType.FLOAT_32),
    ],
)
def test_arrays_go_as_views_of_their_own_type(value: Any, element_type: int) -> None:
    record = Recorder()
    invoker("0r_v", record)(value)
    (view,) = record.arguments
    assert (view.shape, view.element_type) == (list(value.shape), element_type)
    np.testing.assert_array_equal(view.to_numpy(), value)


def test_arrays_go_as_views_of_the_described_type() -> None:
    record = Recorder()
    call = invoker("0r_v", record, arguments=[["ndarray", "f32", 1, 3]])
    call([1, 2, 3])
    assert record.arguments[0].type_name == "3xf32"
    call(np.arange(6, dtype=np.int64)[::2])
    np.testing.assert_array_equal(record.arguments[0].to_numpy(), [0, 2, 4])
    with pytest.raises(ValueError, match="could not convert value to numpy array"):
        call("text")


@pytest.mark.parametrize("arguments", [None, [["ndarray", "i32", 1, 2]]], ids=["plain", "reflection"])
def test_device_arrays_and_views_go_without_a_transfer(arguments: list[Any] | None) -> None:
    record = Recorder()
    call = invoker("0r_v", record, arguments=arguments)
    array = rt.asdevicearray(rt.get_device("local-sync"), np.array([1, 0], np.int32))
    call(array)
    assert record.arguments[0] is array._buffer_view.object
    assert not array.is_host_accessible
    call(array._buffer_view)
    assert record.arguments[0] is array._buffer_view.object


def test_scalars_have_the_described_width() -> None:
    record = Recorder()
    call = invoker("0iif_v", record, arguments=["i8", "i32", "f32"])
    call(-128, 7, 3)
    assert record.arguments == (-128, 7, 3.0)
    with pytest.raises(ValueError, match="128 does not fit i8"):
        call(128, 0, 0)
    with pytest.raises(ValueError, match="expected i32, got 'x'"):
        call(1, "x", 0)


def test_containers_go_as_described() -> None:
    record = Recorder()
    call = invoker(
        "0rrr_v",
        record,
        arguments=[
            ["slist", "i32", ["stuple", "i64", "f64"]],
            ["sdict", ["a", "i32"], ["b", "i32"]],
            ["stuple"],
        ],
    )
    call([1, (2, 3)], OrderedDict(b=5, a=4), ())
    assert [plain(argument) for argument in record.arguments] == [[1, [2, 3.0]], [4, 5], []]


@pytest.mark.parametrize(
    ("arguments", "value", "message"),
    [
        (["slist", "i32", "i32"], [1, 2, 3], "expected a sequence with 2 values. got:"),
        (["sdict", ["a", "i32"]], {}, "expected a dict with 1 values. got:"),
        (["sdict", ["a", "i32"]], {"b": 1}, "could not get item 'a' from: "),
        (["slist", "i32"], {"x": 1}, "could not get item 0 from: "),
        (["teapot"], 1, "Unrecognized reflection compound type: teapot"),
        ("i7", 1, "Unrecognized reflection primitive type: i7"),
        (["ndarray", "q8", 0], 1, "could not map abi type 'q8'"),
    ],
)
def test_values_that_do_not_fit_their_description_are_refused(
    arguments: Any, value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        invoker("0r_v", Recorder(), arguments=[arguments])(value)


def test_named_arguments_are_keywords_only() -> None:
    record = Recorder()
    call = invoker("0iii_v", record, arguments=["i32", ["named", "a", "i32"], ["named", "b", "i32"]])
    call(1, b=3, a=2)
    assert record.arguments == (1, 2, 3)
    for arguments, keywords, message in [
        ((1,), {"a": 2}, "mismatched call arity: no value for argument 2"),
        ((), {"a": 2, "b": 3}, "mismatched call arity: no value for argument 0"),
        ((1, 2, 3), {}, "mismatched call arity: expected 1 positional arguments, got 3"),
        ((1,), {"a": 2, "b": 3, "c": 4}, "specified kwarg 'c' is unknown"),
    ]:
        with pytest.raises(ValueError, match=message):
            call(*arguments, **keywords)


def test_results_without_reflection_are_numbers_arrays_and_refs() -> None:
    array = np.arange(4, dtype=np.float32)
    view = BufferView.from_numpy(array, rt.get_device("local-sync").device.allocator, copy=True)
    found = invoker("0v_irrr", Recorder((7, view, List(), None)))()
    assert found[0] == 7
    assert isinstance(found[1], rt.DeviceArray)
    np.testing.assert_array_equal(found[1], array)
    assert found[2].isinstance(rt.VmVariantList)
    assert found[3] is None


def test_results_become_what_is_described() -> None:
    device = rt.get_device("local-sync").device
    flags = BufferView.from_numpy(np.array([1, 0], np.int8), device.allocator, copy=True)
    call = invoker(
        "0v_rrir",
        Recorder((flags, List(elements=[List(elements=[1, 2]), 3.5]), 9, List(elements=[4, 5]))),
        results=[
            ["ndarray", "i1", 1, 2],
            ["slist", ["sdict", ["x", "i32"], ["y", "i64"]], "f32"],
            "i32",
            ["py_homogeneous_list", "i64"],
        ],
    )
    mask, nested, number, numbers = call()
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(mask, [True, False])
    assert (nested, number, numbers) == ([{"x": 1, "y": 2}, 3.5], 9, [4, 5])


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (["slist", "i32", "i32"], [3, 4]),
        (["stuple", "i32", "i32"], (3, 4)),
        (["sdict", ["a", "i32"], ["b", "i32"]], {"a": 3, "b": 4}),
    ],
)
def test_a_container_that_is_the_only_result_stands_for_all_results(
    description: Any, expected: object
) -> None:
    assert invoker("0v_ii", Recorder((3, 4)), results=[description])() == expected


@pytest.mark.parametrize(
    ("convention", "returned", "results", "message"),
    [
        ("0v_i", 1, ["i32", "i32"], "mismatched return arity: 1 vs 2"),
        ("0v_i", 1, ["f32"], "expected an <class 'float'> value"),
        ("0v_i", 1, [["ndarray", "f32", 0]], "expected a buffer view but got int"),
        ("0v_r", None, [["py_homogeneous_list", "i32"]], "expected a list but got <VmRef NULL>"),
        ("0v_r", List(), [["teapot"]], "cannot map VM type to Python: teapot"),
    ],
)
def test_results_that_do_not_fit_their_description_are_errors(
    convention: str, returned: object, results: list[Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        invoker(convention, Recorder(returned), results=results)()


@pytest.mark.parametrize(
    ("reflection", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "Malformed"),
        ('{"a": []}', "Malformed"),
        ('{"a": 1, "r": []}', "Malformed"),
    ],
)
def test_malformed_reflection_is_an_error(reflection: str, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        invoker("0v_v", Recorder(), reflection=reflection)


def test_functions_describe_themselves() -> None:
    call = invoker("0i_v", Recorder(), arguments=["i32"])
    assert call.vm_function.name == "call"
    assert call.vm_function.linkage == rt.Linkage.EXPORT
    assert repr(call).startswith("<VmFunction call(0i_v), reflection = {'iree.abi':")


def test_contexts_of_other_classes_invoke_functions_their_own_way() -> None:
    class Doubling:
        def invoke(self, function: object, inputs: rt.VmVariantList, outputs: rt.VmVariantList) -> None:
            outputs.push_int(2 * len(inputs))

    class Undescribed:
        def __init__(self) -> None:
            self.reflection: dict[str, str] = {}

    context: Any = Doubling()
    function: Any = Undescribed()
    call = rt.FunctionInvoker(context, rt.get_device("local-sync"), function)

    assert call(np.ones(4, np.float32)) == 2
