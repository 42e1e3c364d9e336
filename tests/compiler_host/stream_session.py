"""Loads modules into one context and calls functions as told, with IREE's Python binding or ours.

Run as a program, by the reference's Python, it takes the request from stdin and prints the answers.

In: JSON {"devices", "modules": [paths], "calls": [{"function": "m.f", "args": [...], "async": bool,
"fails": bool}]}. Out: one JSON line: for each device, a list with the results of each call or
{"error": message}.

A tensor is {"dtype", "shape", "data"}. As an argument, {"keep": tensor} adds the tensor's contents after the
call to the results, and {"result": [call, index]} is an earlier result itself. Async calls get tensors whose
contents are wrong until the wait fence is signalled, some time after the call. With "overlap", all calls are
made before the first wait fence is signalled.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from types import ModuleType

import numpy as np

_ELEMENT_TYPES = {
    "float16": "FLOAT_16",
    "float32": "FLOAT_32",
    "float64": "FLOAT_64",
    "int8": "SINT_8",
    "int16": "SINT_16",
    "int32": "SINT_32",
    "int64": "SINT_64",
    "bool": "BOOL_8",
    "complex64": "COMPLEX_64",
}
_LATE_SECONDS = 0.01
_GARBAGE = 0x5A


class Session:
    """One context on one device of a runtime, `iree.runtime` or `gossamer.runtime`."""

    def __init__(self, rt: ModuleType, device: str, paths: list[str]) -> None:
        self.rt = rt
        self.device = rt.get_device(device)
        instance = rt.VmInstance()
        hal = rt.create_hal_module(instance, self.device)
        modules = [rt.VmModule.mmap(instance, path) for path in paths]
        self.context = rt.VmContext(instance, [hal, *modules])
        self.modules = {module.name: module for module in modules}
        self.results: list[list[object]] = []

    def call(self, call: dict) -> object:
        """Make one call and return what it returned, in JSON."""
        module, _, name = call["function"].partition(".")
        function = self.modules[module].lookup_function(name)
        is_async = call.get("async", False)
        arguments, results = self.rt.VmVariantList(8), self.rt.VmVariantList(8)
        late: list[tuple[object, np.ndarray]] = []
        kept: list[object] = []
        for argument in call["args"]:
            self.push(arguments, argument, late, kept, is_async)
        if is_async:
            self.invoke_async(function, arguments, results, late, call.get("fails", False))
        else:
            self.context.invoke(function, arguments, results)
        values = [self.get(results, index) for index in range(results.size)]
        self.results.append(values)
        return [self.encode(value) for value in [*values, *kept]]

    def push(self, arguments, argument, late, kept, is_async) -> None:
        """Push one argument; tensors of async calls get their contents later."""
        if isinstance(argument, float):
            arguments.push_float(argument)
        elif not isinstance(argument, dict):
            arguments.push_int(argument)
        elif "result" in argument:
            call, index = argument["result"]
            arguments.push_ref(self.results[call][index])
        else:
            tensor = argument.get("keep", argument)
            array = np.array(tensor["data"], dtype=np.dtype(tensor["dtype"])).reshape(tensor["shape"])
            first = np.frombuffer(bytes([_GARBAGE]) * array.nbytes, array.dtype).reshape(array.shape)
            view = self.view(first.copy() if is_async else array)
            late.append((view, array))
            if "keep" in argument:
                kept.append(view)
            arguments.push_ref(view)

    def view(self, array: np.ndarray) -> object:
        """A buffer view with a copy of an array."""
        rt = self.rt
        return self.device.allocator.allocate_buffer_copy(
            memory_type=rt.MemoryType.DEVICE_LOCAL | rt.MemoryType.HOST_VISIBLE,
            allowed_usage=rt.BufferUsage.DEFAULT | rt.BufferUsage.MAPPING,
            device=self.device,
            buffer=array,
            element_type=getattr(rt.HalElementType, _ELEMENT_TYPES[str(array.dtype)]),
        )

    def invoke_async(self, function, arguments, results, late, fails) -> None:
        """Call with fences; the wait fence is signalled after the call returned or waits on the host."""
        fence = self.rt.HalFence
        semaphore = self.device.create_semaphore(0)
        arguments.push_ref(fence.create_at(semaphore, 1))
        done = self.device.create_semaphore(0)
        signal = fence.create_at(done, 1)
        arguments.push_ref(signal)

        def release() -> None:
            time.sleep(_LATE_SECONDS)
            for view, array in late:
                if array.nbytes:
                    mapped = view.map().asarray(array.shape, array.dtype)
                    mapped[...] = array
            if fails:
                semaphore.fail("what the call waited for went wrong")
            else:
                semaphore.signal(1)

        thread = threading.Thread(target=release)
        thread.start()
        try:
            self.context.invoke(function, arguments, results)
            signal.wait()
        finally:
            thread.join()

    def overlap(self, calls: list[dict]) -> list:
        """Make all calls before any wait fence is signalled, then signal the last one's first."""
        started = []
        for call in calls:
            module, _, name = call["function"].partition(".")
            arguments, results = self.rt.VmVariantList(8), self.rt.VmVariantList(8)
            late: list[tuple[object, np.ndarray]] = []
            for argument in call["args"]:
                self.push(arguments, argument, late, [], is_async=True)
            ready, done = self.device.create_semaphore(0), self.device.create_semaphore(0)
            signal = self.rt.HalFence.create_at(done, 1)
            arguments.push_ref(self.rt.HalFence.create_at(ready, 1))
            arguments.push_ref(signal)
            self.context.invoke(self.modules[module].lookup_function(name), arguments, results)
            started.append((results, late, ready, signal))
        for _, late, ready, _ in reversed(started):
            time.sleep(_LATE_SECONDS)
            for view, array in late:
                view.map().asarray(array.shape, array.dtype)[...] = array
            ready.signal(1)
        answers = []
        for results, _, _, signal in started:
            signal.wait()
            answers.append([self.encode(self.get(results, index)) for index in range(results.size)])
        return answers

    def get(self, results, index: int) -> object:
        """A result: a number or a buffer view."""
        value = results.get_variant(index)
        return value.deref(self.rt.HalBufferView, True) if isinstance(value, self.rt.VmRef) else value

    def encode(self, value: object) -> object:
        """A number or the contents of a buffer view, in JSON."""
        if not isinstance(value, self.rt.HalBufferView):
            return value
        device_array = self.rt.DeviceArray(self.device, value, implicit_host_transfer=True)
        array = np.asarray(device_array.to_host())
        return {"dtype": str(array.dtype), "shape": list(array.shape), "data": _numbers(array)}


def _numbers(array: np.ndarray) -> list:
    if array.dtype.kind == "c":
        return [[number.real, number.imag] for number in array.ravel().tolist()]
    return array.ravel().tolist()


def answer(rt: ModuleType, request: dict) -> list:
    """Do what a request says; returns the answers of each device."""
    answers = []
    for device in request["devices"]:
        session = Session(rt, device, request["modules"])
        if request.get("overlap"):
            answers.append(session.overlap(request["calls"]))
            continue
        answers.append([])
        for call in request["calls"]:
            try:
                answers[-1].append(session.call(call))
            except Exception as error:
                session.results.append([])
                answers[-1].append({"error": str(error)})
    return answers


if __name__ == "__main__":
    import iree.runtime

    print(json.dumps(answer(iree.runtime, json.load(sys.stdin))))
