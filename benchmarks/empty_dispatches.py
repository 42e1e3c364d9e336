"""1,000 dispatches of an empty kernel in one command buffer: ours against IREE's.

Usage: python benchmarks/empty_dispatches.py [dispatches]

Both runtimes run the same file, which IREE compiles. In `recorded once` the command buffer is recorded when
the module is loaded, as IREE's compiler arranges it for programs of static shapes, so that a call only
executes it; in `recorded in each call` its bindings are direct, as in programs of dynamic shapes. Each
dispatch waits for the one before it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from rounds import CONFIGURATIONS, REFERENCE, TARGET, Call, measure, print_rows, real_time_prefix

ROUNDS, CALLS = 9, 40
KINDS = {"recorded once": "storage_buffer, Indirect", "recorded in each call": "storage_buffer"}
SOURCE = """
#layout = #hal.pipeline.layout<bindings = [#hal.pipeline.binding<{binding}>]>
hal.executable.source private @kernels {{
  hal.executable.export public @empty ordinal(0) layout(#layout)
      count(%device: !hal.device) -> (index, index, index) {{
    %c1 = arith.constant 1 : index
    hal.return %c1, %c1, %c1 : index, index, index
  }}
  builtin.module {{
    func.func @empty() {{
      return
    }}
  }}
}}
func.func @execute(%x0: tensor<4xf32>) -> tensor<4xf32> {{
{dispatches}
  return %x{count} : tensor<4xf32>
}}
"""


def compile_dispatches(folder: Path, binding: str, count: int) -> Path:
    dispatches = "\n".join(
        f"  %x{index + 1} = flow.dispatch @kernels::@empty(%x{index}) : (tensor<4xf32>) -> %x{index}"
        for index in range(count)
    )
    source, output = folder / "dispatches.mlir", folder / "dispatches.vmfb"
    source.write_text(SOURCE.format(binding=binding, dispatches=dispatches, count=count))
    subprocess.run([REFERENCE / "iree-compile", *TARGET, source, "-o", output], check=True)
    return output


def main() -> None:
    count = int(sys.argv[1]) if sys.argv[1:] else 1000
    prefix = real_time_prefix()
    print(
        f"medians of {ROUNDS} interleaved rounds of {CALLS} calls{', real-time priority' if prefix else ''}"
    )
    for kind, binding in KINDS.items():
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            module, argument = compile_dispatches(folder, binding, count), folder / "argument.npy"
            np.save(argument, np.ones(4, np.float32))
            call = Call(module, "execute", (argument,), ("--input=4xf32=1",))
            for device, workers in CONFIGURATIONS:
                times = measure(call, device, workers, rounds=ROUNDS, count=CALLS, prefix=prefix)
                print_rows(
                    f"{count} dispatches {kind}, {device}{f', {workers} workers' if workers else ''}", times
                )


if __name__ == "__main__":
    main()
