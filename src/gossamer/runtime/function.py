"""Functions of a pipeline: called with NumPy arrays, positional or by name.

A synchronous function returns its results. An asynchronous one returns an `Invocation` to `await`, with
fences made for the caller; given fences by hand it returns results at once, to be read when `signal` says so.

    call ──► is the context's linkage the one that the function was found in?
               yes   one comparison, and the call goes on
               no    a module was replaced: find the function again, by its name, with the types it has now
"""

from __future__ import annotations

from collections.abc import Awaitable
from contextvars import copy_context
from functools import partial
from inspect import Signature
from typing import Any

from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.scope import CallScope, current_scope
from gossamer.runtime.array_function import ArrayFunction
from gossamer.runtime.function_help import help_text, python_signature
from gossamer.runtime.limited_call import NO_RULES, CallRules, call_limited, recursion_failure
from gossamer.runtime.signature import ValueDescription
from gossamer.vm.link.context import Context
from gossamer.vm.link.function import Function


class PipelineFunction:
    """A function of a context, by its name: calls reach the module that is loaded when they begin."""

    def __init__(
        self,
        context: Context,
        module_name: str,
        name: str,
        allocator: Allocator,
        rules: CallRules = NO_RULES,
    ) -> None:
        """Find a function.

        Args:
            module_name: of its module, which may be replaced later.
            name: that the module exports it by.
            allocator: of the device that takes inputs.
            rules: of each call.
        Raises: UnknownModuleError, UnknownFunctionError.
        """
        self._context = context
        self._names = (module_name, name)
        self._full_name = f"{module_name}.{name}"
        self._allocator = allocator
        self._limits, self._lock = rules
        self._is_free = self._limits is None and self._lock is None
        self._bound = self._bind()

    def _bind(self) -> ArrayFunction:
        linkage = self._context.linkage
        function = self._context.export(*self._names)
        bound = ArrayFunction(linkage, function, self._allocator, self._limits)
        signature = python_signature(bound.inputs, bound.outputs, bound.structure)
        self.__doc__ = help_text(self._full_name, signature, is_async=bound.is_async)
        # Why one object: threads that come here at once may store theirs in any order.
        self._bound = bound
        return bound

    def current(self) -> ArrayFunction:
        """The function as it is now.

        Raises: UnknownFunctionError where its module was replaced by one that does not export it.
        """
        bound = self._bound
        return bound if bound.linkage is self._context.linkage else self._bind()

    @property
    def function(self) -> Function:
        """The linked function beneath."""
        return self.current().function

    @property
    def inputs(self) -> tuple[ValueDescription, ...]:
        """What it takes, fences left out."""
        return self.current().inputs

    @property
    def outputs(self) -> tuple[ValueDescription, ...]:
        """What it gives."""
        return self.current().outputs

    @property
    def name(self) -> str:
        """Local name."""
        return self._names[1]

    @property
    def is_async(self) -> bool:
        """True where calling it gives an `Invocation`."""
        return self.current().is_async

    @property
    def __signature__(self) -> Signature:
        """What `inspect.signature` gives; types are MLIR's."""
        bound = self.current()
        return python_signature(bound.inputs, bound.outputs, bound.structure)

    def __repr__(self) -> str:
        # Why not the present one: there is none once the context is closed.
        return f"<PipelineFunction {self._bound.function.declaration or self._full_name}>"

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
                bound = self._bound
                if bound.linkage is not self._context.linkage:
                    bound = self._bind()
                return bound.call(arguments, keywords, wait, signal)
            limits = None if self.is_async else self._limits
            call = partial(self._call_limited, arguments, keywords, wait, signal)
            return call_limited(call, self._full_name, limits, self._lock)
        except RecursionError as error:
            raise recursion_failure(self._full_name) from error

    def _call_limited(
        self, arguments: tuple[Any, ...], keywords: dict[str, Any], wait: Fence | None, signal: Fence | None
    ) -> Any:
        # Why here: the call may have waited for others, and a module may have been replaced meanwhile.
        return self.current().call(arguments, keywords, wait, signal)

    def submit(self, *arguments: Any, **keywords: Any) -> Awaitable[Any]:
        """Call the function without blocking the running event loop, whatever its execution model.

        Cancelling what is returned, or the task that awaits it, cancels the call.
        """
        if self.is_async:
            return self(*arguments, **keywords)
        from asyncio import get_running_loop

        scope = CallScope()

        def call() -> Any:
            with scope:
                return self(*arguments, **keywords)

        future = get_running_loop().run_in_executor(None, copy_context().run, call)
        future.add_done_callback(lambda done: scope.cancel() if done.cancelled() else None)
        return future
