"""A linked function called with NumPy arrays, positional or by name.

In: a function, and who allocates its inputs. Out: its results as arrays, or an `Invocation`.
Next: `runtime.function` finds the function that a call is to reach, and what rules it is under.
"""

from __future__ import annotations

from typing import Any

from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.call_limits import NO_LIMITS, CallLimits
from gossamer.limits.scope import CallScope, current_scope
from gossamer.machine_code.signal_handlers import signal_watch
from gossamer.runtime.invocation import Invocation
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
    read_structure,
    result_converter,
)
from gossamer.vm.link.function import Function
from gossamer.vm.link.linkage import Linkage


class ArrayFunction:
    """A function of one linkage.

    Attributes:
        linkage: that it is of.
        function: beneath.
        inputs, outputs: what it takes and gives, fences left out.
        structure: how a caller nests them; None where they are flat.
        is_async: calling it gives an `Invocation`.
    """

    def __init__(
        self, linkage: Linkage, function: Function, allocator: Allocator, limits: CallLimits | None
    ) -> None:
        """Make a function callable with arrays.

        Args:
            allocator: of the device that takes inputs.
            limits: of each asynchronous call, from its start to its end.
        """
        self.linkage = linkage
        self.function = function
        signature = read_signature(function)
        self.inputs: tuple[ValueDescription, ...] = signature.inputs
        self.outputs: tuple[ValueDescription, ...] = signature.outputs
        self.is_async = function.is_async
        self._limits = limits
        self._callable = function.callable
        self.structure = read_structure(function, self.inputs, self.outputs)
        self._takes_storage = any(description.output is not None for description in self.inputs)
        self._is_plain = not self._takes_storage and self.structure is None
        self._converters = [
            (argument_converter if description.output is None else storage_converter)(
                description, function.full_name, allocator
            )
            for description in self.inputs
        ]
        self._from_vm = result_converter(self.outputs)
        self._positions = {f"input{index}": index for index in range(len(self.inputs))}
        self._positions |= {description.name: index for index, description in enumerate(self.inputs)}

    def call(
        self, arguments: tuple[Any, ...], keywords: dict[str, Any], wait: Fence | None, signal: Fence | None
    ) -> Any:
        """Call the function; see `PipelineFunction.__call__`."""
        if self.structure is not None:
            arguments = tuple(self.structure.flatten(arguments, keywords, self.function.full_name))
        elif keywords or len(arguments) != len(self._converters):
            arguments = self._arrange(arguments, keywords)
        values = [convert(value) for convert, value in zip(self._converters, arguments, strict=True)]
        if not signal_watch.is_awake:
            signal_watch.wake()
        if not self.is_async:
            if wait is not None or signal is not None:
                raise InvalidArgumentError(f"{self.function.full_name} is synchronous: it takes no fences")
            returned = self._callable(*values)
            if type(returned) is BufferView and self._is_plain:
                return returned.to_numpy()
            return self._results(returned, arguments)
        if wait is not None and type(wait) is not Fence:
            wait = self._fence(wait, "wait")
        if signal is not None:
            if type(signal) is not Fence:
                signal = self._fence(signal, "signal")
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

    def _fence(self, value: object, keyword: str) -> Fence:
        # Why here: few programs give fences of IREE's API.
        from gossamer.runtime.iree_api.hal.timelines import fence_of

        return fence_of(value, f"{keyword}= of {self.function.full_name}")

    def _results(self, returned: object, arguments: tuple[Any, ...]) -> Any:
        results: Any = self._from_vm(returned)
        if self.structure is not None:
            return self.structure.unflatten(results)
        if not self._takes_storage:
            return results
        if len(self.outputs) == 1:
            return return_to_caller(self.inputs, arguments, (results,))[0]
        return return_to_caller(self.inputs, arguments, results)

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
            position = self._positions.get(keyword)
            if position is None:
                raise InvalidArgumentError(
                    f"{name} has no argument {keyword!r}; it takes {', '.join(names) or 'none'}"
                )
            if names[position] in placed:
                raise InvalidArgumentError(f"{name} got argument {keyword!r} twice")
            placed[names[position]] = value
        missing = [argument for argument in required if argument not in placed]
        if missing:
            raise InvalidArgumentError(
                f"{name} takes {len(required)} arguments, got {len(placed)}: {', '.join(missing)} missing"
            )
        return tuple(placed.get(argument, OMITTED) for argument in names)
