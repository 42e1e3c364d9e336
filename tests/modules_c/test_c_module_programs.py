"""Programs of modules in C, of our compiler and of IREE: calls in both directions, with and without tools."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from c_compiler import CompileC
from kit_programs import other_module

import gossamer
from gossamer.errors import AbortedError
from gossamer.hal.timeline.fence import Fence
from gossamer.tools import iree_as_module, iree_benchmark_module, iree_run_module
from gossamer.vm.link.link_errors import SignatureMismatchError
from mlir_samples import ASYNC_FLAGS, VMVX_FLAGS

EXAMPLE = Path(__file__).parents[2] / "examples" / "native_module"
PREPARE = (EXAMPLE / "prepare.mlir").read_text()
PROGRAM = (EXAMPLE / "program.mlir").read_text()
ASYNC_PROGRAM = """
module @program {
  func.func private @filter.smooth_later(%input: tensor<?xf32>) -> tensor<?xf32>
      attributes {iree.abi.model = "coarse-fences"}
  func.func @run(%input: tensor<?xf32>) -> tensor<?xf32> {
    %once = call @filter.smooth_later(%input) : (tensor<?xf32>) -> tensor<?xf32>
    %twice = call @filter.smooth_later(%once) : (tensor<?xf32>) -> tensor<?xf32>
    %sum = arith.addf %once, %twice : tensor<?xf32>
    return %sum : tensor<?xf32>
  }
}"""
VALUES = np.array([1, 3, 5, 7], np.float32)
SMOOTHED_TWICE = np.array([4, 6, 12, 20], np.float32)

Compile = Callable[[str], bytes | Path]


@pytest.fixture(scope="session")
def filter_library(compile_c: CompileC) -> Path:
    return compile_c((EXAMPLE / "filter.c").read_text(), "-O2")


@pytest.fixture(params=["ours", pytest.param("reference", marks=pytest.mark.reference)])
def compile_module(request: pytest.FixtureRequest) -> Compile:
    if request.param == "ours":
        return lambda source: gossamer.compile_text(source)
    compile_mlir = request.getfixturevalue("compile_mlir")
    return lambda source: compile_mlir(source, *VMVX_FLAGS)


@pytest.fixture(scope="session")
def demo() -> str:
    """What the example prints."""
    binaries = Path(sys.executable).parent
    environment = {"PATH": f"{binaries}:/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent"}
    completed = subprocess.run(
        ["sh", EXAMPLE / "demo.sh"], capture_output=True, text=True, timeout=300, env=environment
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


def test_modules_before_and_after(filter_library: Path, compile_module: Compile) -> None:
    library = gossamer.load_native_module(filter_library, window=2)
    pipeline = gossamer.Pipeline(
        [compile_module(PREPARE), library, compile_module(PROGRAM)], device="local-sync"
    )

    for calls in (2, 4):
        result, count = pipeline.run(VALUES)
        np.testing.assert_array_equal(result, SMOOTHED_TWICE)
        assert count == calls
    assert pipeline.fork().run(VALUES)[1] == 6


@pytest.mark.reference
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_compilers_mixed(filter_library: Path, compile_mlir: Callable[..., Path], device: str) -> None:
    library = gossamer.load_native_module(filter_library, window=2)
    ours, theirs = gossamer.compile_text, lambda text: compile_mlir(text, *VMVX_FLAGS)
    for before, after in ((ours, theirs), (theirs, ours)):
        pipeline = gossamer.Pipeline([before(PREPARE), library, after(PROGRAM)], device=device)
        np.testing.assert_array_equal(pipeline.run(VALUES)[0], SMOOTHED_TWICE)


@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_fences_between_c_and_programs(filter_library: Path, device: str) -> None:
    program = gossamer.compile_text(ASYNC_PROGRAM, asynchronous=True)
    library = gossamer.load_native_module(filter_library, window=2)
    pipeline = gossamer.Pipeline([gossamer.compile_text(PREPARE), library, program], device=device)

    for _ in range(5):
        calls = [pipeline.run(VALUES) for _ in range(4)]
        for call in calls:
            np.testing.assert_array_equal(call.result(60), [6, 10, 20, 32])


@pytest.mark.reference
def test_fences_between_c_and_iree_s_modules(filter_library: Path, compile_mlir: Callable[..., Path]) -> None:
    program = compile_mlir(ASYNC_PROGRAM, *VMVX_FLAGS, *ASYNC_FLAGS)
    library = gossamer.load_native_module(filter_library, window=2)
    modules = [compile_mlir(PREPARE, *VMVX_FLAGS), library, program]
    pipeline = gossamer.Pipeline(modules, device="local-task")

    np.testing.assert_array_equal(pipeline.run(VALUES).result(60), [6, 10, 20, 32])


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_program_ends_after_its_calls(filter_library: Path, is_closed: bool) -> None:
    prepare = gossamer.load_module(gossamer.compile_text(PREPARE))
    library = gossamer.load_native_module(filter_library, window=2)
    for _ in range(20):
        pipeline = gossamer.Pipeline([prepare, library], device="local-sync")
        signals = [Fence.create() for _ in range(3)]
        results = [pipeline.smooth_later(VALUES, signal=signal) for signal in signals]
        if is_closed:
            pipeline.close()
        del pipeline
        for signal, result in zip(signals, results, strict=True):
            signal.wait(60)
            np.testing.assert_array_equal(result.to_numpy(), [2, 4, 8, 12])


BYTECODE = """vm.module @caller
vm.import @kit.sum cconv "0ICiFDCrD_FI"
vm.import @kit.fail cconv "0i_v"
vm.export @sum
vm.func @sum(%i0: i32) -> (f64, i64) {
  %i2:3 = vm.const.i64 100
  %i4:5 = vm.const.f64 0.5
  %i6:7, %i8:9 = vm.call.variadic @kit.sum segments[65535, 2, 0](%i2:3, %i0, %i4:5, %i0, %i4:5)
  vm.return %i6:7, %i8:9
}
vm.export @fail
vm.func @fail(%i0: i32) -> () {
  vm.call @kit.fail(%i0)
  vm.return
}
"""


def test_bytecode_passes_spans_and_gets_failures(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "caller.vmasm").write_text(BYTECODE)
    caller = tmp_path / "caller.vmfb"
    assert iree_as_module.main([f"--output={caller}", str(tmp_path / "caller.vmasm")]) == 0
    modules = [other_module(), gossamer.load_native_module(kit), caller]
    pipeline = gossamer.Pipeline(modules, device="local-sync")

    assert pipeline.sum(7) == (107.0, 0)
    with pytest.raises(AbortedError, match="as asked") as caught:
        pipeline.fail(10)
    assert caught.value.backtrace[0] == "native kit.fail:0"
    assert caught.value.backtrace[1].startswith("bytecode caller.fail:")


def test_system_modules_are_there_for_c(compile_c: CompileC) -> None:
    pipeline = gossamer.Pipeline([compile_c("rank.c")], device="local-sync")

    assert pipeline.rank(np.zeros((1, 2, 3))) == 3


def test_declarations_are_compared_when_linked(filter_library: Path) -> None:
    wrong = PROGRAM.replace("tensor<?xf32>", "tensor<?xi32>")
    modules = [gossamer.compile_text(PREPARE), filter_library, gossamer.compile_text(wrong)]
    with pytest.raises(
        SignatureMismatchError,
        match=r"of filter\.smooth is tensor<\?xf32>, but program expects tensor<\?xi32>",
    ):
        gossamer.Pipeline(modules, device="local-sync")


def test_the_example(demo: str) -> None:
    assert "4xf32=4 6 12 20" in demo
    assert "smooth: [ 2.  4.  8. 12.]" in demo
    assert "smooth_later: [ 2.  4.  8. 12.]" in demo
    assert "calls: 2 3" in demo


@pytest.fixture(scope="session")
def prepare_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepare") / "prepare.vmfb"
    path.write_bytes(gossamer.compile_text(PREPARE))
    return path


def test_the_tools_take_parameters(
    filter_library: Path, prepare_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--device=local-sync", f"--module={prepare_path}", f"--module={filter_library}?window=4"]
    for function in ("smooth", "smooth_later"):
        assert iree_run_module.main([*flags, f"--function={function}", "--input=4xf32=1,3,5,7"]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "4xf32=2 4 6 8"

    assert iree_benchmark_module.main([*flags, "--function=calls", "--benchmark_min_time=5x"]) == 0
    assert "BM_calls/process_time/real_time" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ("?window=0",),
            "INVALID_ARGUMENT; `window` is a number of elements, 1 or more; in `create` of",
        ),
        (("?depth=1",), "the only parameter is `window`"),
        (("?window",), "parameter 'window' is not of the form key=value"),
        (("@gossamer_x",), "NOT_FOUND; shared object exports no function 'gossamer_x'"),
        (("", "--allow-native=embedded"), "PERMISSION_DENIED; module '"),
    ],
)
def test_the_tools_say_what_is_wrong(
    filter_library: Path,
    prepare_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
    message: str,
) -> None:
    suffix, *others = flags
    modules = [f"--module={prepare_path}", f"--module={filter_library}{suffix}"]
    assert iree_run_module.main(["--device=local-sync", *modules, *others]) == 1
    assert message in capsys.readouterr().err
