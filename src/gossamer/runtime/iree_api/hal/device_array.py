"""`DeviceArray`: a buffer view that behaves like a NumPy array, once the host may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, cast

import numpy as np
import numpy.lib.mixins
import numpy.typing as npt

from gossamer.abi.memory_flags import BufferUsage, MemoryType
from gossamer.hal.memory.dlpack_capsule import CPU_DEVICE
from gossamer.runtime.iree_api.dtypes import map_dtype_to_hal_element_type
from gossamer.runtime.iree_api.hal.buffers import HalBufferView
from gossamer.runtime.iree_api.hal.device import HalDevice
from gossamer.runtime.iree_api.types import HalElementType


class DeviceArray(numpy.lib.mixins.NDArrayOperatorsMixin):
    """An array on a device.

    Args:
        device: where it is.
        buffer_view: what it is.
        implicit_host_transfer: NumPy may use it as it is; else `to_host` must be called.
        override_dtype: the type to show, where it differs from the elements' own.
    """

    def __init__(
        self,
        device: HalDevice,
        buffer_view: HalBufferView,
        implicit_host_transfer: bool = False,
        override_dtype: npt.DTypeLike | None = None,
    ) -> None:
        self._device = device
        self._buffer_view = buffer_view
        self._implicit_host_transfer = implicit_host_transfer
        self._override_dtype = None if override_dtype is None else np.dtype(override_dtype)
        self._host_array: npt.NDArray[Any] | None = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        array = self._transfer(implicit=True)
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        special = _FUNCTIONS.get(func)
        if special is not None:
            return special(*args, **kwargs)
        return func(*_on_host(args), **{name: _on_host(value) for name, value in kwargs.items()})

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        def to_array(value: Any) -> Any:
            return value._transfer(implicit=True) if isinstance(value, DeviceArray) else value

        if kwargs.get("out") is not None:
            kwargs["out"] = tuple(map(to_array, kwargs["out"]))
        return getattr(ufunc, method)(*map(to_array, inputs), **kwargs)

    def __dlpack__(self, **options: Any) -> object:
        view = self._buffer_view.object
        if self._override_dtype in (None, HalElementType.map_to_dtype(view.element_type)):
            return view.__dlpack__(**options)
        return self.to_host().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return CPU_DEVICE

    def __repr__(self) -> str:
        return f"<IREE DeviceArray: shape={self.shape}, dtype={self.dtype}>"

    @property
    def is_host_accessible(self) -> bool:
        """True once the host has seen it."""
        return self._host_array is not None

    def to_host(self) -> npt.NDArray[Any]:
        """The array in host memory; shared with the device where types allow."""
        return self._transfer(implicit=False)

    def _transfer(self, *, implicit: bool) -> npt.NDArray[Any]:
        if implicit and not self._implicit_host_transfer:
            raise ValueError(
                "DeviceArray cannot be implicitly transferred to the host: "
                "if necessary, do an explicit transfer via .to_host()"
            )
        if self._host_array is None:
            array = self._buffer_view.object.to_numpy()
            if self._override_dtype is not None and array.dtype != self._override_dtype:
                array = array.astype(self._override_dtype)
            self._host_array = array
        return self._host_array

    @property
    def dtype(self) -> np.dtype[Any]:
        """Element type, as overridden."""
        if self._override_dtype is not None:
            return self._override_dtype
        return HalElementType.map_to_dtype(self._buffer_view.element_type)

    @property
    def shape(self) -> list[int]:
        """Dimensions."""
        return self._buffer_view.shape

    def astype(
        self,
        dtype: npt.DTypeLike,
        casting: Literal["no", "equiv", "safe", "same_kind", "unsafe"] = "unsafe",
        copy: bool = True,
    ) -> Any:
        """The array with another element type, in host memory; itself where nothing changes."""
        if self.dtype == dtype and not copy:
            return self
        return self.to_host().astype(dtype, casting=casting, copy=copy)

    def reshape(self, *args: Any) -> npt.NDArray[Any]:
        """The array with another shape, in host memory."""
        return self.to_host().reshape(*args)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.to_host())

    def __getitem__(self, index: Any) -> Any:
        return self.to_host()[index]

    def __len__(self) -> int:
        return len(self.to_host())

    def __deepcopy__(self, memo: Any) -> npt.NDArray[Any]:
        return self.to_host().copy()

    def __reduce__(self) -> tuple[Any, ...]:
        return np.array, (self.to_host(),)


def _on_host(value: Any) -> Any:
    """Value with arrays on the host for device arrays, inside lists and tuples too."""
    if isinstance(value, DeviceArray):
        return value.to_host()
    if type(value) in (list, tuple):
        return type(value)(map(_on_host, value))
    return value


def _shape(array: DeviceArray) -> list[int]:
    return array.shape


_FUNCTIONS: dict[Any, Callable[..., Any]] = {np.shape: _shape, np.reshape: DeviceArray.reshape}


def asdevicearray(
    device: HalDevice,
    a: Any,
    dtype: npt.DTypeLike | None = None,
    *,
    implicit_host_transfer: bool = False,
    memory_type: MemoryType = MemoryType.DEVICE_LOCAL,
    allowed_usage: BufferUsage = BufferUsage.DEFAULT,
    element_type: HalElementType | None = None,
) -> DeviceArray:
    """Copy anything like an array to a device; a `DeviceArray` stays what it is unless its dtype changes.

    Raises: ValueError when no element type holds the array's values.
    """
    if isinstance(a, DeviceArray):
        if dtype is None:
            return a
        a = a.to_host()
    array: npt.NDArray[Any] = np.asarray(a, dtype=dtype, order="C")
    found = element_type or map_dtype_to_hal_element_type(array.dtype)
    if found is None:
        raise ValueError(f"Could not map dtype {array.dtype} to IREE element type")
    view = device.allocator.allocate_buffer_copy(memory_type, allowed_usage, device, array, found)
    return DeviceArray(
        device,
        cast("HalBufferView", view),
        implicit_host_transfer=implicit_host_transfer,
        override_dtype=array.dtype,
    )
