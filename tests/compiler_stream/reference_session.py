"""Run by the reference's Python: loads modules into one context and calls functions as told on stdin.

In: JSON {"devices", "modules": [paths], "calls": [{"function": "m.f", "args": [...], "async": bool,
"fails": bool}]}. Out: one JSON line: for each device, a list with the results of each call or
{"error": message}.

A tensor is {"dtype", "shape", "data"}. As an argument, {"keep": tensor} adds the tensor's contents after the
call to the results, and {"result": [call, index]} is an earlier result itself. Async calls get tensors whose
contents are wrong until the wait fence is signalled, some time after the call.
"""

from __future__ import annotations

import json
import sys
import threading
import time

import iree.runtime as rt
import numpy as np

_ELEMENT_TYPES = {
    "float16": rt.HalElementType.FLOAT_16,
    "float32": rt.HalElementType.FLOAT_32,
    "float64": rt.HalElementType.FLOAT_64,
    "int8": rt.HalElementType.SINT_8,
    "int16": rt.HalElementType.SINT_16,
    "int32": rt.HalElementType.SINT_32,
    "int64": rt.HalElementType.SINT_64,
    "bool": rt.HalElementType.BOOL_8,
    "complex64": rt.HalElementType.COMPLEX_64,
}
_LATE_SECONDS = 0.01
_GARBAGE = 0x5A


class Session:
    """One context on one device."""

    def __init__(self, device: str, paths: list[str]) -> None:
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
        arguments, results = rt.VmVariantList(8), rt.VmVariantList(8)
        late: list[tuple[rt.HalBufferView, np.ndarray]] = []
        kept: list[rt.HalBufferView] = []
        for argument in call["args"]:
            self.push(arguments, argument, late, kept, is_async)
        if is_async:
            self.invoke_async(function, arguments, results, late, call.get("fails", False))
        else:
            self.context.invoke(function, arguments, results)
        values = [_get(results, index) for index in range(results.size)]
        self.results.append(values)
        return [_encode(value) for value in [*values, *kept]]

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

    def view(self, array: np.ndarray) -> rt.HalBufferView:
        """A buffer view with a copy of an array."""
        return self.device.allocator.allocate_buffer_copy(
            memory_type=rt.MemoryType.DEVICE_LOCAL | rt.MemoryType.HOST_VISIBLE,
            allowed_usage=rt.BufferUsage.DEFAULT | rt.BufferUsage.MAPPING,
            device=self.device,
            buffer=array,
            element_type=_ELEMENT_TYPES[str(array.dtype)],
        )

    def invoke_async(self, function, arguments, results, late, fails) -> None:
        """Call with fences; the wait fence is signalled after the call returned or waits on the host."""
        semaphore = self.device.create_semaphore(0)
        arguments.push_ref(rt.HalFence.create_at(semaphore, 1))
        done = self.device.create_semaphore(0)
        signal = rt.HalFence.create_at(done, 1)
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


def _get(results: rt.VmVariantList, index: int) -> object:
    value = results.get_variant(index)
    return value.deref(rt.HalBufferView, True) if isinstance(value, rt.VmRef) else value


def _encode(value: object) -> object:
    if not isinstance(value, rt.HalBufferView):
        return value
    device = rt.get_device("local-sync")
    array = np.asarray(rt.DeviceArray(device, value, implicit_host_transfer=True).to_host())
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": _numbers(array)}


def _numbers(array: np.ndarray) -> list:
    if array.dtype.kind == "c":
        return [[number.real, number.imag] for number in array.ravel().tolist()]
    return array.ravel().tolist()


def main() -> None:
    request = json.load(sys.stdin)
    answers = []
    for device in request["devices"]:
        session = Session(device, request["modules"])
        answers.append([])
        for call in request["calls"]:
            try:
                answers[-1].append(session.call(call))
            except Exception as error:
                session.results.append([])
                answers[-1].append({"error": str(error)})
    print(json.dumps(answers))


main()
