"""Programs of the reference compiler on our modules, and the reference runtime's own answers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gossamer.abi.element_type import parse_element_type
from gossamer.abi.hal_functions import HAL
from gossamer.abi.inline_functions import HAL_INLINE, HAL_LOADER
from gossamer.abi.module_interface import ModuleInterface
from gossamer.abi.vmvx_functions import VMVX
from gossamer.drivers.driver import DeviceOptions
from gossamer.drivers.registry import create_device
from gossamer.errors import AbortedError, StatusError
from gossamer.format.archive import write_module
from gossamer.format.module_def import (
    ExportFunction,
    FunctionDescriptor,
    FunctionSignature,
    ImportFunction,
    ModuleDef,
    ModuleDependency,
    Requirements,
)
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.hal.module import HalModule
from gossamer.modules.vmvx.executable import VmvxLoader
from gossamer.runtime.loading import with_system_modules
from gossamer.vm.link.context import Context
from gossamer.vm.loading import load_bytecode_module

pytestmark = pytest.mark.reference

CompileMlir = Callable[..., Path]

VMVX_FLAGS = ("--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx")
ASYNC_FLAGS = ("--iree-execution-model=async-external",)

ABS_MLIR = """\
func.func @abs(%input: tensor<16xf32>) -> tensor<16xf32> {
  %result = math.absf %input : tensor<16xf32>
  return %result : tensor<16xf32>
}
"""

MUL_MLIR = """\
func.func @mul(%lhs: tensor<16xf32>, %rhs: tensor<16xf32>,
    %output: tensor<16xf32> {iree.abi.output = 0 : index}) -> tensor<16xf32> {
  %0 = arith.mulf %lhs, %rhs : tensor<16xf32>
  return %0 : tensor<16xf32>
}
"""

MATMUL_MLIR = """\
func.func @main(%a: tensor<37x19xf32>, %b: tensor<19x23xf32>) -> tensor<37x23xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<37x23xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<37x23xf32>) -> tensor<37x23xf32>
  %product = linalg.matmul ins(%a, %b : tensor<37x19xf32>, tensor<19x23xf32>)
      outs(%filled : tensor<37x23xf32>) -> tensor<37x23xf32>
  %result = math.exp %product : tensor<37x23xf32>
  return %result : tensor<37x23xf32>
}
"""


@pytest.fixture(params=["local-sync", "local-task"])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    device = create_device(request.param, DeviceOptions([VmvxLoader()]))
    yield device
    device.close()


def load(device: Device, *paths: Path) -> Context:
    return Context([HalModule([device]), *(load_bytecode_module(path.read_bytes()) for path in paths)])


def importer(interface: ModuleInterface) -> bytes:
    """A module that imports every function of another, each required."""
    code = bytes.fromhex("79 5a 00 00".replace(" ", ""))
    imports = tuple(
        ImportFunction(function.full_name, FunctionSignature(function.calling_convention))
        for function in interface.functions.values()
    )
    return write_module(
        ModuleDef(
            "importer",
            dependencies=(ModuleDependency(interface.name, interface.version),),
            imported_functions=imports,
            exported_functions=(ExportFunction("main", 0),),
            function_signatures=(FunctionSignature("0v_v"),),
            function_descriptors=(FunctionDescriptor(0, 4, Requirements(0), 1, 0, 0),),
            bytecode_data=code + bytes(4),
        )
    )


@pytest.mark.parametrize("interface", [HAL, HAL_INLINE, HAL_LOADER, VMVX], ids=lambda each: each.name)
def test_the_reference_has_every_function_with_our_convention(
    iree_bin: Path, tmp_path: Path, interface: ModuleInterface
) -> None:
    path = tmp_path / "importer.vmfb"
    path.write_bytes(importer(interface))
    command = [
        str(iree_bin / "iree-run-module"),
        f"--module={path}",
        "--function=main",
        "--device=local-sync",
    ]
    result = subprocess.run(command, capture_output=True, text=True)

    assert result.returncode == 0, result.stderr
    Context(with_system_modules([load_bytecode_module(path.read_bytes())], [create_device("local-sync")]))


@pytest.mark.parametrize(
    "given", ["5xf32", "16xi32", "16xsi8", "16x1xf32", "1xbf16", "4x2x2xf64", "f32=1", "(null)"]
)
def test_refused_inputs_read_as_in_the_reference(iree_bin: Path, abs_vmvx_vmfb: Path, given: str) -> None:
    command = [
        str(iree_bin / "iree-run-module"),
        f"--module={abs_vmvx_vmfb}",
        "--function=abs",
        f"--input={given}",
        "--device=local-sync",
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    theirs = re.search(r": ([A-Z_]+; .*?); while invoking", result.stderr)
    assert theirs is not None, result.stderr

    device = create_device("local-sync", DeviceOptions([VmvxLoader()]))
    view = None
    if given != "(null)":
        *dimensions, type_name = given.partition("=")[0].split("x")
        shape = [int(dimension) for dimension in dimensions]
        view = BufferView(device.allocator.allocate_buffer(512), shape, parse_element_type(type_name))
    with pytest.raises(StatusError) as caught:
        load(device, abs_vmvx_vmfb).lookup("module.abs")(view)

    assert str(caught.value).startswith(theirs[1])


def test_modules_call_each_other(device: Device, compile_mlir: CompileMlir, pipeline_vmfb: Path) -> None:
    context = load(
        device,
        compile_mlir(f"builtin.module @abs_module {{\n{ABS_MLIR}}}", *VMVX_FLAGS, name="abs_module"),
        compile_mlir(f"builtin.module @mul_module {{\n{MUL_MLIR}}}", *VMVX_FLAGS, name="mul_module"),
        pipeline_vmfb,
    )
    run = context.lookup("module.run")
    values = np.linspace(-4, 4, 16, dtype=np.float32)
    for _ in range(3):
        result = run(BufferView.from_numpy(values, device.allocator))

        assert isinstance(result, BufferView)
        np.testing.assert_array_equal(result.to_numpy(), values * values)


@pytest.fixture
def async_run(
    device: Device, compile_mlir: CompileMlir, pipeline_async_vmfb: Path
) -> Callable[..., BufferView]:
    flags = (*VMVX_FLAGS, *ASYNC_FLAGS)
    context = load(
        device,
        compile_mlir(f"builtin.module @abs_module {{\n{ABS_MLIR}}}", *flags, name="abs_module"),
        compile_mlir(f"builtin.module @mul_module {{\n{MUL_MLIR}}}", *flags, name="mul_module"),
        pipeline_async_vmfb,
    )
    return context.lookup("module.run").callable  # type: ignore[return-value]


def test_async_functions_return_before_their_wait_is_reached(
    device: Device, async_run: Callable[..., BufferView]
) -> None:
    wait, signal = Fence.create(), Fence.create()
    view = BufferView(device.allocator.allocate_buffer(64), [16], 0x21000020)
    result = async_run(view, wait, signal)
    assert not signal.is_reached
    view.to_numpy()[:] = np.arange(16)
    wait.signal()
    signal.wait(20)

    np.testing.assert_array_equal(result.to_numpy(), np.arange(16, dtype=np.float32) ** 2)


def test_a_failed_wait_fence_fails_the_signal_fence(
    device: Device, async_run: Callable[..., BufferView]
) -> None:
    wait, signal = Fence.create(), Fence.create()
    async_run(BufferView.from_numpy(np.zeros(16, np.float32), device.allocator), wait, signal)
    wait.fail(AbortedError("the camera is gone"))

    with pytest.raises(AbortedError, match="the camera is gone"):
        signal.wait(20)


def test_null_fences_make_a_call_synchronous_on_a_ready_input(
    device: Device, async_run: Callable[..., BufferView]
) -> None:
    signal = Fence.create()
    view = BufferView.from_numpy(np.full(16, -3, np.float32), device.allocator)
    result = async_run(view, None, signal)
    signal.wait(20)

    assert (result.to_numpy() == 9).all()


@pytest.mark.parametrize("flags", [("--iree-vmvx-enable-microkernels", "--iree-opt-data-tiling"), ()])
def test_microkernels(compile_mlir: CompileMlir, flags: tuple[str, ...]) -> None:
    device = create_device("local-sync", DeviceOptions([VmvxLoader()]))
    context = load(device, compile_mlir(MATMUL_MLIR, *VMVX_FLAGS, *flags, name="matmul"))
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(37, 19)).astype(np.float32), rng.normal(size=(19, 23)).astype(np.float32)
    views = [BufferView.from_numpy(array, device.allocator) for array in (left, right)]
    result = context.lookup("module.main")(*views)

    assert isinstance(result, BufferView)
    np.testing.assert_allclose(result.to_numpy(), np.exp(left @ right), rtol=1e-4)
