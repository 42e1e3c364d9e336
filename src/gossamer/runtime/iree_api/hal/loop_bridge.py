"""`HalDeviceLoopBridge`: futures of an event loop that device timelines complete."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from gossamer.errors import StatusError
from gossamer.runtime.iree_api.hal.device import HalDevice
from gossamer.runtime.iree_api.hal.timelines import HalSemaphore

if TYPE_CHECKING:
    import asyncio


class HalDeviceLoopBridge:
    """Completes futures of a loop when semaphores reach values.

    No thread waits: whoever signals the semaphore posts the result to the loop.
    """

    def __init__(self, device: HalDevice, loop: asyncio.AbstractEventLoop) -> None:
        self._device = device
        self._loop = loop
        self._lock = threading.Lock()
        self._pending: set[asyncio.Future[Any]] = set()

    def on_semaphore(self, semaphore: HalSemaphore, payload: int, value: Any) -> asyncio.Future[Any]:
        """Future that becomes `value` when the semaphore reaches `payload`, or fails with its error."""
        future: asyncio.Future[Any] = self._loop.create_future()
        with self._lock:
            self._pending.add(future)

        def reached(error: StatusError | None) -> None:
            with self._lock:
                is_pending = future in self._pending
                self._pending.discard(future)
            if is_pending and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(_complete, future, value, error)

        semaphore.object.on_reached(payload, reached)
        return future

    def stop(self) -> None:
        """Cancel the futures not complete yet; stopping twice is harmless."""
        with self._lock:
            pending, self._pending = self._pending, set()
        for future in pending:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(future.cancel)


def _complete(future: asyncio.Future[Any], value: Any, error: StatusError | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(RuntimeError(str(error)))
