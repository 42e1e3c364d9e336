from __future__ import annotations

import pytest

from gossamer.errors import (
    AbortedError,
    InternalStatusError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
)
from gossamer.hal.executable import Executable, ExecutableFunction
from hal_kernels import fail_status, native_executable


def test_functions_are_found_by_name_then_by_id() -> None:
    executable = native_executable()

    assert executable.function(executable.lookup_function("halve")).name == "halve"


def test_unknown_names_and_ids_are_refused() -> None:
    with pytest.raises(NotFoundError, match="`nothing`"):
        native_executable().lookup_function("nothing")
    with pytest.raises(OutOfRangeError, match="function id 5 out of bounds"):
        native_executable().function(5)
    with pytest.raises(OutOfRangeError):
        native_executable().function(-1)


def test_a_function_without_code_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="'empty' has no code"):
        Executable([ExecutableFunction("empty", 0)])


def test_a_return_is_internal_unless_the_kernel_says_otherwise() -> None:
    plain = ExecutableFunction("f", 0, address=1)
    decoding = ExecutableFunction("f", 0, address=1, decode_status=fail_status)

    assert isinstance(plain.error(10), InternalStatusError)
    assert isinstance(decoding.error(10), AbortedError)
    assert "while dispatching 'f'" in str(decoding.error(10))
