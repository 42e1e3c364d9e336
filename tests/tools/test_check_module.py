"""iree-check-module: output, exit codes, and what each expectation says when it fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.modules.check import check_module
from gossamer.runtime.devices import new_device
from gossamer.runtime.text_io.tensors import format_tensor, parse_tensor
from gossamer.tools import iree_as_module, iree_check_module
from gossamer.tools.google_test import GoogleTest, select_tests
from gossamer.vm.link.context import Context

_SOURCE = """vm.module @tests
vm.import @check.expect_true cconv "0i_v"
vm.import @check.expect_false cconv "0i_v"
vm.export @good
vm.export @bad
vm.export @broken
vm.export @skipped$async
vm.func @good() -> () {
  %i0 = vm.const.i32 1
  vm.call @check.expect_true(%i0)
  vm.return
}
vm.func @bad() -> () {
  %i0 = vm.const.i32 5
  vm.call @check.expect_false(%i0)
  vm.return
}
vm.func @broken() -> () {
  %i0 = vm.const.i32 9
  vm.fail %i0, "no luck"
}
vm.func @skipped$async() -> () {
  vm.return
}
"""


@pytest.fixture(scope="module")
def module_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check")
    (folder / "m.vmasm").write_text(_SOURCE)
    assert iree_as_module.main([f"--output={folder / 'm.vmfb'}", str(folder / "m.vmasm")]) == 0
    return folder / "m.vmfb"


def _run(path: Path, *flags: str) -> int:
    return iree_check_module.main([f"--module={path}", "--device=local-sync", *flags])


def test_output(module_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(module_path) == 1

    text = re.sub(r"\(\d+ ms", "(0 ms", capsys.readouterr().out)
    assert text.startswith(
        "[==========] Running 3 tests from 1 test suite.\n"
        "[----------] Global test environment set-up.\n"
        "[----------] 3 tests from tests\n"
        "[ RUN      ] tests.good\n"
        "[       OK ] tests.good (0 ms)\n"
        "[ RUN      ] tests.bad\n"
        "tests.bad: Failure\n"
        "Value of: operand\n"
        "  Actual: true\n"
        "Expected: false\n"
        "Expected 5 to be zero.\n"
        "\n"
        "[  FAILED  ] tests.bad, where GetParam() = 1 (0 ms)\n"
    )
    assert "FAILED_PRECONDITION; no luck" in text
    assert text.endswith(
        "[==========] 3 tests from 1 test suite ran. (0 ms total)\n"
        "[  PASSED  ] 1 test.\n"
        "[  FAILED  ] 2 tests, listed below:\n"
        "[  FAILED  ] tests.bad, where GetParam() = 1\n"
        "[  FAILED  ] tests.broken, where GetParam() = 2\n"
        "\n"
        " 2 FAILED TESTS\n"
        "Test failed\n"
        "OK\n"
    )


def test_exit_codes(module_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(module_path, "--gtest_filter=*.good") == 0
    assert "[  PASSED  ] 1 test." in capsys.readouterr().out
    assert _run(module_path, "--expect_failure") == 0
    assert capsys.readouterr().out.endswith("Test failed as expected\n")
    assert _run(module_path, "--expect_failure", "--gtest_filter=*-*bad:*broken") == 1
    assert capsys.readouterr().out.endswith("Test passed but expected failure\n")
    assert _run(module_path, "--gtest_list_tests") == 0
    assert capsys.readouterr().out.startswith("tests.\n  good  # GetParam() = 0\n")
    assert _run(module_path.with_name("gone.vmfb")) == 1
    assert "Test failed\nNOT_FOUND; failed to open file" in capsys.readouterr().out


def test_functions_with_arguments_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "m.vmasm"
    source.write_text("vm.module @m\nvm.export @f\nvm.func @f(%i0: i32) -> () {\n  vm.return\n}\n")
    iree_as_module.main([f"--output={tmp_path / 'm.vmfb'}", str(source)])

    assert _run(tmp_path / "m.vmfb") == 1
    assert "but export 'f' has signature '0i_v'" in capsys.readouterr().out


def test_filter() -> None:
    tests = [GoogleTest("m", name, "0", lambda _fail: None) for name in ("a", "ab", "b[0]")]

    def names(patterns: str) -> list[str]:
        return [test.name for test in select_tests(tests, patterns)]

    assert names("m.a*") == ["a", "ab"]
    assert names("m.a:m.b[0]") == ["a", "b[0]"]
    assert names("-m.a?") == ["a", "b[0]"]


@pytest.fixture
def expect() -> Callable[..., list[str]]:
    device = new_device("local-sync")
    failures: list[str] = []
    context = Context([check_module(failures.append, lambda view: format_tensor(view, 1024))])

    def call(name: str, *arguments: str | float) -> list[str]:
        failures.clear()
        values: list[object] = [
            parse_tensor(a, device.allocator) if isinstance(a, str) else a for a in arguments
        ]
        first = [] if name in ("expect_true", "expect_false") else [device]
        context.lookup(f"check.{name}")(*first, *values)
        return list(failures)

    return call


def test_expect_eq(expect: Callable[..., list[str]]) -> None:
    assert expect("expect_eq", "2xi32=1 2", "2xi32=1 2") == []
    assert expect("expect_eq", "2xf32=1 2", "2xf32=1 3") == [
        "Expected equality of these values. Contents does not match.\n"
        "  lhs:\n    2xf32=1 2\n  rhs:\n    2xf32=1 3"
    ]
    assert expect("expect_eq", "2xi32=1 2", "2x1xui32=1 2")[0].startswith(
        "Expected equality of these values. Element types do not match. Shapes do not match.\n"
    )


def test_expect_almost_eq(expect: Callable[..., list[str]]) -> None:
    assert expect("expect_almost_eq", "3xf32=1 NAN INF", "3xf32=1.00001 NAN INF", 1e-4, 0.0) == []
    assert expect("expect_almost_eq", "2xf16=100 1", "2xf16=101 1", 0.0, 0.01) == []
    assert expect("expect_almost_eq", "2xf32=1 2", "2xf32=1 2.5", 0.5, 0.0) == []
    assert expect("expect_almost_eq", "2xf32=1 2", "2xf32=1 2.5", 1e-4, 0.0) == [
        "Expected near equality of these values. Contents does not match to tolerance parameters "
        "atol=0.0001, rtol=0. The first failure occurs at index 1 as the lhs value 2 differs from the rhs "
        "value 2.5 by 5.000e-01.\n  lhs:\n    2xf32=1 2\n  rhs:\n    2xf32=1 2.5"
    ]
    assert expect("expect_almost_eq", "f32=1", "f32=INF", 1e9, 0.0) != []
    with pytest.raises(InvalidArgumentError, match="unsupported element type i32"):
        expect("expect_almost_eq", "i32=1", "i32=1", 0.0, 0.0)


def test_expect_true_and_all_true(expect: Callable[..., list[str]]) -> None:
    assert expect("expect_true", 1) == expect("expect_false", 0) == []
    assert expect("expect_true", 0)[0].endswith("Expected 0 to be nonzero.")
    assert expect("expect_all_true", "2xi8=1 -1") == []
    assert expect("expect_all_true", "3xi32=1 0 2") == [
        "Value of: ToSpan<T>(bytes)\n"
        "Expected: only contains elements that isn't equal to 0\n"
        "  Actual: { 1, 0, 2 }, whose element #1 doesn't match"
    ]
    assert r"{ '\x1' (1), '\0' }" in expect("expect_all_true", "2xi8=1 0")[0]
    assert ", ... }" in expect("expect_all_true", "40xi32=0")[0]
    with pytest.raises(InvalidArgumentError, match="unsupported element type f16"):
        expect("expect_all_true", "f16=1")


def test_views_longer_than_their_shape() -> None:
    device = new_device("local-sync")
    view = BufferView.from_numpy(np.arange(4, dtype=np.int32), device.allocator)
    short = BufferView(view.buffer, [2], view.element_type)
    failures: list[str] = []
    context = Context([check_module(failures.append, lambda view: format_tensor(view, 1024))])
    context.lookup("check.expect_eq")(None, short, short)

    assert failures == []
