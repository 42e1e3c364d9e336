"""Mutated files in IREE's runtime: run by `reference_fuzzer` with a Python that has `iree.runtime`.

    python reference_cases.py CORPUS CASES FIRST END

In: `CASES/<seed>.vmfb`, `cases.json` (file of the corpus and modules before, by seed), `plans.json`
(arguments). Out: one line of JSON before and after each case.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import iree.runtime as rt
import numpy as np

_MOST_CALLS = 48


def main() -> None:
    """Run the cases of a range of seeds."""
    corpus, cases = Path(sys.argv[1]), Path(sys.argv[2])
    rows: dict[str, Any] = json.loads((cases / "cases.json").read_text())
    plans: dict[str, Any] = json.loads((cases / "plans.json").read_text())
    output = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    instance = rt.VmInstance()
    device = rt.get_device("local-sync", cache=False)
    for seed in range(int(sys.argv[3]), int(sys.argv[4])):
        print(json.dumps({"start": seed}), file=output, flush=True)
        file, before = rows[str(seed)]
        begun = time.monotonic()
        data = (cases / f"{seed}.vmfb").read_bytes()
        outcome = run_case(instance, device, corpus, data, plans[file], before)
        seconds = round(time.monotonic() - begun, 3)
        print(json.dumps({"seed": seed, "outcome": outcome, "seconds": seconds}), file=output, flush=True)


def run_case(
    instance: Any, device: Any, corpus: Path, data: bytes, plans: dict[str, Any], before: list[str]
) -> str:
    """Load and call one file; the name of what happened."""
    try:
        module = rt.VmModule.copy_buffer(instance, data)
    except Exception:
        return "refused"
    try:
        modules = [_load_before(instance, corpus, name) for name in before]
        # Programs of the inline kind are not linked: the binding offers no `hal_inline` nor `hal_loader`.
        system = [rt.create_hal_module(instance, device), _parameters_module(instance)]
        context = rt.VmContext(instance, modules=[*system, *modules, module])
    except Exception:
        return "not linked"
    outcomes = {
        _call(context, module, name, plans.get(name), device) for name in module.function_names[:_MOST_CALLS]
    }
    return "failed when called" if "error" in outcomes else "called"


def _parameters_module(instance: Any) -> Any:
    index = rt.ParameterIndex()
    index.add_buffer("scale", np.ones(16, np.float32))
    return rt.create_io_parameters_module(instance, index.create_provider(scope="model"))


def _load_before(instance: Any, corpus: Path, name: str) -> Any:
    if name == "host":
        return _host_interface().create()
    return rt.VmModule.copy_buffer(instance, (corpus / name).read_bytes())


def _host_interface() -> Any:
    class Host:
        def __init__(self, interface: Any) -> None:
            self.interface = interface

        def scale(self, value: Any, factor: float) -> Any:
            return value

        def next(self, number: int) -> int:
            return number + 1

    interface = rt.PyModuleInterface("host", Host)
    interface.export("scale", "0rf_r", Host.scale)
    interface.export("next", "0i_i", Host.next)
    return interface


def _call(context: Any, module: Any, name: str, plan: list[Any] | None, device: Any) -> str:
    try:
        function = module.lookup_function(name)
        if function is None:
            return "error"
        arguments = rt.VmVariantList(8)
        fences = [_push(arguments, row, device) for row in plan or []]
        results = rt.VmVariantList(4)
        context.invoke(function, arguments, results)
        del fences
    except Exception:
        return "error"
    return "ok"


def _push(arguments: Any, row: list[Any], device: Any) -> Any:
    kind = row[0]
    if kind == "view":
        values = np.arange(1, int(np.prod(row[1])) + 1).astype(row[2]).reshape(row[1])
        view = device.allocator.allocate_buffer_copy(
            memory_type=rt.MemoryType.DEVICE_LOCAL | rt.MemoryType.HOST_VISIBLE,
            allowed_usage=rt.BufferUsage.DEFAULT | rt.BufferUsage.MAPPING,
            device=device,
            buffer=values,
            element_type=rt.HalElementType(row[3]),
        )
        arguments.push_ref(view)
        return view
    if kind in ("fence", "wait"):
        fence = rt.HalFence.create_at(device.create_semaphore(int(kind == "wait")), 1)
        arguments.push_ref(fence)
        return fence
    if kind in "iI":
        arguments.push_int(row[1])
    else:
        arguments.push_float(row[1])
    return None


if __name__ == "__main__":
    main()
