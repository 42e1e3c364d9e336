"""Types of ml_dtypes, which is loaded when one is asked for."""

from __future__ import annotations

import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

from gossamer.abi.extra_dtypes import extra_dtype, extra_name


def test_types_by_name_and_back() -> None:
    assert extra_dtype("bfloat16") == np.dtype(ml_dtypes.bfloat16)
    assert extra_name(np.dtype(ml_dtypes.int4)) == "int4"
    assert extra_name(np.dtype(ml_dtypes.float8_e5m2)) == "float8_e5m2"


@pytest.mark.parametrize("dtype", ["f2", "f4", "i1", "?", "c8", "V2", "S3"])
def test_types_of_numpy_are_no_extras(dtype: str) -> None:
    assert not extra_name(np.dtype(dtype))


@pytest.mark.parametrize("module", ["gossamer.runtime", "gossamer.compiler.pipeline"])
def test_no_import_loads_the_library(module: str) -> None:
    code = f"import sys, {module}; sys.exit('ml_dtypes' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
