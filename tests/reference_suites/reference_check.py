"""Runs check tests in IREE's runtime, with the wheels' Python: `reference_check.py MODULE DEVICE [DONE...]`.

The wheels hold no check module, so one is written here with `PyModuleInterface`. Prints a line of JSON
for each function: its name and what failed, an empty list where nothing did. A line with null stands
before the function runs, so that a crash can be told from an end; functions named as DONE are left out.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import iree.runtime as rt
import ml_dtypes
import numpy as np

_FLOAT_DTYPES: dict[int, Any] = {
    int(rt.HalElementType.FLOAT_16): np.float16,
    int(rt.HalElementType.FLOAT_32): np.float32,
    int(rt.HalElementType.FLOAT_64): np.float64,
    int(rt.HalElementType.BFLOAT_16): ml_dtypes.bfloat16,
    int(rt.HalElementType.FLOAT_8_E4M3_FN): ml_dtypes.float8_e4m3fn,
    int(rt.HalElementType.FLOAT_8_E4M3_FNUZ): ml_dtypes.float8_e4m3fnuz,
    int(rt.HalElementType.FLOAT_8_E5M2): ml_dtypes.float8_e5m2,
    int(rt.HalElementType.FLOAT_8_E5M2_FNUZ): ml_dtypes.float8_e5m2fnuz,
}
_BYTE = np.dtype(np.uint8)
_failures: list[str] = []


class Check:
    """The functions of the check dialect."""

    def __init__(self, _interface: Any) -> None:
        pass

    def expect_true(self, value: int) -> None:
        _expect(value != 0, "expect_true")

    def expect_false(self, value: int) -> None:
        _expect(value == 0, "expect_false")

    def expect_all_true(self, _device: Any, operand: Any) -> None:
        _expect(_view_bytes(_view(operand)).any(axis=1).all(), "expect_all_true")

    def expect_eq(self, _device: Any, lhs: Any, rhs: Any) -> None:
        left, right = _view(lhs), _view(rhs)
        same = _same_type(left, right) and np.array_equal(_view_bytes(left), _view_bytes(right))
        _expect(same, "expect_eq")

    def expect_almost_eq(self, _device: Any, lhs: Any, rhs: Any, atol: float, rtol: float) -> None:
        left, right = _view(lhs), _view(rhs)
        near = _same_type(left, right) and _near(_floats(left), _floats(right), atol, rtol)
        _expect(near, "expect_almost_eq")


def _expect(condition: bool, name: str) -> None:
    if not condition:
        _failures.append(name)


def _view(reference: Any) -> Any:
    return reference.deref(rt.HalBufferView)


def _same_type(lhs: Any, rhs: Any) -> bool:
    return bool(lhs.element_type == rhs.element_type and lhs.shape == rhs.shape)


def _view_bytes(view: Any) -> Any:
    """uint8[elements, bytes of an element]; subbyte elements as the bytes that hold them."""
    count = int(np.prod(view.shape, dtype=np.int64))
    if count == 0:
        return np.zeros((0, 1), np.uint8)
    if view.byte_length % count:
        return view.map().asarray([view.byte_length], _BYTE).reshape(-1, 1)
    return view.map().asarray([count, view.byte_length // count], _BYTE)


def _floats(view: Any) -> Any:
    dtype = _FLOAT_DTYPES[int(view.element_type)]
    return np.ascontiguousarray(_view_bytes(view)).reshape(-1).view(dtype).astype(np.float64)


def _near(lhs: Any, rhs: Any, atol: float, rtol: float) -> bool:
    with np.errstate(all="ignore"):
        near = np.abs(lhs - rhs) <= atol + rtol * np.abs(rhs)
    return bool((near | (lhs == rhs) | (np.isnan(lhs) & np.isnan(rhs))).all())


def _make_check_module() -> Any:
    interface = rt.PyModuleInterface("check", Check)
    interface.export("expect_true", "0i_v", Check.expect_true)
    interface.export("expect_false", "0i_v", Check.expect_false)
    interface.export("expect_all_true", "0rr_v", Check.expect_all_true)
    interface.export("expect_eq", "0rrr_v", Check.expect_eq)
    interface.export("expect_almost_eq", "0rrrff_v", Check.expect_almost_eq)
    return interface.create()


def main(path: str, device_name: str, *done: str) -> None:
    """Run each function in a context of its own."""
    instance = rt.VmInstance()
    module = rt.VmModule.mmap(instance, path)
    for name in module.function_names:
        if name.startswith("__") or "$" in name or name in done:
            continue
        print(json.dumps([name, None]), flush=True)
        _failures.clear()
        try:
            hal = rt.create_hal_module(instance, rt.get_device(device_name))
            context = rt.VmContext(instance, modules=[_make_check_module(), hal, module])
            context.invoke(module.lookup_function(name), rt.VmVariantList(0), rt.VmVariantList(0))
        except Exception as error:
            _failures.append(f"{type(error).__name__}: {str(error)[-300:]}")
        print(json.dumps([name, _failures]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
