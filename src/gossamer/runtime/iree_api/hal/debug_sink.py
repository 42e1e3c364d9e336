"""`HalModuleDebugSink`: where the tensors that programs trace go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from gossamer.errors import StatusError, UnknownError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.iree_api.hal.buffers import HalBufferView

HalModuleBufferViewTraceCallback: TypeAlias = Callable[[str, list[HalBufferView]], None]
"""Called with the key of a trace and the tensors it shows."""


class HalModuleDebugSink:
    """Sends traces to a callback; None drops them."""

    def __init__(self, buffer_view_trace_callback: HalModuleBufferViewTraceCallback | None) -> None:
        self._callback = buffer_view_trace_callback

    @property
    def buffer_view_trace_callback(self) -> HalModuleBufferViewTraceCallback | None:
        """The callback."""
        return self._callback

    def trace(self, key: str, views: Sequence[BufferView]) -> None:
        """Show tensors.

        Raises: RuntimeError when the callback raises; that stops the program.
        """
        if self._callback is None:
            return
        try:
            self._callback(key, [HalBufferView.of(view) for view in views])
        except StatusError:
            raise
        except Exception as error:
            raise UnknownError(f"{type(error).__name__}: {error}") from error
