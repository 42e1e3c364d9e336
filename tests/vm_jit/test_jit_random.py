"""Random functions: the interpreter, the translator and native code must agree."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from conformance_engines import Functions, interpreted, native, translated
from vm_modules import ModuleBuilder

from gossamer.errors import StatusError
from gossamer.isa.encode import Assembler
from gossamer.kept_files.store import CACHE_DIR_VARIABLE
from gossamer.vm.bytecode.limits import Limits
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.jit.analysis.compilable import compilable_functions
from gossamer.vm.jit.analysis.variants import make_variants
from gossamer.vm.objects.buffer import Buffer
from random_programs import CELL_COUNT, RandomBufferLoop, RandomContraction, RandomFunction

FUNCTION_COUNT = 12
ARGUMENTS = (
    (0, 0, 0.0, 0.0),
    (1, -1, -0.0, 1.5),
    (-(1 << 31), (1 << 63) - 1, math.inf, -math.inf),
    (12345, -(1 << 40), 3.25, 1e300),
)


@pytest.fixture(autouse=True)
def _object_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))


def outcome(function: Callable[..., object], arguments: tuple[object, ...]) -> object:
    """Results with floats as bits, NaNs all alike; or the name of the status."""
    try:
        results = function(*arguments)
    except StatusError as error:
        return error.code.name
    if not isinstance(results, tuple):
        return results
    return tuple(
        "nan" if value != value else struct.pack("<d", value) if isinstance(value, float) else value
        for value in results
    )


def value_module(first_seed: int, count: int) -> BytecodeModule:
    builder = ModuleBuilder()
    for seed in range(first_seed, first_seed + count):
        body = RandomFunction(seed, is_punned=seed % 2 == 0)
        builder.function(f"f{seed}", "0iIfF_iIfF", body, cells=CELL_COUNT)
    return builder.module()


def disagreements_on_values(module: BytecodeModule) -> list[str]:
    expected, others = (
        interpreted(module),
        {"translated": translated(module), "native": native(module.decoded)},
    )
    wrong: list[str] = []
    for name, function in expected.items():
        for arguments in ARGUMENTS:
            want = outcome(function, arguments)
            for engine, functions in others.items():
                got = outcome(functions[name], arguments)
                if got != want:
                    wrong.append(f"{engine} {name}{arguments}: {got}, interpreter {want}")
    return wrong


def buffer_module(
    first_seed: int,
    count: int,
    program: Callable[[int], Callable[[Assembler], None]] = RandomBufferLoop,
) -> BytecodeModule:
    builder = ModuleBuilder()
    for seed in range(first_seed, first_seed + count):
        builder.function(f"f{seed}", "0rrrII_v", program(seed), cells=80)
    return builder.module(limits=Limits(max_steps=20000))


def make_buffers(seed: int) -> tuple[Buffer | None, ...]:
    """Three buffers: some too short, sometimes the same, seldom read-only or null."""
    generator = random.Random(seed)
    lengths = [generator.choice((0, 7, 40, 100, 400, 400)) for _ in range(3)]
    buffers: list[Buffer | None] = []
    for length in lengths:
        data = bytearray(generator.randrange(6) for _ in range(length))
        buffers.append(Buffer.wrap(data, is_mutable=generator.random() < 0.95))
    if generator.random() < 0.3:
        buffers[1] = buffers[0]
    if generator.random() < 0.3:
        overlapping = buffers[0]
        assert overlapping is not None
        buffers[2] = Buffer(overlapping.data[overlapping.length // 3 :], is_mutable=overlapping.is_mutable)
    if generator.random() < 0.05:
        buffers[generator.randrange(3)] = None
    return tuple(buffers)


def run_on_buffers(functions: Functions, name: str, seed: int) -> tuple[object, list[bytes]]:
    buffers = make_buffers(seed)
    generator = random.Random(seed)
    limits = tuple(generator.choice((0, 3, 8, 60, -1, 1 << 62)) for _ in range(2))
    if max(limits) > 60:
        limits = (5, 1 << 62) if generator.random() < 0.5 else (1 << 62, 5)
    result = outcome(functions[name], (*buffers, *limits))
    return result, [b"" if buffer is None else bytes(buffer.data) for buffer in buffers]


def disagreements_on_buffers(module: BytecodeModule, calls: int) -> list[str]:
    expected, others = (
        interpreted(module),
        {"translated": translated(module), "native": native(module.decoded)},
    )
    wrong: list[str] = []
    for name in expected:
        for seed in range(calls):
            want = run_on_buffers(expected, name, seed)
            if want[0] == "RESOURCE_EXHAUSTED":
                continue  # Too long a run for the interpreter; the others would just go on.
            for engine, functions in others.items():
                got = run_on_buffers(functions, name, seed)
                if got != want:
                    wrong.append(f"{engine} {name} seed {seed}: {got}, interpreter {want}")
    return wrong


def test_values_agree() -> None:
    assert disagreements_on_values(value_module(0, FUNCTION_COUNT)) == []


def test_loops_over_buffers_agree() -> None:
    assert disagreements_on_buffers(buffer_module(0, FUNCTION_COUNT), calls=12) == []


def make_floats(seed: int) -> tuple[Buffer, ...]:
    """Three buffers of floats, sometimes overlapping, sometimes too short."""
    generator = random.Random(seed)
    lengths = [generator.choice((1200, 1200, 1200, 100)) for _ in range(3)]
    data = [struct.pack("<300f", *(generator.uniform(-2, 2) for _ in range(300))) for _ in lengths]
    buffers = [Buffer.wrap(bytearray(each[:length])) for each, length in zip(data, lengths, strict=True)]
    if generator.random() < 0.2:
        buffers[2] = Buffer(buffers[0].data[40:], is_mutable=True)
    return tuple(buffers)


def run_contraction(functions: Functions, name: str, seed: int) -> tuple[object, list[bytes]]:
    buffers = make_floats(seed)
    result = outcome(functions[name], (*buffers, seed % 3 * 5, 0))
    return result, [bytes(buffer.data) for buffer in buffers]


def disagreements_on_contractions(module: BytecodeModule, calls: int) -> list[str]:
    expected, functions = translated(module), native(module.decoded)
    wrong: list[str] = []
    for name in expected:
        for seed in range(calls):
            want, got = run_contraction(expected, name, seed), run_contraction(functions, name, seed)
            if got != want:
                wrong.append(f"{name} seed {seed}: {got[0]}, translated {want[0]}")
    return wrong


def interchange_count(module: BytecodeModule) -> int:
    functions = compilable_functions(module.decoded, range(len(module.decoded.functions)))
    variants = [variant for function in functions.values() for variant in make_variants(function.ssa)]
    return sum(len(variant.interchanges) for variant in variants)


def test_contractions_agree() -> None:
    module = buffer_module(0, FUNCTION_COUNT, RandomContraction)

    assert disagreements_on_contractions(module, calls=8) == []
    assert 2 <= interchange_count(module) < FUNCTION_COUNT
