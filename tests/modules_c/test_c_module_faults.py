"""A module in C that accesses what is not there ends the process, and is named where it does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from c_compiler import CompileC

SOURCE = """
#include <gossamer/module.h>
static volatile int *volatile nowhere;
static gossamer_status_t crash(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  call->results[0].i32 = *nowhere;
  return GOSSAMER_OK;
}
static gossamer_status_t make(void *module, gossamer_context_t context, void **out) {
  (void)module, (void)context;
  *out = (void *)(intptr_t)*nowhere;
  return GOSSAMER_OK;
}
static const gossamer_export_t exports[] = {{"crash", "0v_i", crash, 0, NULL}};
static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION, .struct_size = sizeof(gossamer_module_t), .name = "faulty",
    .export_count = 1, .exports = exports, .create_state = MAKE};
GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t version,
                                                               const gossamer_host_t *host) {
  (void)version, (void)host, (void)make;
  return &descriptor;
}
"""
NATIVE = """
import numpy as np
program = gossamer.compile_text(
    "func.func @abs(%x: tensor<4xf32>) -> tensor<4xf32> {"
    " %0 = math.absf %x : tensor<4xf32>  return %0 : tensor<4xf32> }",
    options=CompileOptions(target_device="local", target_backends=("llvm-cpu",)),
)
gossamer.Pipeline([program], device="local-sync").abs(np.ones(4, np.float32))
"""


def run(path: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    script = (
        "import gossamer\nfrom gossamer.compiler.options import CompileOptions\n"
        f"{before}\npipeline = gossamer.Pipeline([gossamer.load_native_module({str(path)!r})])\n"
        'print("loaded", flush=True)\npipeline.crash()\n'
    )
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("before", ["", NATIVE], ids=["alone", "beside native kernels"])
def test_the_function_that_ends_a_process_is_named(before: str, compile_c: CompileC) -> None:
    path = compile_c(SOURCE, "-DMAKE=NULL")
    done = run(path, before)
    assert done.stdout == "loaded\n"
    assert done.returncode == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in done.stderr
    assert f'File "{path}", line' in done.stderr
    assert " in faulty.crash\n" in done.stderr


def test_what_makes_a_state_is_named_too(compile_c: CompileC) -> None:
    done = run(compile_c(SOURCE, "-DMAKE=make"))
    assert (done.stdout, done.returncode) == ("", -signal.SIGSEGV)
    assert " in `create_state` of module 'faulty'\n" in done.stderr
