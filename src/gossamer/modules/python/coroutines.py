"""Methods of Python modules that are coroutines: exports that run in an event loop, imports that are awaited.

    caller              event loop                        importing coroutine
      │ call ─────────▶ │ wait for the `wait` fence         │ await self.work(x)
      │ ◀── storage ─── │ method ...                        │   call with a fence of its own
      │                 │ results into storage              │   wait in the loop for that fence
      │ ◀── `signal` ── │ signal                            │ results

Results of static shape are stored in memory that exists before the coroutine runs, so that the call returns
at once. Where the size of a result or a number is known only in the end, the call returns when the coroutine
has.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import Context, ContextVar
from math import prod
from typing import Any

from gossamer.abi import element_type as element_types
from gossamer.errors import StatusError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.scope import current_scope
from gossamer.modules.python.conversion import (
    ALLOCATOR,
    arguments_from_vm,
    arguments_to_vm,
    as_tuple,
    output_storage,
    pack,
    results_from_vm,
    results_to_vm,
    store_result,
)
from gossamer.modules.python.linked_calls import found
from gossamer.modules.python.signature import Signature
from gossamer.modules.python.types import TensorConverter
from gossamer.vm.link.function import Function

_chosen_loop: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("gossamer_loop", default=None)


@contextmanager
def coroutines_on(loop: asyncio.AbstractEventLoop) -> Generator[None]:
    """Have coroutine exports that are called inside the `with` block run in a loop of the caller's.

    The loop must be running, and the thread that runs it must not block in `result()` of such a call: it
    would wait for itself. Awaiting the call is the way.
    """
    token = _chosen_loop.set(loop)
    try:
        yield
    finally:
        _chosen_loop.reset(token)


def bind_coroutine(
    signature: Signature, method: Callable[..., Coroutine[Any, Any, Any]]
) -> Callable[..., object]:
    """Callable, in the callable ABI, of a method that is a coroutine."""
    shapes = _static_types(signature)

    async def run(values: Sequence[object], wait: object) -> object:
        if isinstance(wait, Fence):
            await reached(wait)
        return await method(*arguments_from_vm(signature, values))

    if shapes is None:
        return _bind_blocking(signature, run)

    def call(*arguments: object) -> object:
        *values, wait, signal = arguments
        storage = [
            output_storage(signature, values, index) or _new_storage(shape, element_type)
            for index, (shape, element_type) in enumerate(shapes)
        ]

        async def run_and_store() -> None:
            returned = await run(values, wait)
            for index, value in enumerate(as_tuple(signature, returned)):
                store_result(signature, index, value, storage[index])

        _start(_signalling(run_and_store(), signal, signature), signal, signature)
        return pack(storage)

    return call


def _bind_blocking(
    signature: Signature, run: Callable[[Sequence[object], object], Coroutine[Any, Any, object]]
) -> Callable[..., object]:
    def call(*arguments: object) -> object:
        *values, wait, signal = arguments
        results: list[object] = []

        async def run_and_keep() -> None:
            results.append(results_to_vm(signature, values, await run(values, wait)))

        done = Fence.create()
        _start(_signalling(run_and_keep(), done, signature), done, signature)
        try:
            done.wait()
        except BaseException as error:
            if isinstance(signal, Fence):
                signal.fail(error, f"raised in {signature.full_name}")
            raise
        if isinstance(signal, Fence):
            signal.signal()
        return results[0]

    return call


async def _signalling(work: Coroutine[Any, Any, None], signal: object, signature: Signature) -> None:
    try:
        await work
    except BaseException as error:
        if isinstance(signal, Fence):
            signal.fail(error, f"raised in {signature.full_name}")
        if not isinstance(error, Exception):
            raise
    else:
        if isinstance(signal, Fence):
            signal.signal()


def _start(work: Coroutine[Any, Any, None], signal: object, signature: Signature) -> None:
    """Run a coroutine in its loop; a scope of calls that is stopped cancels it."""
    future: Future[None] = asyncio.run_coroutine_threadsafe(work, _event_loop())
    scope = current_scope()
    if scope is None:
        return

    def stop(error: StatusError) -> None:
        if isinstance(signal, Fence):
            signal.fail(error, f"raised in {signature.full_name}")
        future.cancel()

    scope.on_stop(future, stop)
    future.add_done_callback(scope.forget)


def import_coroutine(
    signature: Signature, find: Callable[[], Function | None]
) -> Callable[..., Coroutine[Any, Any, object]]:
    """Coroutine function of an import: awaiting it gives the results, or raises what the function raised.

    Args:
        signature: of the method that stands for the import.
        find: gives the function that a call is to reach; None for an optional import that nobody offers.
    """

    async def call_import(
        *arguments: object, wait: Fence | None = None, signal: Fence | None = None
    ) -> object:
        function = found(signature, find)
        done = signal or Fence.create()
        returned = function.callable(*arguments_to_vm(signature, arguments), wait, done)
        await reached(done)
        return results_from_vm(signature, returned)

    return call_import


async def reached(fence: Fence) -> None:
    """Wait, in an event loop, until a fence is reached.

    Raises: the fence's error when it failed; an exception that Python code raised as itself.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def resolve(error: StatusError | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error.original or error)

    def on_reached(error: StatusError | None) -> None:
        loop.call_soon_threadsafe(resolve, error)

    fence.on_reached(on_reached)
    await future


def _static_types(signature: Signature) -> list[tuple[list[int], int]] | None:
    """Shape and element type of each result; None where one is known only in the end."""
    found: list[tuple[list[int], int]] = []
    for type in signature.results:
        if not isinstance(type, TensorConverter) or type.shape is None or type.element_type is None:
            return None
        sizes = [size for size in type.shape if size is not None]
        if len(sizes) != len(type.shape):
            return None
        found.append((sizes, type.element_type))
    return found


def _new_storage(shape: list[int], element_type: int) -> BufferView:
    byte_length = element_types.byte_length(element_type, prod(shape))
    return BufferView(ALLOCATOR.allocate_buffer(byte_length), shape, element_type)


class _Loops:
    """Event loops of our own, each on a thread of its own.

    A coroutine that calls a coroutine export and waits for it blocks its loop, so that call runs in another
    one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_depth: list[asyncio.AbstractEventLoop] = []

    def get(self) -> asyncio.AbstractEventLoop:
        """The loop for a call from this thread."""
        with self._lock:
            depth = 0
            running = asyncio._get_running_loop()  # pyright: ignore[reportPrivateUsage]
            if running in self._by_depth:
                depth = self._by_depth.index(running) + 1
            if depth == len(self._by_depth):
                # Why: a loop keeps the context that it is made in, and all that the present call holds.
                loop = Context().run(asyncio.new_event_loop)
                name = f"gossamer-coroutines-{depth}"
                threading.Thread(target=loop.run_forever, name=name, daemon=True).start()
                self._by_depth.append(loop)
            return self._by_depth[depth]


_loops = _Loops()


def _event_loop() -> asyncio.AbstractEventLoop:
    return _chosen_loop.get() or _loops.get()


def _forget_loops() -> None:
    # Why: threads do not live on in a child process.
    global _loops
    _loops = _Loops()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_loops)
