"""Calls between programs and Python methods: VM values on one side, NumPy arrays on the other.

In: a signature and a bound method, or a linked function. Out: a callable of the other side.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from math import prod
from typing import TYPE_CHECKING, Any

from gossamer.abi import element_type as element_types
from gossamer.errors import InvalidArgumentError, NotFoundError, StatusError, UnknownError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.scope import CallScope, current_scope
from gossamer.modules.python.signature import Signature
from gossamer.modules.python.types import ScalarType, TensorType, ValueType
from gossamer.vm.link.function import Function

if TYPE_CHECKING:
    # Why not above: asyncio takes long to load, and only coroutines and awaited fences need it.
    import asyncio
    from concurrent.futures import Future

_allocator = HeapAllocator()


def bind_export(signature: Signature, method: Callable[..., Any]) -> Callable[..., object]:
    """Callable, in the callable ABI, of a Python method."""
    if signature.is_coroutine:
        return _bind_coroutine(signature, method)
    if signature.takes_fences:
        return _bind_with_fences(signature, method)

    def call(*arguments: object) -> object:
        return _results_to_vm(signature, arguments, method(*_arguments_from_vm(signature, arguments)))

    return call


def _bind_with_fences(signature: Signature, method: Callable[..., Any]) -> Callable[..., object]:
    def call(*arguments: object) -> object:
        *values, wait, signal = arguments
        try:
            python_values = _arguments_from_vm(signature, values)
            return _results_to_vm(signature, values, method(*python_values, wait=wait, signal=signal))
        except BaseException as error:
            # Why: whoever waits for the signal fence would wait for ever.
            _fail(signal, error, signature)
            raise

    return call


def _bind_coroutine(
    signature: Signature, method: Callable[..., Coroutine[Any, Any, Any]]
) -> Callable[..., object]:
    from asyncio import run_coroutine_threadsafe

    shapes = [_static_type(type, signature) for type in signature.results]

    def call(*arguments: object) -> object:
        *values, wait, signal = arguments
        storage = [
            _output_storage(signature, values, index) or _new_storage(shape, element_type)
            for index, (shape, element_type) in enumerate(shapes)
        ]

        async def run() -> None:
            try:
                if isinstance(wait, Fence):
                    await reached(wait)
                returned = await method(*_arguments_from_vm(signature, values))
                for index, value in enumerate(_as_tuple(signature, returned)):
                    _store_result(signature, index, value, storage[index])
            except BaseException as error:
                _fail(signal, error, signature)
                if not isinstance(error, Exception):
                    raise
            else:
                if isinstance(signal, Fence):
                    signal.signal()

        future = run_coroutine_threadsafe(run(), _event_loop())
        scope = current_scope()
        if scope is not None:
            _cancel_with(scope, future, signal, signature)
        return _pack(list(storage))

    return call


def _cancel_with(scope: CallScope, future: Future[None], signal: object, signature: Signature) -> None:
    """Cancel a coroutine when its scope is stopped; nothing waits for it longer than that."""

    def stop(error: StatusError) -> None:
        _fail(signal, error, signature)
        future.cancel()

    scope.on_stop(future, stop)
    future.add_done_callback(scope.forget)


def _static_type(type: ValueType, signature: Signature) -> tuple[list[int], int]:
    if isinstance(type, TensorType) and type.shape is not None and type.element_type is not None:
        sizes = [size for size in type.shape if size is not None]
        if len(sizes) == len(type.shape):
            return sizes, type.element_type
    raise InvalidArgumentError(
        f"coroutine function {signature.name} returns {type}: its memory is made before the coroutine runs, "
        "so every result must be a tensor of static shape"
    )


def _new_storage(shape: list[int], element_type: int) -> BufferView:
    byte_length = element_types.byte_length(element_type, prod(shape))
    return BufferView(_allocator.allocate_buffer(byte_length), shape, element_type)


def import_method(signature: Signature, find: Callable[[], Function | None]) -> Callable[..., object]:
    """Python callable of an import; takes and returns NumPy arrays and numbers.

    Args:
        find: gives the function that a call is to reach; None for an optional import that nobody offers.
    """

    def call_import(*arguments: object, wait: Fence | None = None, signal: Fence | None = None) -> object:
        function = find()
        if function is None:
            raise NotFoundError(f"optional import {signature.name} is not there in this context")
        if len(arguments) != len(signature.arguments):
            raise InvalidArgumentError(
                f"{signature.name} takes {len(signature.arguments)} arguments, got {len(arguments)}"
            )
        values = [
            _to_vm(type, value, f"argument {name} of {signature.name}")
            for (name, type), value in zip(signature.arguments, arguments, strict=True)
        ]
        call = function.callable
        returned = call(*values, wait, signal) if signature.is_async else call(*values)
        results = [
            _from_vm(type, value)
            for type, value in zip(signature.results, _as_tuple(signature, returned), strict=True)
        ]
        return _pack(results)

    return call_import


def _arguments_from_vm(signature: Signature, values: tuple[object, ...] | list[object]) -> list[object]:
    return [_from_vm(type, value) for (_, type), value in zip(signature.arguments, values, strict=True)]


def _results_to_vm(
    signature: Signature, arguments: tuple[object, ...] | list[object], returned: object
) -> object:
    results: list[object] = []
    for index, value in enumerate(_as_tuple(signature, returned)):
        storage = _output_storage(signature, arguments, index)
        if storage is None:
            results.append(_to_vm(signature.results[index], value, f"result {index} of {signature.name}"))
        else:
            results.append(_store_result(signature, index, value, storage))
    return _pack(results)


def _store_result(signature: Signature, index: int, value: object, storage: BufferView) -> BufferView:
    source = _to_vm(signature.results[index], value, f"result {index} of {signature.name}")
    if isinstance(source, BufferView) and source is not storage:
        storage.to_numpy()[...] = source.to_numpy()
    return storage


def _output_storage(
    signature: Signature, arguments: tuple[object, ...] | list[object], index: int
) -> BufferView | None:
    for (_, type), value in zip(signature.arguments, arguments, strict=False):
        if isinstance(type, TensorType) and type.output == index and isinstance(value, BufferView):
            return value
    return None


def _from_vm(type: ValueType, value: object) -> object:
    return type.from_vm(value) if isinstance(type, (ScalarType, TensorType)) else value


def _to_vm(type: ValueType, value: object, what: str) -> object:
    if isinstance(type, ScalarType):
        return type.to_vm(value, what)
    return type.to_vm(value, _allocator, what) if isinstance(type, TensorType) else value


def _as_tuple(signature: Signature, returned: object) -> tuple[object, ...]:
    count = len(signature.results)
    if count == 0:
        return ()
    values: tuple[object, ...] = (returned,) if count == 1 else tuple(returned)  # type: ignore[arg-type]
    if len(values) != count:
        raise InvalidArgumentError(f"{signature.name} returned {len(values)} results, declared {count}")
    return values


def _pack(results: list[object]) -> object:
    if not results:
        return None
    return results[0] if len(results) == 1 else tuple(results)


def _fail(signal: object, error: BaseException, signature: Signature) -> None:
    if not isinstance(signal, Fence):
        return
    if isinstance(error, StatusError):
        signal.fail(error)
        return
    failure = UnknownError(f"{type(error).__name__}: {error} (raised in {signature.name})")
    failure.__cause__ = error
    signal.fail(failure)


async def reached(fence: Fence) -> None:
    """Wait, in an event loop, until a fence is reached.

    Raises: the fence's error when it failed.
    """
    from asyncio import get_running_loop

    loop = get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def resolve(error: StatusError | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    def on_reached(error: StatusError | None) -> None:
        loop.call_soon_threadsafe(resolve, error)

    fence.on_reached(on_reached)
    await future


_loop_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def _event_loop() -> asyncio.AbstractEventLoop:
    """Event loop, on a thread of its own, that runs coroutine exports of all modules."""
    from asyncio import new_event_loop

    global _loop
    with _loop_lock:
        if _loop is None:
            _loop = new_event_loop()
            threading.Thread(target=_loop.run_forever, name="gossamer-coroutines", daemon=True).start()
        return _loop
