"""Functions of a pipeline: called with NumPy arrays, positional or by name.

A synchronous function returns its results. An asynchronous one returns an `Invocation` to `await`, with
fences made for the caller; given fences by hand it returns results at once, to be read when `signal` says so.
"""

from __future__ import annotations

from collections.abc import Awaitable
from contextvars import copy_context
from functools import partial
from typing import Any

from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.call_limits import NO_LIMITS
from gossamer.limits.scope import CallScope, current_scope
from gossamer.runtime.invocation import Invocation
from gossamer.runtime.limited_call import NO_RULES, CallRules, call_limited, recursion_failure
from gossamer.runtime.result_storage import (
    OMITTED,
    place_storage,
    require_in_place,
    return_to_caller,
    storage_converter,
)
from gossamer.runtime.signature import (
    ValueDescription,
    argument_converter,
    read_signature,
    result_from_vm,
)
from gossamer.vm.link.function import Function


class PipelineFunction:
    """A function of one context.

    Attributes:
        function: the linked function beneath.
        inputs, outputs: what it takes and gives, fences left out.
    """

    def __init__(self, function: Function, allocator: Allocator, rules: CallRules = NO_RULES) -> None:
        """Make a function callable with arrays.

        Args:
            allocator: of the device that takes inputs.
            rules: of each call.
        """
        self.function = function
        self._limits, self._lock = rules
        self._is_free = self._limits is None and self._lock is None
        signature = read_signature(function)
        self.inputs: tuple[ValueDescription, ...] = signature.inputs
        self.outputs: tuple[ValueDescription, ...] = signature.outputs
        self._callable = function.callable
        self._is_async = function.is_async
        self._takes_storage = any(description.output is not None for description in self.inputs)
        self._converters = [
            (argument_converter if description.output is None else storage_converter)(
                description, function.full_name, allocator
            )
            for description in self.inputs
        ]
        self._positions = {description.name: index for index, description in enumerate(self.inputs)}

    @property
    def name(self) -> str:
        """Local name."""
        return self.function.name

    @property
    def is_async(self) -> bool:
        """True where calling it gives an `Invocation`."""
        return self._is_async

    def __repr__(self) -> str:
        return f"<PipelineFunction {self.function.declaration or self.function.full_name}>"

    def __call__(
        self, *arguments: Any, wait: Fence | None = None, signal: Fence | None = None, **keywords: Any
    ) -> Any:
        """Call the function.

        Args:
            arguments, keywords: inputs in order, or by name. Inputs that are storage for results
                (`inputs[i].output`) may be left out; then memory is allocated, if the shape is static.
                Otherwise they are given in order, by name, or as `out=`: an array or a buffer view, or a
                tuple of them, one for each result that takes storage. Arrays that are contiguous and
                64-byte aligned are written in place, others copied to; the result is that array.
            wait: asynchronous functions only: start after it is reached.
            signal: asynchronous functions only: reached when the results may be read. Results are then
                returned at once, as buffer views.
        Returns: None, one result or a tuple; an `Invocation` of those for an asynchronous function
            without `signal`.
        Raises: InvalidArgumentError on arguments that do not fit; what the program raises; LimitError where
            the call passes a limit or is cancelled (see `gossamer.call_limits`).
        """
        try:
            if self._is_free and current_scope() is None:
                return self._call(arguments, keywords, wait, signal)
            call = partial(self._call, arguments, keywords, wait, signal)
            limits = None if self._is_async else self._limits
            return call_limited(call, self.function.full_name, limits, self._lock)
        except RecursionError as error:
            raise recursion_failure(self.function.full_name) from error

    def _call(
        self, arguments: tuple[Any, ...], keywords: dict[str, Any], wait: Fence | None, signal: Fence | None
    ) -> Any:
        if keywords or len(arguments) != len(self._converters):
            arguments = self._arrange(arguments, keywords)
        values = [convert(value) for convert, value in zip(self._converters, arguments, strict=True)]
        if not self._is_async:
            if wait is not None or signal is not None:
                raise InvalidArgumentError(f"{self.function.full_name} is synchronous: it takes no fences")
            returned = self._callable(*values)
            if type(returned) is BufferView and not self._takes_storage:
                return returned.to_numpy()
            return self._results(returned, arguments)
        if signal is not None:
            if self._takes_storage:
                require_in_place(self.inputs, arguments, self.function.full_name)
            if self._limits is None and current_scope() is None:
                return self._callable(*values, wait, signal)
            return self._start(values, wait, signal)[0]
        finish = Fence.create()
        returned, scope = self._start(values, wait, finish)
        return Invocation(finish, lambda: self._results(returned, arguments), scope)

    def _start(self, values: list[Any], wait: Fence | None, signal: Fence) -> tuple[object, CallScope]:
        """Call an asynchronous function under a scope of its own, which fails its fence when stopped."""
        scope = CallScope(self._limits or NO_LIMITS, self.function.full_name)
        with scope:
            returned = self._callable(*values, wait, signal)
        if not signal.is_reached:
            scope.on_stop(signal, signal.fail)
        return returned, scope

    def _results(self, returned: object, arguments: tuple[Any, ...]) -> Any:
        results = _results_from_vm(returned)
        if not self._takes_storage:
            return results
        if len(self.outputs) == 1:
            return return_to_caller(self.inputs, arguments, (results,))[0]
        return return_to_caller(self.inputs, arguments, results)

    def submit(self, *arguments: Any, **keywords: Any) -> Awaitable[Any]:
        """Call the function without blocking the running event loop, whatever its execution model.

        Cancelling what is returned, or the task that awaits it, cancels the call.
        """
        if self._is_async:
            return self(*arguments, **keywords)
        from asyncio import get_running_loop

        scope = CallScope()

        def call() -> Any:
            with scope:
                return self(*arguments, **keywords)

        future = get_running_loop().run_in_executor(None, copy_context().run, call)
        future.add_done_callback(lambda done: scope.cancel() if done.cancelled() else None)
        return future

    def _arrange(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, ...]:
        name = self.function.full_name
        names = [description.name for description in self.inputs]
        if "out" in keywords and "out" not in self._positions:
            keywords = keywords | place_storage(self.inputs, keywords["out"], name)
            del keywords["out"]
        required = [description.name for description in self.inputs if description.output is None]
        if len(arguments) > len(names):
            raise InvalidArgumentError(f"{name} takes {len(names)} arguments, got {len(arguments)}")
        in_order = required if len(arguments) <= len(required) else names
        placed: dict[str, Any] = dict(zip(in_order, arguments, strict=False))
        for keyword, value in keywords.items():
            if keyword not in self._positions:
                raise InvalidArgumentError(
                    f"{name} has no argument {keyword!r}; it takes {', '.join(names) or 'none'}"
                )
            if keyword in placed:
                raise InvalidArgumentError(f"{name} got argument {keyword!r} twice")
            placed[keyword] = value
        missing = [argument for argument in required if argument not in placed]
        if missing:
            raise InvalidArgumentError(
                f"{name} takes {len(required)} arguments, got {len(placed)}: {', '.join(missing)} missing"
            )
        return tuple(placed.get(argument, OMITTED) for argument in names)


def _results_from_vm(returned: object) -> Any:
    if isinstance(returned, tuple):
        return tuple(result_from_vm(value) for value in returned)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return result_from_vm(returned)
