"""Modules for a processor with more features than this one are refused before any of their code runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import gossamer
from gossamer.errors import IncompatibleError
from gossamer.processor import cpu_features
from gossamer.runtime.processor_requirements import require_processor
from gossamer.tools import iree_run_module
from mlir_samples import ABS_MLIR, LLVM_CPU_FLAGS

CompileMlir = Callable[..., Path]
LESSER = frozenset(["fpu", "sse", "sse2", "pni", "ssse3", "sse4_1", "sse4_2", "avx", "cx16", "popcnt"])


def module(*targets: tuple[str, str, str]) -> Any:
    text = "".join(
        f'#hal.executable.target<"llvm-cpu", "{format}", {{cpu = "{cpu}", cpu_features = "{features}"}}>'
        for format, cpu, features in targets
    )
    definition = SimpleNamespace(bytecode_data=f"\0HAL device `__device_0` not found: {text}\0".encode())
    return SimpleNamespace(name="m", definition=definition)


@pytest.fixture
def lesser_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_features, "processor_flags", lambda: LESSER)


@pytest.mark.usefixtures("lesser_processor")
def test_what_is_lacking_is_named() -> None:
    features = "+avx,+avx2,-avx512f,+cx16,+fma,+pku,+sse3,+x87"
    with pytest.raises(IncompatibleError, match="module 'm' are for the processor 'haswell' with avx2, fma,"):
        require_processor(module(("embedded-elf-x86_64", "haswell", features)))


@pytest.mark.usefixtures("lesser_processor")
@pytest.mark.parametrize(
    "targets",
    [
        [],
        [("embedded-elf-x86_64", "generic", "")],
        [("system-elf-x86_64", "nehalem", "+sse4.2,+popcnt")],
        [("embedded-elf-x86_64", "haswell", "+avx2"), ("embedded-elf-x86_64", "nehalem", "+sse4.2")],
        [("embedded-elf-arm_64", "cortex", "+avx2")],
    ],
)
def test_modules_that_one_target_serves_are_let_through(targets: list[tuple[str, str, str]]) -> None:
    require_processor(module(*targets))


def test_a_system_that_lists_no_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_features, "processor_flags", frozenset)
    require_processor(module(("embedded-elf-x86_64", "haswell", "+avx2")))


@pytest.mark.reference
def test_programs_of_the_reference_compiler(
    compile_mlir: CompileMlir, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = (*LLVM_CPU_FLAGS, "--iree-llvmcpu-target-cpu=haswell")
    path = compile_mlir(ABS_MLIR, *flags, name="abs_haswell")
    values = np.linspace(-1, 1, 16, dtype=np.float32)
    if not cpu_features.lacking_features(["avx2", "fma", "bmi2"]):
        with gossamer.Pipeline([path], device="local-sync") as pipeline:
            np.testing.assert_array_equal(pipeline.abs(values), np.abs(values))
    monkeypatch.setattr(cpu_features, "processor_flags", lambda: LESSER)

    with pytest.raises(IncompatibleError, match="processor 'haswell' with avx2"):
        gossamer.Pipeline([path], device="local-sync")
    assert iree_run_module.main([f"--module={path}", "--input=16xf32=1"]) == 1
    assert "which this machine's lacks" in capsys.readouterr().err
