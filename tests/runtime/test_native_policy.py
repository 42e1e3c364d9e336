"""Native code that modules bring is loaded where the policy allows it: `allow_native`, `--allow-native=`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.errors import InvalidArgumentError, PermissionDeniedError
from gossamer.hal.native_policy import NativeCodePolicy
from gossamer.tools import iree_benchmark_module, iree_check_module, iree_run_module

VALUES = np.linspace(-4, 4, 16, dtype=np.float32)


@pytest.mark.parametrize(
    ("policy", "stands_alone", "allowing"),
    [("none", True, "embedded"), ("none", False, "all"), ("embedded", False, "all")],
)
def test_a_refusal_says_what_and_how_to_allow_it(policy: str, stands_alone: bool, allowing: str) -> None:
    message = (
        rf"it is native code, which may not run here \(allow_native is '{policy}'\); "
        rf"if you trust it, allow it with allow_native='{allowing}'"
    )
    with pytest.raises(PermissionDeniedError, match=message):
        NativeCodePolicy(policy).require("it", stands_alone=stands_alone)


@pytest.mark.parametrize(("policy", "stands_alone"), [("embedded", True), ("all", True), ("all", False)])
def test_the_rest_is_allowed(policy: str, stands_alone: bool) -> None:
    NativeCodePolicy(policy).require("it", stands_alone=stands_alone)


def test_unknown_policies_name_the_known_ones() -> None:
    with pytest.raises(
        InvalidArgumentError, match="allow_native is 'some', expected one of none, embedded, all"
    ):
        gossamer.Pipeline(["absent.vmfb"], device="local-sync", allow_native="some")


def test_a_device_object_keeps_its_own_policy() -> None:
    with pytest.raises(InvalidArgumentError, match="a device object got its own"):
        gossamer.Pipeline(["absent.vmfb"], device=gossamer.get_device("local-sync"), allow_native="none")


def test_devices_are_shared_by_uri_and_policy() -> None:
    refusing = gossamer.get_device("local-sync", allow_native="none")

    assert refusing is gossamer.get_device("local-sync", allow_native=NativeCodePolicy.NONE)
    assert refusing is not gossamer.get_device("local-sync")


@pytest.mark.reference
def test_pipelines_refuse_native_executables(abs_llvm_cpu_vmfb: Path, abs_vmvx_vmfb: Path) -> None:
    with pytest.raises(PermissionDeniedError, match=r"'embedded-elf-x86_64' is native code"):
        gossamer.Pipeline([abs_llvm_cpu_vmfb], device="local-sync", allow_native="none")
    for path, policy in ((abs_vmvx_vmfb, "none"), (abs_llvm_cpu_vmfb, "embedded")):
        with gossamer.Pipeline([path], device="local-sync", allow_native=policy) as pipeline:
            np.testing.assert_array_equal(pipeline.abs(VALUES), np.abs(VALUES))


@pytest.mark.reference
@pytest.mark.parametrize(
    ("main", "flags"),
    [
        (iree_run_module.main, ["--function=abs", "--input=16xf32=-1"]),
        (iree_benchmark_module.main, ["--function=abs", "--input=16xf32=-1", "--benchmark_dry_run"]),
    ],
)
def test_tools_refuse_native_executables(
    abs_llvm_cpu_vmfb: Path,
    capsys: pytest.CaptureFixture[str],
    main: Callable[[list[str]], int],
    flags: list[str],
) -> None:
    command = ["--device=local-sync", f"--module={abs_llvm_cpu_vmfb}", *flags]

    assert main([*command, "--allow-native=none"]) == 1
    assert "'embedded-elf-x86_64' is native code" in capsys.readouterr().err
    assert main([*command, "--allow-native=embedded"]) == 0


def test_tools_name_the_policies_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    for main in (iree_run_module.main, iree_benchmark_module.main, iree_check_module.main):
        with pytest.raises(SystemExit):
            main(["--allow-native=some"])
        assert "--allow-native=some: expected one of none, embedded, all" in capsys.readouterr().err
