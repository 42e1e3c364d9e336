"""Fixtures that compile programs here and run them in the reference runtime."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gossamer.compiler.options import CompileOptions, ExecutionModel, Phase
from gossamer.compiler.pipeline import compile_source
from gossamer.compiler.source import Source

_SESSION = Path(__file__).with_name("stream_session.py")
DEVICES = ("local-sync", "local-task")

Json = object
Compile = Callable[..., Path]
Schedule = Callable[..., str]
Run = Callable[..., list[Json]]


def compile_text(text: str, *, is_async: bool = False, to: Phase = Phase.END, **options: object) -> bytes:
    """Compile MLIR text for VMVX, keeping f64 as it is."""
    model = ExecutionModel.ASYNC_EXTERNAL if is_async else ExecutionModel.ASYNC_INTERNAL
    settings = CompileOptions(
        execution_model=model,
        target_device="local",
        target_backends=("vmvx",),
        type_conversions=frozenset(),
        compile_to=to,
        **options,
    )
    return compile_source(Source.from_text(text, "program.mlir"), settings)


def _without_message(answer: Json) -> Json:
    return "failed" if isinstance(answer, dict) else answer


@pytest.fixture
def compiled(tmp_path: Path) -> Compile:
    """`compiled(name, body, is_async=False)` -> path of the module `@name` with that body."""

    def compile_module(name: str, body: str, *, is_async: bool = False) -> Path:
        path = tmp_path / f"{name}.vmfb"
        path.write_bytes(compile_text(f"module @{name} {{\n{body}\n}}", is_async=is_async))
        return path

    return compile_module


@pytest.fixture
def schedule() -> Schedule:
    """`schedule(body, is_async=False)` -> text of the host program of a module with that body."""

    def schedule_module(body: str, *, is_async: bool = False, **options: object) -> str:
        return compile_text(body, is_async=is_async, to=Phase.STREAM, **options).decode()

    return schedule_module


@pytest.fixture(params=["gossamer", pytest.param("iree", marks=pytest.mark.reference)])
def run(request: pytest.FixtureRequest) -> Run:
    """`run(modules, calls)` -> answers of one context on each device of a runtime, which must agree."""
    is_reference = request.param == "iree"
    iree_bin = request.getfixturevalue("iree_bin") if is_reference else None

    def run_calls(
        modules: Sequence[Path],
        calls: Sequence[dict[str, Json]],
        *,
        overlap: bool = False,
        devices: Sequence[str] = DEVICES,
    ) -> list[Json]:
        paths = [str(path) for path in modules]
        wanted = {"devices": devices, "modules": paths, "calls": calls, "overlap": overlap}
        first, *others = _reference_answers(iree_bin, wanted) if iree_bin else _our_answers(wanted)
        for other in others:
            assert list(map(_without_message, other)) == list(map(_without_message, first))
        return first

    return run_calls


def _our_answers(wanted: dict[str, Json]) -> list[list[Json]]:
    from stream_session import answer

    import gossamer.runtime

    return json.loads(json.dumps(answer(gossamer.runtime, wanted)))


def _reference_answers(iree_bin: Path, wanted: dict[str, Json]) -> list[list[Json]]:
    result = subprocess.run(
        [str(iree_bin / "python"), str(_SESSION)],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])
