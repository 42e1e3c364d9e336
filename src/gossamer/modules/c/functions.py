"""Calls between programs and functions in C.

In: an export of a state, or a linked function. Out: a callable of the callable ABI, or an import for C.
Memory of a call (arguments, results and the struct that points to them) is kept for the next one: a frame is
taken from a list of free ones, so that calls from several threads, or within each other, have one each.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, cast

from gossamer.abi.calling_convention import parse_calling_convention
from gossamer.abi.declaration import DECLARATION_ATTR, parse_declaration
from gossamer.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError, StatusError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.timeline.fence import Fence
from gossamer.machine_code.fault_messages import named_in_faults
from gossamer.modules.c import handles
from gossamer.modules.c.abi import CALL, FUNCTION_TYPE, write_bytes
from gossamer.modules.c.descriptor import CExport
from gossamer.modules.c.slots import SlotLayout, unpacked
from gossamer.vm.link.function import Function
from gossamer.vm.objects.ref_types import ref_type_name


class Caller(Protocol):
    """What functions of a module are called with."""

    module_address: int
    state_address: int
    is_closed: bool


class _Frame(NamedTuple):
    memory: memoryview
    address: int


class CFunction:
    """An exported function of one state, in the callable ABI."""

    def __init__(self, caller: Caller, context: int, full_name: str, export: CExport, source: str) -> None:
        """Make ready to call a function.

        Args:
            caller: what it is called with.
            context: handle by which it calls imports.
            full_name: for messages, with the module's name.
            export: the function.
            source: path of the module's file.
        """
        convention = parse_calling_convention(export.export.calling_convention)
        self._caller = caller
        self._context = context
        self._name = full_name
        self._source = source
        self._arguments = SlotLayout(convention.arguments)
        self._results = SlotLayout(tuple(convention.results))
        self._tensor_results = _declared_tensors(export.export.attrs)
        self._results_offset = CALL.size + self._arguments.size
        self._free_frames: list[_Frame] = []
        self._entry = FUNCTION_TYPE(export.address)

    def bind(self, *, is_async: bool) -> Callable[..., object]:
        """The callable.

        Args:
            is_async: the last argument is a fence that fails where the call does.
        """
        call_slots = self._bind_slots()
        if self._arguments.is_plain and self._results.is_plain:
            return lambda *values: unpacked(call_slots(values))
        call = self._bind_values(call_slots)
        return _with_fences(call) if is_async else call

    def _new_frame(self) -> _Frame:
        buffer = ctypes.create_string_buffer(self._results_offset + self._results.size)
        address, memory = ctypes.addressof(buffer), memoryview(buffer).cast("B")
        CALL.pack_into(memory, 0, self._context, address + CALL.size, address + self._results_offset)
        return _Frame(memory, address)

    def _bind_slots(self) -> Callable[[Sequence[object]], tuple[object, ...]]:
        """The call with slots in and out: numbers, handles, addresses of spans."""
        caller, entry, frames, results_offset = (
            self._caller,
            self._entry,
            self._free_frames,
            self._results_offset,
        )
        packing = struct.Struct(self._arguments.packing.format + "Q" * self._results.count)
        zeros = (0,) * self._results.count
        pack, unpack, start = packing.pack_into, self._results.packing.unpack_from, CALL.size

        def call_slots(slots: Sequence[object]) -> tuple[object, ...]:
            if caller.is_closed:
                raise self._closed()
            try:
                # Why not look first whether there is one: another thread may take it in between.
                frame = frames.pop()
            except IndexError:
                frame = self._new_frame()
            memory, address = frame
            try:
                pack(memory, start, *slots, *zeros)
            except (struct.error, OverflowError) as error:
                raise self._wrong_values(slots, error) from None
            failure = entry(caller.module_address, caller.state_address, address)
            results = unpack(memory, results_offset)
            frames.append(frame)
            if failure:
                raise self._error(failure)
            return results

        return named_in_faults(call_slots, self._name, self._source)

    def _bind_values(
        self, call_slots: Callable[[Sequence[object]], tuple[object, ...]]
    ) -> Callable[..., object]:
        """The call with refs and spans among the values: they are lent to C until it returns."""
        arguments, results, tensors = self._arguments, self._results, self._tensor_results

        def call(*values: object) -> object:
            if len(values) != arguments.count:
                raise self._wrong_values(values)
            lent: list[int] = []
            memory: list[object] = []
            try:
                returned = call_slots(arguments.to_slots(values, lent, memory))
                taken = results.from_slots(returned, handles.take)
                for index in tensors:
                    if type(taken[index]) is not BufferView:
                        raise self._no_tensor(index, taken[index])
                return unpacked(taken)
            finally:
                for handle in lent:
                    handles.end_loan(handle)

        return call

    def _closed(self) -> FailedPreconditionError:
        return FailedPreconditionError(f"{self._name} is called, but its context is closed")

    def _no_tensor(self, index: int, found: object) -> InvalidArgumentError:
        expected = self._tensor_results[index]
        return InvalidArgumentError(
            f"result {index} of {self._name} is {ref_type_name(found)}, expected {expected}"
        )

    def _error(self, failure: int) -> BaseException:
        error = handles.take_failure(failure, self._name)
        return error.add_frame(f"native {self._name}:0") if isinstance(error, StatusError) else error

    def _wrong_values(self, values: Sequence[object], error: Exception | None = None) -> InvalidArgumentError:
        if len(values) != self._arguments.count:
            return InvalidArgumentError(
                f"{self._name} takes {self._arguments.count} arguments, got {len(values)}"
            )
        return InvalidArgumentError(f"arguments of {self._name} do not fit its calling convention: {error}")


def _declared_tensors(attrs: Mapping[str, str]) -> dict[int, str]:
    """Types of the results that are declared as tensors, by index."""
    declaration = parse_declaration(attrs.get(DECLARATION_ATTR, ""))
    results = () if declaration is None else declaration.results
    return {index: result.type for index, result in enumerate(results) if result.type.startswith("tensor<")}


def _with_fences(call: Callable[..., object]) -> Callable[..., object]:
    """The call of an asynchronous function: a failure at once fails its signal fence, too."""

    def call_with_fences(*values: object) -> object:
        try:
            return call(*values)
        except BaseException as error:
            # Why: whoever waits for the signal fence would wait for ever.
            signal = values[-1] if values else None
            if isinstance(signal, Fence):
                signal.fail(handles.Failure(error).status_error)
            raise

    return call_with_fences


class CImport:
    """A function of another module, as C calls it."""

    __slots__ = ("_arguments", "_function", "_name", "_results")

    def __init__(self, full_name: str, calling_convention: str, function: Function | None) -> None:
        convention = parse_calling_convention(calling_convention)
        self._name = full_name
        self._arguments = SlotLayout(convention.arguments)
        self._results = SlotLayout(tuple(convention.results))
        self._function = function

    @property
    def is_bound(self) -> bool:
        """False for an optional import that nobody offers."""
        return self._function is not None

    def call(self, arguments: int, results: int) -> None:
        """Call with slots at these addresses; refs among the results are held for C.

        Raises: NotFoundError where it is not bound; what the function raises.
        """
        if self._function is None:
            raise NotFoundError(f"optional import {self._name} is not there in this context")
        if (self._arguments.count and not arguments) or (self._results.count and not results):
            raise InvalidArgumentError(f"call of {self._name}: arguments or results are null")
        values = self._arguments.from_slots(self._arguments.read(arguments), handles.get)
        returned = self._function.callable(*values)
        if self._results.count:
            row = (returned,) if self._results.count == 1 else cast("tuple[object, ...]", returned)
            if len(row) != self._results.count:
                raise InvalidArgumentError(f"{self._name} returned {len(row)} results")
            write_bytes(results, self._results.packing.pack(*self._results.to_slots(row, [], [])))
