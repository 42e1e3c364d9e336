"""Objects that show a range of bytes through the buffer protocol.

Python classes cannot implement that protocol before Python 3.12, but a subclass of `numpy.ndarray` inherits
it. So these objects are arrays of bytes underneath; use them through `memoryview`, `bytes` and `np.asarray`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    _Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
else:
    _Bytes = np.ndarray


class HostBytes(_Bytes):
    """A range of bytes; equal to itself only."""

    @classmethod
    def over(cls, memory: ReadableBuffer) -> Self:
        """Show the memory of a contiguous object, which is kept alive; read-only where the object is."""
        view = memoryview(memory)
        return np.frombuffer(view.cast("B") if view.nbytes else b"", np.uint8).view(cls)  # type: ignore[return-value]

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return self is other

    # Why: arrays define it apart from `__eq__`.
    __ne__ = object.__ne__  # type: ignore[assignment]

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def __getitem__(self, index: Any) -> Any:
        return self.view(np.ndarray)[index]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} size {self.nbytes}>"

    __str__ = __repr__
