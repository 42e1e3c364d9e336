"""Programs that end with things open: nothing is printed, nothing crashes, the exit code is theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gossamer

_MLIR = """
builtin.module @m {
  util.global private mutable @state = dense<1.0> : tensor<4096xf32>
  func.func @f(%x: tensor<4096xf32>) -> tensor<4096xf32> {
    %state = util.global.load @state : tensor<4096xf32>
    %0 = arith.addf %x, %state : tensor<4096xf32>
    util.global.store %0, @state : tensor<4096xf32>
    return %0 : tensor<4096xf32>
  }
}
"""
_OPEN = """
import numpy as np, sys, threading
import gossamer
pipeline = gossamer.Pipeline([sys.argv[1]], device="local-task")
x = np.ones(4096, np.float32)
"""
_BINDING = """
import numpy as np, sys
import gossamer.runtime as rt
config = rt.Config("local-task")
context = rt.SystemContext(config=config)
module = rt.VmModule.mmap(context.instance, sys.argv[1])
context.add_vm_module(module)
"""
_PROGRAMS = {
    "results are held": _OPEN
    + "result = pipeline.f(x); view = memoryview(result); snapshot = pipeline.state",
    "in a cycle": _OPEN + "pipeline.__dict__['me'] = loop = [pipeline]; loop.append(loop); r = pipeline.f(x)",
    "a thread calls for ever": _OPEN
    + "def call():\n    while True: pipeline.f(x)\n"
    + "for _ in range(3): threading.Thread(target=call, daemon=True).start()\n"
    + "import time; time.sleep(0.2)",
    "a thread goes on": _OPEN
    + "def call():\n    for _ in range(50): pipeline.f(x)\n"
    + "threading.Thread(target=call).start()",
    "a call waits": _OPEN + "wait, signal = gossamer.Fence.create(), gossamer.Fence.create()\n"
    "pending = pipeline.f(x, wait=wait, signal=signal)",
    "an invocation is left": _OPEN + "wait = gossamer.Fence.create(); pending = pipeline.f(x, wait=wait)",
    "many are left": _OPEN + "pending = [pipeline.f(x) for _ in range(50)]",
    "the loop ends first": _OPEN + "import asyncio\nwait = gossamer.Fence.create()\n"
    "async def main():\n    asyncio.ensure_future(pipeline.f.submit(x, wait=wait))\n"
    "    await asyncio.sleep(0)\n"
    "asyncio.run(main())",
    "the device is cached": _BINDING + "result = context.modules.m.f(np.ones(4096, np.float32))",
    "memory is mapped": _BINDING
    + "result = context.modules.m.f(np.ones(4096, np.float32))\n"
    + "host = result.to_host(); view = result._buffer_view; mapped = view.map()",
}
_SYNCHRONOUS = {
    "results are held",
    "in a cycle",
    "a thread calls for ever",
    "a thread goes on",
    "the device is cached",
    "memory is mapped",
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """The module with fences and without, by whether it has them."""
    folder = tmp_path_factory.mktemp("exit")
    paths = {True: folder / "asynchronous.vmfb", False: folder / "synchronous.vmfb"}
    for asynchronous, path in paths.items():
        path.write_bytes(gossamer.compile_text(_MLIR, asynchronous=asynchronous))
    return paths


@pytest.mark.parametrize("name", _PROGRAMS)
def test_programs_end_quietly(modules: dict[bool, Path], name: str) -> None:
    assert _run(_PROGRAMS[name], modules[name not in _SYNCHRONOUS]) == (0, "", "")


def test_exit_codes_are_kept(modules: dict[bool, Path]) -> None:
    assert _run(_PROGRAMS["a thread calls for ever"] + "\nsys.exit(3)", modules[False]) == (3, "", "")


def _run(program: str, module: Path) -> tuple[int, str, str]:
    command = [sys.executable, "-W", "error", "-c", program, str(module)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr
