"""Calls of a module in C against the same module in Python.

Usage: python benchmarks/native_module_calls.py

`count` takes and returns an i64; `double` takes a tensor of 16 floats and returns another. Both are called by
Python as bound functions are by programs (`callable`) and as users call them (`pipeline.count(1)`). Minima of
interleaved rounds, in microseconds.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np

import gossamer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.heap_allocator import HeapAllocator

ROUNDS, CALLS = 20, 5000
SOURCE = """
#include <gossamer/module.h>
static const gossamer_host_t *host;
static int64_t total;
static gossamer_status_t count(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  total += call->arguments[0].i64;
  call->results[0].i64 = total;
  return GOSSAMER_OK;
}
static gossamer_status_t twice(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  gossamer_buffer_view_t from, to;
  gossamer_status_t status = host->buffer_view_read(call->arguments[0].ref, &from);
  if (!status) status = host->buffer_view_allocate(GOSSAMER_FLOAT_32, 1, from.shape, &call->results[0].ref);
  if (!status) status = host->buffer_view_read(call->results[0].ref, &to);
  for (int64_t i = 0; !status && i < from.shape[0]; ++i) {
    ((float *)to.memory.data)[i] = 2.0f * ((const float *)from.memory.data)[i];
  }
  return status;
}
static const gossamer_pair_t attributes[] = {
    {"iree.abi.declaration", "sync func @double(%values: tensor<16xf32>) -> (%doubled: tensor<16xf32>)"}};
static const gossamer_export_t exports[] = {
    {"count", "0I_I", count, 0, NULL},
    {"double", "0r_r", twice, GOSSAMER_COUNT(attributes), attributes},
};
static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION, .struct_size = sizeof(gossamer_module_t), .name = "in_c",
    .export_count = GOSSAMER_COUNT(exports), .exports = exports};
GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t version,
                                                               const gossamer_host_t *table) {
  host = table;
  return version == GOSSAMER_ABI_VERSION ? &descriptor : NULL;
}
"""
Vector = Annotated[np.ndarray, "16xf32"]


@gossamer.module("in_python")
class InPython:
    def __init__(self) -> None:
        self.total = 0

    @gossamer.export
    def count(self, step: int) -> int:
        self.total += step
        return self.total

    @gossamer.export(name="double")
    def twice(self, values: Vector) -> Vector:
        return 2 * values


def build(folder: Path) -> Path:
    source, library = folder / "in_c.c", folder / "in_c.so"
    source.write_text(SOURCE)
    flags = ["-std=c99", "-O2", "-shared", "-fPIC", f"-I{gossamer.get_include()}"]
    subprocess.run([shutil.which("cc") or "cc", *flags, source, "-o", library], check=True)
    return library


def time_calls(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - start) / CALLS * 1e6


def calls_of(pipeline: gossamer.Pipeline) -> dict[str, Callable[[], object]]:
    count, double = pipeline.main["count"], pipeline.main["double"]
    values = np.ones(16, np.float32)
    view = BufferView.from_numpy(values, HeapAllocator(), copy=True)
    bound_count, bound_double = count.function.callable, double.function.callable
    return {
        "count, callable": lambda: bound_count(1),
        "count, pipeline": lambda: count(1),
        "double, callable": lambda: bound_double(view),
        "double, pipeline": lambda: double(values),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sides = {
            "C": calls_of(gossamer.Pipeline([build(Path(folder))], device="local-sync")),
            "Python": calls_of(gossamer.Pipeline([InPython], device="local-sync")),
        }
        best = {(side, name): float("inf") for side in sides for name in sides[side]}
        for _ in range(ROUNDS):
            for side, name in best:
                best[side, name] = min(best[side, name], time_calls(sides[side][name]))
    print(f"{'':18} {'C':>8} {'Python':>8}")
    for name in sides["C"]:
        print(f"{name:18} {best['C', name]:8.2f} {best['Python', name]:8.2f}")


if __name__ == "__main__":
    main()
