"""Targets are members of a registry; a program may be compiled for several of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from noted_target import FORMAT, NotedLoader, NotedTarget

import gossamer
from gossamer.compiler.options import CompileOptions, Phase
from gossamer.compiler.target.registry import register_target, registered, target_names
from gossamer.compiler.target.vmvx.target import VmvxTarget
from gossamer.drivers.driver import DeviceOptions
from gossamer.drivers.registry import create_device
from gossamer.errors import CompileError, StatusError
from gossamer.hal.device import Device
from gossamer.modules.vmvx.executable import VmvxLoader

ABS = """
func.func @abs(%a: tensor<?xf32>) -> tensor<?xf32> {
  %0 = math.absf %a : tensor<?xf32>
  return %0 : tensor<?xf32>
}
"""
ARGUMENT = np.array([-1, 2, -3.5], np.float32)
RESULT = np.array([1, 2, 3.5], np.float32)


@pytest.fixture(autouse=True)
def noted() -> Iterator[None]:
    with registered(NotedTarget()):
        yield


def compile_abs(*backends: str, to: Phase = Phase.END) -> bytes:
    options = CompileOptions(target_device="local", target_backends=backends, compile_to=to)
    return gossamer.compile_text(ABS, options=options)


def device_with(*loaders: NotedLoader | VmvxLoader) -> Device:
    return create_device("local-sync", DeviceOptions(loaders))


def run_abs(module: bytes, device: Device | None = None) -> np.ndarray:
    return np.asarray(gossamer.Pipeline([module], device=device).abs(ARGUMENT))


def test_a_registered_target_compiles_and_its_executable_runs() -> None:
    loader = NotedLoader()

    result = run_abs(compile_abs("noted"), device_with(loader))

    np.testing.assert_array_equal(result, RESULT)
    assert loader.ran == ["abs_dispatch_0_elementwise_D_f32"]


@pytest.mark.parametrize("backends", [("noted", "vmvx"), ("vmvx", "noted")])
def test_a_device_gets_the_first_variant_that_it_supports(backends: tuple[str, str]) -> None:
    module = compile_abs(*backends)
    loader = NotedLoader()

    np.testing.assert_array_equal(run_abs(module), RESULT)
    np.testing.assert_array_equal(run_abs(module, device_with(loader)), RESULT)
    assert len(loader.ran) == 1
    np.testing.assert_array_equal(run_abs(module, device_with(loader, VmvxLoader())), RESULT)
    assert len(loader.ran) == (2 if backends[0] == "noted" else 1)


@pytest.mark.reference
@pytest.mark.parametrize("backends", [("noted", "vmvx"), ("vmvx", "noted")])
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_the_reference_runtime_gets_the_variant_that_it_supports(
    iree_bin: Path, tmp_path: Path, backends: tuple[str, str], device: str
) -> None:
    path = tmp_path / "abs.vmfb"
    path.write_bytes(compile_abs(*backends))

    command = [iree_bin / "iree-run-module", f"--device={device}", f"--module={path}"]
    completed = subprocess.run(
        [*command, "--function=abs", "--input=3xf32=-1,2,-3.5"], capture_output=True, text=True, timeout=60
    )

    assert completed.stdout.splitlines()[-1] == "3xf32=1 2 3.5", completed.stderr


def test_a_device_that_supports_no_variant_is_told_what_was_wanted() -> None:
    with pytest.raises(StatusError, match=f'#hal.executable.target<"noted", "{FORMAT}">'):
        run_abs(compile_abs("noted"))


def test_every_variant_follows_the_one_interface() -> None:
    listing = compile_abs("noted", "vmvx", to=Phase.EXECUTABLE_TARGETS).decode()

    assert listing.startswith('[["abs_dispatch_0_elementwise_D_f32", 2, 2]]\n')
    assert 'binding_count = "2", constant_count = "2"' in listing


def test_the_host_side_is_scheduled_before_and_without_targets() -> None:
    assert compile_abs("noted", to=Phase.STREAM) == compile_abs("vmvx", to=Phase.STREAM)


def test_a_backend_named_twice_is_compiled_for_once() -> None:
    assert compile_abs("vmvx", "vmvx") == compile_abs("vmvx")


def test_names_are_unique() -> None:
    assert target_names()[-1] == "noted"
    with pytest.raises(ValueError, match="'vmvx' is registered already"):
        register_target(VmvxTarget())


def test_an_unregistered_target_is_refused_with_what_there_is() -> None:
    with pytest.raises(CompileError, match=r"'nowhere' not registered; registered backends: .*noted"):
        compile_abs("nowhere")
