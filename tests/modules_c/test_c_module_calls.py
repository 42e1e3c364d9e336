"""Calls into C and out of it: numbers, refs, spans, tensors, buffers, lists, failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from kit_programs import functions_of, kit_pipeline, text_of, view_of

from gossamer.errors import (
    AbortedError,
    InternalStatusError,
    InvalidArgumentError,
    OutOfRangeError,
    ResourceExhaustedError,
    StatusCode,
    StatusError,
)
from gossamer.hal.memory.buffer import Buffer as DeviceBuffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.semaphore import Semaphore
from gossamer.modules.c import handles
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List

Call = Callable[..., object]


@pytest.fixture(scope="module")
def call(kit: Path) -> Call:
    return functions_of(kit_pipeline(kit))


@pytest.fixture(autouse=True)
def _nothing_is_left_held(call: Call) -> object:
    before = handles.live_count()
    yield
    assert handles.live_count() == before


def tensor(array: np.ndarray) -> BufferView:
    return BufferView.from_numpy(array, HeapAllocator(), copy=True)


def test_numbers_of_every_kind(call: Call) -> None:
    assert call("numbers", -5, -(1 << 62), 1.5, -0.1) == (-0.1, 1.5, -(1 << 62), -5)
    assert call("numbers", 2147483647, 0, float("inf"), 1e300) == (1e300, float("inf"), 0, 2147483647)
    assert call("nothing") is None


@pytest.mark.parametrize(
    "values", [(), (1, 2, 3.0), (1, 2, 3.0, 4.0, 5), (1 << 31, 0, 0.0, 0.0), ("a", 0, 0, 0)]
)
def test_values_that_do_not_fit_are_refused(call: Call, values: tuple[object, ...]) -> None:
    with pytest.raises(InvalidArgumentError, match=r"kit\.numbers"):
        call("numbers", *values)


def test_too_many_values_beside_a_ref_are_refused(call: Call) -> None:
    with pytest.raises(InvalidArgumentError, match=r"kit\.kind takes 1 arguments, got 2"):
        call("kind", None, 1)
    with pytest.raises(InvalidArgumentError, match=r"arguments of kit\.ramp do not fit"):
        call("ramp", 1 << 63, 0)


def test_spans(call: Call) -> None:
    assert call("sum", 1, [(2, 3.0), (4, 0.5)], [None, Semaphore()]) == (9.0, 1)
    assert call("sum", 7, [], []) == (7.0, 0)


@pytest.mark.parametrize("pairs", [[(1, 2.0, 3)], [(1,)], [("a", 2.0)], [(1 << 31, 0.0)]])
def test_spans_that_do_not_fit(call: Call, pairs: list[tuple[object, ...]]) -> None:
    with pytest.raises(InvalidArgumentError, match="a span does not fit CiFD"):
        call("sum", 1, pairs, [])


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, 0),
        (tensor(np.zeros(1)), 1),
        (DeviceBuffer.wrap(b"abc"), 2),
        (Buffer.wrap(b"abc"), 3),
        (List("i32"), 4),
        (Fence.create(), 5),
        (Semaphore(), 6),
    ],
)
def test_kinds_of_refs(call: Call, value: object, kind: int) -> None:
    assert call("kind", value) == kind
    assert call("same", value) is value


def test_refs_are_kept_past_the_call(call: Call) -> None:
    value = Buffer.wrap(b"kept")
    held = handles.live_count()
    call("keep", value)
    assert handles.live_count() == held + 1
    assert call("kept") is value
    call("keep", None)
    assert call("kept") is None


def test_tensors(call: Call) -> None:
    made = view_of(call("ramp", 2, 3))
    np.testing.assert_array_equal(made.to_numpy(), [[0, 1, 2], [3, 4, 5]])
    assert call("describe", made) == (0x10000020, 2, 3, 24, 1)
    flat = view_of(call("flatten", made, 0))
    assert flat.shape == [6]
    assert flat.buffer is made.buffer

    read_only = BufferView.from_numpy(np.frombuffer(bytes(8), np.uint64), HeapAllocator(), copy=False)
    assert call("describe", read_only) == (0x12000040, 1, 1, 8, 0)
    assert call("describe", tensor(np.array(1.0))) == (0x21000040, 0, -1, 8, 1)


@pytest.mark.parametrize(
    ("function", "values", "message"),
    [
        ("describe", (None,), "ref is null"),
        ("describe", (Buffer.wrap(b""),), "expected !hal.buffer_view, found !vm.buffer"),
        ("describe", (tensor(np.zeros((1,) * 33)),), "rank 33"),
        ("ramp", (-1, 1), "negative size"),
        ("shout", (Buffer.wrap(b""), 9), "9 is no kind of buffer"),
        ("shout", (List("i32"), 3), "expected !hal.buffer, found !vm.list"),
        ("call_null_span", (), "span is null"),
        ("call_unknown", (), "import 99 is not bound"),
        ("return_unheld", (), "0x10e1 is no ref"),
    ],
)
def test_mistakes_are_errors(call: Call, function: str, values: tuple[object, ...], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        call(function, *values)


def test_a_view_may_not_pass_its_buffer(call: Call) -> None:
    with pytest.raises(OutOfRangeError):
        call("flatten", tensor(np.zeros(16)), 100)


def test_too_much_memory_is_an_error(call: Call) -> None:
    with pytest.raises((ResourceExhaustedError, StatusError)):
        call("ramp", 1 << 40, 1 << 40)


def test_buffers(call: Call) -> None:
    assert text_of(call("shout", Buffer.wrap(b"hello"), 3)) == b"HELLO"
    loud = call("shout", DeviceBuffer.wrap(b"hello"), 2)
    assert isinstance(loud, DeviceBuffer)
    assert bytes(loud.to_numpy()) == b"HELLO"
    assert call("memory") == 1


def test_lists(call: Call) -> None:
    inside = Buffer.wrap(b"x")
    made, size = call("list", inside)  # type: ignore[misc]
    assert size == 6
    assert list(made)[:5] == [1, 1 << 40, 0.5, 0.25, inside]
    assert call("element", List("i8", [3]), 0) == ord("i")
    assert call("element", List("!vm.buffer", [inside]), 0) == ord("r")
    with pytest.raises(OutOfRangeError):
        call("element", List("i8", [3]), 1)


@pytest.mark.parametrize("code", [code for code in StatusCode if code])
def test_failures_have_their_class(call: Call, code: StatusCode) -> None:
    with pytest.raises(StatusError, match="as asked") as caught:
        call("fail", int(code))
    assert caught.value.code == code
    assert caught.value.backtrace == ["native kit.fail:0"]


def test_a_code_that_is_none_is_unknown(call: Call) -> None:
    with pytest.raises(StatusError, match="status code 99") as caught:
        call("fail", 99)
    assert caught.value.code == StatusCode.UNKNOWN


def test_a_status_that_is_none(call: Call) -> None:
    with pytest.raises(InternalStatusError, match=r"kit\.return_nonsense returned 0x4d2, which is no status"):
        call("return_nonsense")


def test_releasing_a_loan_does_no_harm(call: Call) -> None:
    value = Buffer.wrap(b"kept")
    call("release_too_often", value)
    assert call("same", value) is value


def test_fences(call: Call) -> None:
    deferred, timeout, reached, failed, differs = call("fences")  # type: ignore[misc]
    assert (deferred, timeout, reached) == (StatusCode.DEFERRED, StatusCode.DEADLINE_EXCEEDED, StatusCode.OK)
    assert (failed, differs) == (StatusCode.ABORTED, 0)


def test_imports(call: Call) -> None:
    assert text_of(call("call_twice", Buffer.wrap(b"wow"))) == b"wow!!"
    assert call("call_with_span", None) == 50
    assert call("call_with_span", Semaphore()) == 150
    assert call("call_optional") == (0, StatusCode.NOT_FOUND)


def test_what_an_import_raises_passes_through_c(call: Call) -> None:
    with pytest.raises(AbortedError, match="nothing comes next"):
        call("call_twice", None)
    with pytest.raises(KeyError, match="not a string"):
        call("call_twice", Semaphore())
