"""One program with synchronous and asynchronous calls: by tool, from Python, with fences by hand."""

import asyncio
import subprocess
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.errors import DeadlineExceededError, StatusCode, StatusError
from gossamer.hal.timeline.fence import Fence

TARGET = ["--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx"]
ASYNC = "--iree-execution-model=async-external"

SOURCES = {
    "waits": """
builtin.module @waits {
  func.func @double(%input: tensor<8xf32>) -> tensor<8xf32> {
    %result = arith.addf %input, %input : tensor<8xf32>
    return %result : tensor<8xf32>
  }
}
""",
    "flows": """
builtin.module @flows {
  func.func @square(%input: tensor<8xf32>) -> tensor<8xf32> {
    %result = arith.mulf %input, %input : tensor<8xf32>
    return %result : tensor<8xf32>
  }
}
""",
    "mixed": """
builtin.module @mixed {
  func.func private @waits.double(%input: tensor<8xf32>) -> tensor<8xf32>
      attributes {iree.abi.model = "sync"}
  func.func private @flows.square(%input: tensor<8xf32>) -> tensor<8xf32>
  func.func @double_square_double(%input: tensor<8xf32>) -> tensor<8xf32> {
    %0 = call @waits.double(%input) : (tensor<8xf32>) -> tensor<8xf32>
    %1 = call @flows.square(%0) : (tensor<8xf32>) -> tensor<8xf32>
    %2 = call @waits.double(%1) : (tensor<8xf32>) -> tensor<8xf32>
    return %2 : tensor<8xf32>
  }
  func.func @square_then_negate(%input: tensor<8xf32>) -> tensor<8xf32> {
    %0 = call @flows.square(%input) : (tensor<8xf32>) -> tensor<8xf32>
    %1 = arith.negf %0 : tensor<8xf32>
    return %1 : tensor<8xf32>
  }
}
""",
    "both_exports": """
builtin.module @both_exports {
  func.func private @waits.double(%input: tensor<8xf32>) -> tensor<8xf32>
  func.func private @flows.square(%input: tensor<8xf32>) -> tensor<8xf32>
      attributes {iree.abi.model = "coarse-fences"}
  func.func @now(%input: tensor<8xf32>) -> tensor<8xf32> attributes {iree.abi.model = "sync"} {
    %0 = call @flows.square(%input) : (tensor<8xf32>) -> tensor<8xf32>
    %1 = call @waits.double(%0) : (tensor<8xf32>) -> tensor<8xf32>
    return %1 : tensor<8xf32>
  }
  func.func @later(%input: tensor<8xf32>) -> tensor<8xf32> attributes {iree.abi.model = "coarse-fences"} {
    %0 = call @waits.double(%input) : (tensor<8xf32>) -> tensor<8xf32>
    %1 = call @flows.square(%0) : (tensor<8xf32>) -> tensor<8xf32>
    return %1 : tensor<8xf32>
  }
}
""",
}
ASYNC_MODULES = ("flows", "mixed")
VALUES = np.arange(-4, 4, dtype=np.float32)
DEVICES = ("local-sync", "local-task")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory, gossamer_bin: Path) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("mixed")
    paths: dict[str, Path] = {}
    for name, source in SOURCES.items():
        (folder / f"{name}.mlir").write_text(source)
        paths[name] = folder / f"{name}.vmfb"
        flags = [*TARGET, *([ASYNC] if name in ASYNC_MODULES else [])]
        command = [gossamer_bin / "iree-compile", *flags, folder / f"{name}.mlir", "-o", paths[name]]
        subprocess.run(command, check=True)
    return paths


def paths_of(modules: dict[str, Path], *names: str) -> list[Path]:
    return [modules[name] for name in names]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("main", ["mixed", "both_exports"])
def test_the_tool_adds_the_fences(
    modules: dict[str, Path], main: str, device: str, gossamer_bin: Path, tmp_path: Path
) -> None:
    functions = {
        "mixed": {"double_square_double": 8 * VALUES**2, "square_then_negate": -(VALUES**2)},
        "both_exports": {"now": 2 * VALUES**2, "later": 4 * VALUES**2},
    }
    np.save(tmp_path / "in.npy", VALUES)
    paths = paths_of(modules, "waits", "flows", main)

    for function, expected in functions[main].items():
        _run_tool(gossamer_bin, device, paths, function, tmp_path)

        np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


@pytest.mark.reference
@pytest.mark.parametrize("device", DEVICES)
def test_the_reference_runs_them_too(
    modules: dict[str, Path], device: str, iree_bin: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "in.npy", VALUES)
    for main, function, expected in (
        ("mixed", "double_square_double", 8 * VALUES**2),
        ("both_exports", "now", 2 * VALUES**2),
        ("both_exports", "later", 4 * VALUES**2),
    ):
        paths = paths_of(modules, "waits", "flows", main)
        _run_tool(iree_bin, device, paths, function, tmp_path)

        np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


def _run_tool(binaries: Path, device: str, paths: list[Path], function: str, folder: Path) -> None:
    command = [
        binaries / "iree-run-module",
        f"--device={device}",
        *(f"--module={path}" for path in paths),
        f"--function={function}",
        f"--input=@{folder / 'in.npy'}",
        f"--output=@{folder / 'out.npy'}",
    ]
    completed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert completed.returncode == 0, completed.stderr


@pytest.fixture(params=DEVICES)
def pipeline(request: pytest.FixtureRequest, modules: dict[str, Path]) -> gossamer.Pipeline:
    return gossamer.Pipeline(paths_of(modules, "waits", "flows", "both_exports"), device=request.param)


def test_awaiting_an_asynchronous_function(pipeline: gossamer.Pipeline) -> None:
    async def run() -> list[np.ndarray]:
        return list(await asyncio.gather(*(pipeline.later(VALUES + step) for step in range(4))))

    for step, result in enumerate(asyncio.run(run())):
        np.testing.assert_array_equal(result, 4 * (VALUES + step) ** 2)


def test_a_synchronous_function_returns_its_result(pipeline: gossamer.Pipeline) -> None:
    np.testing.assert_array_equal(pipeline.now(VALUES), 2 * VALUES**2)


def test_fences_by_hand_chain_calls(pipeline: gossamer.Pipeline) -> None:
    first, second = Fence.create(), Fence.create()
    square = pipeline.modules["flows"].square

    halfway = square(VALUES, signal=first)
    result = square(halfway, wait=first, signal=second)
    second.wait(30)

    np.testing.assert_array_equal(result.to_numpy(), VALUES**4)


def test_work_waits_for_its_wait_fence(pipeline: gossamer.Pipeline) -> None:
    wait, signal = Fence.create(), Fence.create()

    result = pipeline.modules["flows"].square(VALUES, wait=wait, signal=signal)
    assert signal.query() is StatusCode.DEFERRED
    with pytest.raises(DeadlineExceededError, match="timed out"):
        signal.wait(0.01)
    wait.signal()
    signal.wait(30)

    np.testing.assert_array_equal(result.to_numpy(), VALUES**2)


def test_a_failed_wait_fence_fails_the_signal_fence_with_its_error(pipeline: gossamer.Pipeline) -> None:
    wait, signal = Fence.create(), Fence.create()

    pipeline.modules["flows"].square(VALUES, wait=wait, signal=signal)
    wait.fail(StatusError("sensor offline", code=StatusCode.UNAVAILABLE))

    with pytest.raises(StatusError, match="sensor offline") as raised:
        signal.wait(30)
    assert raised.value.code is StatusCode.UNAVAILABLE


def test_a_failure_reaches_the_awaiting_caller(pipeline: gossamer.Pipeline) -> None:
    wait = Fence.create()
    wait.fail(StatusError("sensor offline", code=StatusCode.UNAVAILABLE))

    with pytest.raises(StatusError, match="sensor offline"):
        pipeline.modules["flows"].square(VALUES, wait=wait).result(30)


def test_a_result_that_takes_too_long_says_so(pipeline: gossamer.Pipeline) -> None:
    wait = Fence.create()
    invocation = pipeline.modules["flows"].square(VALUES, wait=wait)

    assert not invocation.done()
    with pytest.raises(DeadlineExceededError, match="timed out"):
        invocation.result(0.01)
    wait.signal()
    np.testing.assert_array_equal(invocation.result(30), VALUES**2)
