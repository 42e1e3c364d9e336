"""iree-benchmark-executable: kernels that the reference compiler dumps, measured; text as the reference's."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gossamer.drivers.local.sync_device import SyncDevice
from gossamer.hal.executable import Executable, ExecutableFunction
from gossamer.tools import gossamer as umbrella
from gossamer.tools import iree_benchmark_executable
from gossamer.tools.benchmark.dispatches import Dispatches
from mlir_samples import ABS_MLIR, LLVM_CPU_FLAGS, VMVX_FLAGS

FORMATS = {"vmvx-bytecode-fb": VMVX_FLAGS, "embedded-elf-x86_64": LLVM_CPU_FLAGS}
BINDINGS = ("--binding=16xf32=-1", "--binding=16xf32")
ONE = "--workgroup_count=1,1,1"


@pytest.fixture(scope="session")
def executables(iree_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of one kernel (16 floats to their magnitudes), by format, dumped by the reference compiler."""
    found: dict[str, Path] = {}
    source = tmp_path_factory.mktemp("source") / "abs_module.mlir"
    source.write_text(ABS_MLIR)
    for format, flags in FORMATS.items():
        folder = tmp_path_factory.mktemp(format)
        dump = f"--iree-hal-dump-executable-binaries-to={folder}"
        command = [str(iree_bin / "iree-compile"), *flags, dump, str(source), "-o", str(folder / "out")]
        subprocess.run(command, check=True, capture_output=True)
        (found[format],) = (path for path in folder.iterdir() if path.name != "out")
    return found


def run(*flags: str) -> int:
    return iree_benchmark_executable.main(["--device=local-sync", *flags])


def masked(text: str) -> list[str]:
    """Lines of a report without its numbers."""
    masked_times = re.sub(r" +[\d.]+ ns| +\d+ items_per_second=[\d.]+\w*/s", " N", text)
    return [re.sub(r"-{20,}", "---", line) for line in masked_times.splitlines()]


@pytest.mark.reference
@pytest.mark.parametrize("format", FORMATS)
def test_the_table_is_the_reference_s(
    executables: dict[str, Path], iree_bin: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    flags = (
        *BINDINGS,
        f"--executable_format={format}",
        f"--executable_file={executables[format]}",
        ONE,
        "--workgroup_count=2,1,1",
        "--benchmark_min_time=0.001s",
    )
    reference = subprocess.run(
        [str(iree_bin / "iree-benchmark-executable"), "--device=local-sync", *flags],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run(*flags) == 0
    ours = capsys.readouterr().out
    assert masked(ours) == masked(reference.stdout)
    assert [line.split("/")[0] for line in ours.splitlines()[3:]] == [
        "BM_dispatch_1x1x1",
        "BM_dispatch_2x1x1",
    ]


@pytest.mark.reference
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
@pytest.mark.parametrize("format", FORMATS)
def test_iterations_are_whole_batches(
    executables: dict[str, Path], capsys: pytest.CaptureFixture[str], format: str, device: str
) -> None:
    flags = (f"--executable_format={format}", f"--executable_file={executables[format]}", *BINDINGS, ONE)

    assert (
        iree_benchmark_executable.main(
            [f"--device={device}", *flags, "--batch_size=10", "--benchmark_min_time=25x"]
        )
        == 0
    )
    line = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(
        r"BM_dispatch_1x1x1/process_time/real_time .* ns .* ns +30 items_per_second=.*/s", line
    )


@pytest.mark.reference
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((*BINDINGS, ONE, "--entry_point=5"), "OUT_OF_RANGE; function id 5 out of"),
        ((BINDINGS[0], ONE), "INVALID_ARGUMENT; binding count mismatch, expected 2 but was provided 1"),
        ((*BINDINGS, ONE, "--constant=5"), "INVALID_ARGUMENT; constant count mismatch, expected 0 but"),
        (
            (*BINDINGS, ONE, "--executable_constant=5"),
            "FAILED_PRECONDITION; executable requires 0 constants but",
        ),
        (
            (*BINDINGS, ONE, "--executable_format=foo"),
            "NOT_FOUND; no executable loader registered for the given",
        ),
        ((*BINDINGS, ONE, "--executable_format=vmvx-bytecode-fb"), "FlatBuffer length prefix out of bounds"),
    ],
)
def test_what_does_not_fit_the_executable(
    executables: dict[str, Path],
    iree_bin: Path,
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
    message: str,
) -> None:
    format = "embedded-elf-x86_64"
    all_flags = (f"--executable_format={format}", f"--executable_file={executables[format]}", *flags)
    reference = subprocess.run(
        [str(iree_bin / "iree-benchmark-executable"), "--device=local-sync", *all_flags],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run(*all_flags) == 1
    assert message in capsys.readouterr().err
    assert message in reference.stdout + reference.stderr


@pytest.mark.reference
def test_native_kernels_can_be_refused(
    executables: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    format = "embedded-elf-x86_64"
    flags = (f"--executable_format={format}", f"--executable_file={executables[format]}", *BINDINGS, ONE)
    assert run(*flags, "--allow-native=none") == 1
    assert (
        "PERMISSION_DENIED; executable format 'embedded-elf-x86_64' is native code" in capsys.readouterr().err
    )


@pytest.mark.reference
def test_the_umbrella_and_standard_input(executables: dict[str, Path], gossamer_bin: Path) -> None:
    command = [str(gossamer_bin / "gossamer"), "benchmark-executable", "--device=local-sync"]
    flags = [
        "--executable_format=vmvx-bytecode-fb",
        "--executable_file=-",
        *BINDINGS,
        ONE,
        "--benchmark_dry_run",
    ]
    completed = subprocess.run(
        [*command, *flags],
        input=executables["vmvx-bytecode-fb"].read_bytes(),
        capture_output=True,
        timeout=60,
    )
    assert completed.returncode == 0, completed.stderr
    assert b"BM_dispatch_1x1x1/process_time/real_time" in completed.stdout


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((), "no grid to dispatch; use --workgroup_count=x,y,z"),
        (("--workgroup_count=1,1",), "invalid workgroup count string `1,1`; expects `X,Y,Z`"),
        (("--workgroup_count=1,1,x",), "invalid workgroup count string `1,1,x`; expects `X,Y,Z`"),
        ((ONE, "--entry_point=-1"), "--entry_point must be non-negative"),
        ((ONE, "--batch_size=0"), "--batch_size must be 1 or more"),
        ((ONE,), "no executable; use --executable_file=path"),
        ((ONE, "--executable_file=nowhere"), "NOT_FOUND; failed to open file 'nowhere'"),
        ((ONE, f"--executable_file={__file__}", "--binding=3"), "requires at least a shape/type"),
        ((ONE, f"--executable_file={__file__}", "--binding=(null)"), "bindings must be shaped types"),
    ],
)
def test_flags_that_are_wrong(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], message: str
) -> None:
    assert run(*flags) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("value", ["x", "-1", "4294967296", ""])
def test_constants_are_of_32_bits(capsys: pytest.CaptureFixture[str], value: str) -> None:
    with pytest.raises(SystemExit):
        run(f"--constant={value}")
    assert "expected an integer of 32 bits without a sign" in capsys.readouterr().err


def test_help_lists_its_flags(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        umbrella.main(["benchmark-executable", "--help"])
    text = capsys.readouterr().out
    for name in (
        "batch_size=64",
        'executable_format=""',
        "entry_point=0",
        "constant=[integer value]",
        "device",
    ):
        assert f"--{name}" in text


@pytest.mark.reference
def test_every_flag_of_the_reference_is_known(iree_bin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [str(iree_bin / "iree-benchmark-executable"), "--help"]
    reference = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    with pytest.raises(SystemExit):
        iree_benchmark_executable.main(["--help"])
    ours = capsys.readouterr().out
    # Flags start a line; those in examples are indented.
    names = re.compile(r"^(?:# )?--([a-z_0-9]+)(?==|$)|^(?:benchmark)? +\[--([a-z_]+)=", re.MULTILINE)

    known = {first for first, _ in names.findall(ours)}
    assert len(known) > 50
    assert {first or second for first, second in names.findall(reference)} <= known


def test_every_dispatch_of_every_batch_runs() -> None:
    ran: list[tuple[int, int, int]] = []
    kernel = ExecutableFunction("f", 0, kernel=lambda _call: lambda x, y, z: ran.append((x, y, z)))
    dispatches = Dispatches(
        SyncDevice("local-sync"), Executable([kernel]), 0, (2, 1, 1), (), (), batch_size=3
    )

    timing = dispatches.run(4)

    # Two batches measured, one before.
    assert timing.iterations == 6
    assert ran == [(0, 0, 0), (1, 0, 0)] * 9
